"""Pacing in PostgreSQL: who leads, what the workers can do, and what each may do.

The leader holds an advisory lock on a connection of its own and shares out on that same connection: one that lost
the lock can store nothing any more. While it does, it holds the rows of all quotas, which every lease holds a share
of; so no lease is under way by a quota that is withdrawn, and the calls that are counted are all there are.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
import structlog

from campaigns.campaign import CampaignId, CompanyId
from campaigns.leads import WorkerId
from campaigns.pacing import Candidate, Capacity, Crew, Floor, Leadership, Place, Plan, Running, TrunkAt, TrunkLimits
from core.errors import Unavailable
from storage.errors import LOST
from storage.live import CHANNEL
from storage.urls import for_asyncpg

log = structlog.get_logger(__name__)

QUOTAS_CHANNEL: Final = "zvonar_quotas"
CONNECT_S: Final = 5.0
ANSWER_S: Final = 10.0

_LOCK: Final = 0x7A7670616365  # "zvpace"
_KEEP_ALIVE: Final = {
    "application_name": "zvonar pacer",
    "timezone": "UTC",
    # A host that vanishes closes nothing; the server itself must find out soon, for the lock hangs on it.
    "tcp_keepalives_idle": "3",
    "tcp_keepalives_interval": "1",
    "tcp_keepalives_count": "3",
    "statement_timeout": "10000",
    "idle_in_transaction_session_timeout": "10000",
}
_CREWS: Final = "SELECT id, beat_at, slots, trunks, rates FROM workers"
_QUOTA_COMPANIES: Final = "SELECT zvonar_quota_companies()"
_SET_COMPANY: Final = "SELECT set_config('zvonar.company_id', $1, true)"
_LOCKED: Final = "SELECT campaign_id, worker_id, slots FROM campaign_quotas ORDER BY campaign_id, worker_id FOR UPDATE"
_RUNNING: Final = """
    SELECT a.campaign_id, c.trunk, a.worker_id, count(*) AS calls
    FROM attempts a JOIN campaigns c ON c.id = a.campaign_id
    WHERE a.result IS NULL GROUP BY a.campaign_id, c.trunk, a.worker_id
"""
_SET: Final = """
    INSERT INTO campaign_quotas (campaign_id, worker_id, slots)
    SELECT q.campaign_id, q.worker_id, q.slots
    FROM unnest($1::bigint[], $2::uuid[], $3::integer[]) AS q (campaign_id, worker_id, slots)
    WHERE EXISTS (SELECT FROM campaigns c WHERE c.id = q.campaign_id)
      AND EXISTS (SELECT FROM workers w WHERE w.id = q.worker_id)
    ON CONFLICT (company_id, campaign_id, worker_id) DO UPDATE SET slots = EXCLUDED.slots
"""
_DROP: Final = """
    DELETE FROM campaign_quotas
    USING unnest($1::bigint[], $2::uuid[]) AS q (campaign_id, worker_id)
    WHERE campaign_quotas.campaign_id = q.campaign_id AND campaign_quotas.worker_id = q.worker_id
"""
_RATE: Final = "UPDATE workers SET rates = $2::jsonb WHERE id = $1"


class PostgresLeaders:
    """The `Leaders` of the product; each candidate has a connection of its own."""

    def __init__(self, url: str) -> None:
        self._url = for_asyncpg(url)

    @asynccontextmanager
    async def candidate(self) -> AsyncIterator[Candidate]:
        """Connects, and hears from then on what changes; the lock goes with the connection."""
        try:
            connection = await asyncpg.connect(
                self._url, timeout=CONNECT_S, command_timeout=ANSWER_S, server_settings=_KEEP_ALIVE
            )
        except LOST as error:
            raise _lost(error) from error
        try:
            standing = _Candidate(connection)
            await standing.listen()
            yield standing
        finally:
            connection.terminate()


def _lost(error: BaseException) -> Unavailable:
    return Unavailable("pacing_unavailable", f"The database cannot be paced: {type(error).__name__}.")


class _Candidate:
    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._changed = asyncio.Event()

    async def listen(self) -> None:
        try:
            self._connection.add_termination_listener(lambda _: self._changed.set())
            await self._connection.add_listener(CHANNEL, self._heard)
        except LOST as error:
            raise _lost(error) from error

    def _heard(self, _connection: Any, _pid: int, _channel: str, _payload: object) -> None:  # noqa: ANN401
        self._changed.set()

    async def elected(self) -> Leadership | None:
        try:
            taken = await self._connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK)
        except LOST as error:
            raise _lost(error) from error
        return _Leadership(self._connection, self._changed) if taken else None


class _Leadership:
    def __init__(self, connection: asyncpg.Connection, changed: asyncio.Event) -> None:
        self._connection = connection
        self._changed = changed

    async def wait(self, within_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._changed.wait()
        self._changed.clear()

    async def share_out(self, decide: Callable[[Floor], Plan], companies: Mapping[CampaignId, CompanyId]) -> bool:
        try:
            async with asyncio.timeout(ANSWER_S), self._connection.transaction():
                return await self._share_out(decide, companies)
        except LOST as error:
            raise _lost(error) from error

    async def _share_out(self, decide: Callable[[Floor], Plan], companies: Mapping[CampaignId, CompanyId]) -> bool:
        crews = [_crew(row) for row in await self._connection.fetch(_CREWS)]
        known = {row[0] for row in await self._connection.fetch(_QUOTA_COMPANIES)}
        old: dict[CompanyId, dict[Place, int]] = {}
        running: list[Running] = []
        for company in sorted(known | set(companies.values())):
            await self._as(company)
            rows = await self._connection.fetch(_LOCKED)
            old[company] = {(row["campaign_id"], WorkerId(row["worker_id"])): row["slots"] for row in rows}
            running += [_running(company, row) for row in await self._connection.fetch(_RUNNING)]
        plan = decide(Floor(crews, running))
        changed: set[WorkerId] = set()
        for company, held in old.items():
            new = {place: slots for place, slots in plan.quotas.items() if companies.get(place[0]) == company}
            changed |= await self._store(company, held, new)
        await self._store_rates(crews, plan.rates)
        if changed:
            await self._connection.execute("SELECT pg_notify($1, '')", QUOTAS_CHANNEL)
        return bool(changed)

    async def _as(self, company: CompanyId) -> None:
        await self._connection.execute(_SET_COMPANY, str(int(company)))

    async def _store(self, company: CompanyId, old: Mapping[Place, int], new: Mapping[Place, int]) -> set[WorkerId]:
        """Writes the differences; which workers they concern."""
        gone = [place for place in old if place not in new]
        other = [(*place, slots) for place, slots in new.items() if old.get(place) != slots]
        if not (gone or other):
            return set()
        await self._as(company)
        if gone:
            await self._connection.execute(_DROP, [one[0] for one in gone], [one[1] for one in gone])
        if other:
            columns: Sequence[Sequence[object]] = list(zip(*other, strict=True))
            await self._connection.execute(_SET, *columns)
        return {place[1] for place in gone} | {one[1] for one in other}

    async def _store_rates(self, crews: Sequence[Crew], rates: Mapping[TrunkAt, float]) -> None:
        for crew in crews:
            mine = {trunk: round(rate, 6) for (trunk, worker), rate in rates.items() if worker == crew.worker}
            if mine and {**crew.rates, **mine} != crew.rates:
                stored = msgspec.json.encode({**crew.rates, **mine}).decode()
                await self._connection.execute(_RATE, crew.worker, stored)


def _crew(row: asyncpg.Record) -> Crew:
    trunks = msgspec.json.decode(row["trunks"], type=dict[str, _Limits])
    capacity = Capacity(
        row["slots"], {name: TrunkLimits(one.lines, one.calls_per_second) for name, one in trunks.items()}
    )
    return Crew(WorkerId(row["id"]), capacity, row["beat_at"], msgspec.json.decode(row["rates"], type=dict[str, float]))


def _running(company: CompanyId, row: asyncpg.Record) -> Running:
    worker: UUID = row["worker_id"]
    return Running(CampaignId(row["campaign_id"]), company, row["trunk"], WorkerId(worker), row["calls"])


class _Limits(msgspec.Struct):
    lines: int
    calls_per_second: float
