"""SPEC R3.7: the ready rules of countries are data, and the data is right."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from campaigns.compliance import Compliance
from campaigns.compliance_presets import calendars, preset, presets, read_presets
from campaigns.rules_json import check_compliance
from core.errors import BadInput

DAY = timedelta(days=1)


def test_R3_7_the_presets_are_these_and_none_comes_first() -> None:
    assert list(presets()) == ["none", "ru", "ru-debt", "uk", "us"]
    assert preset("none") == Compliance()
    assert all(rules.preset == name for name, rules in presets().items())


def test_R3_7_debts_in_russia_once_a_day_twice_a_week_eight_times_a_month() -> None:
    rules = preset("ru-debt")
    assert (rules.per_day, rules.per_week, rules.per_month) == (1, 2, 8)


def test_R3_7_calls_in_russia_want_a_label_of_32_characters_and_consent() -> None:
    rules = preset("ru")
    assert (rules.longest_label, rules.label_required, rules.consent_required) == (32, True, True)
    with pytest.raises(BadInput, match="call label") as error:
        check_compliance(rules)
    assert error.value.field == "compliance.call_label"


def test_R3_7_usa_three_per_cent_lost_in_30_days_15_seconds_of_ringing_a_message_within_2() -> None:
    rules = preset("us")
    assert (rules.lost_limit, rules.lost_window) == (0.03, 30 * DAY)
    assert (rules.least_ring, rules.message_within) == (timedelta(seconds=15), timedelta(seconds=2))


def test_R3_7_uk_no_share_of_lost_calls_is_safe() -> None:
    assert (preset("uk").lost_limit, preset("uk").gap_after_lost) == (0.0, 3 * DAY)


def test_an_unknown_preset_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(BadInput) as error:
        preset("fr")
    assert error.value.hint == "Known: none, ru, ru-debt, uk, us."


def test_a_rule_that_is_none_makes_a_preset_unreadable(tmp_path: Path) -> None:
    (tmp_path / "odd.toml").write_text("per_year = 4\n")
    with pytest.raises(BadInput, match="per_year"):
        read_presets(tmp_path)


@pytest.mark.parametrize("year", [2026, 2027])
def test_the_russian_calendar_has_every_holiday_of_the_labour_code_and_moves_those_of_days_off(year: int) -> None:
    january = {date(year, 1, day) for day in range(1, 9)}
    others = {date(year, *day) for day in ((2, 23), (3, 8), (5, 1), (5, 9), (6, 12), (11, 4))}
    moved = {day + DAY * (7 - day.weekday()) for day in others if day.weekday() >= 5}
    law = january | others | moved
    known = {day for day in calendars()["ru"] if day.year == year}
    assert law <= known
    decreed = {date(2026, 1, 9), date(2026, 12, 31)} if year == 2026 else set()
    assert known - law == decreed


def nth(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + DAY * ((weekday - first.weekday()) % 7 + 7 * (number - 1))


@pytest.mark.parametrize("year", [2026, 2027])
def test_the_american_calendar_has_every_federal_holiday_and_the_day_it_is_observed_on(year: int) -> None:
    last_of_may = nth(year, 6, 0, 1) - 7 * DAY
    movable = {nth(year, 1, 0, 3), nth(year, 2, 0, 3), last_of_may, nth(year, 9, 0, 1), nth(year, 10, 0, 2)}
    fixed = {date(year, *day) for day in ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))}
    around = fixed | {date(year + 1, 1, 1)}
    observed = {day - DAY for day in around if day.weekday() == 5} | {day + DAY for day in around if day.weekday() == 6}
    whole = movable | fixed | {nth(year, 11, 3, 4)} | observed
    assert {day for day in calendars()["us"] if day.year == year} == {day for day in whole if day.year == year}
