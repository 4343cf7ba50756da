"""English abbreviations written out, so that the rules for figures and the voice meet whole words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_SHORT_MONTHS: Final = {month[:3]: month for month in MONTHS} | {"Sept": "September"}
_SHORT_DAYS: Final = {
    short: day
    for shorts, day in (
        ("Mon", "Monday"),
        ("Tue Tues", "Tuesday"),
        ("Wed", "Wednesday"),
        ("Thu Thur Thurs", "Thursday"),
        ("Fri", "Friday"),
        ("Sat", "Saturday"),
        ("Sun", "Sunday"),
    )
    for short in shorts.split()
}
_WORDS: Final[Sequence[tuple[str, str]]] = (
    (r"Mr\.", "Mister"),
    (r"Mrs\.", "Missis"),
    (r"Ms\.", "Miz"),
    (r"Dr\.(?= [A-Z])", "Doctor"),
    (r"(?<=[a-z] )St\.", "Street"),
    (r"St\.(?= [A-Z])", "Saint"),
    (r"Ave\.", "Avenue"),
    (r"Rd\.", "Road"),
    (r"Blvd\.", "Boulevard"),
    (r"[Aa]pt\.(?= ?[0-9])", "apartment"),
    (r"Inc\.", "Incorporated"),
    (r"Ltd\.", "Limited"),
    (r"[Nn]o\.(?= ?[0-9])", "number"),
    (r"[Ee]xt\.(?= ?[0-9])", "extension"),
    (r"[Aa]pprox\.", "approximately"),
    (r"e\.g\.", "for example"),
    (r"i\.e\.", "that is"),
    (r"etc\.", "and so on"),
)
_UNITS: Final = {
    "km": ("kilometre", "kilometres"),
    "kg": ("kilogram", "kilograms"),
    "cm": ("centimetre", "centimetres"),
    "mm": ("millimetre", "millimetres"),
    "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "ft": ("foot", "feet"),
    "mi": ("mile", "miles"),
    "min": ("minute", "minutes"),
    "mins": ("minute", "minutes"),
    "sec": ("second", "seconds"),
    "hr": ("hour", "hours"),
    "hrs": ("hour", "hours"),
    "GB": ("gigabyte", "gigabytes"),
    "MB": ("megabyte", "megabytes"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "°C": ("degree Celsius", "degrees Celsius"),
    "°": ("degree", "degrees"),
}
_UNIT: Final = re.compile(
    rf"(?<=[0-9])( ?)({'|'.join(sorted(_UNITS, key=len)[::-1])})(?!\w)(\.(?= [a-z])|\.(?=[ ,;:!?]|$))?"
)
_ONE: Final = re.compile(r"(?<![\w.,])1$")


def _unit(found: re.Match[str]) -> str:
    one = _ONE.search(found.string[: found.start()])
    after = found.string[found.end() :].lstrip()
    stop = "." if found[3] and (not after or after[0].isupper()) else ""
    return f" {_UNITS[found[2]][0 if one else 1]}{stop}"


def _one_of(words: Sequence[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_RULES: Final[Sequence[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]]] = (
    *((re.compile(rf"(?<!\w)(?:{pattern})"), lambda _found, word=word: word) for pattern, word in _WORDS),
    (
        re.compile(rf"(?<!\w)({_one_of([*_SHORT_MONTHS])})\.?(?= [0-9]{{1,2}}(?![0-9]))"),
        lambda found: _SHORT_MONTHS[found[1]],
    ),
    (
        re.compile(rf"(?<=[0-9] )({_one_of([*_SHORT_MONTHS])})\b\.?"),
        lambda found: _SHORT_MONTHS[found[1]],
    ),
    (
        re.compile(rf"(?<!\w)({_one_of([*_SHORT_DAYS])}) ?[-–—] ?({_one_of([*_SHORT_DAYS])})(?!\w)"),
        lambda found: f"{_SHORT_DAYS[found[1]]} to {_SHORT_DAYS[found[2]]}",
    ),
    (re.compile(r"#(?=[0-9])"), lambda _found: "number "),
    (_UNIT, _unit),
)
_MAY_HOLD: Final = re.compile(r"[.#0-9]|[-–—]")


def written_out(text: str) -> str:
    """The text with its abbreviations in words; one without any comes back as it is."""
    if not _MAY_HOLD.search(text):
        return text
    for pattern, say in _RULES:
        text = pattern.sub(say, text)
    return text
