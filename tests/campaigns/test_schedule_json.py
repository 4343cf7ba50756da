"""The schedule as JSON and as people write it (SPEC R4.1)."""

from __future__ import annotations

from contextlib import suppress
from datetime import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.campaign import Period, WeeklySchedule
from campaigns.schedule_json import periods_from_text, schedule_from_json, schedule_to_json
from core.errors import BadInput
from tests.campaigns.zones import periods_of_a_day, schedules

WEEK: list[Any] = [[{"start": "09:00", "end": "18:00"}], [], [], [], [], [], []]


@given(schedule=schedules())
def test_R4_1_a_schedule_survives_the_way_through_json(schedule: WeeklySchedule) -> None:
    if not any(schedule.week.values()):
        return
    again = schedule_from_json(schedule_to_json(schedule))
    assert (again.zone, again.holidays) == (schedule.zone, schedule.holidays)
    assert dict(again.week) == {day: periods for day, periods in schedule.week.items() if periods}


@given(periods=periods_of_a_day())
def test_R4_1_a_day_survives_the_way_through_text(periods: tuple[Period, ...]) -> None:
    written = ", ".join(f"{p.start:%H:%M}-{'24:00' if p.end == time(0) else format(p.end, '%H:%M')}" for p in periods)
    assert periods_from_text(written) == periods


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("  ", ()),
        ("9-18", (Period(time(9), time(18)),)),
        ("9:00-13:00, 14:30-18:05", (Period(time(9), time(13)), Period(time(14, 30), time(18, 5)))),
        ("09.00 – 18.00", (Period(time(9), time(18)),)),
        ("9:00—0:00", (Period(time(9), time(0)),)),
        ("0-24", (Period(time(0), time(0)),)),
        ("9-12;13-15\n16-17", (Period(time(9), time(12)), Period(time(13), time(15)), Period(time(16), time(17)))),
    ],
)
def test_R4_1_periods_are_read_as_people_write_them(text: str, expected: tuple[Period, ...]) -> None:
    assert periods_from_text(text) == expected


@pytest.mark.parametrize("text", ["9", "9-", "9-25", "24-3", "9:60-10", "9-24:01", "nine-ten", "9-18,", "٩-١٨"])
def test_R4_1_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as error:
        periods_from_text(text, field="day")
    assert error.value.field == "day"


def test_R4_1_the_zone_is_moscow_and_a_day_may_be_a_text() -> None:
    schedule = schedule_from_json({"week": ["9-18", *WEEK[1:]]})
    assert (schedule.zone, dict(schedule.week)) == ("Europe/Moscow", {0: (Period(time(9), time(18)),)})


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (None, "schedule"),
        ([], "schedule"),
        ({}, "schedule.week"),
        ({"week": WEEK[1:]}, "schedule.week"),
        ({"week": [[]] * 7}, "schedule.week"),
        ({"week": [*WEEK[:6], 5]}, "schedule.week.6"),
        ({"week": [*WEEK[:6], ["9-18"]]}, "schedule.week.6"),
        ({"week": [*WEEK[:6], [{"start": "9h", "end": "10:00"}]]}, "schedule.week.6"),
        ({"week": [*WEEK[:6], [{"start": "10:00", "end": "09:00"}]]}, "schedule.week.6"),
        ({"week": [*WEEK[:6], [{"start": "10:00+03:00", "end": "11:00+03:00"}]]}, "schedule.week.6"),
        ({"week": WEEK, "zone": 3}, "schedule.zone"),
        ({"week": WEEK, "zone": "Mars/Olympus"}, "schedule.zone"),
        ({"week": WEEK, "holidays": "2027-01-01"}, "schedule.holidays"),
        ({"week": WEEK, "holidays": ["1 January"]}, "schedule.holidays"),
        ({"week": WEEK, "holidays": [20270101]}, "schedule.holidays"),
        ({"week": WEEK, "holidays": ["2027-01-01"] * 1001}, "schedule.holidays"),
    ],
)
def test_R4_1_what_is_no_schedule_is_refused_at_its_field(value: object, field: str) -> None:
    with pytest.raises(BadInput) as error:
        schedule_from_json(value)
    assert error.value.field == field


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["zone", "week", "holidays", "start", "end"]), inner)
        ),
    )
)
def test_R4_1_any_json_is_read_or_refused_as_bad_input(value: object) -> None:
    with suppress(BadInput):
        schedule_from_json(value)
