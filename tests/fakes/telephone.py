"""Lines and calls without a telephone: every call lasts as long, and ends, as the test says."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from campaigns.campaign import Campaign
from campaigns.leads import Ending, LeasedCall
from campaigns.pacing import TrunkLimits
from core.clock import Clock
from core.results import CallResult


class FakeLines:
    """The dialler's `Lines` port: so many lines by trunk, and a note of the most that were taken at once."""

    def __init__(self, **lines: int) -> None:
        self.lines = lines
        self.allowed: dict[str, TrunkLimits] = {}
        self.rates: dict[str, float] = {}
        self.taken: Counter[str] = Counter()
        self.most: Counter[str] = Counter()

    def limits(self) -> Mapping[str, TrunkLimits]:
        return self.allowed or {name: TrunkLimits(lines, 1000.0) for name, lines in self.lines.items() if lines > 0}

    def pace(self, rates: Mapping[str, float]) -> None:
        self.rates = dict(rates)

    def free(self, trunk: str) -> int:
        return max(self.lines.get(trunk, 0) - self.taken[trunk], 0)

    def take(self, trunk: str) -> None:
        self.taken[trunk] += 1
        self.most[trunk] = max(self.most[trunk], self.taken[trunk])

    def give(self, trunk: str) -> None:
        assert self.taken[trunk] > 0, f"a line of {trunk} was given back that nobody took"
        self.taken[trunk] -= 1


@dataclass(frozen=True, slots=True)
class Placed:
    """One call that was placed: when (s since the start), for which lead, to which of its phones."""

    at_s: float
    call: LeasedCall


CarryOut = Callable[[LeasedCall], Awaitable[CallResult]]


class FakeCalls:
    """The dialler's `Calls` port; `carry_out` plays a call and says its result."""

    def __init__(self, clock: Clock, carry_out: CarryOut) -> None:
        self._clock = clock
        self.carry_out = carry_out
        self.placed: list[Placed] = []
        self.abandoned: list[LeasedCall] = []
        self.cut: list[LeasedCall] = []
        self.abandoning_fails = 0

    async def place(self, call: LeasedCall, campaign: Campaign) -> Ending:
        self.placed.append(Placed(self._clock.monotonic(), call))
        try:
            result = await self.carry_out(call)
        except asyncio.CancelledError:
            self.cut.append(call)
            raise
        return Ending(result, self._clock.now())

    async def abandon(self, call: LeasedCall, campaign: Campaign | None = None) -> None:
        if self.abandoning_fails > 0:
            self.abandoning_fails -= 1
            raise ConnectionError("the switch is away")
        self.abandoned.append(call)


def lasting(seconds: float, result: CallResult = CallResult.COMPLETED) -> CarryOut:
    """Calls that all last as long and end alike."""

    async def carry_out(_: LeasedCall) -> CallResult:
        await asyncio.sleep(seconds)
        return result

    return carry_out
