"""The caller's audio from the line to the listener, computed off the event loop, one piece at a time for each call.

Frames wait in a ring of two seconds. Where computing is too slow the oldest are dropped and counted; time goes on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final

from core.audio import FRAME_SAMPLES, Pcm, Samples
from robot.listener import Listener, ListenerEvent
from robot.turns import Attention
from robot.workers import Workers

RING_FRAMES: Final = 100
PIECE_FRAMES: Final = 10


class Hearing:
    """One call's hearing: `push` frames in, events come out by `tell`; `attention` may be changed at any time."""

    def __init__(self, listener: Listener, workers: Workers, *, tell: Callable[[ListenerEvent], None]) -> None:
        self.attention = Attention()
        self.dropped_frames = 0
        self._listener = listener
        self._workers = workers
        self._tell = tell
        self._ring: deque[Pcm] = deque()
        self._lost = 0
        self._filled = asyncio.Event()

    def push(self, frame: Pcm) -> None:
        """Takes the caller's next frame."""
        if len(self._ring) >= RING_FRAMES:
            self._ring.popleft()
            self._lost += 1
            self.dropped_frames += 1
        self._ring.append(frame)
        self._filled.set()

    async def run(self) -> None:
        """Hears until cancelled."""
        while True:
            await self._filled.wait()
            piece = [self._ring.popleft() for _ in range(min(PIECE_FRAMES, len(self._ring)))]
            lost, self._lost = self._lost, 0
            if not self._ring:
                self._filled.clear()
            for event in await self._workers.hear(partial(self._hear, b"".join(piece), lost, self.attention)):
                self._tell(event)

    def _hear(self, pcm: Pcm, lost_frames: int, wanted: Attention) -> list[ListenerEvent]:
        if lost_frames:
            self._listener.skip(Samples(lost_frames * FRAME_SAMPLES))
        return self._listener.hear(pcm, wanted)
