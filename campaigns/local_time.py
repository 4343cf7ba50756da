"""In which time zones a campaign may call now, and when a zone opens next (SPEC R4.2).

The same weekly grid is read on other clocks: on the campaign's alone, on the contact's alone, or on both at once.
Holidays are days of the clock that is read. A contact without a zone of its own lives by the campaign's clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from campaigns.campaign import Campaign, LocalTime, WeeklySchedule
from campaigns.schedule import is_open, local_time, next_opening

WEEK: Final = timedelta(days=7)
WEEKS_AHEAD: Final = 58
"""Two clocks that are not open together within so many weeks never are: all clock changes and a year's holidays have
come round by then."""


def may_call_in(campaign: Campaign, zone: str | None, now: datetime) -> bool:
    """Whether the schedule lets a contact in `zone` be called at the instant `now`; None is the campaign's zone."""
    return all(is_open(schedule, now) for schedule in _clocks(campaign, zone))


def open_zones(campaign: Campaign, zones: Iterable[str | None], now: datetime) -> tuple[str | None, ...]:
    """Those of `zones` in which contacts may be called at the instant `now`, in the order given."""
    return tuple(zone for zone in zones if may_call_in(campaign, zone, now))


def opens_at(campaign: Campaign, zone: str | None, at: datetime) -> datetime | None:
    """The first instant from `at` on, in UTC, at which a contact in `zone` may be called; None if there is none."""
    at = at.astimezone(UTC)
    own, *others = _clocks(campaign, zone)
    return _both_open(own, others[0], at) if others else next_opening(own, at)


def _clocks(campaign: Campaign, zone: str | None) -> tuple[WeeklySchedule, ...]:
    """The campaign's grid on each clock that must allow a call."""
    own = campaign.schedule
    theirs = own if zone is None else replace(own, zone=zone)
    match campaign.local_time:
        case LocalTime.OFF:
            return (own,)
        case LocalTime.CONTACTS_ONLY:
            return (theirs,)
        case LocalTime.OPERATORS_AND_CONTACTS:
            return (own,) if theirs == own else (own, theirs)


def _both_open(one: WeeklySchedule, other: WeeklySchedule, at: datetime) -> datetime | None:
    """The first instant from `at` on at which both are open.

    A week is like the one before where neither had a clock change or a holiday; then it need not be looked through.
    """
    was_irregular = True
    for begin in (at + WEEK * number for number in range(WEEKS_AHEAD)):
        irregular = _is_irregular(one, begin) or _is_irregular(other, begin)
        if was_irregular or irregular:
            found = _both_open_before(one, other, begin, begin + WEEK)
            if found is not None:
                return found
        was_irregular = irregular
    return None


def _both_open_before(one: WeeklySchedule, other: WeeklySchedule, at: datetime, end: datetime) -> datetime | None:
    while at < end:
        openings = next_opening(one, at), next_opening(other, at)
        if openings[0] is None or openings[1] is None:
            return None
        if openings[0] == openings[1] == at:
            return at
        at = max(openings[0], openings[1])
    return None


def _is_irregular(schedule: WeeklySchedule, begin: datetime) -> bool:
    """Whether the week from `begin` on has a clock change or a holiday."""
    first, last = local_time(schedule.zone, begin), local_time(schedule.zone, begin + WEEK)
    if first.utcoffset() != last.utcoffset():
        return True
    return any(first.date() <= holiday <= last.date() for holiday in schedule.holidays)
