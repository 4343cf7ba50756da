"""Figures in Russian words, in the gender and case that the words around them ask for.

The case comes from the preposition before ("до 5 рублей": до пяти рублей), the gender from the ending of the word
after (две минуты, два рубля), which the grammar of numerals determines for one and two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from num2words import num2words

from robot.dialog.figures import AFTER, BEFORE, DATE, DIGITS, PHONE, RANGE, TIME, amount_of, day_of, phone_groups

_MONTHS: Final = (
    *("января", "февраля", "марта", "апреля", "мая", "июня"),
    *("июля", "августа", "сентября", "октября", "ноября", "декабря"),
)
_CASE_AFTER: Final = {
    word: case
    for case, words in {
        "g": "до от около более менее больше меньше из без для свыше порядка после кроме не_менее",
        "d": "к ко",
        "a": "в во на за через про",
        "p": "о об",
    }.items()
    for word in words.split()
}
_ORDINAL: Final = {
    **dict.fromkeys(("й", "ый", "ой", "ий"), ("n", "m")),
    **dict.fromkeys(("го", "ого"), ("g", "m")),
    **dict.fromkeys(("му", "ому"), ("d", "m")),
    **dict.fromkeys(("я", "ая"), ("n", "f")),
    **dict.fromkeys(("ю", "ую"), ("a", "f")),
    **dict.fromkeys(("е", "ое"), ("n", "n")),
    "м": ("p", "m"),
}
_YEAR_CASE: Final = {"год": "n", "года": "g", "году": "p", "годом": "i", "годе": "p", "г.": "g"}

Forms = tuple[str, str, str]
_Noun = dict[str, Forms]


def _noun(one: str, stem: str, *, gender: str) -> _Noun:
    """The forms after one, two and five in each case, of a noun that declines like рубль (m) or копейка (f)."""
    if gender == "f":
        soft = stem + "ам"
        return {
            "n": (one, stem + "и", _COUNTED[one]),
            "a": (stem + "у", stem + "и", _COUNTED[one]),
            "g": (stem + "и", _COUNTED[one], _COUNTED[one]),
            "d": (stem + "е", soft, soft),
            "p": (stem + "е", stem + "ах", stem + "ах"),
        }
    a, u, e, many, am, ah = _ENDINGS[one]
    return {
        "n": (one, stem + a, stem + many),
        "a": (one, stem + a, stem + many),
        "g": (stem + a, stem + many, stem + many),
        "d": (stem + u, stem + am, stem + am),
        "p": (stem + e, stem + ah, stem + ah),
    }


_COUNTED: Final = {"копейка": "копеек"}
_ENDINGS: Final = {
    "рубль": ("я", "ю", "е", "ей", "ям", "ях"),
    "доллар": ("а", "у", "е", "ов", "ам", "ах"),
    "цент": ("а", "у", "е", "ов", "ам", "ах"),
    "процент": ("а", "у", "е", "ов", "ам", "ах"),
}
_ROUBLE: Final = _noun("рубль", "рубл", gender="m")
_KOPECK: Final = _noun("копейка", "копейк", gender="f")
_DOLLAR: Final = _noun("доллар", "доллар", gender="m")
_CENT: Final = _noun("цент", "цент", gender="m")
_PERCENT: Final = _noun("процент", "процент", gender="m")
_EURO: Final[_Noun] = dict.fromkeys("nagdp", ("евро", "евро", "евро"))

_AMOUNT = r"(?:[0-9]{1,3}(?:[ \u00a0\u202f][0-9]{3})+|[0-9]+)"
_DECIMALS = r"(?:[.,][0-9]{1,6})?"
_SPACE = r"[ \u00a0\u202f]*"
_ROUBLES = r"(?:₽|руб(?:\.|л(?:ь|я|ей|ю|ям|ях|ями|е))?(?!\w)|р\.(?!\w)|RUB\b)"

_SUM: Final = re.compile(rf"{BEFORE}(?P<amount>{_AMOUNT}{_DECIMALS}){_SPACE}(?P<unit>{_ROUBLES}|\$|€|USD\b|EUR\b)")
_SUM_AFTER_SIGN: Final = re.compile(rf"(?<!\w)(?P<unit>[$€]) ?(?P<amount>{_AMOUNT}{_DECIMALS}){AFTER}")
_KOPECKS: Final = re.compile(rf"{BEFORE}([0-9]{{1,2}}){_SPACE}коп(?:\.|ее?к(?:а|и|у|е|ам|ах)?)?(?!\w)")
_FROM_TILL: Final = re.compile(r"[ \u00a0]*(?:час(?:ов|а)[ \u00a0]*)?(?:до|по)(?!\w)")
"""What shows that the "с" before a number means since, and not with."""
_PERCENTS: Final = re.compile(rf"{BEFORE}({_AMOUNT}{_DECIMALS}){_SPACE}%")
_SHORT_DATE: Final = re.compile(rf"{BEFORE}(0[1-9])\.(0[1-9]|1[0-2])(?![\w.])(?!{_SPACE}{_ROUBLES})")
_WRITTEN_DATE: Final = re.compile(
    rf"{BEFORE}(3[01]|[12][0-9]|[1-9])(?:-?го)? ({'|'.join(_MONTHS)})(?!\w)"
    rf"(?: ((?:19|20)[0-9]{{2}})(?:{_SPACE}г(?:ода|\.)?(?!\w))?)?"
)
_YEAR: Final = re.compile(rf"{BEFORE}((?:19|20)[0-9]{{2}}){_SPACE}(год(?:а|у|ом|е)?|г\.)(?!\w)")
_ORDINALS: Final = re.compile(rf"{BEFORE}([0-9]{{1,6}})-?({'|'.join(sorted(_ORDINAL, key=len, reverse=True))})(?!\w)")
_NUMBER: Final = re.compile(rf"(?<![\w.,:/\\@])([-−])?(?<![0-9]-)({_AMOUNT}{_DECIMALS}){AFTER}(?={_SPACE}(\w+)?)")


def _cardinal(number: int, *, case: str = "n", gender: str = "m") -> str:
    return str(num2words(number, lang="ru", case=case, gender=gender, animate=False))


def _ordinal(number: int, *, case: str, gender: str = "m") -> str:
    return str(num2words(number, lang="ru", to="ordinal", case=case, gender=gender, animate=False))


def _fraction(amount: Decimal) -> str:
    return str(num2words(str(amount.normalize()), lang="ru"))


def _word_before(found: re.Match[str]) -> str:
    word = re.search(r"(\w+)\s+$", found.string[: found.start()])
    return word[1].casefold() if word else ""


def _case(found: re.Match[str]) -> str:
    word = _word_before(found)
    if word in ("с", "со"):
        return "g" if _FROM_TILL.match(found.string, found.end()) else "n"
    return _CASE_AFTER.get(word, "n")


def _form(number: int, noun: _Noun, case: str) -> str:
    one, two, five = noun[case]
    if number % 100 in range(11, 15):
        return five
    return one if number % 10 == 1 else two if number % 10 in (2, 3, 4) else five


def _counted(amount: Decimal, noun: _Noun, case: str, gender: str = "m") -> str:
    if amount != amount.to_integral_value():
        return f"{_fraction(amount)} {noun['g'][0]}"
    return f"{_cardinal(int(amount), case=case, gender=gender)} {_form(int(amount), noun, case)}"


def _sum(found: re.Match[str]) -> str:
    amount = amount_of(found["amount"])
    if amount is None:
        return found[0]
    case, unit = _case(found), found["unit"]
    whole, part = int(amount), int(amount * 100 % 100)
    noun, small, gender = _ROUBLE, _KOPECK, "f"
    if unit in ("$", "USD", "€", "EUR"):
        noun, small, gender = _DOLLAR if unit in ("$", "USD") else _EURO, _CENT, "m"
    if amount * 100 != whole * 100 + part:
        return _counted(amount, noun, case)
    said = _counted(Decimal(whole), noun, case)
    if part:
        said = f"{said} {_counted(Decimal(part), small, case, gender)}"
    return said + _kept_stop(found)


def _kopecks(found: re.Match[str]) -> str:
    return _counted(Decimal(found[1]), _KOPECK, _case(found), "f") + _kept_stop(found)


def _kept_stop(found: re.Match[str]) -> str:
    """The full stop of "руб." where it ends a sentence too: at the end of the text, or before a capital letter."""
    after = found.string[found.end() :].lstrip()
    ends = found[0].endswith(".") and (not after or after[0].isupper())
    return "." if ends else ""


def _percents(found: re.Match[str]) -> str:
    amount = amount_of(found[1])
    return found[0] if amount is None else _counted(amount, _PERCENT, _case(found))


def _date(found: re.Match[str]) -> str:
    day = day_of(found)
    return found[0] if day is None else _day(found, day.day, _MONTHS[day.month - 1], day.year)


def _short_date(found: re.Match[str]) -> str:
    return _day(found, int(found[1]), _MONTHS[int(found[2]) - 1], None)


def _written_date(found: re.Match[str]) -> str:
    return _day(found, int(found[1]), found[2], int(found[3]) if found[3] else None)


def _day(found: re.Match[str], day: int, month: str, year: int | None) -> str:
    case = {"на": "n", "по": "n", "за": "n"}.get(_word_before(found), "g")
    said = f"{_ordinal(day, case=case, gender='n')} {month}"
    return said if year is None else f"{said} {_ordinal(year, case='g')} года"


def _year(found: re.Match[str]) -> str:
    case = _YEAR_CASE[found[2]]
    if found[2] == "году" and _word_before(found) in ("к", "ко"):
        case = "d"
    if found[2] == "г." and _word_before(found) == "в":
        return f"{_ordinal(int(found[1]), case='p')} году"
    return f"{_ordinal(int(found[1]), case=case)} {'года' if found[2] == 'г.' else found[2]}"


def _time(found: re.Match[str]) -> str:
    case = "g" if _case(found) == "g" else "n"
    return f"{_cardinal(int(found[1]), case=case)} {'ноль ноль' if found[2] == '00' else _pair(found[2], case=case)}"


def _pair(figures: str, *, case: str = "n") -> str:
    """A short group of figures as in a phone: noughts in front one by one, then the number."""
    rest = figures.lstrip("0")
    return " ".join(["ноль"] * (len(figures) - len(rest)) + ([_cardinal(int(rest), case=case)] if rest else []))


def _phone(found: re.Match[str]) -> str:
    return ", ".join(
        f"плюс {_pair(group[1:])}" if group.startswith("+") else _pair(group) for group in phone_groups(found[0])
    )


def _digits(found: re.Match[str]) -> str:
    return " ".join(_cardinal(int(figure)) for figure in found[0])


def _ordinals(found: re.Match[str]) -> str:
    case, gender = _ORDINAL[found[2]]
    return _ordinal(int(found[1]), case=case, gender=gender) if int(found[1]) else found[0]


def _range(found: re.Match[str]) -> str:
    case, last = _case(found), int(found[2])
    if case == "a":
        case = "n"
    gender = _gender(last, (found[3] or "").casefold())
    return f"{_cardinal(int(found[1]), case=case, gender=gender)}-{_cardinal(last, case=case, gender=gender)}"


def _number(found: re.Match[str]) -> str:
    amount = amount_of(found[2])
    if amount is None:
        return found[0]
    minus = "минус " if found[1] else ""
    if amount != amount.to_integral_value():
        return minus + _fraction(amount)
    noun = (found[3] or "").casefold()
    gender = _gender(int(amount), noun)
    case = _case(found)
    if gender == "f" and noun.endswith(("у", "ю")):
        case = "a"
    return minus + _cardinal(int(amount), case=case, gender=gender)


def _gender(number: int, noun: str) -> str:
    if number % 100 in (11, 12):
        return "m"
    if number % 10 == 1:
        return "f" if noun.endswith(("а", "я", "у", "ю")) else "n" if noun.endswith(("о", "е")) else "m"
    return "f" if number % 10 == 2 and noun.endswith(("ы", "и", "ые", "ие")) else "m"


RULES: Final[Sequence[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]]] = (
    (PHONE, _phone),
    (re.compile(DATE.pattern + rf"(?:{_SPACE}г(?:ода|\.)?(?!\w))?"), _date),
    (_SHORT_DATE, _short_date),
    (_WRITTEN_DATE, _written_date),
    (TIME, _time),
    (_YEAR, _year),
    (_SUM_AFTER_SIGN, _sum),
    (_SUM, _sum),
    (_KOPECKS, _kopecks),
    (_PERCENTS, _percents),
    (_ORDINALS, _ordinals),
    (DIGITS, _digits),
    (RANGE, _range),
    (_NUMBER, _number),
    (re.compile(r"№[ \u00a0]*"), lambda _found: "номер "),
)
