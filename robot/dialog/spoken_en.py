"""Figures in English words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from num2words import num2words

from robot.dialog.figures import AFTER, BEFORE, DATE, DIGITS, PHONE, RANGE, TIME, amount_of, day_of, phone_groups
from robot.dialog.written_en import MONTHS

_UNITS: Final = {
    **dict.fromkeys(("$", "usd", "dollar", "dollars"), ("dollar", "cent")),
    **dict.fromkeys(("€", "eur", "euro", "euros"), ("euro", "cent")),
    **dict.fromkeys(("£", "gbp"), ("pound", "penny")),
    **dict.fromkeys(("₽", "rub", "rub.", "ruble", "rubles", "rouble", "roubles"), ("ruble", "kopeck")),
}
_AMOUNT = r"(?:[0-9]{1,3}(?:[, \u00a0\u202f][0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]{1,6})?"
_WORDS = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))

_MINUS = r"(?P<minus>[-−])?"
_DASH = r" ?[-–—] ?"
_TIMES: Final = {"k": "thousand", "m": "million", "bn": "billion"} | {w: w for w in ("thousand", "million", "billion")}
_MONEY_SIGN = r"(?:[$€£₽]|(?:USD|EUR|GBP|RUB) )"

_AMERICAN_PHONE: Final = re.compile(
    r"(?<![\w.,+-])(?:\+?1[ -])?(?:\([0-9]{3}\) ?|[0-9]{3}-)?[0-9]{3}-[0-9]{4}(?![\w-])"
)
_SUM_BEFORE: Final = re.compile(
    rf"(?<!\w){_MINUS}(?P<unit>{_MONEY_SIGN}) ?(?P<amount>{_AMOUNT})(?: ?(?P<times>{'|'.join(_TIMES)})\b)?{AFTER}",
    re.IGNORECASE,
)
_SUM_RANGE: Final = re.compile(
    rf"(?<!\w)(?P<unit>{_MONEY_SIGN}) ?(?P<first>{_AMOUNT}){_DASH}[$€£₽]?(?P<amount>{_AMOUNT}){AFTER}"
)
_SUM_AFTER: Final = re.compile(
    rf"{BEFORE}{_MINUS}(?P<amount>{_AMOUNT})(?: ?(?P<times>thousand|million|billion))?"
    rf"[ \u00a0]?(?P<unit>{_WORDS})(?!\w)",
    re.IGNORECASE,
)
_PERCENTS: Final = re.compile(rf"{BEFORE}(?:(?P<first>{_AMOUNT}){_DASH})?{_MINUS}(?P<amount>{_AMOUNT}) ?%")
_WRITTEN_DATE: Final = re.compile(
    rf"({'|'.join(MONTHS)}) (3[01]|[12][0-9]|[1-9])(?:st|nd|rd|th)?(?:,? ((?:19|20)[0-9]{{2}}))?{AFTER}"
)
_DAY_FIRST: Final = re.compile(
    rf"(the )?{BEFORE}(3[01]|[12][0-9]|[1-9])(?:st|nd|rd|th)? (?:of )?({'|'.join(MONTHS)})"
    rf"(?:,? ((?:19|20)[0-9]{{2}}))?{AFTER}"
)
_US_DATE: Final = re.compile(rf"{BEFORE}(?P<m>[0-9]{{1,2}})/(?P<d>[0-9]{{1,2}})/(?P<y>[0-9]{{4}}){AFTER}")
_HALF: Final = re.compile(TIME.pattern.removesuffix(AFTER) + r" ?([ap])\.?m\b\.?", re.IGNORECASE)
_HOUR: Final = re.compile(rf"{BEFORE}(1[0-2]|0?[1-9]) ?([ap])\.?m\b\.?", re.IGNORECASE)
_TIME_RANGE: Final = re.compile(rf"{BEFORE}((?:[01]?[0-9]|2[0-3]):[0-5][0-9]){_DASH}(?=[0-9]{{1,2}}:[0-9]{{2}})")
_YEAR: Final = re.compile(
    rf"(?<!\w)((?:in|since|until|till|by|year|during)(?: the year)?"
    rf"|(?:from|before|after|of)(?= [0-9]{{4}}(?! ?\w))) ((?:19|20)[0-9]{{2}}){AFTER}(?! ?(?:[%$€£]|dollars|people))",
    re.IGNORECASE,
)
_YEARS: Final = re.compile(rf"{BEFORE}((?:19|20)[0-9]{{2}}){_DASH}((?:19|20)[0-9]{{2}}){AFTER}")
_DECADE: Final = re.compile(rf"{BEFORE}((?:1[0-9]|20)[0-9]0)s(?!\w)")
_CODE: Final = re.compile(
    r"((?<!\w)(?:code|pin|password|passcode)(?: is)?:? )([0-9]{3,9})(?![\w-]|[.,][0-9])", re.IGNORECASE
)
_SLASH: Final = re.compile(rf"{BEFORE}([0-9]{{1,6}})/([0-9]{{1,4}}){AFTER}")
_BY: Final = re.compile(r"(?<=[0-9]) ?[x×] ?(?=[0-9])")
_PLUS: Final = re.compile(rf"{BEFORE}([0-9]{{1,3}})\+(?![\w+])")
_SIGNS: Final = {"-": "minus ", "−": "minus ", "+": "plus "}
_ORDINALS: Final = re.compile(rf"{BEFORE}([1-9][0-9]{{0,5}})(?:st|nd|rd|th)(?!\w)")
_NUMBER: Final = re.compile(rf"(?<![\w.,:/\\@])([-−+])?(?<![0-9]-)({_AMOUNT}){AFTER}")


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
    noun, small = _UNITS[found["unit"].strip().casefold()]
    minus = _SIGNS.get(found["minus"] or "", "")
    if (times := found["times"]) is not None:
        return f"{minus}{_decimal(amount)} {_TIMES[times.casefold()]} {_many(Decimal(2), noun)}"
    whole, part = int(amount), int(amount * 100 % 100)
    if amount * 100 != whole * 100 + part:
        return f"{minus}{_decimal(amount)} {_many(Decimal(2), noun)}"
    words = [f"{_cardinal(whole)} {_many(Decimal(whole), noun)}"] if whole or not part else []
    words += [f"{_cardinal(part)} {_many(Decimal(part), small)}"] if part else []
    return minus + " and ".join(words)


def _sum_range(found: re.Match[str]) -> str:
    first, last = _amount(found["first"]), _amount(found["amount"])
    if first is None or last is None:
        return found[0]
    noun = _UNITS[found["unit"].strip().casefold()][0]
    return f"{_decimal(first)} to {_decimal(last)} {_many(last, noun)}"


def _percents(found: re.Match[str]) -> str:
    amount = _amount(found["amount"])
    if amount is None:
        return found[0]
    first = _amount(found["first"]) if found["first"] else None
    begin = "" if first is None else f"{_decimal(first)} to "
    return f"{begin}{_SIGNS.get(found['minus'] or '', '')}{_decimal(amount)} percent"


def _date(found: re.Match[str]) -> str:
    day = day_of(found)
    return found[0] if day is None else _day(MONTHS[day.month - 1], day.day, day.year)


def _us_date(found: re.Match[str]) -> str:
    month, day = int(found["m"]), int(found["d"])
    return _day(MONTHS[month - 1], day, int(found["y"])) if 1 <= month <= 12 and 1 <= day <= 31 else found[0]


def _written_date(found: re.Match[str]) -> str:
    return _day(found[1], int(found[2]), int(found[3]) if found[3] else None)


def _day_first(found: re.Match[str]) -> str:
    said = f"the {_ordinal(int(found[2]))} of {found[3]}"
    return said if found[4] is None else f"{said}, {_year(found[4])}"


def _year(figures: str) -> str:
    return str(num2words(int(figures), lang="en", to="year"))


def _decade(found: re.Match[str]) -> str:
    said = _year(found[1])
    return f"{said[:-1]}ies" if said.endswith("y") else f"{said}s"


def _day(month: str, day: int, year: int | None) -> str:
    said = f"{month} {_ordinal(day)}"
    return said if year is None else f"{said}, {_year(str(year))}"


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


def _american_phone(found: re.Match[str]) -> str:
    groups = re.findall(r"\+?[0-9]+", found[0])
    said = ", ".join(_one_by_one(group.lstrip("+")) for group in groups)
    return f"plus {said}" if groups[0].startswith("+") else said


def _number(found: re.Match[str]) -> str:
    amount = _amount(found[2])
    if amount is None:
        return found[0]
    return _SIGNS.get(found[1] or "", "") + _decimal(amount)


RULES: Final[Sequence[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]]] = (
    (_AMERICAN_PHONE, _american_phone),
    (PHONE, _phone),
    (_CODE, lambda found: found[1] + _one_by_one(found[2])),
    (DATE, _date),
    (_US_DATE, _us_date),
    (_WRITTEN_DATE, _written_date),
    (_DAY_FIRST, _day_first),
    (_TIME_RANGE, lambda found: f"{found[1]} to "),
    (_HALF, _time),
    (TIME, _time),
    (_HOUR, lambda found: f"{_cardinal(int(found[1]))} {found[2].casefold()} m"),
    (_YEARS, lambda found: f"{_year(found[1])} to {_year(found[2])}"),
    (_YEAR, lambda found: f"{found[1]} {_year(found[2])}"),
    (_DECADE, _decade),
    (_SUM_RANGE, _sum_range),
    (_SUM_BEFORE, _sum),
    (_SUM_AFTER, _sum),
    (_PERCENTS, _percents),
    (_ORDINALS, lambda found: _ordinal(int(found[1]))),
    (re.compile(rf"{BEFORE}24/7{AFTER}"), lambda _found: "twenty-four seven"),
    (_SLASH, lambda found: f"{_cardinal(int(found[1]))} slash {_cardinal(int(found[2]))}"),
    (_BY, lambda _found: " by "),
    (_PLUS, lambda found: f"{_cardinal(int(found[1]))} plus"),
    (DIGITS, lambda found: _one_by_one(found[0])),
    (RANGE, lambda found: f"{_cardinal(int(found[1]))} to {_cardinal(int(found[2]))}"),
    (_NUMBER, _number),
    (re.compile(r"№[ \u00a0]*"), lambda _found: "number "),
)
