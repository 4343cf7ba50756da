"""How fast the API answers about a campaign of a million leads, and what bulk operations on all of them cost the rest.

`python -m bench.api [--leads N] [--times N] [--bulk NAMES]`; the last line is JSON. The real program (`zvonar api`)
serves over HTTP in a process of its own, on an embedded PostgreSQL under row-level security. Each route is asked
`times` times, one request after the other, about other leads each time; a third of the leads were called before.
`p95_ms` is that of the slowest route.

`rls_cost` compares the time of the same queries by the application's role and by one that row-level security does not
hold, in turn. `bulk` tells of each operation on all leads how long it took (s), and how long the leases of a dialler
took that went on meanwhile, at most and at the median (ms).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from uuid import uuid4

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bench.crash import SCRIPT, Role
from bench.lease import add_list, settle
from bench.queue import AT
from campaigns.campaign import Campaign
from campaigns.leads import Bucket, LeadId, WorkerId
from robot.dialog.scripts import flow_of_script, script_from_json
from services import accounts, reports, scenarios
from services.lead_cards import lead_card
from storage import embedded
from storage.counts import counts
from storage.database import Database, PoolLimits
from storage.facts import campaign_facts
from storage.leads import PostgresLeads
from storage.migrate import upgrade
from storage.tables import campaigns
from storage.urls import for_engine

LOGIN, PASSWORD = "bench", "correct horse battery staple"
TARGET_MS = 50
LEASE_EVERY_S = 0.05
_CALLED = text("""
    INSERT INTO attempts
        (campaign_id, lead_id, leg_id, worker_id, phone_index, phone, started_at, answered_at, ended_at, result)
    SELECT l.campaign_id, l.id, gen_random_uuid(), CAST(:worker AS uuid), 0, c.phones[1], :at, :at, :at,
           CASE WHEN l.id % 2 = 0 THEN 'completed' ELSE 'busy' END
    FROM leads l JOIN contacts c ON c.id = l.contact_id WHERE l.campaign_id = :campaign AND l.id % 3 = 0
""")
_ENDED = text("""
    UPDATE leads SET attempts = 1, last_result = CASE WHEN id % 2 = 0 THEN 'completed' ELSE 'busy' END,
        state = CASE WHEN id % 2 = 0 THEN 'reached' WHEN id % 5 = 0 THEN 'failed' ELSE state END
    WHERE campaign_id = :campaign AND id % 3 = 0
""")
BULK: dict[str, dict[str, object]] = {
    "tag": {"kind": "tag", "add": ["important"]},
    "return": {"kind": "return_to_dialling"},
    "priority": {"kind": "priority", "priority": 5},
    "delete": {"kind": "delete"},
}


@dataclass(frozen=True, slots=True)
class Known:
    """The campaign with the numbers of its leads."""

    campaign: Campaign
    first: int
    last: int


async def fill(database: Database, leads: int) -> Known:
    """A company with a campaign of so many leads and a user."""
    campaign = await add_list(database, leads)
    await accounts.add_user(database, campaign.company, login=LOGIN, password=PASSWORD, now=AT)
    async with database.transaction(campaign.company) as tx:
        await tx.execute(text("SET LOCAL statement_timeout = 0"))
        wanted = {"campaign": campaign.id}
        flow = flow_of_script(script_from_json(SCRIPT), name="bench")
        version = await scenarios.publish(tx, name="bench", flow=flow, script=None, now=AT)
        await tx.execute(campaigns.update().values(scenario_version_id=version))
        await tx.execute(_CALLED, wanted | {"worker": uuid4(), "at": AT})
        await tx.execute(_ENDED, wanted)
        first, last = (
            await tx.execute(text("SELECT min(id), max(id) FROM leads WHERE campaign_id = :campaign"), wanted)
        ).one()
    return Known(campaign, first, last)


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The program's API role, and a client who is signed in."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ZVONAR_")}
    env = clean | {"ZVONAR_VAR": str(folder), "ZVONAR_WEB__PORT": str(port), "PYTHONUTF8": "1"}
    role = Role("api", env, folder / "api.log")
    role.start()
    try:
        ours = {"X-Requested-With": "zvonar"}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/api/v1", headers=ours, timeout=900) as client:
            await signed_in(client)
            yield client
    finally:
        await asyncio.to_thread(role.end, 20)


async def signed_in(client: httpx.AsyncClient) -> None:
    """Signs in once the program serves."""
    async with asyncio.timeout(60):
        while True:
            try:
                answer = await client.post("/session", json={"login": LOGIN, "password": PASSWORD})
            except httpx.TransportError:
                await asyncio.sleep(0.2)
                continue
            answer.raise_for_status()
            return


def routes(known: Known, chance: Random) -> dict[str, Callable[[], str]]:
    """What is asked, by name; each makes an address about some other lead."""
    mine = f"/campaigns/{known.campaign.id}"

    def lead() -> int:
        return chance.randint(known.first, known.last)

    def page(bucket: Bucket | None, *, deep: bool) -> str:
        asked = [f"after={lead()}"] if deep else []
        asked += [f"bucket={bucket}"] if bucket else []
        return f"{mine}/leads?{'&'.join(asked)}"

    found: dict[str, Callable[[], str]] = {
        "campaigns": lambda: "/campaigns",
        "campaign": lambda: mine,
        "report": lambda: f"{mine}/report",
        "calls": lambda: f"{mine}/calls",
        "lead": lambda: f"{mine}/leads/{lead()}",
        "causes": lambda: f"{mine}/causes",
        "lead_causes": lambda: f"{mine}/leads/{lead()}/causes",
        "phone_causes": lambda: f"{mine}/causes?phone=%2B7{9000000000 + chance.randint(1, known.last - known.first)}",
    }
    for bucket in (None, *Bucket):
        name = f"leads_{bucket or 'all'}"
        found[name] = lambda bucket=bucket: page(bucket, deep=False)  # type: ignore[misc]
        found[f"{name}_deep"] = lambda bucket=bucket: page(bucket, deep=True)  # type: ignore[misc]
    return found


async def asked(client: httpx.AsyncClient, known: Known, times: int) -> dict[str, dict[str, float]]:
    """Each route's latencies (ms)."""
    found: dict[str, dict[str, float]] = {}
    for name, address in routes(known, Random(1)).items():
        took_s = []
        for turn in range(times + 3):
            began = time.perf_counter()
            answer = await client.get(address())
            if turn >= 3:
                took_s.append(time.perf_counter() - began)
            answer.raise_for_status()
        found[name] = {"p50_ms": ms(took_s, 0.5), "p95_ms": ms(took_s, 0.95)}
        print(name, found[name], file=sys.stderr, flush=True)
    return found


def ms(took_s: Sequence[float], share: float) -> float:
    """The latency that this share stayed within."""
    ordered = sorted(took_s)
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000, 2)


async def isolation_cost(server: embedded.Embedded, database: Database, known: Known, times: int) -> float:
    """How many times as long the queries take under row-level security."""
    company = str(int(known.campaign.company))
    engine = create_async_engine(for_engine(server.superuser_url), connect_args={"server_settings": {"jit": "off"}})
    spent = {"app": 0.0, "owner": 0.0}
    chance = Random(2)
    try:
        for _ in range(times):
            lead = LeadId(chance.randint(known.first, known.last))
            async with database.transaction(known.campaign.company) as tx:
                spent["app"] += await queries(tx, known, lead)
            async with engine.connect() as tx:
                await tx.execute(text("SELECT set_config('zvonar.company_id', :company, true)"), {"company": company})
                await tx.execute(text("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)"))
                spent["owner"] += await queries(tx, known, lead)
    finally:
        await engine.dispose()
    return round(spent["app"] / spent["owner"], 2)


async def queries(tx: AsyncConnection, known: Known, lead: LeadId) -> float:
    """Seconds that the queries of the main pages take."""
    campaign = known.campaign.id
    work: tuple[Callable[[], Awaitable[object]], ...] = (
        lambda: reports.leads_page(tx, campaign, after=lead),
        lambda: reports.leads_page(tx, campaign, bucket=Bucket.WILL_CALL_AGAIN, after=lead),
        lambda: lead_card(tx, campaign, lead),
        lambda: counts(tx, campaign),
        lambda: campaign_facts(tx, known.campaign, AT),
    )
    began = time.perf_counter()
    for one in work:
        await one()
    return time.perf_counter() - began


async def in_bulk(
    client: httpx.AsyncClient, database: Database, known: Known, names: Sequence[str]
) -> dict[str, dict[str, object]]:
    """Each operation on all leads while a dialler leases."""
    store, found = PostgresLeads(database), dict[str, dict[str, object]]()
    for name in names:
        over, took_s = asyncio.Event(), list[float]()

        async def dial(over: asyncio.Event = over, took_s: list[float] = took_s) -> None:
            worker = WorkerId(uuid4())
            while not over.is_set():
                began = time.perf_counter()
                await store.lease(known.campaign, 5, worker=worker, now=AT)
                took_s.append(time.perf_counter() - began)
                await asyncio.sleep(LEASE_EVERY_S)

        async with asyncio.TaskGroup() as group:
            group.create_task(dial())
            began = time.perf_counter()
            form = {"selection": {"all": True}, "action": BULK[name]}
            answer = await client.post(f"/campaigns/{known.campaign.id}/leads/bulk", json=form)
            took = time.perf_counter() - began
            over.set()
        done = answer.json()["done"] if answer.is_success else None
        found[name] = {
            "status": answer.status_code, "done": done, "seconds": round(took, 1),
            "lease_p50_ms": ms(took_s, 0.5), "lease_max_ms": ms(took_s, 1),
        }  # fmt: skip
        print(name, found[name], "" if answer.is_success else answer.text, file=sys.stderr, flush=True)
    return found


async def run(folder: Path, options: argparse.Namespace) -> dict[str, object]:
    """Everything from the server's start to the sums."""
    server = await asyncio.to_thread(embedded.start, folder / "postgres")
    try:
        await upgrade(server.owner_url, app_url=server.app_url)
        database = Database(server.app_url, PoolLimits(statement_ms=600_000))
        known = await fill(database, options.leads)
        await settle(server.owner_url)
        async with serving(folder) as client:
            found = await asked(client, known, options.times)
            cost = await isolation_cost(server, database, known, options.times)
            bulk = await in_bulk(client, database, known, options.bulk.split(",") if options.bulk else ())
        await database.close()
    finally:
        await asyncio.to_thread(server.stop)
    worst = max(one["p95_ms"] for one in found.values())
    return {
        "p95_ms": worst,
        "slow": sorted(name for name, one in found.items() if one["p95_ms"] > TARGET_MS),
        "leads": options.leads,
        "rls_cost": cost,
        "routes": found,
        "bulk": bulk,
        "load_1m": round(os.getloadavg()[0], 2),
    }


def main(argv: Sequence[str]) -> int:
    """Measures in a folder of its own."""
    parser = argparse.ArgumentParser(prog="bench.api", description=__doc__)
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--bulk", default=",".join(BULK), help="operations on all leads, in this order")
    options = parser.parse_args(argv)
    folder = Path(tempfile.mkdtemp(prefix="zvonar-bench-"))
    folder.chmod(0o755)
    try:
        print(json.dumps(asyncio.run(run(folder, options))))
    finally:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
