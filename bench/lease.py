"""How fast leads are leased from a long list, and whether that depends on its length: each order of dialling by itself.

`python -m bench.lease [--leads N] [--workers N] [--batch N] [--seconds S]`; the last line is JSON. Each worker leases
`batch` leads by one statement after the other, as a dialler with free slots does; `leases_per_s` counts leads, each
with its attempt row committed. Latencies are of one lease of `batch` leads, as its caller sees it. The list is mixed:
five zones, some leads with a priority, some called before, every fifth put off for later. The same is measured on
lists of 10,000 leads in the same run; `ratio` compares the two.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import text

from bench.queue import AT, add_campaign
from campaigns.campaign import Campaign, Order
from campaigns.company_rules import CompanyRules
from campaigns.leads import LeadId, WorkerId
from storage import embedded
from storage.counts import counts
from storage.database import Database, PoolLimits
from storage.facts import campaign_facts, lead_facts
from storage.leads import PostgresLeads
from storage.migrate import upgrade
from storage.urls import for_asyncpg

SMALL = 10_000
SMALL_LISTS = 3
USED = 0.5
_MIX = text("""
    UPDATE leads SET
        zone = (
            ARRAY[NULL, NULL, NULL, 'Europe/Moscow', 'Asia/Omsk', 'Asia/Yekaterinburg', 'Europe/Samara']
        )[id % 7 + 1],
        priority = CASE WHEN id % 100 = 0 THEN 1 + id % 3 END,
        attempts = CASE WHEN id % 11 = 0 THEN 1 ELSE 0 END,
        ready = id % 5 > 0, due_at = CASE WHEN id % 5 = 0 THEN :later ELSE due_at END
    WHERE campaign_id = :campaign
""")


@dataclass(slots=True)
class Measured:
    """What one order did: leads leased, over how long, and how long each lease took (s)."""

    leads: int = 0
    seconds: float = 0.0
    took_s: list[float] = field(default_factory=list)

    def ms(self, share: float) -> float:
        """The latency that this share of the leases stayed within."""
        ordered = sorted(self.took_s)
        return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000, 2)


async def add_list(database: Database, leads: int) -> Campaign:
    """A company with one campaign of so many leads of all sorts, as statistics and vacuum leave it after a load."""
    campaign = await add_campaign(database, leads, Order.RANDOM)
    async with database.transaction(campaign.company) as tx:
        await tx.execute(text("SET LOCAL statement_timeout = 0"))
        await tx.execute(_MIX, {"campaign": campaign.id, "later": AT + timedelta(days=1)})
    return campaign


async def settle(owner_url: str) -> None:
    """What autovacuum does in its time."""
    import asyncpg

    connection = await asyncpg.connect(for_asyncpg(owner_url))
    try:
        for table in ("leads", "contacts", "attempts"):
            await connection.execute(f"VACUUM (ANALYZE) {table}", timeout=600)
    finally:
        await connection.close()


async def lease(store: PostgresLeads, campaign: Campaign, options: argparse.Namespace, most: int) -> Measured:
    """Leases with all workers at once for `seconds`, or until so many leads are taken."""
    measured = Measured()
    began = time.perf_counter()

    async def work() -> None:
        worker = WorkerId(uuid4())
        while measured.leads < most and time.perf_counter() - began < options.seconds:
            start = time.perf_counter()
            calls = await store.lease(campaign, options.batch, worker=worker, now=AT)
            measured.took_s.append(time.perf_counter() - start)
            measured.leads += len(calls)
            if not calls:
                return

    async with asyncio.TaskGroup() as group:
        for _ in range(options.workers):
            group.create_task(work())
    measured.seconds = time.perf_counter() - began
    return measured


async def explained(database: Database, campaign: Campaign) -> dict[str, float]:
    """How long it takes to say why the campaign, and why one of its leads, is not called: 95 % of 100 times (ms)."""
    took_s: dict[str, list[float]] = {"campaign": [], "lead": [], "counts": []}
    async with database.transaction(campaign.company) as tx:
        numbers = text("SELECT id FROM leads WHERE campaign_id = :campaign ORDER BY id LIMIT 100")
        leads = (await tx.execute(numbers, {"campaign": campaign.id})).scalars().all()
    for lead in leads:
        async with database.transaction(campaign.company) as tx:
            began = time.perf_counter()
            await campaign_facts(tx, campaign, AT)
            told = time.perf_counter()
            await lead_facts(tx, LeadId(lead), AT, rules=CompanyRules())
            took_s["campaign"].append(told - began)
            took_s["lead"].append(time.perf_counter() - told)
            began = time.perf_counter()
            await counts(tx, campaign.id)
            took_s["counts"].append(time.perf_counter() - began)
    return {name: round(sorted(times)[int(len(times) * 0.95)] * 1000, 2) for name, times in took_s.items()}


async def measure(database: Database, owner_url: str, options: argparse.Namespace) -> dict[str, object]:
    """Measures each order on the long list and on short ones, in turn."""
    store = PostgresLeads(database)
    began = time.perf_counter()
    long = await add_list(database, options.leads)
    short = {order: [await add_list(database, SMALL) for _ in range(SMALL_LISTS)] for order in Order}
    await settle(owner_url)
    loaded_s = time.perf_counter() - began
    await lease(store, long, options, options.batch * options.workers * 20)
    orders: dict[str, dict[str, float]] = {}
    for order in Order:
        at_length = await lease(store, replace(long, order=order), options, int(options.leads * USED / len(Order)))
        at_small = Measured()
        for one in short[order]:
            measured = await lease(store, replace(one, order=order), options, int(SMALL * USED))
            at_small.took_s += measured.took_s
        orders[str(order)] = {
            "leases_per_s": round(at_length.leads / at_length.seconds, 1),
            "leases": len(at_length.took_s),
            "p50_ms": at_length.ms(0.5),
            "p99_ms": at_length.ms(0.99),
            "p50_ms_at_10000_leads": at_small.ms(0.5),
            "p99_ms_at_10000_leads": at_small.ms(0.99),
            "ratio": round(at_length.ms(0.99) / at_small.ms(0.99), 2),
        }
        print(order, orders[str(order)], flush=True)
    facts_p95_ms = await explained(database, long)
    worst = max(orders.values(), key=lambda one: one["p99_ms"])
    return {
        "leads": options.leads,
        "workers": options.workers,
        "leads_per_statement": options.batch,
        "leases_per_s": min(one["leases_per_s"] for one in orders.values()),
        "p50_ms": worst["p50_ms"],
        "p99_ms": worst["p99_ms"],
        "p99_ms_at_10000_leads": worst["p99_ms_at_10000_leads"],
        "facts_p95_ms": facts_p95_ms,
        "load_average": round(os.getloadavg()[0], 2),
        "loaded_in_s": round(loaded_s, 1),
        "orders": orders,
    }


def main(argv: Sequence[str]) -> int:
    """Measures on a server of its own, which is removed at the end."""
    parser = argparse.ArgumentParser(prog="bench.lease", description=__doc__)
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument(
        "--batch",
        type=int,
        default=8,
        help="leads per lease: what a dialler of 200 calls/s wants in each of its rounds",
    )
    parser.add_argument("--seconds", type=float, default=10, help="for each order")
    options = parser.parse_args(argv)
    folder = Path(tempfile.mkdtemp(prefix="zvonar-bench-"))
    server = embedded.start(folder)
    try:
        print(json.dumps(asyncio.run(_run(server, options))))
    finally:
        server.stop()
        shutil.rmtree(folder)
    return 0


async def _run(server: embedded.Embedded, options: argparse.Namespace) -> dict[str, object]:
    await upgrade(server.owner_url, app_url=server.app_url)
    limits = PoolLimits(connections=16, at_once=options.workers, wait_s=60, statement_ms=600_000)
    database = Database(server.app_url, limits)
    try:
        return await measure(database, server.owner_url, options)
    finally:
        await database.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
