"""One row of a list as a new contact, or why it is none (SPEC R9.1). Only the phone is required.

Nothing of a mapped cell is lost: a number that cannot be called, or one too many, is kept as a custom field.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from campaigns.contacts.mapping import CUSTOM, FULL_NAME, MOST_PHONES, PHONE, is_phone
from campaigns.contacts.names import parts_of
from campaigns.contacts.phones import REASONS, BadPhone, phones_in, zone_of
from campaigns.contacts.reading import SPACE, Row
from core.phones import Phone

LONGEST: Final = {"note": 5000, "organisation": 500, "position": 500, "email": 320}
LONGEST_OTHER: Final = 1000
SHOWN: Final = 200

_OFFSET: Final = re.compile(r"(UTC|GMT|МСК|MSK)?\s*([+\-−])\s*([0-9]{1,2})(?::?00)?", re.IGNORECASE | re.ASCII)
_MOSCOW: Final = 3


@dataclass(frozen=True, slots=True)
class NewContact:
    """A person to call, as the list says; `zone` is None where neither the list nor a landline tells it."""

    line: int
    phones: tuple[Phone, ...]
    last_name: str = ""
    first_name: str = ""
    middle_name: str = ""
    organisation: str = ""
    position: str = ""
    note: str = ""
    email: str = ""
    zone: str | None = None
    custom: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was left out: where the fault is, and a stable code with its sentence."""

    line: int
    column: str | None
    value: str
    reason_code: str
    reason: str


@dataclass(slots=True)
class _Found:
    """What the cells of one row have given so far."""

    phones: list[Phone] = field(default_factory=list)
    bad: list[tuple[str, BadPhone]] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)
    custom: dict[str, str] = field(default_factory=dict)


def contact_of(row: Row, columns: tuple[str, ...], mapping: Mapping[str, str]) -> NewContact | BadRow:
    """Reads one row by a mapping that was checked; a column that is not in it is skipped."""
    extra = [cell for cell in row.cells[len(columns) :] if cell.strip(SPACE)]
    if extra:
        reason = f"The row has more cells than the list has columns ({len(columns)})."
        return BadRow(row.line, None, extra[0][:SHOWN], "too_many_cells", reason)
    found = _Found()
    for column, value in _values(row, columns, mapping):
        target = mapping[column]
        most = LONGEST.get(target, LONGEST_OTHER)
        if len(value) > most:
            reason = f"The cell has {len(value)} letters, at most {most} are kept."
            return BadRow(row.line, column, value[:SHOWN], "too_long", reason)
        _put(found, column, target, value)
    if not found.phones:
        return _without_phone(row, found, mapping)
    zone = _zone(found)
    if isinstance(zone, BadRow):
        column = next(column for column, target in mapping.items() if target == "zone")
        return BadRow(row.line, column, zone.value, zone.reason_code, zone.reason)
    return NewContact(line=row.line, phones=tuple(found.phones), zone=zone, custom=found.custom, **found.fields)


def _values(row: Row, columns: tuple[str, ...], mapping: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The mapped cells that hold something; `phone1` … `phone5` in the order of their numbers."""
    cells = [(column, cell.strip(SPACE)) for column, cell in zip(columns, row.cells, strict=False)]
    cells.sort(key=lambda pair: mapping.get(pair[0], "") if is_phone(mapping.get(pair[0], "")) else "")
    return ((column, value) for column, value in cells if value and column in mapping)


def _put(found: _Found, column: str, target: str, value: str) -> None:
    if is_phone(target):
        _put_phones(found, column, value)
    elif target.startswith(CUSTOM):
        found.custom[target.removeprefix(CUSTOM).strip()] = value
    elif target == FULL_NAME:
        for name, part in parts_of(value).items():
            found.fields.setdefault(name, part)
    else:
        found.fields[target] = value


def _put_phones(found: _Found, column: str, cell: str) -> None:
    kept: list[str] = []
    for one in phones_in(cell):
        if isinstance(one, BadPhone):
            found.bad.append((column, one))
            kept.append(one.text)
        elif one not in found.phones:
            if len(found.phones) < MOST_PHONES:
                found.phones.append(one)
            else:
                kept.append(one.e164)
    if kept:
        found.custom[column] = ", ".join(kept)


def _without_phone(row: Row, found: _Found, mapping: Mapping[str, str]) -> BadRow:
    if found.bad:
        column, bad = found.bad[0]
        return BadRow(row.line, column, bad.text[:SHOWN], bad.reason_code, bad.reason)
    column = next(column for column, target in mapping.items() if target.startswith(PHONE))
    return BadRow(row.line, column, "", "no_phone", REASONS["no_phone"])


def _zone(found: _Found) -> str | BadRow | None:
    """The list's zone, else that of the first landline that tells one (SPEC R4.2)."""
    told = found.fields.pop("zone", None)
    if told is None:
        return next((zone for phone in found.phones if (zone := zone_of(phone)) is not None), None)
    zone = zone_named(told)
    if zone is None:
        reason = "This is no time zone: write Europe/Moscow, UTC+3 or МСК+2."
        return BadRow(0, None, told[:SHOWN], "bad_zone", reason)
    return zone


def zone_named(text: str) -> str | None:
    """An IANA zone by its name, or the fixed one of `UTC+5`, `+5` or `МСК+2`; None if there is no such zone."""
    if offset := _OFFSET.fullmatch(text):
        base = _MOSCOW if (offset[1] or "").upper() in {"МСК", "MSK"} else 0
        hours = base + int(offset[3]) * (1 if offset[2] == "+" else -1)
        return f"Etc/GMT{-hours:+d}" if -12 <= hours <= 14 and hours else ("Etc/GMT" if hours == 0 else None)
    if text.upper() in {"МСК", "MSK"}:
        return "Europe/Moscow"
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
