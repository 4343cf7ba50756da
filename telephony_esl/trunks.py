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
    """One way out: a gateway of the switch, its limits, and what is put before each number.

    `label_header` is the SIP header in which its carrier takes the call label, None where it takes none.
    """

    name: str
    gateway: str
    lines: int = 30
    calls_per_second: float = 10
    prefix: str = ""
    label_header: str | None = None

    def __post_init__(self) -> None:
        if self.lines < 1:
            raise BadInput("bad_trunk", f"Trunk {self.name!r} needs at least one line.", field="lines")
        if not (self.calls_per_second > 0 and isfinite(self.calls_per_second)):
            raise BadInput(
                "bad_trunk", f"Trunk {self.name!r} needs calls_per_second above 0.", field="calls_per_second"
            )


class TrunkGate:
    """The books of one trunk; at most one second's worth of calls is saved up while nobody calls."""

    def __init__(self, trunk: Trunk, *, rate: float | None = None) -> None:
        """Without a `rate` the trunk is ours alone: its own rate holds, and a second's worth is there at once."""
        self._trunk = trunk
        self._taken = 0
        self._rate = trunk.calls_per_second if rate is None else rate
        self._calls = self._most if rate is None else 0.0
        self._filled_at: float | None = None

    def pace(self, rate: float, now_s: float) -> None:
        """From `now_s` on no more than `rate` calls per second may be placed here; 0 stops them."""
        self._fill(now_s)
        self._rate = rate
        self._calls = min(self._calls, self._most)

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
    def trunk(self) -> Trunk:
        """Whose books these are."""
        return self._trunk

    @property
    def taken(self) -> int:
        """How many lines are in use."""
        return self._taken

    def _fill(self, now_s: float) -> None:
        if self._filled_at is None or now_s > self._filled_at:
            passed_s = 0.0 if self._filled_at is None else now_s - self._filled_at
            self._calls = min(self._most, self._calls + passed_s * self._rate)
            self._filled_at = now_s

    @property
    def _most(self) -> float:
        """What may be saved up: a second's worth, at least one call, and nothing where none may be placed."""
        return max(1.0, self._rate) if self._rate > 0 else 0.0
