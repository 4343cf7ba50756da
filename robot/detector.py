"""Voice activity for many calls by one inference: what the calls ask while a batch is computed makes the next batch.

One batch is under way at a time, so each call has at most one chunk in it and the queue is bounded by the number of
calls. Where there are many, a batch waits `GATHER_S` for company: a third of a chunk's length.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from core.audio import Pcm
from robot.ports import Vad
from robot.workers import Workers

GATHER_S: Final = 0.010
FEW: Final = 4
"""So small a batch shows that there is nothing to wait for."""
MOST: Final = 128

Probabilities = Callable[[Sequence[Vad], Sequence[Pcm]], Sequence[float]]
Tell = Callable[[float | BaseException], None]


def one_by_one(vads: Sequence[Vad], chunks: Sequence[Pcm]) -> Sequence[float]:
    """The probabilities from detectors that know no batches."""
    return [vad.probability(chunk) for vad, chunk in zip(vads, chunks, strict=True)]


@dataclass(frozen=True, slots=True)
class _Asked:
    """One chunk of one call, and who is told its probability."""

    vad: Vad
    chunk: Pcm
    tell: Tell


class Detector:
    """Gathers the chunks of all calls of one event loop."""

    def __init__(self, workers: Workers, together: Probabilities = one_by_one) -> None:
        self._workers = workers
        self._together = together
        self._asked: list[_Asked] = []
        self._busy: asyncio.AbstractEventLoop | None = None
        self._many = False

    def ask(self, vad: Vad, chunk: Pcm, tell: Tell) -> None:
        """Has `tell` called with the probability, or with the error that came instead; inline workers: at once."""
        if self._workers.is_inline:
            return tell(self._at_once(vad, chunk))
        self._asked.append(_Asked(vad, chunk, tell))
        loop = asyncio.get_running_loop()
        if self._busy is loop:
            return
        self._busy = loop
        if self._many:
            loop.call_later(GATHER_S, self._begin)
        else:
            loop.call_soon(self._begin)
        return None

    def _at_once(self, vad: Vad, chunk: Pcm) -> float | BaseException:
        try:
            return self._together([vad], [chunk])[0]
        except Exception as error:  # noqa: BLE001 - told to the call that asked, as a thread's error is
            return error

    def _begin(self) -> None:
        batch, self._asked = self._asked[:MOST], self._asked[MOST:]
        self._many = len(batch) > FEW
        vads, chunks = [asked.vad for asked in batch], [asked.chunk for asked in batch]
        future = self._workers.hear_soon(lambda: self._together(vads, chunks))
        future.add_done_callback(lambda done: self._end(batch, done))

    def _end(self, batch: Sequence[_Asked], done: asyncio.Future[Sequence[float]]) -> None:
        self._busy = None
        if done.cancelled():
            return
        error = done.exception()
        found: Sequence[float | BaseException] = [error] * len(batch) if error is not None else done.result()
        waiting = bool(self._asked)
        for asked, one in zip(batch, found, strict=True):
            asked.tell(one)
        if waiting and self._busy is None and self._asked:
            self._busy = asyncio.get_running_loop()
            self._begin()
