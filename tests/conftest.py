"""What all tests share: PostgreSQL, real, with a database of its own for each test that asks.

One embedded server serves all workers of a run. A template database is migrated once; each test gets a copy of
it, which takes some tens of milliseconds, so no test sees another's rows and none cleans up.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from hypothesis import settings

from campaigns.campaign import CompanyId
from storage import embedded
from storage.database import Database
from storage.migrate import upgrade
from storage.urls import for_asyncpg, parse

settings.register_profile("unhurried", deadline=None)  # a busy machine is no defect
settings.load_profile("unhurried")

ROOT = Path(__file__).resolve().parent.parent
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}
EPOCH = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday, noon in Moscow
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server with a migrated template to copy databases from."""

    superuser_url: str
    owner_url: str
    app_url: str
    template: str


@dataclass(frozen=True, slots=True)
class Fresh:
    """The addresses of one fresh database, by role."""

    superuser_url: str
    owner_url: str
    app_url: str


def on(url: str, database: str) -> str:
    """The same server and role, another database."""
    return parse(url).set(database=database).render_as_string(hide_password=False)


async def as_superuser(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(for_asyncpg(url), timeout=10)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def postgres(testrun_uid: str, worker_id: str) -> Iterator[Server]:
    """The session's server: one for all xdist workers, stopped by the last of them.

    It lies outside pytest's own folder, which every run of pytest closes to all others, also to root's server.
    """
    folder = Path(tempfile.gettempdir()) / f"zvonar-tests-{testrun_uid}"
    server = embedded.start(folder, tuning=FAST)
    template = f"template_{worker_id}"
    try:
        asyncio.run(_make_template(server, template))
        yield Server(server.superuser_url, server.owner_url, server.app_url, template)
    finally:
        server.stop()
        if not (folder / "data" / "postmaster.pid").exists():
            shutil.rmtree(folder)


async def _make_template(server: embedded.Embedded, template: str) -> None:
    make = f"CREATE DATABASE {template} OWNER {embedded.OWNER}"
    await as_superuser(server.superuser_url, make)
    await upgrade(on(server.owner_url, template), app_url=on(server.app_url, template))


@pytest.fixture
async def fresh(postgres: Server) -> AsyncIterator[Fresh]:
    """A migrated database without rows."""
    name = f"{postgres.template}_{next(_numbers)}"
    make = f"CREATE DATABASE {name} TEMPLATE {postgres.template} OWNER {embedded.OWNER}"
    await as_superuser(postgres.superuser_url, make)
    yield Fresh(*(on(url, name) for url in (postgres.superuser_url, postgres.owner_url, postgres.app_url)))
    await as_superuser(postgres.superuser_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(fresh: Fresh) -> AsyncIterator[Database]:
    """A `Database` on a fresh, migrated database, connected as the application role."""
    made = Database(fresh.app_url)
    yield made
    await made.close()


async def make_company(database: Database, name: str = "Ромашка") -> CompanyId:
    """A company without users."""
    from storage.companies import add_company

    return await add_company(database, name=name, now=EPOCH)


@pytest.fixture
async def company(database: Database) -> CompanyId:
    """One company in the fresh database."""
    return await make_company(database)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recordings and models that do not ship with the project; skips where there is none."""
    folder = Path(os.environ.get("ZVONAR_SHARED") or ROOT.parent / "shared")
    if not (folder / "audio").is_dir():
        pytest.skip(f"needs the recordings in {folder} (name another folder by ZVONAR_SHARED)")
    return folder
