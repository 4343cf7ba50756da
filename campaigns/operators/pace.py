"""How many calls a predictive campaign places now (SPEC R8.3): as many as its operators can take, and who is lost.

A call placed now is answered, if at all, some seconds later. For those seconds the distribution of the operators who
will be free then, less the calls that ring already and will be answered before, is computed; the chance that none is
left is the risk of the call. Calls are placed while that risk is below what the campaign may afford. What it may
afford follows what was lost so far: a slow adjustment finds the level, the distance from the limit bends it at once,
and when one more lost call would be too many, only calls without risk are placed, as a progressive dialler does.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from campaigns.operators.learning import Floats, Learned, Outlook
from campaigns.operators.lost_share import LostShare

AIM: Final = 0.9
"""The share of the limit that is aimed at."""
FIRST_RISK: Final = 0.06
LEAST_RISK, MOST_RISK = 0.005, 0.12
SAFE_RISK: Final = 0.002
STEADY: Final = 0.002
"""How much the afforded risk is adjusted each second for each standard deviation of ease."""
LOOK_EVERY_S: Final = 2.0
MOST_NEW, MOST_NEW_EXACTLY = 200, 20
"""So many calls are placed by one decision at most; the next one follows within a second."""
EXACT_OPERATORS: Final = 16
"""With more operators than this the distribution is taken for a normal one."""


class Reason(StrEnum):
    """Why so many calls and no more."""

    NO_OPERATORS = "no_operators"
    CALLERS_WAIT = "callers_wait"
    LEARNING = "learning"
    LIMIT = "limit"
    RISK = "risk"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class Situation:
    """Where everything of a campaign stands; ages in seconds.

    `free` operators may take a call at once; `talking` and `wrapping` hold the ages of talks and wrap-ups; `ringing`
    those of calls that were not answered yet, by call; `waiting` callers have been answered and wait.
    """

    free: int
    talking: Sequence[float]
    wrapping: Sequence[float]
    ringing: Mapping[Hashable, float]
    waiting: int = 0
    lines: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """So many calls, and what it was decided by: "8 free soon, 30 % answer: 6 more calls"."""

    calls: int
    reason: Reason
    free_soon: float = 0.0
    answers_due: float = 0.0
    answer_rate: float = 0.0
    risk: float = 0.0
    afforded: float = 0.0
    lost_share: float = 0.0


class Pace:
    """The pacing of one campaign; time and everything that happened are told to it."""

    def __init__(self, *, limit: float, patience_s: float = 2.0, learned: Learned | None = None) -> None:
        """`limit` is the share of answered calls that may be lost, `patience_s` how long a caller waits."""
        self.learned = learned or Learned()
        self.lost = LostShare(limit)
        self._patience_s = patience_s
        self._level = FIRST_RISK
        self._afforded = LEAST_RISK
        self._outlook: Outlook | None = None
        self._looked_at = -math.inf
        self._risks: dict[Hashable, float] = {}
        self._unnamed: list[float] = []

    def decide(self, now: float, at: Situation) -> Decision:
        """How many calls to place now (`now` in seconds of a steady clock); they appear in `ringing` next time."""
        self._look(now)
        if not (at.free or at.talking or at.wrapping):
            return self._told(0, Reason.NO_OPERATORS)
        if at.waiting:
            return self._told(0, Reason.CALLERS_WAIT)
        room = math.inf if at.lines is None else max(at.lines - len(at.ringing), 0)
        if self._outlook is None:
            calls = max(at.free - len(at.ringing), 0)
            return self._told(int(min(calls, room)), Reason.LEARNING)
        return self._foresee(self._outlook, at, room)

    def _look(self, now: float) -> None:
        if now < self._looked_at + LOOK_EVERY_S:
            return
        passed = min(now - self._looked_at, LOOK_EVERY_S * 5)
        self._looked_at = now
        self.lost.slide(now)
        if self.learned.knows_enough:
            self._outlook = self.learned.outlook(self._patience_s)
        ease = self.lost.ease(AIM)
        level = self._level * math.exp(STEADY * passed * max(-2.0, min(2.0, ease)))
        self._level = max(LEAST_RISK, min(MOST_RISK, level))
        self._afforded = min(self._level * math.exp(ease), MOST_RISK)

    def _foresee(self, outlook: Outlook, at: Situation, room: float) -> Decision:
        ahead = _Ahead(outlook, self.learned, at)
        expected = outlook.answer_rate * self._at_risk(at)
        room = min(room, max(3 * ahead.operators, 10) - len(at.ringing), ahead.most_new)
        risky = sum(risk > SAFE_RISK for risk in self._risks.values())
        calls, risk, reason = 0, 0.0, Reason.LINES
        while calls < room:
            used_up = self.lost.is_used_up(expected, at_most=risky)
            afforded = min(self._afforded, SAFE_RISK) if used_up else self._afforded
            risk = ahead.risk()
            if risk > afforded:
                reason = Reason.LIMIT if used_up else Reason.RISK
                break
            calls += 1
            self._unnamed.append(risk)
            expected += outlook.answer_rate * risk
            risky += risk > SAFE_RISK
            ahead.place()
        return self._told(calls, reason, ahead=ahead, risk=risk)

    def _at_risk(self, at: Situation) -> float:
        """The sum of the risks that the calls which ring now were placed with."""
        fresh = [call for call in at.ringing if call not in self._risks]
        # The calls of the last decision have got names meanwhile, in their order.
        named = dict(zip(fresh, self._unnamed, strict=False))
        self._unnamed = []
        self._risks = {call: self._risks.get(call, named.get(call, 0.0)) for call in at.ringing}
        return sum(self._risks.values())

    def _told(self, calls: int, reason: Reason, *, ahead: _Ahead | None = None, risk: float = 0.0) -> Decision:
        return Decision(
            calls,
            reason,
            free_soon=ahead.free_soon if ahead else 0.0,
            answers_due=ahead.answers_due if ahead else 0.0,
            answer_rate=self._outlook.answer_rate if self._outlook else 0.0,
            risk=risk,
            afforded=self._afforded,
            lost_share=self.lost.share,
        )


class _Ahead:
    """The operators left for one more call, at each horizon of the outlook: free ones less answered calls."""

    def __init__(self, outlook: Outlook, learned: Learned, at: Situation) -> None:
        self._weights = outlook.weights
        self._new = outlook.answers[0]
        self.operators = at.free + len(at.talking) + len(at.wrapping)
        answers = outlook.answers[learned.ring.bin_of(list(at.ringing.values()))]
        freed = np.concatenate([
            outlook.talks[learned.talk.bin_of(at.talking)],
            outlook.wraps[learned.wrap.bin_of(at.wrapping)],
        ])  # fmt: skip
        self.free_soon = float(at.free + (freed.sum(0) * self._weights).sum())
        self.answers_due = float((answers.sum(0) * self._weights).sum())
        exact = self.operators <= EXACT_OPERATORS
        self.most_new = MOST_NEW_EXACTLY if exact else MOST_NEW
        self._left: _Exact | _Normal = _Exact(at.free, freed, answers) if exact else _Normal(at.free, freed, answers)

    def risk(self) -> float:
        """The chance that nobody is left for a call placed now, if it is answered."""
        return float((self._left.none_left() * self._weights).sum())

    def place(self) -> None:
        """Counts one more call placed now among those that ring."""
        self._left.less(self._new)


class _Exact:
    """The whole distribution at each horizon, as the product of the trials' discrete Fourier transforms."""

    def __init__(self, free: int, freed: Floats, answers: Floats) -> None:
        # An operator left is one who is free, one freed, or a call that is not answered; `_none` of them mean nobody.
        self._none = len(answers) - free
        trials = np.concatenate([freed, 1 - answers])
        self._size = 1 << (len(trials) + MOST_NEW_EXACTLY).bit_length()
        self._turns = np.exp(-2j * np.pi * np.arange(self._size // 2 + 1) / self._size) - 1
        self._waves = np.prod(1 + trials[:, :, None] * self._turns, axis=0)

    def less(self, chances: Floats) -> None:
        self._waves = self._waves * (1 + (1 - chances)[:, None] * self._turns)
        self._none += 1

    def none_left(self) -> Floats:
        if self._none < 0:
            return np.zeros(len(self._waves))
        chances = np.fft.irfft(self._waves, self._size, axis=1)
        return np.asarray(np.clip(chances[:, : self._none + 1].sum(1), 0.0, 1.0))


class _Normal:
    """Mean and variance at each horizon."""

    def __init__(self, free: int, freed: Floats, answers: Floats) -> None:
        self._mean = free + freed.sum(0) - answers.sum(0)
        self._variance = (freed * (1 - freed)).sum(0) + (answers * (1 - answers)).sum(0)

    def less(self, chances: Floats) -> None:
        self._mean = self._mean - chances
        self._variance = self._variance + chances * (1 - chances)

    def none_left(self) -> Floats:
        below = (0.5 - self._mean) / np.sqrt(self._variance + 1e-6)
        return np.asarray([0.5 * math.erfc(-one / math.sqrt(2)) for one in below])
