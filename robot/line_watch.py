"""Notices a line that brings no audio any more, by the only clock that does not depend on audio.

What counts is time in which the event loop itself ran: each `STEP_S` it is looked whether anything came, and the next
step begins when the one before was made. So a loop that stood still for a minute adds one step, not a minute, and its
calls get the audio that waits in their sockets before they are given up.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

SILENT_LINE_S: Final = 5.0
STEP_S: Final = 0.5
STEPS: Final = round(SILENT_LINE_S / STEP_S)


class LineWatch:
    """Counts the steps in which `position`, how much audio came, stood still."""

    def __init__(self, position: Callable[[], int]) -> None:
        self.timeout = asyncio.timeout(None)
        self._position = position
        self._last = 0
        self._still = 0
        self._next: asyncio.TimerHandle | None = None

    def go_on(self) -> None:
        """Begins to watch, with the full time from now on."""
        self.pause()
        self._last, self._still = self._position(), 0
        self._next = asyncio.get_running_loop().call_later(STEP_S, self._look)

    def pause(self) -> None:
        """Watches no more until `go_on`: no audio is awaited."""
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _look(self) -> None:
        position = self._position()
        self._still = self._still + 1 if position == self._last else 0
        self._last = position
        loop = asyncio.get_running_loop()
        if self._still < STEPS:
            self._next = loop.call_later(STEP_S, self._look)
        elif not self.timeout.expired():
            self._next = None
            self.timeout.reschedule(loop.time())


@asynccontextmanager
async def watched(position: Callable[[], int]) -> AsyncIterator[LineWatch]:
    """Ends the block with `TimeoutError` once the line was silent for `SILENT_LINE_S`."""
    watch = LineWatch(position)
    try:
        async with watch.timeout:
            watch.go_on()
            yield watch
    finally:
        watch.pause()
