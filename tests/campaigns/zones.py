"""Schedules for property tests: zones that change their clocks in every manner, periods to the minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import strategies as st

from campaigns.campaign import Period, WeeklySchedule

ZONES = (
    "Europe/Moscow",
    "Asia/Kamchatka",
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",  # half an hour off
    "Australia/Lord_Howe",  # the clocks change by half an hour
    "Asia/Kathmandu",
    "Atlantic/Azores",  # back at 01:00, so midnight comes twice
    "America/Havana",  # forward at midnight, so that midnight never comes
    "Asia/Beirut",
    "Africa/Casablanca",  # winter time during Ramadan
    "Pacific/Chatham",
    "America/Nuuk",
)
FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 12, 31, tzinfo=UTC)


@st.composite
def periods_of_a_day(draw: st.DrawFn) -> tuple[Period, ...]:
    edges = sorted(draw(st.sets(st.integers(0, 1440), max_size=6)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return tuple(Period(_time(start), _time(end)) for start, end in pairs if start < 1440)


def _time(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)


@st.composite
def schedules(draw: st.DrawFn) -> WeeklySchedule:
    days = draw(st.dictionaries(st.integers(0, 6), periods_of_a_day(), max_size=7))
    holidays = draw(st.frozensets(st.dates(FIRST.date(), LAST.date()), max_size=3))
    return WeeklySchedule(draw(st.sampled_from(ZONES)), days, holidays)


CHANGES = (  # days on which clocks change in some of these zones
    date(2026, 3, 8), date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 1), date(2027, 3, 14), date(2027, 3, 28),
    date(2026, 4, 5), date(2026, 10, 4), date(2026, 9, 27), date(2027, 2, 7), date(2027, 3, 14),
)  # fmt: skip

instants = st.one_of(
    st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None), timezones=st.just(UTC)),
    st.builds(
        lambda day, minute: datetime.combine(day, time(0), UTC) + timedelta(minutes=minute),
        st.sampled_from(CHANGES),
        st.integers(-1440, 2880),
    ),
)
