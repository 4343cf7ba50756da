"""What Russian words say of a time: "завтра после трёх", "через полчаса", "двадцать пятого в шесть вечера".

The words are first brought to one form, numbers as #15 and ordinals as @25; then patterns look for a delay, a day and
a time of the day. What else is said does not matter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Final

from robot.dialog.lexicon import DIGITS
from robot.dialog.moments import Day, InDays, InMonths, Meant, OnDate, OnWeekday, Side, Span, part, spans_at
from robot.dialog.numerals_ru import cardinal, ordinal
from robot.dialog.words import cut

_MONTHS: Final = (
    *("январ", "феврал", "март", "апрел", "ма[йяе]", "июн"),
    *("июл", "август", "сентябр", "октябр", "ноябр", "декабр"),
)
_WEEKDAYS: Final = (
    r"понедельник\w*",
    r"вторник\w*",
    r"сред[уаые]",
    r"четверг\w*",
    r"пятниц\w+",
    r"суббот\w+",
    r"воскресень\w+",
)
_SMALL: Final = tuple(
    (re.compile(rf"(?<!\S)(?:{pattern})(?!\S)"), plain)
    for pattern, plain in (
        (r"пол ?час(?:а|ика|ок)", "#30 минут"),
        (r"(?:#1|один) час с половиной|полтора час(?:а|ика)", "#90 минут"),
        (r"(#\d+) (?:час(?:а|ов) с половиной|с половиной час(?:а|ов))", r"\1 часа #30 минут"),
        (r"четверть часа", "#15 минут"),
        (r"пол ?года", "#6 месяцев"),
        (r"полтор[аы] (?=недел|месяц)", "#2 "),
        (r"пар[ауые]|парочк[уаие]", "#2"),
        (r"несколько", "#3"),
        (r"час(?:ок|ик|ика|иков|ику)", "часов"),
        (r"минут(?:к|очк|очек|ок)\w*", "минут"),
        (r"недельк\w*", "неделю"),
        (r"(?:ден[её]к|денечек|деньк\w+)", "день"),
        (r"утречком", "утром"),
        (r"вечерк(?:ом|у)|вечерочком", "вечером"),
        (r"обедик\w*", "обед"),
        (r"(?:около|примерно|приблизительно|где то|так|наверное|допустим|скажем|ровно|уже|только) ?", ""),
        (r"не (?:сегодня|завтра|утром|вечером|днем|сейчас)(?: а)?", ""),
        (r"(?:#1|один) час", "час"),
    )
)
_AMOUNT: Final = r"(?:#(\d+) )?"
_UNIT: Final = r"(минут\w*|час\w*|дн\w+|день|суток|недел\w+|месяц\w*|год\w*)"
_FIGURES: Final = re.compile(r"[0-9]{1,2}")
_DELAY: Final = re.compile(rf"через {_AMOUNT}{_UNIT}(?: (?:и )?#(\d+) (минут\w*))?(?!\S)")
_DELAY_AFTER: Final = re.compile(rf"(?<!\S){_UNIT} через #(\d+)(?!\S)")
_DELAY_BARE: Final = re.compile(r"через #(\d+)(?!\S)")
_MINUTES: Final = {"минут": 1, "час": 60}
_DAYS: Final = {"дн": 1, "день": 1, "суток": 1, "недел": 7}

_DAY_RULES: Final = (
    (re.compile(r"послепослезавтра"), InDays(3)),
    (re.compile(r"послезавтра|после завтра"), InDays(2)),
    (re.compile(r"(?<!после)завтра(?:шн\w+)?"), InDays(1)),
    (re.compile(r"сегодня(?:шн\w+)?"), InDays(0)),
    (re.compile(r"на (?:следующих )?выходных|в выходн\w+|на уик ?енде?"), OnWeekday(5)),
    (re.compile(r"в начале (?:следующей )?недели|(?:на|в) (?:следующей|той|другой|будущей) неделе"), OnWeekday(0, 1)),
    (re.compile(r"(?:в|к|ближе к) конц[еу] (?:следующей) недели"), OnWeekday(4, 1)),
    (re.compile(r"(?:в|к|ближе к) конц[еу] недели"), OnWeekday(4)),
    (re.compile(r"в начале (?:следующего )?месяца|в следующем месяце"), OnDate(1)),
    (re.compile(r"(?:в|к|ближе к) конц[еу] месяца"), OnDate(28)),
    (re.compile(r"на днях"), InDays(2, exact=False)),
)
_WEEKDAY: Final = re.compile(
    r"(?:(?P<which>следующ\w+|эт\w+|ближайш\w+) )?"
    + "(?P<day>"
    + "|".join(f"(?P<d{number}>{day})" for number, day in enumerate(_WEEKDAYS))
    + r")(?!\S)(?P<after> (?:на )?следующей недел[еи])?"
)
_DATE: Final = re.compile(rf"[@#](\d+) (?:числ\w+|({'|'.join(_MONTHS)})\w*)")
_BARE_DATE: Final = re.compile(r"(?<!пол )(?<!половине )(?<!минут )(?<!четверть )@(\d+)(?! час| половин)")
_IN_MONTH: Final = re.compile(rf"(?<!\S)в ({'|'.join(_MONTHS[:4])}|ма[ей]|{'|'.join(_MONTHS[5:])})е?(?!\S)")

_HALF: Final = r"(?: (?:час\w* )?(утра|дня|вечера|ночи))?"
_SIDE: Final = (
    r"(?:(?P<side>не раньше|не позже|раньше|после|позже|до|часов после|с|со|к|ко|ближе к|часа в|часов в|между"
    r"|в|во|на) )?"
)
_CLOCK: Final = re.compile(
    rf"(?<!\S){_SIDE}(?:часов |часа )?#(?P<h>\d+)(?P<hours> час\w*)?"
    rf"(?: (?:#0 )?#(?P<m>\d+)(?: минут\w*)?)?{_HALF}(?!\S)"
)
_ONE: Final = re.compile(rf"(?<!\S)(?P<side>после|до|к|в|с) час(?:у|а)?{_HALF}(?!\S)")
_HALF_PAST: Final = re.compile(rf"(?<!\S)(?:{_SIDE})(?:пол|половин\w+) @(?P<h>\d+){_HALF}(?!\S)")
_TO: Final = re.compile(rf"(?<!\S)(?:к )?без (?:#(?P<m>\d+)(?: минут\w*)?|четверти) (?:#(?P<h>\d+)|час){_HALF}(?!\S)")
_PAST: Final = re.compile(rf"(?<!\S)(?:в )?(?:#(?P<m>\d+) минут\w*|четверть) @(?P<h>\d+){_HALF}(?!\S)")
_AFTER: Final = frozenset({"после", "позже", "не раньше", "с", "со", "часов после", "между"})
_BEFORE: Final = frozenset({"до", "раньше", "не позже"})
_HALVES: Final = {"утра": "am", "дня": "pm", "вечера": "pm", "ночи": "night"}

_PARTS: Final = tuple(
    (re.compile(rf"(?<!\S)(?:{pattern})(?!\S)"), span)
    for pattern, span in (
        (r"(?:после|в|к) полудн\w+|после полудня", part(13, 14, 18)),
        (r"в полдень|полдень", part(12, 12, 12)),
        (r"в полночь|полночь", part(0, 0, 0)),
        (r"после обеда|после обеденн\w+|после ланча", part(14, 14, 18)),
        (r"до обеда|перед обедом", part(9, 11, 13)),
        (r"в обед\w*|на обеде|обед|в обеденн\w+(?: перерыв\w*)?", part(12, 13, 14)),
        (r"(?:в|во) (?:перв\w+|#1|@1) половин\w+ дня", part(9, 10, 12)),
        (r"(?:в|во) (?:втор\w+|@2) половин\w+ дня", part(13, 15, 18)),
        (r"(?:в|к|ближе к) конц\w (?:рабочего )?дня", part(16, 17, 18)),
        (r"(?:в|с) начал\w (?:рабочего )?дня", part(9, 9, 11)),
        (r"после работы", part(18, 18, 21)),
        (r"рано утром|с раннего утра|пораньше утром", part(7, 8, 10)),
        (r"утром|с утра|утро|по утру|(?:ближе )?к утру", part(9, 10, 12)),
        (r"днем|в дневное время", part(12, 14, 17)),
        (r"поздно вечером|поздним вечером|позднее вечером", part(20, 20, 22)),
        (r"(?:ближе )?к вечеру|под вечер|ранним вечером", part(16, 17, 19)),
        (r"вечером|вечер", part(17, 19, 21)),
        (r"ночью|поздно ночью", part(22, 22, 23)),
    )
)
_SOON: Final = (
    (re.compile(r"(?<!\S)(?:чуть|немного|немножко) (?:позже|попозже)(?!\S)"), timedelta(minutes=30)),
    (re.compile(r"(?<!\S)(?:попозже|позже|позднее|потом)(?!\S)"), timedelta(hours=2)),
    (re.compile(r"(?<!\S)через (?:какое то|некоторое) время(?!\S)"), timedelta(hours=1)),
    (re.compile(r"(?<!\S)(?:сейчас|прямо сейчас)(?!\S)"), timedelta(minutes=5)),
)
_SURE, _FAIR, _VAGUE = 0.95, 0.8, 0.5


def meant(text: str) -> Meant | None:
    """What the text says of a time; None if it says nothing of one."""
    plain = _plain(text)
    if (delay := _delay(plain)) is not None and delay.delay is not None:
        return delay
    day, day_words, clear = (delay.day, delay.words, delay.clear) if delay else _day(plain)
    rest = plain.replace(day_words, " ", 1) if day_words else plain
    spans, clock_words = _clock(rest, alone=day is None)
    if day is None and not spans:
        return _soon(plain)
    words = " ".join(part for part in (day_words, clock_words) if part)
    exact = bool(spans) and spans[0].first == spans[0].last
    sure = _SURE if exact else _FAIR if spans else 0.6
    return Meant(words, day=day, spans=spans, clear=min(clear, sure))


def _plain(text: str) -> str:
    """The words in one form, numbers and ordinals marked."""
    plain = " ".join(_numbered(cut(text)))
    for pattern, word in _SMALL:
        plain = pattern.sub(word, plain)
    return " ".join(plain.split())


def _numbered(words: tuple[str, ...]) -> list[str]:
    numbers, ordinals = _numerals()
    found: list[str] = []
    for word in words:
        if word in ("го", "е", "ое", "ого") and found and found[-1].startswith("#"):
            found[-1] = "@" + found[-1][1:]
            continue
        if word.startswith("пол") and (half := ordinals.get(word[3:])) is not None and len(word) > len("полтора"):
            found += ["пол", f"@{half}"]
            continue
        number, order = numbers.get(word), ordinals.get(word)
        if number is None and order is None and _FIGURES.fullmatch(word):
            number = int(word)
        if number is None and order is None:
            found.append(word)
            continue
        mark, value = ("#", number) if number is not None else ("@", order)
        tens = int(found[-1][1:]) if found and found[-1] in ("#20", "#30", "#40", "#50") else 0
        if tens and value is not None and 1 <= value <= 9 and not word.startswith("0"):
            found[-1] = f"{mark}{tens + value}"
        else:
            found.append(f"{mark}{value}")
    return found


@cache
def _numerals() -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Cardinals and ordinals of one word in all their forms."""
    simple = (*range(21), 30, 40, 50)
    numbers = {
        cardinal(number, case=case, gender=gender).replace("ё", "е"): number
        for number in simple
        for case in "ngdip"
        for gender in "mf"
    }
    ordinals = {
        ordinal(number, case=case, gender=gender).replace("ё", "е"): number
        for number in (*range(1, 21), 30)
        for case in "ngdp"
        for gender in "mfn"
    }
    numbers |= {word: int(figure) for word, figure in DIGITS.items() if "а" <= word[0] <= "я"}
    return numbers | {"нуль": 0, "одну": 1, "двум": 2, "трем": 3}, ordinals


def _delay(plain: str) -> Meant | None:
    """Minutes and hours are counted from now, longer delays are days."""
    found = _DELAY.search(plain)
    if found is not None:
        amount, unit = int(found[1] or 1), found[2]
        more = int(found[3] or 0)
    elif (found := _DELAY_AFTER.search(plain)) is not None:
        amount, unit, more = int(found[2]), found[1], 0
    elif (found := _DELAY_BARE.search(plain)) is not None:
        return Meant(found[0], delay=timedelta(minutes=int(found[1])), clear=_VAGUE) if int(found[1]) else None
    else:
        return None
    for begin, minutes in _MINUTES.items():
        if unit.startswith(begin):
            delay = timedelta(minutes=amount * minutes + more)
            return Meant(found[0], delay=delay) if delay else None
    for begin, days in _DAYS.items():
        if unit.startswith(begin):
            weekday = _WEEKDAY.search(plain) if days == 7 else None
            if weekday is not None:
                return Meant(weekday[0], day=OnWeekday(_weekday(weekday), amount), clear=_FAIR)
            return Meant(found[0], day=InDays(amount * days, exact=days == 1), clear=_FAIR)
    return Meant(found[0], day=InMonths(amount * (12 if unit.startswith("год") else 1)), clear=0.6)


def _day(plain: str) -> tuple[Day | None, str, float]:
    if (found := _DATE.search(plain)) is not None:
        month = None if found[2] is None else 1 + _number_of(_MONTHS, found[2])
        return (OnDate(int(found[1]), month), found[0], 1.0) if _is_day(found[1]) else (None, "", 1.0)
    for pattern, day in _DAY_RULES:
        if (found := pattern.search(plain)) is not None and not (isinstance(day, OnWeekday) and _WEEKDAY.search(plain)):
            sure = 1.0 if isinstance(day, InDays) and day.exact else _VAGUE
            return day, found[0], sure
    if (found := _WEEKDAY.search(plain)) is not None:
        which = found["which"] or ("следующ" if found["after"] else "")
        weeks = 1 if which.startswith("следующ") else 0 if which.startswith("эт") else None
        return OnWeekday(_weekday(found), weeks), found[0], _FAIR if weeks else 1.0
    if (found := _BARE_DATE.search(plain)) is not None and _is_day(found[1]):
        return OnDate(int(found[1])), found[0], _FAIR
    if (found := _IN_MONTH.search(plain)) is not None:
        return OnDate(1, 1 + _number_of(_MONTHS, found[1])), found[0], _VAGUE
    return None, "", 1.0


def _is_day(figures: str) -> bool:
    return 1 <= int(figures) <= 31


def _weekday(found: re.Match[str]) -> int:
    return next(number for number in range(7) if found[f"d{number}"] is not None)


def _number_of(patterns: Sequence[str], word: str) -> int:
    return next(number for number, pattern in enumerate(patterns) if re.fullmatch(pattern, word) or pattern == word)


def _clock(plain: str, *, alone: bool) -> tuple[tuple[Span, ...], str]:
    """The time of the day, with the words that say it; a number alone is one only where nothing else was said."""
    for pattern, minutes_before in ((_HALF_PAST, 30), (_TO, None), (_PAST, 60)):
        if (found := pattern.search(plain)) is not None:
            return _shifted(found, minutes_before), found[0]
    if (found := _ONE.search(plain)) is not None:
        return _spans(1, 0, _half_of(found, found.re.groups), _side(found["side"])), found[0]
    for found in _CLOCK.finditer(plain):
        half = _half_of(found, found.re.groups)
        marked = found["side"] or half or found["m"] or found["hours"]
        if (marked or (alone and found[0] == plain) or not alone) and (
            spans := _spans(int(found["h"]), int(found["m"] or 0), half, _side(found["side"]))
        ):
            return spans, found[0]
    for pattern, span in _PARTS:
        if (found := pattern.search(plain)) is not None:
            return (span,), found[0]
    return (), ""


def _half_of(found: re.Match[str], group: int) -> str | None:
    return found[group]


def _side(word: str | None) -> Side:
    return Side.AFTER if word in _AFTER else Side.BEFORE if word in _BEFORE else Side.AT


def _shifted(found: re.Match[str], minutes_before: int | None) -> tuple[Span, ...]:
    """Times told from the next full hour: полпятого, без десяти пять, четверть пятого."""
    groups = found.groupdict()
    hour, minutes = int(groups["h"] or 1), int(groups.get("m") or 15)
    minute = 60 - minutes if minutes_before is None else minutes if minutes_before == 60 else 30
    before = hour - 1 if hour > 1 else 12
    return _spans(before, minute, found[found.re.groups], _side(groups.get("side")))


def _spans(hour: int, minute: int, half: str | None, side: Side) -> tuple[Span, ...]:
    named = _HALVES.get(half or "")
    if named == "night":
        named = "am" if hour == 12 or hour < 6 else "pm"
    return spans_at(hour, minute, named, side)


def _soon(plain: str) -> Meant | None:
    for pattern, delay in _SOON:
        if (found := pattern.search(plain)) is not None:
            return Meant(found[0], delay=delay, clear=_VAGUE)
    return None
