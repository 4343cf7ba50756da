"""SPEC R6.5: variables in texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from robot.dialog.flow import Language
from robot.dialog.texts import check_text, fill, literal_length, say


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Здравствуйте, {first_name}!", "Здравствуйте, Анна!"),
        ("{First_Name}, добрый день", "Анна, добрый день"),
        ("{first_name|клиент}", "Анна"),
        ("{middle_name|клиент}!", "клиент!"),
        ("Сумма: {сумма}, дата {Дата оплаты}.", "Сумма: 7100, дата 02.12.2026."),
        ("Ключ { first_name }", "Ключ Анна"),
        ("Без переменных", "Без переменных"),
        ("{}", "{}"),
        ("{1}", "{1}"),
    ],
)
def test_R6_5_variables_are_put_in(text: str, filled: str) -> None:
    values = {"first_name": "Анна", "Сумма": "7100", "Дата оплаты": "02.12.2026", "middle_name": " "}
    assert fill(text, values) == filled


@pytest.mark.parametrize(
    ("text", "tidy"),
    [
        ("Здравствуйте, {first_name}!", "Здравствуйте!"),
        ("{first_name}, здравствуйте!", "Здравствуйте!"),
        ("Уважаемый {first_name} {middle_name}, ждём вас.", "Уважаемый, ждём вас."),
        ("Компания «{organisation}» ждёт вас", "Компания ждёт вас"),
        ("Добрый день. {first_name}, ваш заказ готов", "Добрый день. Ваш заказ готов"),
        ("Это {first_name}?", "Это?"),
        ("Здравствуйте, {first_name}, это банк", "Здравствуйте, это банк"),
        ("Звонит {organisation} ({note}) сейчас", "Звонит сейчас"),
        ("Вам {note} письмо", "Вам письмо"),
        ("{note}", ""),
        ("{first_name}! Добрый день", "Добрый день"),
        ("{note}.", ""),
        ("код {note}5", "код 5"),
        ("Ваш код: {note}", "Ваш код"),
        ("из-{note}за", "из-за"),
    ],
)
def test_R6_5_a_missing_value_leaves_no_hole(text: str, tidy: str) -> None:
    assert fill(text, {}) == tidy


@pytest.mark.parametrize(
    "name", ["{phone}", 'Иван"; DROP}|,', "{first_name|{phone}}", "\\1", "{last_name", "${system(id)}"]
)
def test_R6_5_a_value_is_never_read_as_a_text(name: str) -> None:
    assert fill("А, {first_name}!", {"first_name": name, "phone": "1", "last_name": "x"}) == f"А, {name}!"


def test_R6_5_a_value_of_several_lines_is_said_in_one() -> None:
    assert fill("{note}!", {"note": "Иван\nтабл\t ица\x00"}) == "Иван табл ица!"


@given(value=st.text(), variables=st.dictionaries(st.sampled_from(["phone", "note"]), st.text(), max_size=2))
def test_R6_5_the_value_stands_in_the_text_once_and_whole(value: str, variables: dict[str, str]) -> None:
    plain = " ".join(value.replace("\x00", "").split())
    filled = fill("<{first_name|нет}>", {**variables, "first_name": value})
    assert filled == f"<{plain or 'нет'}>"


@given(text=st.text(alphabet="{}|аб ,.!«»\x00", max_size=40), value=st.text(max_size=10))
def test_R6_5_any_text_can_be_filled(text: str, value: str) -> None:
    assert "\x00" not in fill(text, {"а": value})


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Здравствуйте, {first_name!", "bad_braces"),
        ("Здравствуйте, first_name}!", "bad_braces"),
        ("{first_name|{last_name}}", "bad_braces"),
        ("{}", "bad_braces"),
        ("{frist_name}", "unknown_variable"),
        ("а" * 501, "text_too_long"),
        ("а\x00б", "bad_character"),
    ],
)
def test_R6_5_a_text_that_cannot_be_said_is_refused(text: str, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_text(text, field="greeting.text", custom=["Сумма"])
    assert (refused.value.code, refused.value.field) == (code, "greeting.text")


def test_R6_5_known_and_custom_variables_pass() -> None:
    check_text("{full_name} {last_name} {first_name} {middle_name} {organisation}", field="t", custom=())
    check_text("{position} {note} {phone} {email} {сумма|0}", field="t", custom=["Сумма"])
    check_text("{anything that comes}", field="t", custom=None)


def test_R6_5_variables_do_not_count_for_the_length() -> None:
    text = "а" * 500 + "{first_name|" + "б" * 300 + "}"
    assert literal_length(text) == 500
    check_text(text, field="t")


def test_R6_5_a_unit_after_a_variable_is_said_with_it() -> None:
    text = "К оплате {Сумма} руб. до {Дата}"
    said = say(text, {"Сумма": "7100", "Дата": "02.12.2026"}, Language.RU)
    assert said == ("К оплате семь тысяч сто рублей до второго декабря две тысячи двадцать шестого года")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (Language.RU, "Позвоним двадцать четвёртого ноября в пятнадцать ноль ноль"),
        (Language.EN, "Позвоним November twenty-fourth at three p m"),
    ],
)
def test_an_instant_is_said_and_written_as_people_do_and_compared_as_it_is(language: Language, said: str) -> None:
    known = {"at": "2026-11-24T15:00:00+03:00"}
    assert say("Позвоним {at}", known, language) == said
    assert fill("{at}", known) == known["at"], "what is compared and handed on stays an instant"
    assert fill("{at}", known, Language.RU) == "24 ноября в 15:00"
    assert fill("{at}", {"at": "2026-02-30T15:00:00+03:00"}, Language.RU) == "2026-02-30T15:00:00+03:00"
