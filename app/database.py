"""Which PostgreSQL serves: the one that the settings name, else the embedded one; its schema is brought up to date."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.settings import Settings
from storage import embedded
from storage.database import Database
from storage.migrate import upgrade


@dataclass(frozen=True, slots=True)
class OpenDatabase:
    """A migrated database; `url` is the application role's address, `notices` what was changed on the machine."""

    database: Database
    url: str
    notices: tuple[str, ...] = ()


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[OpenDatabase]:
    """Opens the database for as long as the block runs.

    A named server is migrated only when its owner's address is set too; without it an old schema is refused.
    """
    if settings.database_url is None:
        server = await asyncio.to_thread(embedded.start, settings.var / "postgres")
        try:
            await upgrade(server.owner_url, app_url=server.app_url)
            async with _connected(server.app_url) as database:
                yield OpenDatabase(database, server.app_url, server.notices)
        finally:
            server.stop()
        return
    url = settings.database_url.get_secret_value()
    if settings.database_owner_url is not None:
        await upgrade(settings.database_owner_url.get_secret_value(), app_url=url)
    async with _connected(url) as database:
        yield OpenDatabase(database, url)


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    try:
        async with database.system():
            pass
        yield database
    finally:
        await database.close()
