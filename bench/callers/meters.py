"""The CPU time of the engines, told from that of everything else: each engine's work is timed in its own thread."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import get_ident
from typing import TypeVar

from core.audio import Pcm
from robot.detector import Detector
from robot.ports import Ears, Recognised, Recogniser, Vad
from robot.senses import Senses
from robot.workers import Workers

T = TypeVar("T")


class Meter:
    """Seconds of CPU by name; threads write to places of their own."""

    def __init__(self) -> None:
        self._spent: defaultdict[tuple[str, int], float] = defaultdict(float)

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Adds what the calling thread uses within the block."""
        began = time.thread_time()
        try:
            yield
        finally:
            self._spent[name, get_ident()] += time.thread_time() - began

    def total(self, name: str) -> float:
        """All that was used under the name."""
        return sum(spent for (known, _), spent in tuple(self._spent.items()) if known == name)


class MeteredWorkers(Workers):
    """The workers with synthesis (its cache and files included) on the meter."""

    def __init__(self, threads: int | None, meter: Meter) -> None:
        super().__init__(threads)
        self._meter = meter

    async def speak(self, work: Callable[[], T]) -> T:
        """Runs synthesis."""
        return await super().speak(lambda: self._metered("tts", work))

    def _metered(self, name: str, work: Callable[[], T]) -> T:
        with self._meter.of(name):
            return work()


@dataclass(frozen=True, slots=True)
class _Ears:
    ears: Ears
    meter: Meter

    def listen(self, phrases: Sequence[str], *, free: bool = False) -> Recogniser:
        with self.meter.of("asr"):
            return _Recogniser(self.ears.listen(phrases, free=free), self.meter)


@dataclass(frozen=True, slots=True)
class _Recogniser:
    recogniser: Recogniser
    meter: Meter

    def accept(self, pcm: Pcm) -> str:
        with self.meter.of("asr"):
            return self.recogniser.accept(pcm)

    def finish(self) -> Recognised:
        with self.meter.of("asr"):
            return self.recogniser.finish()


def metered(senses: Senses, meter: Meter) -> Senses:
    """The same senses with recogniser and voice activity on the meter; the workers have synthesis on theirs."""
    ears = _Ears(senses.ears, meter) if senses.ears is not None else None
    return replace(senses, ears=ears, detector=_detector(senses, meter))


def _detector(senses: Senses, meter: Meter) -> Detector | None:
    if senses.detector is None:
        return None
    together = senses.detector.together

    def timed(vads: Sequence[Vad], chunks: Sequence[Pcm]) -> Sequence[float]:
        with meter.of("vad"):
            return together(vads, chunks)

    return Detector(senses.workers, timed)
