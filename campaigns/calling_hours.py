"""In which hours of the callee's clock a call is allowed: by weekday, and by hours of their own on holidays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from types import MappingProxyType
from typing import Final

from campaigns.campaign import Period, WeeklySchedule
from campaigns.schedule import day_start, is_open, local_time, next_opening

ALL_DAY: Final[Mapping[int, tuple[Period, ...]]] = MappingProxyType(
    dict.fromkeys(range(7), (Period(time(0), time(0)),))
)
NO_HOLIDAYS: Final[frozenset[date]] = frozenset()


@dataclass(frozen=True, slots=True)
class CallingHours:
    """The hours on the clock of `zone`; None for `week` is always, None for `holiday_hours` as on any other day."""

    zone: str
    week: Mapping[int, tuple[Period, ...]] | None
    holidays: frozenset[date] = NO_HOLIDAYS
    holiday_hours: tuple[Period, ...] | None = None

    def allow(self, at: datetime) -> bool:
        """Whether a call is allowed at the instant `at`."""
        is_holiday = local_time(self.zone, at).date() in self._special_days()
        return is_open(self._on_holidays() if is_holiday else self._on_other_days(), at)

    def next_allowed(self, at: datetime) -> datetime | None:
        """The first instant from `at` on, in UTC, at which a call is allowed; None if there is none."""
        known = [next_opening(self._on_other_days(), at), self._next_on_a_holiday(at.astimezone(UTC))]
        return min((instant for instant in known if instant is not None), default=None)

    def _next_on_a_holiday(self, at: datetime) -> datetime | None:
        today = local_time(self.zone, at).date()
        for holiday in sorted(day for day in self._special_days() if day >= today):
            opening = next_opening(self._on_holidays(), max(at, day_start(self.zone, holiday)))
            if opening is not None and local_time(self.zone, opening).date() == holiday:
                return opening
        return None

    def _special_days(self) -> frozenset[date]:
        return NO_HOLIDAYS if self.holiday_hours is None else self.holidays

    def _on_other_days(self) -> WeeklySchedule:
        return WeeklySchedule(self.zone, ALL_DAY if self.week is None else self.week, self._special_days())

    def _on_holidays(self) -> WeeklySchedule:
        return WeeklySchedule(self.zone, dict.fromkeys(range(7), self.holiday_hours or ()))
