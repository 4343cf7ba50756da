"""The network's one clock: a tick each 5 ms for a quarter of the calls, so that each call's frames are 20 ms apart.

Ticks are counted from one start, so lateness never adds up. After a stall the missed ticks are made up for at once, as
a switch would have gone on sending, but no more than `MOST_CATCH_UP` of them: the rest is skipped and counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from core.audio import FRAME_MS

PHASES: Final = 4
TICK_S: Final = FRAME_MS / 1000 / PHASES
MOST_CATCH_UP: Final = 10 * PHASES


def due_ticks(done: int, elapsed_s: float) -> tuple[int, int]:
    """How many ticks are to be done now and how many are given up, when `done` were done in `elapsed_s`."""
    behind = max(0, int(elapsed_s / TICK_S) + 1 - done)
    return min(behind, MOST_CATCH_UP), max(0, behind - MOST_CATCH_UP)


class Ticker:
    """Calls `work` with the phase of each tick until it is stopped."""

    def __init__(self, work: Callable[[int], None]) -> None:
        self.skipped = 0
        self._work = work
        self._done = 0
        self._began = 0.0
        self._next: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begins to tick on the running loop."""
        self._began = asyncio.get_running_loop().time()
        self._tick()

    def stop(self) -> None:
        """Ticks no more."""
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        due, skipped = due_ticks(self._done, loop.time() - self._began)
        self.skipped += skipped
        first = self._done
        self._done += skipped + due
        self._next = loop.call_at(self._began + self._done * TICK_S, self._tick)
        for tick in range(first, first + due):
            self._work(tick % PHASES)
