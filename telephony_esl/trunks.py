"""How many calls may be placed on a trunk now: free lines, and a bucket that fills at the allowed calls per second."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Final

from core.errors import BadInput

_WHOLE: Final = 1e-9
"""Rounding of many small refills must not withhold a call that is due."""


@dataclass(frozen=True, slots=True)
class Trunk:
    """One way out: a gateway of the switch, its limits, and what is put before each number."""

    name: str
    gateway: str
    lines: int = 30
    calls_per_second: float = 10
    prefix: str = ""

    def __post_init__(self) -> None:
        if self.lines < 1:
            raise BadInput("bad_trunk", f"Trunk {self.name!r} needs at least one line.", field="lines")
        if not (self.calls_per_second > 0 and isfinite(self.calls_per_second)):
            raise BadInput(
                "bad_trunk", f"Trunk {self.name!r} needs calls_per_second above 0.", field="calls_per_second"
            )


class TrunkGate:
    """The books of one trunk; at most one second's worth of calls is saved up while nobody calls."""

    def __init__(self, trunk: Trunk) -> None:
        self._trunk = trunk
        self._taken = 0
        self._most = max(1.0, trunk.calls_per_second)
        self._calls = self._most
        self._filled_at: float | None = None

    def free(self, now_s: float) -> int:
        """How many calls may be placed at `now_s`, seconds of any clock that never runs backwards."""
        self._fill(now_s)
        return max(0, min(self._trunk.lines - self._taken, int(self._calls + _WHOLE)))

    def take(self, now_s: float) -> None:
        """Takes a line; also one more than is free, which is then paid back before the next."""
        self._fill(now_s)
        self._taken += 1
        self._calls -= 1

    def give(self) -> None:
        """Gives a line back."""
        if self._taken == 0:
            raise ValueError(f"a line of trunk {self._trunk.name!r} is given back that nobody took")
        self._taken -= 1

    @property
    def taken(self) -> int:
        """How many lines are in use."""
        return self._taken

    def _fill(self, now_s: float) -> None:
        if self._filled_at is None or now_s > self._filled_at:
            passed_s = 0.0 if self._filled_at is None else now_s - self._filled_at
            self._calls = min(self._most, self._calls + passed_s * self._trunk.calls_per_second)
            self._filled_at = now_s
