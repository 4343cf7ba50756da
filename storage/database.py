"""The one way to the database: a bounded pool, and transactions that say which company asks.

Row-level security does the isolating; a connection that could get round it is refused, so that a wrong setting
shows at the first transaction and not as a leak.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from campaigns.campaign import CompanyId
from core.errors import Unavailable
from storage.connections import Connections, Record
from storage.errors import reaching, using
from storage.migrate import newest_revision
from storage.urls import for_engine

_SET_COMPANY: Final = text("SELECT set_config('zvonar.company_id', :company, true)")
_SET_STEADY: Final = text("""
    SELECT set_config('zvonar.company_id', :company, true), set_config('plan_cache_mode', 'auto', true),
           set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
           set_config('enable_sort', 'off', true), set_config('enable_hashjoin', 'off', true),
           set_config('enable_mergejoin', 'off', true), set_config('enable_material', 'off', true)
""")
_ROLE: Final = text("""
    SELECT r.rolname, r.rolsuper OR r.rolbypassrls AS bypasses,
           EXISTS (
               SELECT FROM pg_class c
               WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
                 AND pg_has_role(r.rolname, c.relowner, 'MEMBER')
           ) AS owns,
           to_regclass('public.alembic_version') IS NOT NULL AS migrated
    FROM pg_roles r WHERE r.rolname = current_user
""")


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """How many connections one process may hold, and how long it waits: for one (s), and for an answer (ms).

    `at_once` are those beside the others for statements that are transactions of their own.
    """

    connections: int = 10
    at_once: int = 2
    wait_s: float = 10.0
    connect_s: float = 5.0
    statement_ms: int = 30_000


class Database:
    """A pool of connections of the application role; made once by the composition root, closed by it."""

    def __init__(self, url: str, limits: PoolLimits | None = None) -> None:
        limits = limits or PoolLimits()
        settings = {
            "application_name": "zvonar",
            "timezone": "UTC",
            "statement_timeout": str(limits.statement_ms),
            "idle_in_transaction_session_timeout": "60000",
            "jit": "off",
        }
        self._quick = Connections(
            url,
            at_most=limits.at_once,
            wait_s=limits.wait_s,
            connect_s=limits.connect_s,
            answer_s=limits.statement_ms / 1000 + 5,
            settings=settings,
        )
        self._engine = create_async_engine(
            for_engine(url),
            pool_size=limits.connections,
            max_overflow=0,
            pool_timeout=limits.wait_s,
            pool_pre_ping=True,
            json_serializer=lambda value: msgspec.json.encode(value).decode(),
            json_deserializer=msgspec.json.decode,
            hide_parameters=True,
            connect_args={
                "timeout": limits.connect_s,
                "command_timeout": limits.statement_ms / 1000 + 5,
                # Which index serves the queue depends on the instant asked about, so no plan fits all.
                "server_settings": settings | {"plan_cache_mode": "force_custom_plan"},
            },
        )
        self._checked = False

    @asynccontextmanager
    async def transaction(self, company: CompanyId, *, steady: bool = False) -> AsyncIterator[AsyncConnection]:
        """One transaction that sees and writes `company`'s rows only; commits at the end, rolls back on an error.

        A `steady` one reads by the order of indexes alone, whatever the statistics say, and plans but once: for the
        few statements that take some rows from the head of a long queue.
        """
        async with self.system() as connection:
            await connection.execute(_SET_STEADY if steady else _SET_COMPANY, {"company": str(int(company))})
            yield connection

    async def at_once(self, statement: str, *values: object) -> Sequence[Record]:
        """The rows of one statement that is a transaction of its own, which says itself which company asks."""
        if not self._checked:
            async with self.system():
                pass
        async with self._quick.one() as connection:
            return await connection.fetch(statement, *values)

    @asynccontextmanager
    async def system(self) -> AsyncIterator[AsyncConnection]:
        """One transaction without a company: it sees no company's rows, only what the zvonar_* functions tell."""
        async with AsyncExitStack() as stack:
            with reaching():
                connection = await stack.enter_async_context(self._engine.connect())
            with using():
                async with connection.begin():
                    if not self._checked:
                        await self._check(connection)
                        self._checked = True
                    yield connection

    async def close(self) -> None:
        """Closes all connections; the database may be used again, which opens new ones."""
        await self._quick.close()
        await self._engine.dispose()

    async def _check(self, connection: AsyncConnection) -> None:
        role = (await connection.execute(_ROLE)).one()
        if role.bypasses or role.owns:
            raise Unavailable(
                "role_bypasses_isolation",
                f"The database role {role.rolname} could get round the isolation of companies.",
                hint="ZVONAR_DATABASE_URL must name a role that is no superuser, has no BYPASSRLS and owns no table.",
            )
        revision = None
        if role.migrated:
            revision = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar()
        if revision != newest_revision():
            raise Unavailable(
                "schema_outdated",
                f"The database's schema is {revision or 'missing'}, the program wants {newest_revision()}.",
                hint="Run the migrations as the owner of the tables.",
            )
