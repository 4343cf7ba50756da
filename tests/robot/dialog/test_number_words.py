"""SPEC R6.6: numbers as people say them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from robot.dialog.events import Heard
from robot.dialog.flow import Listen, ListenFor, StepId
from robot.dialog.heard_values import value_in
from robot.dialog.number_words import number_in, years_in
from robot.dialog.numerals_ru import ordinal


@pytest.mark.parametrize(
    "text",
    [
        *("один момент", "одну минуту", "одну секундочку пожалуйста", "1 минуту", "у меня один вопрос"),
        *("just one second", "one moment please", "one sec", "первый раз слышу", "во-первых", "второй раз звоните"),
    ],
)
def test_R6_6_what_asks_for_patience_or_counts_occasions_is_no_number(text: str) -> None:
    assert number_in(text) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("один момент, пять", 5),
        ("одну минуту... двадцать пять", 25),
        ("пять минут", 5),
        ("тысяча девятьсот восьмидесятый", 1980),
        ("в тысяча девятьсот восемьдесят пятом году", 1985),
        ("две тысячи пятого года", 2005),
        ("двухтысячный", 2000),
        ("ну пятый", 5),
        ("второй этаж", 2),
        ("восемьдесят пятый", 85),
        ("nineteen eighty five", 1985),
        ("in nineteen eighty", 1980),
        ("nineteen hundred and eighty", 1980),
        ("nineteen oh five", 1905),
        ("twenty twenty", 2020),
        ("twenty five", 25),
        ("two thousand five", 2005),
        ("nineteen", 19),
    ],
)
def test_R6_6_ordinals_and_years_are_numbers(text: str, number: int) -> None:
    assert number_in(text) == number


def year(text: str, *, least: int = 1900, most: int = 2025) -> str | None:
    step = Listen(
        id=StepId("a"),
        variable="x",
        kind=ListenFor.NUMBER,
        then=StepId("z"),
        otherwise=StepId("z"),
        least=least,
        most=most,
    )
    return value_in(step, Heard(text))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("восемьдесят пятого года", "1985"),
        ("восьмидесятый", "1980"),
        ("в девяностом", "1990"),
        ("я двухтысячного года", "2000"),
        ("пятого года", "2005"),
        ("двадцать шестого года", "1926"),
        ("восемьдесят пять", None),
        ("пять", None),
    ],
)
def test_R6_6_a_year_without_its_century_is_the_latest_that_the_step_allows(text: str, kept: str | None) -> None:
    assert year(text) == kept
    assert year("пятый", least=0, most=10) == "5"


@given(st.integers(1, 2999), st.sampled_from("ngdpi"), st.sampled_from("mf"))
def test_R6_6_an_ordinal_alone_is_its_number(number: int, case: str, gender: str) -> None:
    if number % 1000 == 0 and number > 2000:
        return
    assert number_in(ordinal(number, case=case, gender=gender)) == number
    assert number_in(str(num2words(number, lang="en", to="ordinal"))) in (number, None)


@given(st.integers(1700, 2099))
def test_R6_6_every_year_is_known_in_both_languages(number: int) -> None:
    assert number_in(str(num2words(number, lang="ru"))) == number
    if number >= 1800:
        assert number_in(str(num2words(number, lang="en", to="year"))) == number


@given(st.text(max_size=60))
def test_any_words_can_be_looked_through(text: str) -> None:
    number_in(text)
    assert len(years_in(text)) in (0, 2)
