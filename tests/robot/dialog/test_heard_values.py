"""SPEC R6.6: what free speech is kept as: numbers, phones, yes and no; and how variables are compared."""

from __future__ import annotations

import json
from decimal import Decimal
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from robot.dialog.events import Heard
from robot.dialog.flow import Case, Listen, ListenFor, Op, StepId
from robot.dialog.heard_values import typed_value, value_in
from robot.dialog.number_words import number_in, phone_in
from robot.dialog.values import fill_json, fill_url, holds, number_of


def listen(kind: ListenFor, *, least: float | None = None, most: float | None = None) -> Listen:
    there = StepId("there")
    return Listen(id=StepId("q"), variable="x", then=there, otherwise=there, kind=kind, least=least, most=most)


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("восемь", "8"),
        ("ну где-то девять из десяти", "9"),
        ("nine out of ten", "9"),
        ("десятка", "10"),
        ("семь с половиной", "7.5"),
        ("сто двадцать пять", "125"),
        ("две тысячи пятьсот рублей", "2500"),
        ("one hundred and twenty", "120"),
        ("three thousand two hundred", "3200"),
        ("тысяча", "1000"),
        ("1500", "1500"),
        ("7,5", "7.5"),
        ("5 тысяч", "5000"),
        ("десять, да, десять", "10"),
        ("от пяти до семи", None),
        ("пять или шесть", None),
        ("не пять", None),
        ("не знаю", None),
        ("", None),
    ],
)
def test_R6_6_a_number_is_the_only_one_that_was_said(said: str, number: str | None) -> None:
    assert number_in(said) == (None if number is None else Decimal(number))


@given(number=st.integers(0, 999_999), lang=st.sampled_from(["ru", "en"]))
def test_R6_6_any_number_is_understood_as_it_is_spoken(number: int, lang: str) -> None:
    said = str(num2words(number, lang=lang)).replace("-", " ").replace(",", "")
    assert number_in(said) == number


@pytest.mark.parametrize(
    ("said", "phone"),
    [
        ("8 912 345 67 89", "89123456789"),
        ("+7 (912) 345-67-89", "+79123456789"),
        ("плюс семь девятьсот двенадцать триста сорок пять шестьдесят семь восемьдесят девять", "+79123456789"),
        ("восемь девятьсот двенадцать 345 67 ноль девять", "89123456709"),
        ("сто двадцать три", None),
        ("нет у меня телефона", None),
        ("1" * 16, None),
    ],
)
def test_R6_6_a_phone_is_put_together_from_its_groups(said: str, phone: str | None) -> None:
    assert phone_in(said) == phone


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("да", "yes"),
        ("ну да, конечно", "yes"),
        ("нет", "no"),
        ("не хочу", "no"),
        ("не согласен", "no"),
        ("yes please", "yes"),
        ("не очень", None),
        ("может быть", None),
        ("да нет", None),
    ],
)
def test_R6_6_yes_and_no_are_told_apart_or_asked_again(said: str, value: str | None) -> None:
    assert value_in(listen(ListenFor.YES_NO), Heard(said)) == value


def test_R6_6_a_number_keeps_within_its_bounds() -> None:
    step = listen(ListenFor.NUMBER, least=0.0, most=10.0)
    assert [value_in(step, Heard(said)) for said in ("десять", "одиннадцать", "0")] == ["10", None, "0"]
    assert [typed_value(step, typed) for typed in ("10#", "11#", "7*5", "#", "*")] == ["10", None, "7.5", None, None]
    assert typed_value(listen(ListenFor.PHONE), "89123456789#") == "89123456789"


@given(said=st.text(max_size=30), kind=st.sampled_from(ListenFor))
def test_any_words_are_kept_or_not_but_never_break_anything(said: str, kind: ListenFor) -> None:
    value = value_in(listen(kind), Heard(said))
    assert value is None or value.strip()


def case(op: Op, value: str) -> Case:
    return Case(variable="X", op=op, value=value, then=StepId("there"))


@pytest.mark.parametrize(
    ("value", "op", "other", "true"),
    [
        ("10", Op.MORE, "9", True),
        ("10", Op.IS, "10,0", True),
        ("1 500", Op.AT_LEAST, "1500", True),
        ("Москва", Op.IS, "москва", True),
        ("Москва", Op.IS_NOT, "Тверь", True),
        ("Москва", Op.CONTAINS, "СКВ", True),
        ("", Op.LESS, "5", False),
        ("", Op.AT_MOST, "5", False),
        ("", Op.EMPTY, "", True),
        ("0", Op.FILLED, "", True),
        ("2026-11-26", Op.LESS, "2026-12-01", True),
        ("7", Op.AT_MOST, "{y}", True),
        ("nan", Op.IS, "NaN", True),
    ],
)
def test_R6_6_variables_are_compared_as_numbers_where_they_are_such(value: str, op: Op, other: str, true: bool) -> None:
    assert holds(case(op, other), {"x": value, "Y": "7"}) is true


@given(value=st.text(max_size=8), other=st.text(max_size=8), op=st.sampled_from(Op))
def test_any_values_can_be_compared(value: str, other: str, op: Op) -> None:
    assert holds(case(op, other), {"x": value}) in (True, False)
    assert number_of(value) is None or number_of(value) == number_of(value)


@given(value=st.text())
def test_a_value_never_gets_out_of_its_place_in_an_address_or_a_json_text(value: str) -> None:
    kept = value.encode("utf-8", "replace").decode()
    url = urlsplit(fill_url("https://crm.example/a/{x}?q={x}", {"x": kept}))
    assert (url.netloc, unquote(url.path.removeprefix("/a/"))) == ("crm.example", kept)
    assert json.loads(fill_json('{"v": "{x}"}', {"x": kept})) == {"v": kept}
