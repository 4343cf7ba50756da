"""How sure a counted share is, and a difference of two: intervals that hold for few calls too.

The interval of a share is Wilson's score interval; that of a difference is Newcombe's, made of the two shares' Wilson
intervals (R. G. Newcombe, Statistics in Medicine 17, 1998, method 10). Both stay within what a share can be, and
neither is empty where nothing or everything was counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

Z_95: Final = 1.959963984540054
"""The quantile of the normal distribution for 95 %."""


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `of`, with the bounds of its 95 % interval; all 0–1, None where nothing could be counted."""

    count: int
    of: int
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Difference:
    """How much greater the second share is than the first, −1 to 1, with the bounds of its 95 % interval."""

    difference: float
    low: float
    high: float

    @property
    def is_certain(self) -> bool:
        """Whether the interval leaves out that there is no difference."""
        return self.low > 0 or self.high < 0


def share(count: int, of: int, *, z: float = Z_95) -> Share:
    """The share that `count` is of `of`; ValueError for a count that cannot be."""
    if not 0 <= count <= of:
        raise ValueError(f"{count} of {of}")
    if of == 0:
        return Share(0, 0, None, None, None)
    found = count / of
    middle = (found + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(found * (1 - found) / of + z * z / (4 * of * of))
    low = 0.0 if count == 0 else max(0.0, middle - half)
    high = 1.0 if count == of else min(1.0, middle + half)
    return Share(count, of, found, min(low, found), max(high, found))


def difference(first: Share, second: Share) -> Difference | None:
    """By how much the second share is greater; None where one of them could not be counted."""
    p, l1, u1 = first.share, first.low, first.high
    q, l2, u2 = second.share, second.low, second.high
    if p is None or l1 is None or u1 is None or q is None or l2 is None or u2 is None:
        return None
    found = q - p
    low = found - math.hypot(q - l2, u1 - p)
    high = found + math.hypot(u2 - q, p - l1)
    return Difference(found, max(-1.0, low), min(1.0, high))
