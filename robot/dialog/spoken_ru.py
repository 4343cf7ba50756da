"""Figures in Russian words, in the gender and case that the words around them ask for.

The case comes from the preposition before ("до 5 рублей": до пяти рублей) or the noun after ("с 2 документами"), the
gender from the ending of the noun (две минуты, два рубля). Abbreviations are written out before (`written_ru`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from robot.dialog.figures import AFTER, BEFORE, DATE, DIGITS, PHONE, RANGE, TIME, amount_of, day_of, phone_groups
from robot.dialog.nouns_ru import CENT, DEGREE, DOLLAR, EURO, KOPECK, PERCENT, ROUBLE, TIMES, UNITS, Noun
from robot.dialog.numerals_ru import (
    cardinal,
    case_of,
    counted,
    fraction,
    gender_of,
    half_and_one,
    joined,
    ordinal,
    ordinals,
    word_before,
)
from robot.dialog.written_ru import MONTHS

_ORDINAL: Final = {
    **dict.fromkeys(("й", "ый", "ой", "ий"), ("n", "m")),
    **dict.fromkeys(("го", "ого"), ("g", "m")),
    **dict.fromkeys(("му", "ому"), ("d", "m")),
    **dict.fromkeys(("я", "ая"), ("n", "f")),
    **dict.fromkeys(("ю", "ую"), ("a", "f")),
    **dict.fromkeys(("е", "ое"), ("n", "n")),
    "м": ("p", "m"),
}
_YEAR_CASE: Final = {"год": "n", "года": "g", "году": "p", "годом": "i", "годе": "p", "г.": "g", "г": "g"}
_DAY_CASE: Final = {"к": "d", "ко": "d", "о": "p", "об": "p", "перед": "i"} | dict.fromkeys(("на", "по", "за"), "n")

_AMOUNT = r"(?:[0-9]{1,3}(?:[ \u00a0\u202f][0-9]{3})+(?![0-9])|[0-9]+)"
_DECIMALS = r"(?:[.,][0-9]{1,6})?"
_SPACE = r"[ \u00a0\u202f]*"
_DASH = r" ?[-–—] ?"
_MINUS = r"(?P<minus>[-−+])?"
_ROUBLES = r"(?:₽|руб(?:\.|л(?:ь|я|ей|ю|ям|ях|ями|е|ём|ем))?(?!\w)|р\.(?!\w)|RUB\b)"
_MONEY = rf"(?:{_ROUBLES}|\$|€|USD\b|EUR\b)"
_UNIT = rf"(?:(?:{'|'.join(sorted(set(UNITS) - set(TIMES), key=len)[::-1])})(?!\w)\.?)"
_MONTH = "|".join(MONTHS)
_DAY = r"(3[01]|[12][0-9]|0?[1-9])(?:-?го)?"

_MANY: Final = re.compile(
    rf"{BEFORE}(?:(?P<first>[0-9]{{1,3}}){_DASH})?(?P<amount>{_AMOUNT}{_DECIMALS}){_SPACE}(?P<times>тыс|млн|млрд)(?!\w)\.?"
    rf"(?P<money>(?={_SPACE}{_MONEY}))?"
)
_RANGE_OF: Final = re.compile(
    rf"{BEFORE}(?P<first>{_AMOUNT}){_DASH}(?P<amount>{_AMOUNT}){_SPACE}(?P<unit>%|{_MONEY}|{_UNIT})"
)
_SUM: Final = re.compile(rf"{BEFORE}{_MINUS}(?P<amount>{_AMOUNT}{_DECIMALS}){_SPACE}(?P<unit>{_MONEY})")
_SUM_AFTER_SIGN: Final = re.compile(rf"(?<!\w){_MINUS}(?P<unit>[$€]) ?(?P<amount>{_AMOUNT}{_DECIMALS}){AFTER}")
_KOPECKS: Final = re.compile(rf"{BEFORE}([0-9]{{1,2}}){_SPACE}коп(?:\.|ее?к(?:а|и|у|е|ам|ах)?)?(?!\w)")
_PERCENTS: Final = re.compile(rf"{BEFORE}{_MINUS}(?P<amount>{_AMOUNT}{_DECIMALS}){_SPACE}%")
_DEGREES: Final = re.compile(rf"{BEFORE}(?P<sign>[-−+])?([0-9]{{1,4}}(?:[.,][0-9])?){_SPACE}°(?: ?[CС]\b)?")
_MEASURES: Final = re.compile(rf"{BEFORE}(?P<amount>{_AMOUNT}{_DECIMALS}){_SPACE}(?P<unit>{_UNIT})")
_SHORT_DATE: Final = re.compile(rf"{BEFORE}(0[1-9])\.(0[1-9]|1[0-2])(?![\w.])(?!{_SPACE}(?:{_MONEY}|%|{_UNIT}))")
_BARE_DATE: Final = re.compile(
    rf"(?<=\b(?:на|до|по|от) )(3[01]|[12][0-9]|[1-9])\.(0[1-9]|1[0-2])(?![\w.,])(?!{_SPACE}(?:{_MONEY}|%|[а-яё]))"
)
_SLASHED_DATE: Final = re.compile(rf"{BEFORE}(?P<d>[0-9]{{1,2}})/(?P<m>[0-9]{{1,2}})/(?P<y>[0-9]{{4}}){AFTER}")
_DAY_PAIR: Final = re.compile(rf"{BEFORE}{_DAY}( по | до | и |{_DASH}){_DAY} ({_MONTH})(?!\w)")
_WRITTEN_DATE: Final = re.compile(
    rf"{BEFORE}{_DAY} ({_MONTH})(?!\w)(?: ((?:19|20)[0-9]{{2}})(?:{_SPACE}г(?:ода|\.)?(?!\w))?)?"
)
_DOTTED_TIME: Final = re.compile(
    r"(?<=\b[всВС] )(?:[01]?[0-9]|2[0-3])\.[0-5][0-9](?![\w.,])(?! ?(?:%|[₽$€]|руб|км|кг|м\b|г\b|л\b|тыс|млн))"
    r"|(?<=\b(?:до|по) )(?:[01]?[0-9]|2[0-3])\.(?:00|1[3-9]|[2-5][0-9])(?![\w.,])(?! ?(?:%|[₽$€]|руб|км|кг|тыс|млн))"
)
_TIME_RANGE: Final = re.compile(
    rf"{BEFORE}({TIME.pattern[len(BEFORE) : -len(AFTER)]}){_DASH}(?=[0-9]{{1,2}}:[0-9]{{2}})"
)
_YEAR: Final = re.compile(rf"{BEFORE}((?:19|20)[0-9]{{2}}){_SPACE}(год(?:а|у|ом|е)?|г\.?)(?!\w)")
_YEAR_PAIR: Final = re.compile(
    rf"{BEFORE}((?:19|20)[0-9]{{2}})( по |{_DASH})((?:19|20)[0-9]{{2}}){_SPACE}(?:годы?|гг?\.?)(?!\w)"
)
_DECADE: Final = re.compile(rf"{BEFORE}([0-9]{{1,3}}0)-(е|х|м|ми)(?!\w)")
_CENTURY: Final = re.compile(r"(?<!\w)([IVX]{1,6})(?= (?:век|квартал|этап)(а|у|е|ом)?(?!\w))")
_ORDINALS: Final = re.compile(rf"{BEFORE}([0-9]{{1,6}})-?({'|'.join(sorted(_ORDINAL, key=len, reverse=True))})(?!\w)")
_JOINED: Final = re.compile(rf"{BEFORE}([0-9]{{1,3}})-([а-яё]{{4,}})")
_ENDED: Final = re.compile(rf"{BEFORE}([0-9]{{1,6}})-(ти|х|и|мя|ми)(?!\w)")
_CODE: Final = re.compile(
    r"((?<!\w)(?:(?:смс-|пин-|промо)?код|пин|пароль|pin)(?: подтверждения| доступа)?:? )"
    r"([0-9]{3,9})(?![\w-]|[.,][0-9])",
    re.IGNORECASE,
)
_SLASH: Final = re.compile(rf"{BEFORE}([0-9]{{1,6}})/([0-9]{{1,4}}){AFTER}")
_BY: Final = re.compile(r"(?<=[0-9]) ?[xх×] ?(?=[0-9])")
_PLUS: Final = re.compile(rf"{BEFORE}([0-9]{{1,3}})\+(?![\w+])")
_NUMBER: Final = re.compile(rf"(?<![\w.,:/\\@])([-−+])?(?<![0-9]-)({_AMOUNT}{_DECIMALS}){AFTER}(?={_SPACE}(\w+)?)")
_SIGNS: Final = {"-": "минус ", "−": "минус ", "+": "плюс "}
_ROMAN: Final = {"I": 1, "V": 5, "X": 10}


def _many(found: re.Match[str]) -> str:
    """The amount in figures, for the rules that follow: 1,5 млн is 1 500 000; in words where it begins a range."""
    amount, first = amount_of(found["amount"]), found["first"]
    whole = None if amount is None else amount * TIMES[found["times"]]
    if amount is None or whole is None or whole != whole.to_integral_value():
        return found[0]
    figures = f"{int(whole):,}".replace(",", "\u00a0") + _kept_stop(found)
    if first is None:
        return figures
    if found["money"] is not None:
        return f"{first}-{figures}"
    case, noun = case_of(found), UNITS[found["times"]]
    return f"{cardinal(int(first), case=case, gender=noun.gender)}-{counted(amount, noun, case)}"


def _noun_of(unit: str) -> Noun:
    if unit == "%":
        return PERCENT
    if unit in ("$", "USD"):
        return DOLLAR
    return EURO if unit in ("€", "EUR") else UNITS.get(unit.rstrip("."), ROUBLE)


def _range_of(found: re.Match[str]) -> str:
    first, last, noun = amount_of(found["first"]), amount_of(found["amount"]), _noun_of(found["unit"])
    if first is None or last is None:
        return found[0]
    case = case_of(found, found["unit"])
    begin = cardinal(int(first), case=case, gender=noun.gender)
    return f"{begin}-{counted(last, noun, case)}{_kept_stop(found)}"


def _sum(found: re.Match[str]) -> str:
    amount = amount_of(found["amount"])
    if amount is None:
        return found[0]
    case, noun = case_of(found, found["unit"]), _noun_of(found["unit"])
    whole, part = int(amount), int(amount * 100 % 100)
    if amount * 100 != whole * 100 + part:
        return _minus(found) + counted(amount, noun, case)
    small = counted(Decimal(part), KOPECK if noun is ROUBLE else CENT, case) if part else ""
    said = counted(Decimal(whole), noun, case) if whole or not part else ""
    return _minus(found) + f"{said} {small}".strip() + _kept_stop(found)


def _minus(found: re.Match[str]) -> str:
    return _SIGNS.get(found["minus"] or "", "")


def _kopecks(found: re.Match[str]) -> str:
    return counted(Decimal(found[1]), KOPECK, case_of(found)) + _kept_stop(found)


def _kept_stop(found: re.Match[str]) -> str:
    """The full stop of "руб." where it ends a sentence too: at the end of the text, or before a capital letter."""
    after = found.string[found.end() :].lstrip()
    ends = found[0].endswith(".") and (not after or after[0].isupper())
    return "." if ends else ""


def _percents(found: re.Match[str]) -> str:
    amount = amount_of(found["amount"])
    return found[0] if amount is None else _minus(found) + counted(amount, PERCENT, case_of(found))


def _degrees(found: re.Match[str]) -> str:
    amount = Decimal(found[2].replace(",", "."))
    return _SIGNS.get(found["sign"] or "", "") + counted(amount, DEGREE, case_of(found))


def _measures(found: re.Match[str]) -> str:
    amount, noun = amount_of(found["amount"]), _noun_of(found["unit"])
    if amount is None:
        return found[0]
    case = case_of(found)
    half = half_and_one(amount, noun.after_part(), case)
    said = f"{half} {noun.after_part()}" if half else counted(amount, noun, case)
    return said + _kept_stop(found)


def _date(found: re.Match[str]) -> str:
    day = day_of(found)
    return found[0] if day is None else _day(found, day.day, MONTHS[day.month - 1], day.year)


def _slashed_date(found: re.Match[str]) -> str:
    try:
        day = date(int(found["y"]), int(found["m"]), int(found["d"]))
    except ValueError:
        return found[0]
    return _day(found, day.day, MONTHS[day.month - 1], day.year)


def _short_date(found: re.Match[str]) -> str:
    return _day(found, int(found[1]), MONTHS[int(found[2]) - 1], None)


def _written_date(found: re.Match[str]) -> str:
    return _day(found, int(found[1]), found[2], int(found[3]) if found[3] else None)


def _day(found: re.Match[str], day: int, month: str, year: int | None) -> str:
    said = f"{ordinal(day, case=_DAY_CASE.get(word_before(found), 'g'), gender='n')} {month}"
    return said if year is None else f"{said} {ordinal(year, case='g')} года"


def _day_pair(found: re.Match[str]) -> str:
    """Two days of a month: «с первого по пятое мая», «первого и второго мая»."""
    first, joint, last, month = int(found[1]), found[2].strip(), int(found[3]), found[4]
    before = word_before(found)
    if joint == "и":
        case = _DAY_CASE.get(before, "g")
        both = (ordinal(day, case=case, gender="n") for day in (first, last))
        return f"{' и '.join(both)} {month}"
    joint = joint if joint in ("по", "до") else "по"
    begin = ordinal(first, case="g", gender="n")
    end = ordinal(last, case="n" if joint == "по" else "g", gender="n")
    return f"{'' if before in ('с', 'со') else 'с '}{begin} {joint} {end} {month}"


def _year(found: re.Match[str]) -> str:
    case = _YEAR_CASE[found[2]]
    if found[2] == "году" and word_before(found) in ("к", "ко"):
        case = "d"
    if found[2] in ("г.", "г") and word_before(found) == "в":
        return f"{ordinal(int(found[1]), case='p')} году"
    return f"{ordinal(int(found[1]), case=case)} {'года' if found[2] in ('г.', 'г') else found[2]}"


def _year_pair(found: re.Match[str]) -> str:
    begin = "" if word_before(found) in ("с", "со") else "с "
    return f"{begin}{ordinal(int(found[1]), case='g')} по {ordinal(int(found[3]), case='n')} год"


def _time_range(found: re.Match[str]) -> str:
    return f"{'' if word_before(found) in ('с', 'со') else 'с '}{found[1]} до "


def _time(found: re.Match[str]) -> str:
    if int(found[1]) == int(found[2]) == 0:
        return "ноль часов"
    before = word_before(found)
    case = "g" if before in ("с", "со") else case_of(found)
    case = case if case in ("g", "d") else "n"
    return f"{cardinal(int(found[1]), case=case)} {'ноль ноль' if found[2] == '00' else _pair(found[2], case=case)}"


def _pair(figures: str, *, case: str = "n") -> str:
    """A short group of figures as in a phone: noughts in front one by one, then the number."""
    rest = figures.lstrip("0")
    return " ".join(["ноль"] * (len(figures) - len(rest)) + ([cardinal(int(rest), case=case)] if rest else []))


def _phone(found: re.Match[str]) -> str:
    return ", ".join(
        f"плюс {_pair(group[1:])}" if group.startswith("+") else _pair(group) for group in phone_groups(found[0])
    )


def _one_by_one(figures: str) -> str:
    return " ".join(cardinal(int(figure)) for figure in figures)


def _ordinals(found: re.Match[str]) -> str:
    case, gender = _ORDINAL[found[2]]
    return ordinal(int(found[1]), case=case, gender=gender) if int(found[1]) else found[0]


def _decade(found: re.Match[str]) -> str:
    """«девяностые»; «30-е декабря» and «10-х» are no decades."""
    number, years = int(found[1]), found.string[found.end() :].lstrip().startswith("год")
    if not years and ((number not in range(40, 100) and found[2] == "е") or number < 20):
        return found[0]
    return ordinals(number, found[2])


def _century(found: re.Match[str]) -> str:
    values = [_ROMAN[letter] for letter in found[1]]
    number = sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True))
    case = {"а": "g", "у": "d", "е": "p", "ом": "i"}.get(found[2] or "", "n")
    return ordinal(number, case=case)


def _range(found: re.Match[str]) -> str:
    noun, last = (found[3] or "").casefold(), int(found[2])
    case = case_of(found, noun)
    case = "n" if case == "a" else case
    gender = gender_of(last, noun, case)
    return f"{cardinal(int(found[1]), case=case, gender=gender)}-{cardinal(last, case=case, gender=gender)}"


def _number(found: re.Match[str]) -> str:
    amount = amount_of(found[2])
    if amount is None:
        return found[0]
    sign, noun = _SIGNS.get(found[1] or "", ""), (found[3] or "").casefold()
    case = case_of(found, noun)
    if amount != amount.to_integral_value():
        return sign + (half_and_one(amount, noun, case) or fraction(amount))
    gender = gender_of(int(amount), noun, case)
    if gender == "f" and case == "n" and noun.endswith(("у", "ю")):
        case = "a"
    return sign + cardinal(int(amount), case=case, gender=gender)


RULES: Final[Sequence[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]]] = (
    (PHONE, _phone),
    (_CODE, lambda found: found[1] + _one_by_one(found[2])),
    (re.compile(DATE.pattern + rf"(?:{_SPACE}г(?:ода|\.)?(?!\w))?"), _date),
    (_SLASHED_DATE, _slashed_date),
    (_SHORT_DATE, _short_date),
    (_DOTTED_TIME, lambda found: found[0].replace(".", ":")),
    (_BARE_DATE, _short_date),
    (_DAY_PAIR, _day_pair),
    (_WRITTEN_DATE, _written_date),
    (_TIME_RANGE, _time_range),
    (TIME, _time),
    (_YEAR_PAIR, _year_pair),
    (_YEAR, _year),
    (_MANY, _many),
    (_RANGE_OF, _range_of),
    (_SUM_AFTER_SIGN, _sum),
    (_SUM, _sum),
    (_KOPECKS, _kopecks),
    (_PERCENTS, _percents),
    (_DEGREES, _degrees),
    (_MEASURES, _measures),
    (_DECADE, _decade),
    (_CENTURY, _century),
    (_ORDINALS, _ordinals),
    (_JOINED, lambda found: joined(int(found[1])) + found[2]),
    (_ENDED, lambda found: cardinal(int(found[1]), case="i" if found[2] in ("мя", "ми") else "g")),
    (re.compile(rf"{BEFORE}24/7{AFTER}"), lambda _found: "двадцать четыре на семь"),
    (_SLASH, lambda found: f"{cardinal(int(found[1]))} дробь {cardinal(int(found[2]))}"),
    (_BY, lambda _found: " на "),
    (_PLUS, lambda found: f"{cardinal(int(found[1]))} плюс"),
    (DIGITS, lambda found: _one_by_one(found[0])),
    (RANGE, _range),
    (_NUMBER, _number),
    (re.compile(r"№[ \u00a0]*"), lambda _found: "номер "),
)
