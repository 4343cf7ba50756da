"""What a channel has planned, by its own frames: no wall clock, so a plan means the same at any pace."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

from core.audio import FRAME_MS
from telephony_esl.simulator.callee import frames_of


class Timers:
    """Counts frames and does what is due; things due at one frame are done in the order they were planned."""

    def __init__(self) -> None:
        self.frames = 0
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()

    @property
    def elapsed_ms(self) -> int:
        """The channel's age."""
        return self.frames * FRAME_MS

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Plans something, for the next frame at the earliest."""
        heapq.heappush(self._due, (self.frames + max(1, frames_of(seconds)), next(self._order), action))

    def tick(self) -> None:
        """Goes on by one frame."""
        self.frames += 1
        while self._due and self._due[0][0] <= self.frames:
            heapq.heappop(self._due)[2]()
