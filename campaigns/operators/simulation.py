"""A day of an operator campaign played in milliseconds: what a pacing rule would get of a market.

A discrete-event simulation. Every call has its fate before it is placed (answered or not, how long it rings, how long
the talk lasts), drawn from one source in the order of placing, so that two rules with the same seed meet the same
people. A rule is anything with `decide` and the four things it may learn from; `AdaptivePace`, `Progressive` and
`FixedRatio` are those that are compared.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final, Protocol

from campaigns.operators.learning import Learned
from campaigns.operators.pace import Pace, Situation

TICK_S: Final = 1.0
WARM_UP_S: Final = 3600.0
WINDOW_S: Final = 3600.0
WINDOW_CALLS: Final = 400
RATIOS: Final = tuple(round(1.1 + 0.1 * step, 1) for step in range(30))


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one call: answered if `luck` is below the answer rate of the moment."""

    luck: float
    rings_s: float
    fails_after_s: float
    talk_s: float
    wrap_s: float


@dataclass(frozen=True, slots=True)
class Market:
    """Whom a campaign calls and who takes the calls; `rate` and `crew` are asked with the seconds since its start."""

    rate: Callable[[float], float]
    crew: Callable[[float], int]
    draw: Callable[[Random], Fate]
    hours: float = 8.0
    patience_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule got: shares 0–1; `worst_window` is the worst share lost in any full window after the warm-up."""

    occupancy: float
    lost_share: float
    worst_window: float
    calls_per_operator_hour: float
    answered: int
    placed: int


class Rule(Protocol):
    """How many calls to place, and what it is told of those placed."""

    def decide(self, now: float, at: Situation) -> int:
        """Calls to place now."""
        ...

    def answered(self, now: float, rang_s: float) -> None:
        """A person answered."""
        ...

    def failed(self, now: float, rang_s: float) -> None:
        """Nobody did."""
        ...

    def lost(self, now: float) -> None:
        """One who answered gave up."""
        ...

    def talked(self, now: float, talk_s: float) -> None:
        """A talk ended."""
        ...

    def wrapped_up(self, now: float, wrap_s: float) -> None:
        """A wrap-up ended."""
        ...


def fates_of(
    *, talk_s: float, wrap_s: float, talk_cv: float = 0.7, ring_s: float = 12.0, ring_sd_s: float = 4.0,
    ring_out_s: float = 30.0, fail_s: float = 3.0, fail_share: float = 0.5,
) -> Callable[[Random], Fate]:  # fmt: skip
    """Fates of a textbook market: log-normal talks, normal ringing; of the others a share fails at once."""
    spread = math.sqrt(math.log(1 + talk_cv**2))
    middle = math.log(talk_s) - spread**2 / 2

    def draw(random: Random) -> Fate:
        return Fate(
            luck=random.random(),
            rings_s=max(random.gauss(ring_s, ring_sd_s), 1.0),
            fails_after_s=fail_s if random.random() < fail_share else ring_out_s,
            talk_s=random.lognormvariate(middle, spread),
            wrap_s=wrap_s,
        )

    return draw


@dataclass(frozen=True, slots=True)
class History:
    """What was measured of a campaign's own calls, in seconds; each list holds at least one.

    `failures` is how many calls were not answered, where that is not the length of their list.
    """

    answered_after_s: Sequence[float]
    failed_after_s: Sequence[float]
    talks_s: Sequence[float]
    wraps_s: Sequence[float]
    failures: int | None = None

    @property
    def answer_rate(self) -> float:
        """The share of its calls that were answered."""
        return len(self.answered_after_s) / self.calls

    @property
    def calls(self) -> int:
        """How many calls it was measured on."""
        failed = len(self.failed_after_s) if self.failures is None else self.failures
        return len(self.answered_after_s) + failed

    def fate(self, random: Random) -> Fate:
        """A fate put together from what has happened."""
        return Fate(
            luck=random.random(),
            rings_s=random.choice(self.answered_after_s),
            fails_after_s=random.choice(self.failed_after_s),
            talk_s=random.choice(self.talks_s),
            wrap_s=random.choice(self.wraps_s),
        )


def drifting(low: float, high: float, period_s: float, phase: float) -> Callable[[float], float]:
    """An answer rate that swings between two values."""
    middle, swing = (low + high) / 2, (high - low) / 2
    return lambda now: middle + swing * math.sin(2 * math.pi * now / period_s + phase)


class Progressive:
    """One call for each free operator and no more."""

    def decide(self, now: float, at: Situation) -> int:
        """The free operators that no call rings for yet."""
        return max(at.free - len(at.ringing) - at.waiting, 0)

    def answered(self, now: float, rang_s: float) -> None:
        """Learns nothing."""

    def failed(self, now: float, rang_s: float) -> None:
        """Learns nothing."""

    def lost(self, now: float) -> None:
        """Learns nothing."""

    def talked(self, now: float, talk_s: float) -> None:
        """Learns nothing."""

    def wrapped_up(self, now: float, wrap_s: float) -> None:
        """Learns nothing."""


class FixedRatio(Progressive):
    """So many calls for each free operator (the ratio of extra calls, SPEC R8.2)."""

    def __init__(self, ratio: float) -> None:
        self._ratio = ratio

    def decide(self, now: float, at: Situation) -> int:
        """What is missing to the ratio."""
        return 0 if at.waiting else max(int(self._ratio * at.free) - len(at.ringing), 0)


class AdaptivePace:
    """The product's own pacing."""

    def __init__(self, limit: float, patience_s: float) -> None:
        self.pace = Pace(limit=limit, patience_s=patience_s, learned=Learned())

    def decide(self, now: float, at: Situation) -> int:
        """As `Pace` decides."""
        return self.pace.decide(now, at).calls

    def answered(self, now: float, rang_s: float) -> None:
        """Counts an answer."""
        self.pace.lost.answer(now)
        self.pace.learned.answered(rang_s)

    def failed(self, now: float, rang_s: float) -> None:
        """Counts a failure."""
        self.pace.learned.failed(rang_s)

    def lost(self, now: float) -> None:
        """Counts a loss."""
        self.pace.lost.lose(now)

    def talked(self, now: float, talk_s: float) -> None:
        """Counts a talk."""
        self.pace.learned.talked(talk_s)

    def wrapped_up(self, now: float, wrap_s: float) -> None:
        """Counts a wrap-up."""
        self.pace.learned.wrapped_up(wrap_s)


@dataclass(slots=True)
class _Day:
    """One campaign being played."""

    market: Market
    rule: Rule
    random: Random
    now: float = 0.0
    free: int = 0
    leaving: int = 0
    talking: dict[int, float] = field(default_factory=dict)
    wrapping: dict[int, float] = field(default_factory=dict)
    ringing: dict[int, float] = field(default_factory=dict)
    waiting: deque[tuple[int, Fate]] = field(default_factory=deque)
    ends: list[tuple[float, bool]] = field(default_factory=list)
    busy_s: float = 0.0
    logged_in_s: float = 0.0
    placed: int = 0
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def later(self, after_s: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.now + after_s, next(self._numbers), do))

    def play(self) -> Outcome:
        until = self.market.hours * 3600
        self.later(0.0, self._tick)
        while self._events:
            at, _, do = heapq.heappop(self._events)
            if at > until:
                break
            self.now = at
            do()
            self._place()
        return self._outcome()

    @property
    def crew(self) -> int:
        return self.free + len(self.talking) + len(self.wrapping) - self.leaving

    def _tick(self) -> None:
        missing = self.market.crew(self.now) - self.crew
        if missing >= 0:
            back = min(missing, self.leaving)
            self.leaving -= back
            self.free += missing - back
        else:
            gone = min(-missing, self.free)
            self.free -= gone
            self.leaving += -missing - gone
        self.logged_in_s += (self.crew + self.leaving) * TICK_S
        self.busy_s += (len(self.talking) + len(self.wrapping)) * TICK_S
        self.later(TICK_S, self._tick)

    def _place(self) -> None:
        at = Situation(
            free=self.free,
            talking=[self.now - since for since in self.talking.values()],
            wrapping=[self.now - since for since in self.wrapping.values()],
            ringing={call: self.now - since for call, since in self.ringing.items()},
            waiting=len(self.waiting),
        )
        for _ in range(self.rule.decide(self.now, at)):
            fate, call = self.market.draw(self.random), self.placed
            self.placed += 1
            self.ringing[call] = self.now
            if fate.luck < self.market.rate(self.now):
                self.later(fate.rings_s, lambda call=call, fate=fate: self._answered(call, fate))  # type: ignore[misc]
            else:
                self.later(fate.fails_after_s, lambda call=call: self._failed(call))  # type: ignore[misc]

    def _answered(self, call: int, fate: Fate) -> None:
        self.rule.answered(self.now, self.now - self.ringing.pop(call))
        if self.free:
            self._connect(call, fate)
            return
        self.waiting.append((call, fate))
        self.later(self.market.patience_s, lambda: self._give_up(call))

    def _failed(self, call: int) -> None:
        self.rule.failed(self.now, self.now - self.ringing.pop(call))

    def _give_up(self, call: int) -> None:
        still = [one for one in self.waiting if one[0] != call]
        if len(still) < len(self.waiting):
            self.waiting = deque(still)
            self.rule.lost(self.now)
            self.ends.append((self.now, True))

    def _connect(self, call: int, fate: Fate) -> None:
        self.free -= 1
        self.ends.append((self.now, False))
        self.talking[call] = self.now
        self.later(fate.talk_s, lambda: self._talked(call, fate))

    def _talked(self, call: int, fate: Fate) -> None:
        self.rule.talked(self.now, self.now - self.talking.pop(call))
        self.wrapping[call] = self.now
        self.later(fate.wrap_s, lambda: self._ready(call))

    def _ready(self, call: int) -> None:
        self.rule.wrapped_up(self.now, self.now - self.wrapping.pop(call))
        if self.leaving:
            self.leaving -= 1
            return
        self.free += 1
        if self.waiting:
            self._connect(*self.waiting.popleft())

    def _outcome(self) -> Outcome:
        lost = sum(was_lost for _, was_lost in self.ends)
        hours = self.logged_in_s / 3600
        return Outcome(
            occupancy=self.busy_s / self.logged_in_s if self.logged_in_s else 0.0,
            lost_share=lost / len(self.ends) if self.ends else 0.0,
            worst_window=worst_window(self.ends),
            calls_per_operator_hour=(len(self.ends) - lost) / hours if hours else 0.0,
            answered=len(self.ends),
            placed=self.placed,
        )


def simulate(market: Market, rule: Rule, random: Random) -> Outcome:
    """Plays the market's hours under the rule."""
    return _Day(market, rule, random).play()


def worst_window(ends: Sequence[tuple[float, bool]]) -> float:
    """The highest share lost in any window after the warm-up: an hour, or `WINDOW_CALLS` calls where that is longer.

    `ends` are the answered calls in their order: when each was connected or lost, and whether lost.
    """
    worst, first, lost = 0.0, 0, 0
    for last, (now, was_lost) in enumerate(ends):
        lost += was_lost
        while ends[first][0] < now - WINDOW_S and last - first >= WINDOW_CALLS:
            lost -= ends[first][1]
            first += 1
        calls = last - first + 1
        if now >= WARM_UP_S and calls >= WINDOW_CALLS:
            worst = max(worst, lost / calls)
    return worst


def best_fixed(market: Market, limit: float, seed: Callable[[], Random]) -> tuple[float, Outcome]:
    """The ratio with the most occupancy that loses no more than `limit`, found with hindsight on the same fates."""
    best = (1.0, simulate(market, Progressive(), seed()))
    for ratio in RATIOS:
        outcome = simulate(market, FixedRatio(ratio), seed())
        if outcome.lost_share <= limit and outcome.occupancy > best[1].occupancy:
            best = (ratio, outcome)
    return best
