"""Leases three leads, says so, and waits to be killed: `python -m tests.storage.leasing_child URL COMPANY WORKER`."""

from __future__ import annotations

import asyncio
import sys
from uuid import UUID

from campaigns.campaign import CompanyId
from campaigns.leads import WorkerId
from storage.database import Database
from storage.leads import PostgresLeads
from tests.conftest import EPOCH


async def main(url: str, company: CompanyId, worker: WorkerId) -> None:
    store = PostgresLeads(Database(url))
    (campaign,) = [one for one in await store.campaigns() if one.company == company]
    await store.beat(worker, EPOCH)
    calls = await store.lease(campaign, 3, worker=worker, now=EPOCH)
    await store.answered(calls[0], EPOCH)
    sys.stdout.write(f"{len(calls)}\n")
    sys.stdout.flush()
    await asyncio.sleep(600)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], CompanyId(int(sys.argv[2])), WorkerId(UUID(sys.argv[3]))))
