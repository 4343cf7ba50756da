"""What figures look like, in any language: patterns, and their reading as values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Final

import phonenumbers

BEFORE: Final = r"(?<![\w.,:/\\@-])"
"""A figure begins here: nothing that would make it a part of a word, an address or a longer figure."""
AFTER: Final = r"(?![\w@\\/])(?![.,:][0-9])"
"""A figure ends here."""

PHONE: Final = re.compile(
    r"(?<![\w.,+-])(?:\+[1-9][0-9]{6,14}|\+[1-9][0-9]{0,2}(?:[ -]\(?[0-9]{2,4}\)?){2,4}"
    r"|(?:\+7|[78])[ -]?\(?[0-9]{3}\)?[ -]?[0-9]{3}(?:[ -]?[0-9]{2}){2}"
    rf"|[0-9]{{2,3}}-[0-9]{{2}}-[0-9]{{2}})(?!-){AFTER}"
)
"""A phone: international with or without spaces, Russian however it is written, or a short local one (123-45-67)."""
DATE: Final = re.compile(
    rf"{BEFORE}(?:(?P<d>[0-9]{{1,2}})\.(?P<m>[0-9]{{1,2}})\.(?P<y>[0-9]{{4}}|[0-9]{{2}})"
    rf"|(?P<y2>[0-9]{{4}})-(?P<m2>[0-9]{{2}})-(?P<d2>[0-9]{{2}})){AFTER}"
)
TIME: Final = re.compile(rf"{BEFORE}([01]?[0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9])?{AFTER}")
RANGE: Final = re.compile(rf"{BEFORE}([0-9]{{1,6}}) ?[-–—] ?([0-9]{{1,6}})(?![-–—]){AFTER}(?= *(\w+)?)")
"""From one number to another."""
DIGITS: Final = re.compile(rf"{BEFORE}(?<![0-9][ \u00a0\u202f])(?:0[0-9]+|[0-9]{{10,}}){AFTER}")
"""Figures that are no amount: they begin with a nought, or are too long."""
MAX_DIGITS: Final = 15


def day_of(found: re.Match[str]) -> date | None:
    """The day that a match of `DATE` means; a year of two figures is one of this century; None if there is none."""
    year, month, day = (int(found[name] or found[f"{name}2"]) for name in "ymd")
    try:
        return date(year + 2000 if year < 100 else year, month, day)
    except ValueError:
        return None


def amount_of(written: str) -> Decimal | None:
    """The amount written with spaces between thousands and a point or comma before the decimals."""
    plain = re.sub(r"[ \u00a0\u202f]", "", written).replace(",", ".")
    return Decimal(plain) if len(plain) <= MAX_DIGITS else None


def phone_groups(written: str) -> Iterator[str]:
    """The figures of a phone in the groups in which its country writes them; the first one may begin with a plus."""
    plain = re.sub(r"[^0-9+]", "", written)
    if not plain.startswith("+"):
        russian = (plain[0], plain[1:4], plain[4:7], plain[7:9], plain[9:])
        yield from russian if len(plain) == 11 and plain[0] in "78" else re.findall(r"[0-9]+", written)
        return
    try:
        number = phonenumbers.parse(plain)
        shape = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        shape = plain
    for group in re.findall(r"\+?[0-9]+", shape):
        step = 3 if len(group) > 4 else 2
        yield from [group] if len(group) <= 3 else [group[i : i + step] for i in range(0, len(group), step)]
