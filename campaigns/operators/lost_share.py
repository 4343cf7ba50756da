"""How much may still be lost: the campaign's limit, held over all of it and over sliding windows (SPEC R8.3).

Lost is a caller whom a person answered for and nobody came; people whom the machine detector is expected to have
hung up on count as lost too, by the share of them. A window holds the last hour, or, where that is few calls, the
last `CALLS_AT_LEAST` answered ones: of a handful no share can be told.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Final

WINDOW_S: Final = 3600.0
CALLS_AT_LEAST: Final = 400
FEW: Final = 5
SHORT_CALLS: Final = 200
"""Bursts are held within windows of so many answered calls, or two windows might each hold half of one."""


@dataclass(slots=True)
class _Window:
    """Answered and lost calls of the last `last_s` seconds, of at least `calls` answered ones."""

    last_s: float
    calls: int
    share: float
    answered: int = 0
    lost: float = 0.0
    _seen: deque[tuple[float, float]] = field(default_factory=deque)

    def see(self, now: float, lost: float, answered: int) -> None:
        self._seen.append((now, lost if not answered else -1.0))
        self.answered += answered
        self.lost += lost

    def slide(self, now: float) -> None:
        seen = self._seen
        while seen and seen[0][0] < now - self.last_s and self.answered - (seen[0][1] < 0) >= self.calls:
            _, lost = seen.popleft()
            if lost < 0:
                self.answered -= 1
            else:
                self.lost -= lost


class LostShare:
    """Counts answered and lost calls of one campaign, and says how much room its limit leaves."""

    def __init__(self, limit: float) -> None:
        """`limit` is the share of answered calls that may be lost, 0–1."""
        self.limit = limit
        self.answered = 0
        self.lost = 0.0
        self._hour = _Window(WINDOW_S, CALLS_AT_LEAST, 0.70 * limit)
        self._burst = _Window(0.0, SHORT_CALLS, 0.95 * limit)

    def answer(self, now: float) -> None:
        """A person answered."""
        self.answered += 1
        for window in (self._hour, self._burst):
            window.see(now, 0.0, 1)

    def lose(self, now: float, weight: float = 1.0) -> None:
        """A caller was lost, or is feared to be with the chance `weight`."""
        self.lost += weight
        for window in (self._hour, self._burst):
            window.see(now, weight, 0)

    @property
    def share(self) -> float:
        """Lost over answered, of the whole campaign."""
        return self.lost / self.answered if self.answered else 0.0

    @property
    def window_share(self) -> float:
        """The same of the sliding window."""
        return self._hour.lost / self._hour.answered if self._hour.answered else 0.0

    def slide(self, now: float) -> None:
        """Lets go of what has left the windows."""
        self._hour.slide(now)
        self._burst.slide(now)

    def is_used_up(self, expected: float, *, at_most: int = 0) -> bool:
        """Whether one more lost call, beside those that ring now, would be one too many.

        Of those `expected` will be lost, and `at_most` may be; where only a few may be lost at all, they all count.
        """
        allowed = self.limit * self.answered
        if self.lost + 1 + (max(expected, at_most) if allowed - self.lost < FEW else expected) > allowed:
            return True
        windows = (self._hour, self._burst)
        return any(one.lost + expected + 1 > one.share * one.answered for one in windows)

    def ease(self, aim: float) -> float:
        """How much less was lost than the share `aim` of the limit, in standard deviations; the tighter of both."""
        return min(
            _ease(aim * self.limit * self.answered, self.lost),
            _ease(0.9 * aim * self.limit * self._hour.answered, self._hour.lost),
        )


def _ease(allowed: float, lost: float) -> float:
    return (allowed - lost) / math.sqrt(allowed + 1)
