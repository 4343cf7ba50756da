"""When calls may be placed: a weekly grid to the minute in one zone, without holidays (SPEC R4.1).

The grid is read on the wall clock of its zone. An hour that the clocks repeat is open both times, one that they
skip never comes. The schedule can change only where a period begins or ends, at midnight, or where the clocks
change; so looking for the next opening is looking through those instants of some days.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from campaigns.campaign import Period, WeeklySchedule
from core.errors import BadInput

MIDNIGHT = time(0)
DAY = timedelta(days=1)


def is_open(schedule: WeeklySchedule, at: datetime) -> bool:
    """Whether calls may be placed at the instant `at`."""
    local = at.astimezone(_zone(schedule))
    if local.date() in schedule.holidays:
        return False
    wall = local.time()
    return any(
        period.start <= wall and (wall < period.end or period.end == MIDNIGHT)
        for period in schedule.week.get(local.weekday(), ())
    )


def next_opening(schedule: WeeklySchedule, at: datetime) -> datetime | None:
    """The first instant from `at` on, in UTC, at which calls may be placed; None if there is none."""
    at = at.astimezone(UTC)
    if is_open(schedule, at):
        return at
    if not any(schedule.week.values()):
        return None
    today = at.astimezone(_zone(schedule)).date()
    farthest = 7 * (len(schedule.holidays) + 1) + 7  # the holidays may fall on the only open weekday
    days = (today + DAY * n for n in range(-1, farthest + 1))
    return next((moment for moment in _changes(schedule, days) if moment > at and is_open(schedule, moment)), None)


def next_closing(schedule: WeeklySchedule, at: datetime) -> datetime | None:
    """The first instant after `at`, in UTC, at which the schedule is closed again; None if closed now or never."""
    at = at.astimezone(UTC)
    if not is_open(schedule, at):
        return None
    today = at.astimezone(_zone(schedule)).date()
    holidays = sorted(holiday for holiday in schedule.holidays if holiday > today + 8 * DAY)
    days = [today + DAY * n for n in range(-1, 9)] + [day + DAY * n for day in holidays[:1] for n in (-1, 0)]
    return next((moment for moment in _changes(schedule, days) if moment > at and not is_open(schedule, moment)), None)


def start_of_day(schedule: WeeklySchedule, day: date) -> datetime:
    """The first instant of `day` in the schedule's zone, in UTC."""
    return day_start(schedule.zone, day)


def local_date(schedule: WeeklySchedule, at: datetime) -> date:
    """Which day it is in the schedule's zone at the instant `at`."""
    return at.astimezone(_zone(schedule)).date()


def day_start(zone: str, day: date) -> datetime:
    """The first instant of `day` on the clocks of `zone`, in UTC; BadInput if there is no such zone."""
    return datetime.combine(day, MIDNIGHT, _known(zone)).astimezone(UTC)


def local_time(zone: str, at: datetime) -> datetime:
    """What the clocks of `zone` show at the instant `at`; BadInput if there is no such zone."""
    return at.astimezone(_known(zone))


def zone_offset_min(zone: str, at: datetime) -> int:
    """How many minutes the clocks of `zone` are ahead of UTC at the instant `at`; BadInput if there is no such zone."""
    offset = at.astimezone(_known(zone)).utcoffset()
    return 0 if offset is None else int(offset.total_seconds() // 60)


def check_schedule(schedule: WeeklySchedule) -> None:
    """Refuses a grid that cannot be meant: BadInput naming the field."""
    if not any(schedule.week.values()):
        raise BadInput("never_open", "The schedule has no hour in which to call.", field="schedule.week")
    _known(schedule.zone)
    for weekday, periods in schedule.week.items():
        if weekday not in range(7):
            raise BadInput("no_such_day", "Weekdays are 0 (Monday) to 6.", field="schedule.week")
        check_day(periods, f"schedule.week.{weekday}")


def check_day(periods: tuple[Period, ...], field: str) -> None:
    """Refuses periods that cannot be those of one day: BadInput naming `field`."""
    for period in periods:
        if any(edge.second or edge.microsecond or edge.tzinfo for edge in (period.start, period.end)):
            raise BadInput("not_a_minute", "A period begins and ends on a whole minute.", field=field)
        if period.end != MIDNIGHT and period.end <= period.start:
            raise BadInput("ends_before_start", f"{_text(period)} ends before it begins.", field=field)
    for earlier, later in pairwise(sorted(periods, key=lambda period: period.start)):
        if earlier.end == MIDNIGHT or later.start < earlier.end:
            raise BadInput("overlap", f"{_text(earlier)} and {_text(later)} overlap.", field=field)


def _text(period: Period) -> str:
    return f"{period.start:%H:%M}-{period.end:%H:%M}"


@lru_cache(maxsize=512)
def _named(zone: str) -> ZoneInfo:
    return ZoneInfo(zone)


def _known(zone: str) -> ZoneInfo:
    try:
        return _named(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        hint = "Name one of the IANA list, such as Europe/Moscow."
        raise BadInput("no_such_zone", f"{zone!r} is no time zone.", field="schedule.zone", hint=hint) from error


def _zone(schedule: WeeklySchedule) -> ZoneInfo:
    return _named(schedule.zone)


def _changes(schedule: WeeklySchedule, days: Iterator[date] | list[date]) -> Iterator[datetime]:
    """The instants of these days (in order) at which the schedule may change, in order."""
    zone = _zone(schedule)
    for day in days:
        periods = schedule.week.get(day.weekday(), ())
        walls = {MIDNIGHT, *(edge for period in periods for edge in (period.start, period.end))}
        found = {moment for wall in walls for moment in _instants(day, wall, zone)}
        found.update(_clock_changes(day, zone))
        yield from sorted(found)


def _instants(day: date, wall: time, zone: ZoneInfo) -> Iterator[datetime]:
    """When the wall clock shows this: once, twice where it is turned back, never where it skips."""
    for fold in (0, 1):
        shown = datetime.combine(day, wall, zone).replace(fold=fold)
        moment = shown.astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None) == shown.replace(tzinfo=None):
            yield moment


def _clock_changes(day: date, zone: ZoneInfo) -> Iterator[datetime]:
    """The instant of `day` at which the offset from UTC changes, if it does; at the latest its very end."""
    low = datetime.combine(day, MIDNIGHT, zone).astimezone(UTC) - timedelta(seconds=1)
    high = datetime.combine(day + DAY, MIDNIGHT, zone).astimezone(UTC)
    before, after = low.astimezone(zone).utcoffset(), high.astimezone(zone).utcoffset()
    if before == after:
        return
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    yield high.replace(microsecond=0)
