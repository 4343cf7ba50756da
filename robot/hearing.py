"""The caller's audio from the line to the listener: chunk by chunk, one at a time for each call.

Voice activity is computed for many calls at once (`detector`); what follows from it is quick and done in the loop, and
only where the recogniser has to work a thread does it, which then tells the loop. Audio waits in a ring of two
seconds. Where computing is too slow the oldest is dropped and counted; time goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from core.audio import FRAME_BYTES, FRAME_SAMPLES, Pcm, Samples, from_ms
from robot.detector import Detector
from robot.listener import Listener, ListenerEvent
from robot.pauses import BEGINNING, Attention
from robot.workers import Workers

RING_FRAMES: Final = 100
LATE: Final = from_ms(100)
"""A chunk that is understood so long after its last sample came is late."""


@dataclass(slots=True)
class HearingCounts:
    """How well hearing keeps up: chunks heard, late ones, by how much the latest was late, frames dropped unheard."""

    chunks: int = 0
    late_chunks: int = 0
    latest: Samples = BEGINNING
    dropped_frames: int = 0

    def add(self, other: HearingCounts) -> None:
        """Adds those of one call."""
        self.chunks += other.chunks
        self.late_chunks += other.late_chunks
        self.latest = max(self.latest, other.latest)
        self.dropped_frames += other.dropped_frames


class Hearing:
    """One call's hearing: `push` frames in, events come out by `tell`; `attention` may be changed at any time."""

    def __init__(
        self,
        listener: Listener,
        workers: Workers,
        *,
        tell: Callable[[ListenerEvent], None],
        detector: Detector | None = None,
    ) -> None:
        self.attention = Attention()
        self.counts = HearingCounts()
        self._listener = listener
        self._workers = workers
        self._detector = detector if detector is not None else Detector(workers)
        self._tell = tell
        self._size = listener.vad.chunk_samples * 2
        self._ring = bytearray()
        self._pushed = 0
        self._lost = 0
        self._chunk: Pcm | None = None
        self._broken: BaseException | None = None
        self._running = False
        self._pumping = False
        self._wake = asyncio.Event()

    @property
    def dropped_frames(self) -> int:
        """How many frames were never heard."""
        return self.counts.dropped_frames

    def push(self, frame: Pcm, played: Pcm = b"") -> None:
        """Takes the caller's next frame, and what the robot plays meanwhile."""
        if len(self._ring) >= RING_FRAMES * FRAME_BYTES:
            del self._ring[:FRAME_BYTES]
            self._lost += FRAME_SAMPLES
            self.counts.dropped_frames += 1
        self._ring += frame
        self._pushed += FRAME_SAMPLES
        self._listener.play(played)
        if len(self._ring) >= self._size and self._chunk is None and self._running:
            self._pump()

    async def run(self) -> None:
        """Hears until cancelled; raises what broke meanwhile."""
        self._running = True
        try:
            self._pump()
            await self._wake.wait()
            if self._broken is not None:
                raise self._broken
        finally:
            self._running = False

    def _pump(self) -> None:
        """Has the next chunks detected, as long as each is known at once."""
        if self._pumping:
            return
        self._pumping = True
        try:
            while self._chunk is None and len(self._ring) >= self._size and self._running:
                self._chunk = chunk = bytes(self._ring[: self._size])
                del self._ring[: self._size]
                if self._lost:
                    self._listener.skip(Samples(self._lost))
                    self._lost = 0
                self._detector.ask(self._listener.vad, chunk, self._detected)
        finally:
            self._pumping = False

    def _detected(self, speech: float | BaseException, level: float) -> None:
        """Takes what was found in the chunk that was asked; an error is this call's own, and `run` raises it."""
        chunk = self._chunk
        if not self._running or chunk is None:
            return
        if isinstance(speech, BaseException):
            self._break(speech)
            return
        try:
            found = self._listener.take(chunk, speech, level, self.attention)
        except Exception as error:  # noqa: BLE001 - raised by `run`, the call's own; the batch's other calls go on
            self._break(error)
            return
        if isinstance(found, list):
            self._heard(found)
            self._pump()
        else:
            self._workers.hear(found, self._recognised)

    def _recognised(self, found: list[ListenerEvent] | BaseException) -> None:
        """Takes what the recogniser's thread found out."""
        if not self._running:
            return
        if isinstance(found, BaseException):
            self._break(found)
            return
        self._heard(found)
        self._pump()

    def _heard(self, events: list[ListenerEvent]) -> None:
        self._chunk = None
        behind = Samples(self._pushed - self._listener.position - self._lost)
        self.counts.chunks += 1
        if behind > LATE:
            self.counts.late_chunks += 1
        if behind > self.counts.latest:
            self.counts.latest = behind
        for event in events:
            self._tell(event)

    def _break(self, error: BaseException) -> None:
        self._broken = error
        self._wake.set()
