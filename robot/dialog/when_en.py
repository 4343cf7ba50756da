"""What English words say of a time: "tomorrow after three", "in half an hour", "next Monday morning", "at ten thirty".

The words are first brought to one form, numbers as #15 and ordinals as @25; then patterns look for a delay, a day and
a time of the day. What else is said does not matter.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from robot.dialog.moments import Day, InDays, InMonths, Meant, OnDate, OnWeekday, Side, Span, part, spans_at
from robot.dialog.words import cut

_ONES: Final = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_NUMBERS: Final = {word: number for number, word in enumerate(_ONES)} | {"twenty": 20, "thirty": 30, "forty": 40}
_NUMBERS_TO_60: Final = _NUMBERS | {"fifty": 50, "oh": 0, "o": 0}
_ORDINALS: Final = {
    word: number + 1
    for number, word in enumerate(
        [
            "first",
            "second",
            "third",
            "fourth",
            "fifth",
            "sixth",
            "seventh",
            "eighth",
            "ninth",
            "tenth",
            "eleventh",
            "twelfth",
            "thirteenth",
            "fourteenth",
            "fifteenth",
            "sixteenth",
            "seventeenth",
            "eighteenth",
            "nineteenth",
            "twentieth",
        ]
    )
} | {"thirtieth": 30}
_FIGURES: Final = re.compile(r"[0-9]{1,2}")
_ORDINAL_FIGURES: Final = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th)")
_WITH_HALF: Final = re.compile(r"([0-9]{1,2})(am|pm)")
_MONTHS: Final = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sept?", "oct", "nov", "dec"]
_MONTH: Final = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_WEEKDAYS: Final = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_SMALL: Final = tuple(
    (re.compile(rf"(?<!\S)(?:{pattern})(?!\S)"), plain)
    for pattern, plain in (
        (r"a m", "am"),
        (r"p m", "pm"),
        (r"(?:#0 )?clock|oclock", "oclock"),
        (r"half (?:an? )?hour|half of an hour", "#30 minutes"),
        (r"quarter of an hour", "#15 minutes"),
        (r"(?:an?|#1) hour and a half", "#90 minutes"),
        (r"(#\d+) and a half hours", r"\1 hours #30 minutes"),
        (r"(?:a )?couple(?: of)?", "#2"),
        (r"(?:a )?few|several", "#3"),
        (r"an?(?= (?:minute|hour|day|week|month|year))", "#1"),
        (r"fortnight", "#2 weeks"),
        (r"not (?:today|tomorrow|now|tonight)(?: but)?", ""),
        (r"about|around|approximately|maybe|say|roughly|exactly|like", ""),
    )
)
_UNIT: Final = r"(minutes?|mins?|hours?|days?|weeks?|months?|years?)"
_DELAY: Final = re.compile(rf"(?<!\S)in (?:another )?#(\d+) {_UNIT}(?: (?:and )?#(\d+) (minutes?|mins?))?(?!\S)")
_DELAY_AFTER: Final = re.compile(rf"(?<!\S)#(\d+) {_UNIT} (?:from now|later)(?!\S)")
_DELAY_BARE: Final = re.compile(r"^(?:give me |call (?:me )?(?:back )?)?#(\d+) (minutes?|mins?|hours?)(?: please)?$")

_DAY_RULES: Final = tuple(
    (re.compile(rf"(?<!\S)(?:{pattern})(?!\S)"), day)
    for pattern, day in (
        (r"(?:the )?day after tomorrow", InDays(2)),
        (r"tomorrow|tmrw", InDays(1)),
        (r"today|later today", InDays(0)),
        (r"(?:at |on |over |this |next )?(?:the )?weekend", OnWeekday(5)),
        (r"(?:at the )?(?:beginning|start) of (?:the |next )?week", OnWeekday(0, 1)),
        (r"(?:at the )?end of next week", OnWeekday(4, 1)),
        (r"(?:at the |by the |towards the )?end of (?:the |this )?week", OnWeekday(4)),
        (r"(?:sometime )?next week", OnWeekday(0, 1)),
        (r"later this week", InDays(2, exact=False)),
        (r"(?:at the )?(?:beginning|start) of (?:the |next )?month|next month", OnDate(1)),
        (r"(?:at the )?end of (?:the |this )?month", OnDate(28)),
    )
)
_WEEKDAY: Final = re.compile(
    rf"(?<!\S)(?:on )?(?:(?P<which>next|this|coming|the following) )?(?P<day>{'|'.join(_WEEKDAYS)})"
    r"(?P<after> (?:of )?next week| week)?(?!\S)"
)
_DATE: Final = re.compile(
    rf"(?<!\S)(?:on )?(?:the )?(?:{_MONTH} (?:the )?[@#](\d+)|@(\d+)(?: of)? {_MONTH}|#(\d+) {_MONTH})(?!\S)"
)
_BARE_DATE: Final = re.compile(r"(?<!\S)(?:on |by )?the @(\d+)(?! (?:half|part|option))(?!\S)")
_IN_MONTH: Final = re.compile(rf"(?<!\S)in {_MONTH}(?!\S)")

_HALF: Final = (
    r"(?: (?:oclock )?(am|pm|in the (?:morning|afternoon|evening)|at night|tonight|this (?:evening|afternoon)))?"
)
_SIDE: Final = (
    r"(?:(?P<side>not before|no earlier than|any time after|anytime after|after|from|before|until|by|past|between"
    r"|at|on) )?"
)
_CLOCK: Final = re.compile(
    rf"(?<!\S){_SIDE}#(?P<h>\d+)(?: (?:#0 )?#(?P<m>\d+))?(?P<hours> oclock| hundred(?: hours)?)?{_HALF}(?!\S)"
)
_HALF_PAST: Final = re.compile(rf"(?<!\S){_SIDE}half (?:past )?#(?P<h>\d+){_HALF}(?!\S)")
_PAST: Final = re.compile(
    rf"(?<!\S){_SIDE}(?:#(?P<m>\d+)(?: minutes)?|(?:a )?quarter) (?:past|after) #(?P<h>\d+){_HALF}(?!\S)"
)
_TO: Final = re.compile(
    rf"(?<!\S){_SIDE}(?:#(?P<m>\d+)(?: minutes)?|(?:a )?quarter) (?:to|before|till|of) #(?P<h>\d+){_HALF}(?!\S)"
)
_AFTER: Final = frozenset(
    {"after", "any time after", "anytime after", "from", "not before", "no earlier than", "past", "between"}
)
_BEFORE: Final = frozenset({"before", "until", "by"})
_HALVES: Final = {
    "am": "am",
    "in the morning": "am",
    **dict.fromkeys(
        ("pm", "in the afternoon", "in the evening", "at night", "tonight", "this evening", "this afternoon"), "pm"
    ),
}
_PARTS: Final = tuple(
    (re.compile(rf"(?<!\S)(?:{pattern})(?!\S)"), span)
    for pattern, span in (
        (r"after noon time|after midday", part(13, 14, 18)),
        (r"(?:at )?(?:noon|midday)", part(12, 12, 12)),
        (r"(?:at )?midnight", part(0, 0, 0)),
        (r"after (?:my )?lunch(?:time)?", part(14, 14, 18)),
        (r"before (?:my )?lunch(?:time)?", part(9, 11, 13)),
        (r"(?:at |during |over )?(?:my )?lunch(?:time| time| break)?", part(12, 13, 14)),
        (r"(?:at |towards |by )?(?:the )?end of (?:the )?(?:work(?:ing)? )?(?:day|business)", part(16, 17, 18)),
        (r"after work(?:ing hours)?", part(18, 18, 21)),
        (r"after dinner", part(19, 19, 21)),
        (r"(?:in the )?early (?:in the )?morning|first thing(?: in the morning)?", part(7, 8, 10)),
        (r"(?:in the )?(?:this )?(?:late )?morning", part(9, 10, 12)),
        (r"(?:in the )?early (?:in the )?afternoon", part(12, 13, 15)),
        (r"(?:in the )?late (?:in the )?afternoon", part(16, 17, 18)),
        (r"(?:in the |this )?afternoon", part(13, 14, 18)),
        (r"late (?:in the )?evening|late tonight", part(20, 20, 22)),
        (r"(?:in the |this )?evening|tonight|at night", part(17, 19, 21)),
    )
)
_SOON: Final = (
    (
        re.compile(r"(?<!\S)(?:a (?:bit|little) later|in a (?:bit|little while|while)|shortly)(?!\S)"),
        timedelta(minutes=30),
    ),
    (re.compile(r"(?<!\S)(?:in a moment|right now|now|in a minute)(?!\S)"), timedelta(minutes=5)),
    (re.compile(r"(?<!\S)(?:later|later on|some other time)(?!\S)"), timedelta(hours=2)),
)
_TODAY: Final = re.compile(r"(?<!\S)(?:tonight|this (?:morning|afternoon|evening))(?!\S)")
_SURE, _FAIR, _VAGUE = 0.95, 0.8, 0.5


def meant(text: str) -> Meant | None:
    """What the text says of a time; None if it says nothing of one."""
    plain = _plain(text)
    delay = _delay(plain)
    if delay is not None and delay.delay is not None:
        return delay
    day, day_words, clear = (delay.day, delay.words, delay.clear) if delay else _day(plain)
    rest = plain.replace(day_words, " ", 1).strip() if day_words else plain
    spans, clock_words = _clock(" ".join(rest.split()), alone=day is None)
    if day is None and _TODAY.search(plain):
        day = InDays(0)
    if day is None and not spans:
        return _soon(plain)
    words = " ".join(part for part in (day_words, clock_words) if part)
    exact = bool(spans) and spans[0].first == spans[0].last
    return Meant(words, day=day, spans=spans, clear=min(clear, _SURE if exact else _FAIR if spans else 0.6))


def _plain(text: str) -> str:
    plain = " ".join(_numbered(cut(text)))
    for pattern, word in _SMALL:
        plain = pattern.sub(word, plain)
    return " ".join(plain.split())


def _numbered(words: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    for word in words:
        if (half := _WITH_HALF.fullmatch(word)) is not None:
            found += [f"#{int(half[1])}", half[2]]
            continue
        figures = _ORDINAL_FIGURES.fullmatch(word)
        number = int(word) if _FIGURES.fullmatch(word) else _NUMBERS_TO_60.get(word)
        order = int(figures[1]) if figures is not None else _ORDINALS.get(word)
        if number is None and order is None:
            found.append(word)
            continue
        mark, value = ("@", order) if number is None else ("#", number)
        tens = int(found[-1][1:]) if found and found[-1] in ("#20", "#30", "#40", "#50") else 0
        if tens and value is not None and 1 <= value <= 9 and not word.startswith("0") and figures is None:
            found[-1] = f"{mark}{tens + value}"
        else:
            found.append(f"{mark}{value}")
    return found


def _delay(plain: str) -> Meant | None:
    found = _DELAY.search(plain) or _DELAY_AFTER.search(plain) or _DELAY_BARE.search(plain)
    if found is None:
        return None
    amount, unit = int(found[1]), found[2]
    more = int(found[3] or 0) if found.re is _DELAY else 0
    if unit.startswith(("min", "hour")):
        delay = timedelta(minutes=amount * (1 if unit.startswith("min") else 60) + more)
        return Meant(found[0], delay=delay) if delay else None
    if unit.startswith("day"):
        return Meant(found[0], day=InDays(amount), clear=_FAIR)
    if unit.startswith("week"):
        if (weekday := _WEEKDAY.search(plain)) is not None:
            return Meant(weekday[0], day=OnWeekday(_WEEKDAYS.index(weekday["day"]), amount), clear=_FAIR)
        return Meant(found[0], day=InDays(7 * amount, exact=False), clear=_FAIR)
    return Meant(found[0], day=InMonths(amount * (12 if unit.startswith("year") else 1)), clear=0.6)


def _day(plain: str) -> tuple[Day | None, str, float]:
    if (found := _DATE.search(plain)) is not None:
        day = int(found[2] or found[3] or found[5])
        month = found[1] or found[4] or found[6]
        return (OnDate(day, _number_of(month)), found[0], 1.0) if 1 <= day <= 31 else (None, "", 1.0)
    if (found := _WEEKDAY.search(plain)) is not None:
        which = found["which"] or ("next" if found["after"] else "")
        weeks = 1 if which in ("next", "the following") else 0 if which == "this" else None
        return OnWeekday(_WEEKDAYS.index(found["day"]), weeks), found[0], _FAIR if weeks else 1.0
    for pattern, rule in _DAY_RULES:
        if (found := pattern.search(plain)) is not None:
            return rule, found[0], 1.0 if isinstance(rule, InDays) and rule.exact else _VAGUE
    if (found := _BARE_DATE.search(plain)) is not None and 1 <= int(found[1]) <= 31:
        return OnDate(int(found[1])), found[0], _FAIR
    if (found := _IN_MONTH.search(plain)) is not None:
        return OnDate(1, _number_of(found[1])), found[0], _VAGUE
    return None, "", 1.0


def _number_of(month: str) -> int:
    return next(number for number, short in enumerate(_MONTHS, start=1) if re.match(short, month))


def _clock(plain: str, *, alone: bool) -> tuple[tuple[Span, ...], str]:
    """The time of the day, with the words that say it; a number alone is one only where nothing else was said."""
    for pattern in (_HALF_PAST, _PAST, _TO):
        if (found := pattern.search(plain)) is not None:
            return _shifted(found, to=pattern is _TO, half_past=pattern is _HALF_PAST), found[0]
    for found in _CLOCK.finditer(plain):
        half = found[found.re.groups]
        marked = found["side"] or half or found["m"] or found["hours"]
        minute = 0 if (found["hours"] or "").strip().startswith("hundred") else int(found["m"] or 0)
        if (marked or not alone or found[0] == plain) and (
            spans := spans_at(int(found["h"]), minute, _half(half, int(found["h"])), _side(found["side"]))
        ):
            return spans, found[0]
    for pattern, span in _PARTS:
        if (found := pattern.search(plain)) is not None:
            return (span,), found[0]
    return (), ""


def _half(words: str | None, hour: int) -> str | None:
    half = _HALVES.get(words or "")
    return "am" if words in ("at night", "tonight") and hour == 12 else half


def _side(word: str | None) -> Side:
    return Side.AFTER if word in _AFTER else Side.BEFORE if word in _BEFORE else Side.AT


def _shifted(found: re.Match[str], *, to: bool, half_past: bool) -> tuple[Span, ...]:
    hour = int(found["h"])
    minute = 30 if half_past else int(found.groupdict().get("m") or 15)
    if to:
        hour, minute = (hour - 1 if hour > 1 else 12), 60 - minute
    return spans_at(hour, minute, _half(found[found.re.groups], hour), _side(found["side"]))


def _soon(plain: str) -> Meant | None:
    for pattern, delay in _SOON:
        if (found := pattern.search(plain)) is not None:
            return Meant(found[0], delay=delay, clear=_VAGUE)
    return None
