"""SPEC R6.5: numbers, dates, sums and phones as a person would say them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot.dialog.flow import Language
from robot.dialog.spoken import spoken

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "spoken"

RUSSIAN = {
    "7100 руб.": "семь тысяч сто рублей.",
    "7100₽": "семь тысяч сто рублей",
    "1 250,50 руб. за всё": "одна тысяча двести пятьдесят рублей пятьдесят копеек за всё",
    "1 рубль 1 копейка": "один рубль одна копейка",
    "за 1 250 руб": "за одну тысячу двести пятьдесят рублей",
    "до 1 рубля": "до одного рубля",
    "к 5 рублям": "к пяти рублям",
    "до 7100 рублей": "до семи тысяч ста рублей",
    "1 руб. 50 коп. Спасибо": "один рубль пятьдесят копеек. Спасибо",
    "$2.50 и 5 €": "два доллара пятьдесят центов и пять евро",
    "2,50 $": "два доллара пятьдесят центов",
    "100 USD": "сто долларов",
    "02.12.2026": "второго декабря две тысячи двадцать шестого года",
    "2026-12-02": "второго декабря две тысячи двадцать шестого года",
    "02.12.26 г.": "второго декабря две тысячи двадцать шестого года",
    "на 03.01.2027": "на третье января две тысячи двадцать седьмого года",
    "до 02.12": "до второго декабря",
    "2 декабря": "второго декабря",
    "1 мая 2026 г.": "первого мая две тысячи двадцать шестого года",
    "31.02.2026": "31.02.2026",
    "в 2026 году": "в две тысячи двадцать шестом году",
    "к 2000 году": "к двухтысячному году",
    "+79000001007": "плюс семь, девятьсот, ноль ноль ноль, десять, ноль семь",
    "8 (800) 555-35-35": "восемь, восемьсот, пятьсот пятьдесят пять, тридцать пять, тридцать пять",
    "89000001007": "восемь, девятьсот, ноль ноль ноль, десять, ноль семь",
    "123-45-67": "сто двадцать три, сорок пять, шестьдесят семь",
    "18:30": "восемнадцать тридцать",
    "9:05": "девять ноль пять",
    "с 9:00 до 18:30": "с девяти ноль ноль до восемнадцати тридцати",
    "20%": "двадцать процентов",
    "до 21 %": "до двадцати одного процента",
    "1,5%": "одна целая пять десятых процента",
    "2 минуты и 2 рубля, 22 места": "две минуты и два рубля, двадцать два места",
    "через 1 минуту": "через одну минуту",
    "11 заявок, 21 заявка, 1 место": "одиннадцать заявок, двадцать одна заявка, одно место",
    "10-15 минут": "десять-пятнадцать минут",
    "2-й этаж, 5-го числа": "второй этаж, пятого числа",
    "-5 градусов": "минус пять градусов",
    "№ 12": "номер двенадцать",
    "код 007": "код ноль ноль семь",
    "1000000": "один миллион",
    "A4, shop24.ru, a1@b2.ru, 10.0.0.1": "A4, shop24.ru, a1@b2.ru, 10.0.0.1",
}
ENGLISH = {
    "$1,250.50": "one thousand two hundred and fifty dollars and fifty cents",
    "7100 RUB": "seven thousand one hundred rubles",
    "£1.01": "one pound and one penny",
    "02.12.2026": "December second, twenty twenty-six",
    "12/02/2026": "December second, twenty twenty-six",
    "December 2, 2026": "December second, twenty twenty-six",
    "+12025550123": "plus one, two zero two, five five five, zero one, two three",
    "18:30": "six thirty p m",
    "6:05 pm": "six oh five p m",
    "9:00": "nine a m",
    "20%": "twenty percent",
    "1.5 %": "one point five percent",
    "2nd": "second",
    "10-15 minutes": "ten to fifteen minutes",
    "007": "zero zero seven",
    "1,000,000": "one million",
}


def golden(language: str) -> list[tuple[str, str]]:
    """The reviewed examples of a language: one a line, `written => said`."""
    lines = (GOLDEN / f"{language}.txt").read_text().splitlines()
    pairs = (line.split(" => ") for line in lines if not line.startswith("#"))
    return [(written, said) for written, said in pairs]


@pytest.mark.parametrize(("written", "said"), [*RUSSIAN.items(), *golden("ru")])
def test_R6_5_figures_in_russian(written: str, said: str) -> None:
    assert spoken(written, Language.RU) == said


@pytest.mark.parametrize(("written", "said"), [*ENGLISH.items(), *golden("en")])
def test_R6_5_figures_in_english(written: str, said: str) -> None:
    assert spoken(written, Language.EN) == said


@given(text=st.text(alphabet="0123456789.,:/-+ №%₽$руб.годаm(){}|а", max_size=40), language=st.sampled_from(Language))
def test_R6_5_any_text_can_be_said_and_what_is_said_stays(text: str, language: Language) -> None:
    once = spoken(text, language)
    assert len(once) < 100 + 20 * len(text)


@given(amount=st.integers(0, 10**6), unit=st.sampled_from(["руб.", "₽", "%", "кг", "мин", "дней", "клиентов"]))
def test_R6_5_grouped_figures_are_said_as_those_without_spaces(amount: int, unit: str) -> None:
    grouped = f"{amount:,}".replace(",", " ")
    assert spoken(f"за {grouped} {unit}", Language.RU) == spoken(f"за {amount} {unit}", Language.RU)


@pytest.mark.parametrize(
    ("case", "forms"),
    [
        ("", ("рубль", "рубля", "рублей")),
        ("до", ("рубля", "рублей", "рублей")),
        ("к", ("рублю", "рублям", "рублям")),
        ("за", ("рубль", "рубля", "рублей")),
        ("между", ("рублём", "рублями", "рублями")),
        ("о", ("рубле", "рублях", "рублях")),
    ],
)
@given(number=st.integers(0, 9999))
def test_R6_5_the_noun_agrees_with_the_number_in_every_case(
    case: str, forms: tuple[str, str, str], number: int
) -> None:
    said = spoken(f"{case} {number} руб. в месяц".strip(), Language.RU).split()
    last, teens = number % 10, number % 100 in range(11, 15)
    wanted = forms[2] if teens or last in (0, 5, 6, 7, 8, 9) else forms[0] if last == 1 else forms[1]
    assert said[-3] == wanted


@pytest.mark.parametrize(
    "text",
    [
        "Пункт 3.2.1 договора A4, сайт shop24.ru/12/5 и почта a1@b2.ru",
        "Адрес 10.0.0.1:8080",
        "Г. и д. без чисел",
        "Ответьте: да. Нет? Г-н Иванов",
    ],
)
def test_R6_5_what_is_no_figure_and_no_abbreviation_stays(text: str) -> None:
    assert spoken(text, Language.RU) == text


@given(number=st.integers(0, 10**9 - 1), language=st.sampled_from(Language))
def test_R6_5_a_number_among_words_leaves_no_figure(number: int, language: Language) -> None:
    assert not re.search(r"[0-9]", spoken(f"а {number} б", language))


@given(text=st.text(alphabet="абв xyz!?,.", max_size=40), language=st.sampled_from(Language))
def test_R6_5_a_text_without_figures_stays_as_it_is(text: str, language: Language) -> None:
    assert spoken(text, language) == text
