"""How many leads per second are leased and finished: 100,000 leads, 4 workers, embedded PostgreSQL.

`python -m bench.queue [--leads N] [--workers N] [--batch N] [--seconds S] [--order ORDER]`; the last line is JSON.
Each worker leases `batch` leads and ends their attempts, all at once, as a dialler's calls do; every third lead is
to be called again later. At the end it is checked that no lead was leased twice and every attempt has its result.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import insert, text

from campaigns.campaign import Campaign, Order, RetryPolicy
from campaigns.leads import CallAt, Ending, LeasedCall, Next, Reached, WorkerId
from campaigns.settings_json import retry_to_json
from core.results import CallResult
from storage import embedded, tables
from storage.companies import add_company
from storage.database import Database, PoolLimits
from storage.leads import PostgresLeads
from storage.migrate import upgrade

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
DETAILS = {
    "result": "completed",
    "answers": [
        {"step": "q", "question": "?", "answer": "1", "label": "Да", "how": "key", "said": "1", "confidence": 1.0}
    ],
    "transcript": [{"speaker": "robot", "text": "Здравствуйте! " * 5, "start_ms": 0, "end_ms": 4000}] * 6,
}
_LEADS = text("""
    WITH people AS (
        INSERT INTO contacts (phones, first_name, created_at)
        SELECT ARRAY['+7' || (9000000000 + CAST(:done AS bigint) + n)], 'Анна', :at FROM generate_series(1, :count) AS n
        RETURNING id
    )
    INSERT INTO leads (campaign_id, contact_id, due_at, order_key, added_at)
    SELECT :campaign, id, :at, random(), :at FROM people
""")


async def add_campaign(database: Database, leads: int, order: Order) -> Campaign:
    """A company with one campaign of so many leads."""
    company = await add_company(database, name="bench", now=AT)
    day = [{"start": "00:00", "end": "00:00"}]
    async with database.transaction(company) as tx:
        scenario = insert(tables.scenarios).values(name="s", created_at=AT).returning(tables.scenarios.c.id)
        version = insert(tables.scenario_versions).values(
            scenario_id=(await tx.execute(scenario)).scalar_one(), version=1, flow={}, published_at=AT
        )
        version_id = (await tx.execute(version.returning(tables.scenario_versions.c.id))).scalar_one()
        campaign = insert(tables.campaigns).values(
            name="c", kind="survey", switched_on=True, schedule={"zone": "UTC", "week": [day] * 7, "holidays": []},
            retry=retry_to_json(RetryPolicy()), trunk="t", scenario_version_id=version_id, dial_order=str(order),
            created_at=AT,
        )  # fmt: skip
        number = (await tx.execute(campaign.returning(tables.campaigns.c.id))).scalar_one()
        for done in range(0, leads, 20_000):
            count = min(20_000, leads - done)
            await tx.execute(_LEADS, {"campaign": number, "done": done, "count": count, "at": AT})
    return next(one for one in await PostgresLeads(database).campaigns() if one.id == number)


async def work(store: PostgresLeads, campaign: Campaign, batch: int, until: float, leased_s: list[float]) -> int:
    """Leases and finishes until the time is over or no lead is due; how many it finished."""
    worker, done = WorkerId(uuid4()), 0
    await store.beat(worker, AT)
    while time.monotonic() < until:
        began = time.perf_counter()
        calls = await store.lease(campaign, batch, worker=worker, now=AT)
        leased_s.append(time.perf_counter() - began)
        if not calls:
            break
        async with asyncio.TaskGroup() as group:
            for call in calls:
                group.create_task(finish(store, call))
        done += len(calls)
    return done


async def finish(store: PostgresLeads, call: LeasedCall) -> None:
    """Ends the attempt: two of three reached, one to be called again."""
    again = call.lead % 3 == 0
    following: Next = CallAt(0, AT + timedelta(minutes=10)) if again else Reached()
    result = CallResult.BUSY if again else CallResult.COMPLETED
    assert await store.finish(call, Ending(result, AT, details=None if again else DETAILS), following)


async def measure(database: Database, options: argparse.Namespace) -> dict[str, object]:
    """Runs the workers and adds up."""
    began = time.perf_counter()
    campaign = await add_campaign(database, options.leads, Order(options.order))
    loaded_s = time.perf_counter() - began
    store, leased_s = PostgresLeads(database), list[float]()
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        until = time.monotonic() + options.seconds
        tasks = [
            group.create_task(work(store, campaign, options.batch, until, leased_s)) for _ in range(options.workers)
        ]
    took_s = time.perf_counter() - began
    done = sum(task.result() for task in tasks)
    async with database.transaction(campaign.company) as tx:
        counts = "count(*), count(DISTINCT lead_id), count(*) FILTER (WHERE result IS NULL)"
        attempts, leads, unfinished = (await tx.execute(text(f"SELECT {counts} FROM attempts"))).one()  # noqa: S608
    assert (attempts, leads, unfinished) == (done, done, 0), "a lead was leased twice, or an attempt has no result"
    leased_s.sort()
    return {
        "leads": options.leads,
        "workers": options.workers,
        "batch": options.batch,
        "order": options.order,
        "load_s": round(loaded_s, 2),
        "finished": done,
        "seconds": round(took_s, 2),
        "calls_per_second": round(done / took_s, 1),
        "lease_ms_median": round(leased_s[len(leased_s) // 2] * 1000, 2),
        "lease_ms_p99": round(leased_s[int(len(leased_s) * 0.99)] * 1000, 2),
    }


def main(argv: Sequence[str]) -> int:
    """Measures on a server of its own, which is removed at the end."""
    parser = argparse.ArgumentParser(prog="bench.queue", description=__doc__)
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--batch", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--order", choices=[str(order) for order in Order], default=str(Order.RANDOM))
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
    database = Database(server.app_url, PoolLimits(connections=16, wait_s=60))
    try:
        return await measure(database, options)
    finally:
        await database.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
