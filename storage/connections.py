"""The driver's own connections, for the few statements that a dialler lives by: no more round trips than they need.

A connection that anything went wrong on is not used again, so none is tried before it is used; who finds it lost is
told so as by any other.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import asyncpg
import msgspec

from storage.errors import database_busy, reaching, using
from storage.urls import for_asyncpg


class Record(asyncpg.Record):
    """A row whose columns are attributes too, as those of SQLAlchemy are."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


if TYPE_CHECKING:
    Connection = asyncpg.Connection[Record]
else:
    Connection = asyncpg.Connection


class Connections:
    """At most `at_most` connections with these server settings; waits `wait_s` for one, `connect_s` for a new one."""

    def __init__(
        self,
        url: str,
        *,
        at_most: int,
        wait_s: float,
        connect_s: float,
        answer_s: float,
        settings: Mapping[str, str],
    ) -> None:
        self._url = for_asyncpg(url)
        self._room = asyncio.Semaphore(at_most)
        self._idle: list[Connection] = []
        self._wait_s = wait_s
        self._connect_s = connect_s
        self._answer_s = answer_s
        self._settings = dict(settings)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Connection]:
        """A connection for the block alone, in no transaction; it is ended if the block is."""
        await self._take_room()
        try:
            connection = await self._usable()
            try:
                with using():
                    yield connection
            except BaseException:
                connection.terminate()
                raise
            self._idle.append(connection)
        finally:
            self._room.release()

    async def close(self) -> None:
        """Ends those that nobody uses."""
        idle, self._idle = self._idle, []
        for connection in idle:
            connection.terminate()

    async def _take_room(self) -> None:
        try:
            async with asyncio.timeout(self._wait_s):
                await self._room.acquire()
        except TimeoutError as error:
            raise database_busy() from error

    async def _usable(self) -> Connection:
        while self._idle:
            if not (connection := self._idle.pop()).is_closed():
                return connection
        with reaching():
            made: Connection = await asyncpg.connect(
                self._url,
                timeout=self._connect_s,
                command_timeout=self._answer_s,
                server_settings=self._settings,
                record_class=Record,
            )
            await made.set_type_codec(
                "jsonb", encoder=_encoded, decoder=msgspec.json.decode, schema="pg_catalog", format="text"
            )
        return made


def _encoded(value: object) -> str:
    return msgspec.json.encode(value).decode()
