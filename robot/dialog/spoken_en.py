"""Figures in English words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from num2words import num2words

from robot.dialog.figures import AFTER, BEFORE, DATE, DIGITS, PHONE, RANGE, TIME, amount_of, day_of, phone_groups

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_UNITS: Final = {
    **dict.fromkeys(("$", "usd", "dollar", "dollars"), ("dollar", "cent")),
    **dict.fromkeys(("€", "eur", "euro", "euros"), ("euro", "cent")),
    **dict.fromkeys(("£", "gbp"), ("pound", "penny")),
    **dict.fromkeys(("₽", "rub", "rub.", "ruble", "rubles", "rouble", "roubles"), ("ruble", "kopeck")),
}
_AMOUNT = r"(?:[0-9]{1,3}(?:[, \u00a0\u202f][0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]{1,6})?"
_WORDS = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))

_SUM_BEFORE: Final = re.compile(rf"(?<!\w)(?P<unit>[$€£₽]) ?(?P<amount>{_AMOUNT}){AFTER}")
_SUM_AFTER: Final = re.compile(rf"{BEFORE}(?P<amount>{_AMOUNT})[ \u00a0]?(?P<unit>{_WORDS})(?!\w)", re.IGNORECASE)
_PERCENTS: Final = re.compile(rf"{BEFORE}({_AMOUNT}) ?%")
_WRITTEN_DATE: Final = re.compile(
    rf"({'|'.join(_MONTHS)}) (3[01]|[12][0-9]|[1-9])(?:st|nd|rd|th)?(?:,? ((?:19|20)[0-9]{{2}}))?{AFTER}"
)
_US_DATE: Final = re.compile(rf"{BEFORE}(?P<m>[0-9]{{1,2}})/(?P<d>[0-9]{{1,2}})/(?P<y>[0-9]{{4}}){AFTER}")
_HALF: Final = re.compile(TIME.pattern.removesuffix(AFTER) + r" ?([ap])\.?m\b\.?", re.IGNORECASE)
_ORDINALS: Final = re.compile(rf"{BEFORE}([1-9][0-9]{{0,5}})(?:st|nd|rd|th)(?!\w)")
_NUMBER: Final = re.compile(rf"(?<![\w.,:/\\@])([-−])?(?<![0-9]-)({_AMOUNT}){AFTER}")


def _cardinal(number: int) -> str:
    return str(num2words(number, lang="en")).replace(",", "")


def _ordinal(number: int) -> str:
    return str(num2words(number, lang="en", to="ordinal")).replace(",", "")


def _decimal(amount: Decimal) -> str:
    if amount == amount.to_integral_value():
        return _cardinal(int(amount))
    whole, _, part = f"{amount.normalize():f}".partition(".")
    return f"{_cardinal(int(whole))} point {_one_by_one(part)}"


def _one_by_one(figures: str) -> str:
    return " ".join(_cardinal(int(figure)) for figure in figures)


def _amount(written: str) -> Decimal | None:
    return amount_of(written.replace(",", ""))


def _many(amount: Decimal, noun: str) -> str:
    if amount == 1:
        return noun
    return "pence" if noun == "penny" else noun + "s"


def _sum(found: re.Match[str]) -> str:
    amount = _amount(found["amount"])
    if amount is None:
        return found[0]
    noun, small = _UNITS[found["unit"].casefold()]
    whole, part = int(amount), int(amount * 100 % 100)
    if amount * 100 != whole * 100 + part:
        return f"{_decimal(amount)} {noun}s"
    said = f"{_cardinal(whole)} {_many(Decimal(whole), noun)}"
    return f"{said} and {_cardinal(part)} {_many(Decimal(part), small)}" if part else said


def _percents(found: re.Match[str]) -> str:
    amount = _amount(found[1])
    return found[0] if amount is None else f"{_decimal(amount)} percent"


def _date(found: re.Match[str]) -> str:
    day = day_of(found)
    return found[0] if day is None else _day(_MONTHS[day.month - 1], day.day, day.year)


def _us_date(found: re.Match[str]) -> str:
    month, day = int(found["m"]), int(found["d"])
    return _day(_MONTHS[month - 1], day, int(found["y"])) if 1 <= month <= 12 and 1 <= day <= 31 else found[0]


def _written_date(found: re.Match[str]) -> str:
    return _day(found[1], int(found[2]), int(found[3]) if found[3] else None)


def _day(month: str, day: int, year: int | None) -> str:
    said = f"{month} {_ordinal(day)}"
    return said if year is None else f"{said}, {num2words(year, lang='en', to='year')}"


def _time(found: re.Match[str]) -> str:
    hour, minute = int(found[1]), found[2]
    half = found[3].casefold() if found.re is _HALF else "p" if hour >= 12 else "a"
    minutes = (
        "" if minute == "00" else f" oh {_cardinal(int(minute))}" if minute[0] == "0" else f" {_cardinal(int(minute))}"
    )
    return f"{_cardinal(hour % 12 or 12)}{minutes} {half} m"


def _phone(found: re.Match[str]) -> str:
    return ", ".join(
        f"plus {_one_by_one(group[1:])}" if group.startswith("+") else _one_by_one(group)
        for group in phone_groups(found[0])
    )


def _number(found: re.Match[str]) -> str:
    amount = _amount(found[2])
    if amount is None:
        return found[0]
    return ("minus " if found[1] else "") + _decimal(amount)


RULES: Final[Sequence[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]]] = (
    (PHONE, _phone),
    (DATE, _date),
    (_US_DATE, _us_date),
    (_WRITTEN_DATE, _written_date),
    (_HALF, _time),
    (TIME, _time),
    (_SUM_BEFORE, _sum),
    (_SUM_AFTER, _sum),
    (_PERCENTS, _percents),
    (_ORDINALS, lambda found: _ordinal(int(found[1]))),
    (DIGITS, lambda found: _one_by_one(found[0])),
    (RANGE, lambda found: f"{_cardinal(int(found[1]))} to {_cardinal(int(found[2]))}"),
    (_NUMBER, _number),
    (re.compile(r"№[ \u00a0]*"), lambda _found: "number "),
)
