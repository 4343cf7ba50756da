"""Voice activity for many calls by one inference, in the event loop itself.

One chunk costs 60 µs alone and 20 µs in a batch of many, less than a thread and the loop cost to be woken for it. So
where there are many calls a chunk waits up to `GATHER_S` for company (a third of its length), and no more than `MOST`
are computed in a row: frames that came meanwhile are answered between two batches. A call has one chunk in here at
most, which bounds the queue by the number of calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from core.audio import Pcm
from robot.amd.sound import levels_db
from robot.ports import Vad
from robot.workers import Workers

GATHER_S: Final = 0.010
FEW: Final = 2
"""So small a batch shows that there is nothing to wait for."""
MOST: Final = 32
"""0.7 ms of computing."""

Probabilities = Callable[[Sequence[Vad], Sequence[Pcm]], Sequence[float]]
Tell = Callable[[float | BaseException, float], None]
"""Is told a chunk's speech probability, or the error that came instead, and its level in dBFS."""


def one_by_one(vads: Sequence[Vad], chunks: Sequence[Pcm]) -> Sequence[float]:
    """The probabilities from detectors that know no batches."""
    return [vad.probability(chunk) for vad, chunk in zip(vads, chunks, strict=True)]


class Detector:
    """Gathers the chunks of all calls of one event loop."""

    def __init__(self, workers: Workers, together: Probabilities = one_by_one) -> None:
        self.together = together
        self._at_once = workers.is_inline
        self._vads: list[Vad] = []
        self._chunks: list[Pcm] = []
        self._tells: list[Tell] = []
        self._waits_in: asyncio.AbstractEventLoop | None = None
        self._many = False

    def ask(self, vad: Vad, chunk: Pcm, tell: Tell) -> None:
        """Has `tell` called with what is found in the chunk; at once where the workers are inline."""
        if self._at_once:
            return self._compute([vad], [chunk], [tell])
        self._vads.append(vad)
        self._chunks.append(chunk)
        self._tells.append(tell)
        loop = asyncio.get_running_loop()
        if self._waits_in is not loop:
            self._waits_in = loop
            if self._many:
                loop.call_later(GATHER_S, self._begin)
            else:
                loop.call_soon(self._begin)
        return None

    def _begin(self) -> None:
        """Computes the oldest `MOST` chunks; the loop has a turn before the rest."""
        vads, self._vads = self._vads[:MOST], self._vads[MOST:]
        chunks, self._chunks = self._chunks[:MOST], self._chunks[MOST:]
        tells, self._tells = self._tells[:MOST], self._tells[MOST:]
        self._waits_in = None
        if self._tells:
            self._waits_in = asyncio.get_running_loop()
            self._waits_in.call_soon(self._begin)
        self._many = len(chunks) > FEW
        self._compute(vads, chunks, tells)

    def _compute(self, vads: Sequence[Vad], chunks: Sequence[Pcm], tells: Sequence[Tell]) -> None:
        found: Sequence[float | BaseException]
        try:
            found = self.together(vads, chunks)
        except Exception as error:  # noqa: BLE001 - told to the calls that asked: it is theirs, not the loop's
            found = [error] * len(chunks)
        for tell, speech, level in zip(tells, found, levels_db(chunks), strict=True):
            tell(speech, level)
