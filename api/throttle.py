"""How often a live change may be told: the first at once, the following ones together, `gap_s` later."""

from __future__ import annotations

import math


class Throttle:
    """Changes by campaign, and the instants (monotonic seconds) at which they may be told."""

    def __init__(self, gap_s: float) -> None:
        self._gap_s = gap_s
        self._waiting: set[int] = set()
        self._not_before: dict[int, float] = {}

    def change(self, campaign: int) -> None:
        """Notes that `campaign` changed."""
        self._waiting.add(campaign)

    def next_at(self) -> float:
        """When the next waiting change may be told; infinity if none waits."""
        return min((self._not_before.get(one, -math.inf) for one in self._waiting), default=math.inf)

    def take(self, now: float) -> list[int]:
        """The campaigns to tell of now, which start to wait anew."""
        self._not_before = {one: at for one, at in self._not_before.items() if at > now}
        due = sorted(self._waiting - self._not_before.keys())
        self._waiting.difference_update(due)
        self._not_before.update(dict.fromkeys(due, now + self._gap_s))
        return due
