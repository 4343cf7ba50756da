"""Custom fields of contacts: their kinds, and a value checked and written in one way (SPEC R9.3).

Values are kept as text in the form in which people read them: numbers with a point, dates as 31.12.2026, of a list
the option as it is defined. A field that nobody defined holds any text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

MOST_DIGITS: Final = 30

REASONS: Final = {
    "bad_number": "This is not a number.",
    "bad_date": "This is not a date: write 31.12.2026 or 2026-12-31.",
    "not_in_list": "This is none of the field's options.",
}
"""Why a value does not suit a field, by the stable code."""

_GAPS: Final = re.compile(r"(?<=\d)[ \u00a0\u202f'](?=\d{3}(?:\D|$))", re.ASCII)
_NUMBER: Final = re.compile(r"[+\-−]?[0-9]+(?:[.,][0-9]+)?", re.ASCII)
_DATE: Final = re.compile(r"([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4}|[0-9]{2})", re.ASCII)
_ISO: Final = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[T ]00:00(?::00)?)?", re.ASCII)


class FieldKind(StrEnum):
    """What a custom field may hold."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class FieldRule:
    """A custom field's kind; `options` are those of a list, none else."""

    kind: FieldKind
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BadValue:
    """A value that does not suit its field; `reason_code` is one of `REASONS`."""

    reason_code: str

    @property
    def reason(self) -> str:
        """The sentence of the code."""
        return REASONS[self.reason_code]


def checked(rule: FieldRule, value: str) -> str | BadValue:
    """The value as it is kept, or why it cannot be; an empty one suits every field."""
    value = value.strip()
    if not value:
        return ""
    match rule.kind:
        case FieldKind.TEXT:
            return value
        case FieldKind.NUMBER:
            return _number(value)
        case FieldKind.DATE:
            return _date(value)
        case FieldKind.LIST:
            same = value.casefold()
            found = next((option for option in rule.options if option.casefold() == same), None)
            return BadValue("not_in_list") if found is None else found


def _number(value: str) -> str | BadValue:
    bare = _GAPS.sub("", value)
    if len(bare) > MOST_DIGITS or not _NUMBER.fullmatch(bare):
        return BadValue("bad_number")
    try:
        number = Decimal(bare.replace(",", ".").replace("−", "-"))
    except InvalidOperation:
        return BadValue("bad_number")
    return f"{number:f}" if number else "0"


def _date(value: str) -> str | BadValue:
    if iso := _ISO.fullmatch(value):
        year, month, day = (int(part) for part in iso.groups())
    elif common := _DATE.fullmatch(value):
        day, month, year = (int(part) for part in common.groups())
        year += 2000 if len(common[3]) == 2 else 0
    else:
        return BadValue("bad_date")
    try:
        return f"{date(year, month, day):%d.%m.}{year:04}"
    except ValueError:
        return BadValue("bad_date")
