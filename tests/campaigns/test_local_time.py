"""SPEC R4.2: the schedule on the contact's clock, alone or together with the campaign's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.campaign import Campaign, LocalTime, Period, WeeklySchedule
from campaigns.local_time import may_call_in, open_zones, opens_at
from tests.campaigns.zones import ZONES, instants, schedules
from tests.storage.worlds import campaign

MOSCOW, KAMCHATKA, BERLIN = "Europe/Moscow", "Asia/Kamchatka", "Europe/Berlin"
NINE_TO_SIX = WeeklySchedule(MOSCOW, dict.fromkeys(range(5), (Period(time(9), time(18)),)))
BOTH, CONTACTS, OFF = LocalTime.OPERATORS_AND_CONTACTS, LocalTime.CONTACTS_ONLY, LocalTime.OFF

zones = st.none() | st.sampled_from(ZONES)
modes = st.sampled_from(LocalTime)
campaigns = st.builds(lambda grid, mode: campaign(schedule=grid, local_time=mode), schedules(), modes)


def at(text: str, zone: str = MOSCOW) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def by_clocks(mode: LocalTime, schedule: WeeklySchedule = NINE_TO_SIX) -> Campaign:
    return campaign(schedule=schedule, local_time=mode)


@pytest.mark.parametrize(
    ("mode", "now", "opens"),
    [
        # Kamchatka is nine hours ahead of Moscow: 9–18 there is 0–9 in Moscow.
        (OFF, at("2026-11-23 12:00"), at("2026-11-23 12:00")),
        (OFF, at("2026-11-23 19:00"), at("2026-11-24 09:00")),
        (CONTACTS, at("2026-11-23 12:00"), at("2026-11-24 00:00")),
        (CONTACTS, at("2026-11-23 08:59"), at("2026-11-23 08:59")),
        (CONTACTS, at("2026-11-27 09:00"), at("2026-11-30 09:00", KAMCHATKA)),
        (BOTH, at("2026-11-23 08:59"), None),
    ],
)
def test_R4_2_a_contact_in_kamchatka(mode: LocalTime, now: datetime, opens: datetime | None) -> None:
    assert opens_at(by_clocks(mode), KAMCHATKA, now) == opens
    assert may_call_in(by_clocks(mode), KAMCHATKA, now) == (opens == now)


def test_R4_2_both_schedules_are_open_in_their_common_hours_alone() -> None:
    both = by_clocks(BOTH)
    assert opens_at(both, "Asia/Yekaterinburg", at("2026-11-23 04:00")) == at("2026-11-23 09:00")
    assert may_call_in(both, "Asia/Yekaterinburg", at("2026-11-23 15:59"))
    assert opens_at(both, "Asia/Yekaterinburg", at("2026-11-23 16:00")) == at("2026-11-24 09:00")
    assert opens_at(both, BERLIN, at("2026-11-23 09:00")) == at("2026-11-23 11:00")  # 9:00 in Berlin's winter
    assert opens_at(both, BERLIN, at("2026-07-23 09:00")) == at("2026-07-23 10:00")  # and in its summer


def test_R4_2_two_clocks_may_meet_only_after_one_of_them_is_changed() -> None:
    grid = WeeklySchedule(MOSCOW, {0: (Period(time(12), time(13)),), 1: (Period(time(11), time(12)),)})
    # Berlin is two hours behind in winter and one in summer: 11–12 on Tuesday there is 12–13 here, or 13–14.
    meets = WeeklySchedule(MOSCOW, {0: (Period(time(12), time(13)), Period(time(11), time(12)))})
    winter = at("2026-11-23 12:00")
    assert opens_at(by_clocks(BOTH, grid), BERLIN, winter) is None
    assert opens_at(by_clocks(BOTH, meets), BERLIN, winter) == at("2027-03-29 12:00")


def test_R4_2_a_holiday_is_a_day_of_the_clock_that_is_read() -> None:
    holiday = WeeklySchedule(MOSCOW, NINE_TO_SIX.week, frozenset({date(2026, 11, 24)}))
    one = by_clocks(CONTACTS, holiday)
    assert opens_at(one, KAMCHATKA, at("2026-11-24 00:00")) == at("2026-11-25 09:00", KAMCHATKA)
    assert opens_at(one, None, at("2026-11-23 17:59")) == at("2026-11-23 17:59")


def test_R4_2_the_hour_that_comes_twice_is_open_twice_and_the_one_that_is_skipped_never() -> None:
    night = WeeklySchedule(MOSCOW, dict.fromkeys(range(7), (Period(time(2), time(3)),)))
    one = by_clocks(CONTACTS, night)
    for hour in (0, 1):  # 2:00 to 3:00 comes at 0:00 and at 1:00 UTC on that night in Berlin
        assert may_call_in(one, BERLIN, datetime(2026, 10, 25, hour, 30, tzinfo=UTC))
    assert not may_call_in(one, BERLIN, datetime(2026, 10, 25, 2, 0, tzinfo=UTC))
    assert opens_at(one, BERLIN, datetime(2026, 3, 28, 2, 0, tzinfo=UTC)) == at("2026-03-30 02:00", BERLIN)


def test_R4_2_open_zones_are_those_that_may_be_called_in_the_order_given() -> None:
    asked = [KAMCHATKA, None, BERLIN, "America/New_York"]
    assert open_zones(by_clocks(CONTACTS), asked, at("2026-11-23 11:30")) == (None, BERLIN)
    assert open_zones(by_clocks(OFF), asked, at("2026-11-23 11:30")) == tuple(asked)
    assert open_zones(by_clocks(OFF), asked, at("2026-11-23 08:30")) == ()


def between(begin: datetime, end: datetime, shares: list[float]) -> Iterator[datetime]:
    """Instants from `begin` up to just before `end`."""
    last = end - timedelta(microseconds=1)
    yield from (min(begin + (end - begin) * share, last) for share in (0.0, *shares))
    yield last


@settings(max_examples=300, deadline=None)
@given(one=campaigns, zone=zones, now=instants, shares=st.lists(st.floats(0, 1), min_size=8, max_size=8))
def test_R4_2_a_zone_opens_at_the_first_instant_at_which_it_may_be_called(
    one: Campaign, zone: str | None, now: datetime, shares: list[float]
) -> None:
    opening = opens_at(one, zone, now)
    if opening == now:
        assert may_call_in(one, zone, now)
        return
    end = now + timedelta(days=400) if opening is None else opening
    assert not any(may_call_in(one, zone, moment) for moment in between(now, end, shares))
    if opening is not None:
        assert opening.tzinfo is UTC
        assert may_call_in(one, zone, opening)


@settings(max_examples=60, deadline=None)
@given(one=campaigns, zone=zones, now=instants)
def test_R4_2_no_opening_within_nine_days_is_overlooked(one: Campaign, zone: str | None, now: datetime) -> None:
    """Looks at every minute at which a grid to the minute can open: slow, and sure."""
    start = now.replace(second=0, microsecond=0)
    minutes = (start + timedelta(minutes=number) for number in range(9 * 1440))
    found = next((minute for minute in minutes if minute >= now and may_call_in(one, zone, minute)), None)
    opening = opens_at(one, zone, now)
    if found is not None:
        assert opening is not None
        assert opening <= found
        assert found - opening < timedelta(minutes=1)
    elif opening is not None:
        assert opening > start + timedelta(days=9) - timedelta(minutes=1)


@given(one=campaigns, now=instants, zone=zones)
def test_R4_2_both_is_never_wider_than_contacts_only(one: Campaign, now: datetime, zone: str | None) -> None:
    both = campaign(schedule=one.schedule, local_time=BOTH)
    contacts = campaign(schedule=one.schedule, local_time=CONTACTS)
    own = campaign(schedule=one.schedule, local_time=OFF)
    assert may_call_in(both, zone, now) == (may_call_in(contacts, zone, now) and may_call_in(own, zone, now))


def test_R4_2_after_a_holiday_on_the_only_common_day_the_next_week_opens() -> None:
    mondays = WeeklySchedule(MOSCOW, {0: NINE_TO_SIX.week[0]}, frozenset({date(2026, 11, 23)}))
    assert opens_at(by_clocks(BOTH, mondays), BERLIN, at("2026-11-23 00:00")) == at("2026-11-30 11:00")
