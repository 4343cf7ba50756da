"""A bell: rings when somebody notifies on one channel, by a connection of its own.

What is notified while the connection is away is lost, so it rings each time it is back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import asyncpg
import structlog

from storage.errors import LOST
from storage.urls import for_asyncpg

log = structlog.get_logger(__name__)

CONNECT_S: Final = 5.0
CHECK_EVERY_S: Final = 15.0
FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 5.0


class Bell:
    """Calls `ring` for each notification on `channel`."""

    def __init__(self, url: str, channel: str, ring: Callable[[], None]) -> None:
        self._url = for_asyncpg(url)
        self._channel = channel
        self._ring = ring

    async def run(self) -> None:
        """Listens, and connects anew with growing pauses, until it is cancelled."""
        pause_s, told = FIRST_PAUSE_S, False
        while True:
            try:
                await self._listen()
                pause_s, told = FIRST_PAUSE_S, False
            except LOST as error:
                if not told:
                    log.warning("bell.away", channel=self._channel, error=type(error).__name__)
                told = True
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _listen(self) -> None:
        """Hears one connection until it is lost; raises what kept it from being made."""
        lost = asyncio.Event()
        connection = await asyncpg.connect(self._url, timeout=CONNECT_S, command_timeout=CONNECT_S)
        try:
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(self._channel, self._heard)
            self._ring()
            while not lost.is_set():
                try:
                    async with asyncio.timeout(CHECK_EVERY_S):
                        await lost.wait()
                except TimeoutError:
                    await connection.execute("SELECT 1")
        except LOST as error:
            log.warning("bell.lost", channel=self._channel, error=type(error).__name__)
        finally:
            connection.terminate()

    def _heard(self, _connection: Any, _pid: int, _channel: str, _payload: object) -> None:  # noqa: ANN401
        self._ring()
