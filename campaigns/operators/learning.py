"""What a campaign has learnt of its calls: how they ring, how long talks and wrap-ups last.

Each duration is kept as hazards, the rate of ending in each second of age, from events and the time spent at risk
(Kaplan and Meier's estimate for bins). So talks that still last count for the time they have lasted, and an estimate
is fair from the first minutes on. Older experience fades: rings by a share for each ring that ends, so that the
answer rate follows the day; talks and wrap-ups more slowly.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HORIZON_S: Final = 30
"""How far ahead anything is foreseen: whoever answers later than this is not waited for."""
RING_BINS: Final = 45
WRAP_BINS: Final = 120
TALK_BINS: Final = 60
TALK_BIN_S: Final = 10
RINGS_REMEMBERED: Final = 600.0
TALKS_REMEMBERED: Final = 1000.0
ENOUGH_RINGS: Final = 15
"""Before so many rings have ended nothing is foreseen."""
CAUTION: Final = 1.0
"""By how many standard errors the answer rate is taken for higher than it was seen."""


class Hazards:
    """Rates of ending by age, in bins of `width_s`; one rate for each way to end."""

    def __init__(self, bins: int, width_s: int, priors: Sequence[float], weight_s: float) -> None:
        """`priors` are the rates (1/s) believed before anything is seen, with `weight_s` of time behind each bin."""
        self.width_s = width_s
        self.at_risk = np.full(bins, weight_s)
        self.ended = [np.full(bins, weight_s * prior) for prior in priors]

    def see(self, age_s: float, way: int = 0, *, keep: float = 1.0) -> None:
        """Counts one that ended at `age_s`; what was seen before is kept by the share `keep`."""
        if keep < 1:
            self.at_risk *= keep
            for ended in self.ended:
                ended *= keep
        age_s = max(age_s, 0.0)
        place = min(int(age_s // self.width_s), len(self.at_risk) - 1)
        self.at_risk[:place] += self.width_s
        self.at_risk[place] += min(age_s - place * self.width_s, self.width_s)
        self.ended[way][place] += 1

    def rates(self, way: int = 0) -> Floats:
        """The rate (1/s) of ending that way, by bin of age."""
        return np.asarray(self.ended[way] / self.at_risk)

    def bin_of(self, ages_s: Sequence[float]) -> NDArray[np.intp]:
        """The bin of each age; what is older than the last stays in it."""
        ages = np.asarray(ages_s, dtype=np.float64)
        return np.clip((ages // self.width_s).astype(np.intp), 0, len(self.at_risk) - 1)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is foreseen, at a few horizons (s from now) at which a call placed now may be answered.

    `answers[a, k]` is the chance that a call that has rung for `a` s is answered by horizon `k`; `talks[b, k]` and
    `wraps[a, k]` those that an operator in bin `b` of a talk, or `a` s into a wrap-up, is free by then and the
    time that a caller may wait; `weights[k]` is how likely the answer falls to horizon `k`.
    """

    horizons: NDArray[np.intp]
    weights: Floats
    answers: Floats
    talks: Floats
    wraps: Floats
    answer_rate: float
    ring_s: float


class Learned:
    """The three durations of one campaign; says what it foresees once it knows enough."""

    def __init__(self) -> None:
        self.ring = Hazards(RING_BINS, 1, (0.02, 0.03), 2.0)
        self.talk = Hazards(TALK_BINS, TALK_BIN_S, (1 / 90,), 20.0)
        self.wrap = Hazards(WRAP_BINS, 1, (1 / 20,), 0.5)
        self.rings = 0

    def answered(self, rang_s: float) -> None:
        """A call was answered by a person after ringing so long."""
        self.rings += 1
        self.ring.see(rang_s, 0, keep=1 - 1 / RINGS_REMEMBERED)

    def failed(self, rang_s: float) -> None:
        """A call ended without a person after so long."""
        self.rings += 1
        self.ring.see(rang_s, 1, keep=1 - 1 / RINGS_REMEMBERED)

    def talked(self, talk_s: float) -> None:
        """A talk ended."""
        self.talk.see(talk_s, keep=1 - 1 / TALKS_REMEMBERED)

    def wrapped_up(self, wrap_s: float) -> None:
        """An operator was ready again after a talk."""
        self.wrap.see(wrap_s, keep=1 - 1 / TALKS_REMEMBERED)

    @property
    def knows_enough(self) -> bool:
        """Whether anything may be foreseen yet."""
        return self.rings >= ENOUGH_RINGS

    def outlook(self, patience_s: float) -> Outlook:
        """What is foreseen now, for callers who wait `patience_s` for an operator."""
        answers, density, rate = self._rings()
        ring = density / max(density.sum(), 1e-12)
        horizons, weights = _horizons(ring, HORIZON_S - math.ceil(patience_s))
        ready = np.minimum(horizons + int(patience_s), HORIZON_S)
        return Outlook(
            horizons=horizons,
            weights=weights,
            answers=np.ascontiguousarray(answers[:, horizons]),
            talks=np.ascontiguousarray(self._talks()[:, ready]),
            wraps=np.ascontiguousarray(self._wraps()[:, ready]),
            answer_rate=rate,
            ring_s=float((ring * (np.arange(len(ring)) + 0.5)).sum()),
        )

    def _rings(self) -> tuple[Floats, Floats, float]:
        """Chances of an answer by age and horizon (a little too high), when answers fall, and the share answered."""
        by_answer, by_failure = self.ring.rates(0), self.ring.rates(1)
        either = by_answer + by_failure
        ends = 1 - np.exp(-either)
        share = np.divide(by_answer, either, out=np.zeros_like(either), where=either > 0) * ends
        alive = np.concatenate([[1.0], np.cumprod(1 - ends)])
        until = np.concatenate([[0.0], np.cumsum(alive[:-1] * share)])
        ages = np.arange(RING_BINS)
        then = np.minimum(ages[:, None] + np.arange(HORIZON_S + 1)[None, :], RING_BINS)
        chances = (until[then] - until[ages][:, None]) / np.maximum(alive[ages], 1e-9)[:, None]
        seen = float(self.ring.ended[0].sum())
        careful = 1 + CAUTION / math.sqrt(seen + 1)
        return np.minimum(chances * careful, 1.0), np.diff(until), float(until[-1])

    def _wraps(self) -> Floats:
        left = self._wrap_left()
        ages = np.arange(WRAP_BINS)
        then = ages[:, None] + np.arange(HORIZON_S + 1)[None, :]
        return np.asarray(1 - left[then] / np.maximum(left[ages], 1e-9)[:, None])

    def _wrap_left(self) -> Floats:
        """The share of wrap-ups that last longer than so many seconds; beyond what is kept, as at its end."""
        left = np.concatenate([[1.0], np.cumprod(np.exp(-self.wrap.rates()))])
        return np.concatenate([left, np.full(HORIZON_S, left[-1])])

    def _talks(self) -> Floats:
        """For each bin of a talk's age, the chance that talk and wrap-up are both over by each second from now."""
        wrapped = 1 - self._wrap_left()[: HORIZON_S + 1]
        seconds = np.arange(HORIZON_S + 2)
        rows = [
            np.convolve(np.diff(1 - np.exp(-rate * seconds)), wrapped)[: HORIZON_S + 1] for rate in self.talk.rates()
        ]
        return np.asarray(rows)


def _horizons(ring: Floats, furthest: int) -> tuple[NDArray[np.intp], Floats]:
    """A few seconds that stand for when an answer may come, and how likely each is."""
    cumulative = np.cumsum(ring)
    picked = np.searchsorted(cumulative, [0.08, 0.3, 0.5, 0.7, 0.92]) + 1
    horizons = np.unique(np.clip(picked, 1, furthest)).astype(np.intp)
    edges = np.concatenate([[0.0], (horizons[1:] + horizons[:-1]) / 2, [len(ring)]]).astype(np.intp)
    weights = np.asarray([ring[a:b].sum() for a, b in itertools.pairwise(edges)])
    return horizons, weights / max(weights.sum(), 1e-12)
