"""Who waits for whom in one operator group: longest-idle operator to longest-waiting caller.

Pure: every method takes the instant in seconds of a monotonic clock. An operator is named by the number of the
telephone; the same telephone may serve several groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class OperatorPhones:
    """What is known of all operators' telephones: since when each is idle, which are busy or set aside."""

    _idle_since: dict[str, float] = field(default_factory=dict)
    _busy: set[str] = field(default_factory=set)
    _away_until: dict[str, float] = field(default_factory=dict)

    def choose(self, phones: Sequence[str], now: float) -> str | None:
        """The longest-idle free telephone of `phones` (SPEC R8.4), the earlier named one among equals, or None."""
        free = [p for p in phones if p not in self._busy and self._away_until.get(p, now) <= now]
        return min(free, key=lambda p: self._idle_since.get(p, float("-inf")), default=None)

    def take(self, phone: str) -> None:
        """Marks a telephone busy; taking it twice is the caller's error."""
        if phone in self._busy:
            raise ValueError("the operator's telephone is taken already")
        self._busy.add(phone)

    def give(self, phone: str, now: float, *, away_s: float = 0.0) -> None:
        """Frees a telephone; one that refused or did not answer is left alone for `away_s` (SPEC R8.6)."""
        self._busy.discard(phone)
        self._idle_since[phone] = now
        if away_s > 0:
            self._away_until[phone] = now + away_s

    def next_change(self, phones: Sequence[str], now: float) -> float | None:
        """The next instant at which a set-aside telephone of `phones` may be rung again."""
        waits = (self._away_until.get(p, now) for p in phones if p not in self._busy)
        return min((instant for instant in waits if instant > now), default=None)
