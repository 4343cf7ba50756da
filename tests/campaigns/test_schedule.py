"""The weekly schedule (SPEC R4.1) over zones, clock changes, midnight and minutes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.campaign import Period, WeeklySchedule
from campaigns.schedule import (
    check_schedule,
    is_open,
    local_date,
    next_closing,
    next_opening,
    start_of_day,
    zone_offset_min,
)
from core.errors import BadInput
from tests.campaigns.zones import instants, schedules

MINUTE = timedelta(minutes=1)
NINE_TO_SIX = Period(time(9), time(18))


def moscow(*periods: Period, holidays: frozenset[date] = frozenset()) -> WeeklySchedule:
    return WeeklySchedule("Europe/Moscow", dict.fromkeys(range(5), periods), holidays)


def at(text: str, zone: str = "Europe/Moscow") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def open_by_the_wall_clock(schedule: WeeklySchedule, instant: datetime) -> bool:
    """The rule said once more, in minutes of the day."""
    wall = instant.astimezone(ZoneInfo(schedule.zone))
    minute = wall.hour * 60 + wall.minute
    for period in schedule.week.get(wall.weekday(), ()):
        start = period.start.hour * 60 + period.start.minute
        end = period.end.hour * 60 + period.end.minute or 1440
        if start <= minute < end:
            return wall.date() not in schedule.holidays
    return False


def minutes(first: datetime, last: datetime, *, most: int = 3000) -> list[datetime]:
    """Instants from first to before last: all whole minutes, or as many as `most` of them."""
    start = first.replace(second=0, microsecond=0) + MINUTE
    count = max(int((last - start) / MINUTE), 0)
    step = count // most + 1
    return [first, *(start + MINUTE * n for n in range(0, count, step) if start + MINUTE * n < last)]


@given(schedule=schedules(), instant=instants)
def test_R4_1_open_is_what_the_wall_clock_of_the_zone_says(schedule: WeeklySchedule, instant: datetime) -> None:
    assert is_open(schedule, instant) == open_by_the_wall_clock(schedule, instant)


@settings(max_examples=150, deadline=None)
@given(schedule=schedules(), instant=instants)
def test_R4_1_the_next_opening_is_the_first_open_instant(schedule: WeeklySchedule, instant: datetime) -> None:
    opening = next_opening(schedule, instant)
    if opening is None:
        assert not any(is_open(schedule, instant + MINUTE * 7 * n) for n in range(0, 8 * 1440 // 7))
        return
    assert opening >= instant
    assert is_open(schedule, opening)
    assert opening == instant or not is_open(schedule, opening - timedelta(microseconds=1))
    assert not any(is_open(schedule, moment) for moment in minutes(instant, opening) if opening > instant)


@settings(max_examples=150, deadline=None)
@given(schedule=schedules(), instant=instants)
def test_R4_1_the_next_closing_is_the_first_closed_instant(schedule: WeeklySchedule, instant: datetime) -> None:
    closing = next_closing(schedule, instant)
    if not is_open(schedule, instant):
        assert closing is None
        return
    if closing is None:
        assert all(is_open(schedule, instant + MINUTE * 7 * n) for n in range(0, 8 * 1440 // 7))
        return
    assert closing > instant
    assert not is_open(schedule, closing)
    assert all(is_open(schedule, moment) for moment in minutes(instant, closing))


@given(schedule=schedules(), day=st.dates(date(2026, 1, 1), date(2028, 12, 31)))
def test_R4_1_a_day_starts_where_the_date_changes(schedule: WeeklySchedule, day: date) -> None:
    start = start_of_day(schedule, day)
    assert local_date(schedule, start) == day
    assert local_date(schedule, start - timedelta(microseconds=1)) < day


def test_R4_1_a_period_opens_at_its_first_minute_and_closes_at_its_last() -> None:
    schedule = moscow(Period(time(9, 17), time(18, 43)))
    assert not is_open(schedule, at("2026-11-23 09:16:59.999"))
    assert is_open(schedule, at("2026-11-23 09:17"))
    assert is_open(schedule, at("2026-11-23 18:42:59"))
    assert not is_open(schedule, at("2026-11-23 18:43"))
    assert next_opening(schedule, at("2026-11-23 18:43")) == at("2026-11-24 09:17")
    assert next_closing(schedule, at("2026-11-23 12:00")) == at("2026-11-23 18:43")


def test_R4_1_several_periods_and_the_weekend() -> None:
    schedule = moscow(Period(time(9), time(13)), Period(time(14), time(18)))
    assert next_opening(schedule, at("2026-11-27 13:00")) == at("2026-11-27 14:00")
    assert next_opening(schedule, at("2026-11-27 18:00")) == at("2026-11-30 09:00")


def test_R4_1_a_period_to_midnight_runs_on_into_the_next_days_first() -> None:
    whole = Period(time(0), time(0))
    schedule = WeeklySchedule("Europe/Moscow", {0: (Period(time(22), time(0)),), 1: (Period(time(0), time(2)),)})
    assert next_closing(schedule, at("2026-11-23 23:00")) == at("2026-11-24 02:00")
    assert next_closing(WeeklySchedule("UTC", dict.fromkeys(range(7), (whole,))), at("2026-11-23 23:00")) is None


def test_R4_1_holidays_are_excluded_even_for_weeks() -> None:
    holidays = frozenset(date(2027, 1, 1) + timedelta(days=n) for n in range(60))
    schedule = moscow(NINE_TO_SIX, holidays=holidays)
    assert next_opening(schedule, at("2026-12-31 18:00")) == at("2027-03-02 09:00")
    always = WeeklySchedule("UTC", dict.fromkeys(range(7), (Period(time(0), time(0)),)), frozenset({date(2027, 1, 1)}))
    assert next_closing(always, datetime(2026, 6, 1, tzinfo=UTC)) == datetime(2027, 1, 1, tzinfo=UTC)


def test_R4_1_an_hour_that_the_clocks_skip_never_comes_and_a_repeated_one_comes_twice() -> None:
    two_to_three = WeeklySchedule("Europe/Berlin", {6: (Period(time(2), time(3)),)})
    spring, autumn = datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)
    assert next_opening(two_to_three, spring) == datetime(2026, 4, 5, 0, tzinfo=UTC)
    assert next_opening(two_to_three, autumn) == datetime(2026, 10, 25, 0, tzinfo=UTC)
    assert next_closing(two_to_three, autumn) == datetime(2026, 10, 25, 2, tzinfo=UTC)


def test_R4_1_a_period_within_a_repeated_hour_opens_twice() -> None:
    schedule = WeeklySchedule("Europe/Berlin", {6: (Period(time(2, 30), time(2, 45)),)})
    changes = [datetime(2026, 10, 25, hour, minute, tzinfo=UTC) for hour in (0, 1) for minute in (30, 45)]
    assert next_opening(schedule, datetime(2026, 10, 25, tzinfo=UTC)) == changes[0]
    assert next_closing(schedule, changes[0]) == changes[1]
    assert next_opening(schedule, changes[1]) == changes[2]
    assert next_closing(schedule, changes[2]) == changes[3]


def test_R4_1_a_period_that_begins_or_ends_in_a_skipped_hour_does_so_when_the_clocks_change() -> None:
    change = datetime(2026, 3, 29, 1, tzinfo=UTC)
    ends = WeeklySchedule("Europe/Berlin", {6: (Period(time(1), time(2, 30)),)})
    assert next_closing(ends, datetime(2026, 3, 29, 0, 30, tzinfo=UTC)) == change
    begins = WeeklySchedule("Europe/Berlin", {6: (Period(time(2, 30), time(4)),)})
    assert next_opening(begins, datetime(2026, 3, 29, tzinfo=UTC)) == change


def test_R4_1_the_day_before_the_clocks_change_closes_at_midnight() -> None:
    saturdays = WeeklySchedule("America/New_York", {5: (Period(time(0), time(0)),)})
    midnight = datetime(2026, 3, 8, 5, tzinfo=UTC)
    assert next_closing(saturdays, datetime(2026, 3, 8, tzinfo=UTC)) == midnight


def test_a_zones_offset_is_in_minutes_east_of_utc() -> None:
    winter = datetime(2026, 1, 1, tzinfo=UTC)
    assert [zone_offset_min(zone, winter) for zone in ("Europe/Moscow", "America/St_Johns", "UTC")] == [180, -210, 0]
    with pytest.raises(BadInput, match="no time zone"):
        zone_offset_min("Europe/Nowhere", winter)


@pytest.mark.parametrize(
    ("schedule", "code", "field"),
    [
        (WeeklySchedule("Europe/Moscow", {}), "never_open", "schedule.week"),
        (WeeklySchedule("Europe/Moscow", {0: ()}), "never_open", "schedule.week"),
        (WeeklySchedule("Europe/Moskva", {0: (NINE_TO_SIX,)}), "no_such_zone", "schedule.zone"),
        (WeeklySchedule("../etc/passwd", {0: (NINE_TO_SIX,)}), "no_such_zone", "schedule.zone"),
        (WeeklySchedule("", {0: (NINE_TO_SIX,)}), "no_such_zone", "schedule.zone"),
        (WeeklySchedule("UTC", {7: (NINE_TO_SIX,)}), "no_such_day", "schedule.week"),
        (WeeklySchedule("UTC", {2: (Period(time(9), time(9)),)}), "ends_before_start", "schedule.week.2"),
        (WeeklySchedule("UTC", {2: (Period(time(9), time(9, 0, 30)),)}), "not_a_minute", "schedule.week.2"),
        (WeeklySchedule("UTC", {2: (NINE_TO_SIX, Period(time(17), time(19)))}), "overlap", "schedule.week.2"),
        (
            WeeklySchedule("UTC", {2: (Period(time(9), time(0)), Period(time(17), time(19)))}),
            "overlap",
            "schedule.week.2",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_R4_1_a_grid_that_cannot_be_meant_is_refused(schedule: WeeklySchedule, code: str, field: str) -> None:
    with pytest.raises(BadInput) as error:
        check_schedule(schedule)
    assert (error.value.code, error.value.field) == (code, field)


@given(schedule=schedules())
def test_R4_1_periods_that_touch_are_no_overlap(schedule: WeeklySchedule) -> None:
    if any(schedule.week.values()):
        check_schedule(schedule)
