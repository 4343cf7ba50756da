"""One row of a list as a new contact, or why it is none (SPEC R9.1). Only the phone is required.

Nothing of a mapped cell is lost: a number that cannot be called, or one too many, is kept as a custom field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from campaigns.contacts import tags
from campaigns.contacts.cells import SPACE, Row, meant
from campaigns.contacts.consents import BadConsent, consent_in
from campaigns.contacts.custom_fields import BadValue, FieldRule, checked
from campaigns.contacts.mapping import CONSENT, CUSTOM, FULL_NAME, MOST_PHONES, PRIORITY, TAGS, is_phone
from campaigns.contacts.names import parts_of
from campaigns.contacts.phones import REASONS, BadPhone, phones_in, zone_of
from core.phones import Phone

LONGEST: Final = {"note": 5000, "organisation": 500, "position": 500, "email": 320, TAGS: 5000}
LONGEST_OTHER: Final = 1000
SHOWN: Final = 200
MOST_PRIORITY: Final = 1_000_000

NO_RULES: Final[Mapping[str, FieldRule]] = MappingProxyType({})
_OFFSET: Final = re.compile(r"(UTC|GMT|МСК|MSK)?\s*([+\-−])\s*([0-9]{1,2})(?::?00)?", re.IGNORECASE | re.ASCII)
_MOSCOW: Final = 3
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class NewContact:
    """A person to call, as the list says; `zone` is None where neither the list nor a landline tells it.

    `consent_at` is since when the person consents to be called, None where the list tells of no consent.
    """

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
    custom: Mapping[str, str] = field(default_factory=lambda: _NONE)
    tags: tuple[str, ...] = ()
    priority: int | None = None
    consent_at: datetime | None = None


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
    tags: tuple[str, ...] = ()
    priority: int | None = None
    consent_at: datetime | None = None


class _Refused(Exception):
    def __init__(self, bad: BadRow) -> None:
        self.bad = bad


@dataclass(frozen=True, slots=True)
class _Cell:
    """Where a field stands: the place of its column, and what may stand there."""

    place: int
    column: str
    target: str
    most: int


class RowReader:
    """Reads the rows of one list by a mapping that was checked; columns that are not in it are skipped.

    `rules` are those of custom fields by name: values that do not suit make the row a bad one. `now` is when the list
    is loaded.
    """

    def __init__(
        self,
        columns: tuple[str, ...],
        mapping: Mapping[str, str],
        rules: Mapping[str, FieldRule] = NO_RULES,
        *,
        now: datetime,
    ) -> None:
        self._now = now
        self._width = len(columns)
        self._rules = rules
        found = [
            _Cell(place, column, target, LONGEST.get(target, LONGEST_OTHER))
            for place, column in enumerate(columns)
            if (target := mapping.get(column)) is not None
        ]
        self._others = [(one, _plain(one.target)) for one in found if not is_phone(one.target)]
        self._phones = sorted((one for one in found if is_phone(one.target)), key=lambda one: one.target)
        self._zone = next((one.column for one in found if one.target == "zone"), None)

    def read(self, row: Row) -> NewContact | BadRow:
        """One row; the numbers of `phone1` … `phone5` come in the order of their numbers."""
        found = _Found()
        try:
            self._fill(row, found)
            if not found.phones:
                return self._without_phone(row, found)
            zone = self._zone_of(row, found)
        except _Refused as refused:
            return refused.bad
        return NewContact(
            line=row.line,
            phones=tuple(found.phones),
            zone=zone,
            custom=found.custom,
            tags=found.tags,
            priority=found.priority,
            consent_at=found.consent_at,
            **found.fields,
        )

    def _fill(self, row: Row, found: _Found) -> None:
        cells, width = row.cells, len(row.cells)
        if width > self._width and (extra := [cell for cell in cells[self._width :] if cell.strip(SPACE)]):
            reason = f"The row has more cells than the list has columns ({self._width})."
            raise _Refused(BadRow(row.line, None, extra[0][:SHOWN], "too_many_cells", reason))
        for one, plain in self._others:
            if one.place < width and (value := cells[one.place].strip(SPACE)):
                value = self._allowed(row, one, meant(value))
                if plain:
                    found.fields[one.target] = value
                else:
                    self._put(row, one, value, found)
        for one in self._phones:
            if one.place < width and (value := cells[one.place].strip(SPACE)):
                _put_phones(found, one.column, self._allowed(row, one, meant(value)))

    def _allowed(self, row: Row, one: _Cell, value: str) -> str:
        if len(value) > one.most:
            reason = f"The cell has {len(value)} letters, at most {one.most} are kept."
            raise _Refused(BadRow(row.line, one.column, value[:SHOWN], "too_long", reason))
        return value

    def _put(self, row: Row, one: _Cell, value: str, found: _Found) -> None:
        """What is no plain field."""
        if one.target.startswith(CUSTOM):
            name = one.target.removeprefix(CUSTOM).strip()
            rule = self._rules.get(name)
            kept = value if rule is None else checked(rule, value)
            if isinstance(kept, BadValue):
                raise _Refused(BadRow(row.line, one.column, value[:SHOWN], kept.reason_code, kept.reason))
            found.custom[name] = kept
        elif one.target == FULL_NAME:
            for name, part in parts_of(value).items():
                found.fields.setdefault(name, part)
        elif one.target == TAGS:
            found.tags = self._tags(row, one, value)
        elif one.target == CONSENT:
            found.consent_at = self._consent(row, one, value)
        else:
            found.priority = _priority(row, one, value)

    def _tags(self, row: Row, one: _Cell, value: str) -> tuple[str, ...]:
        read = tags.read(value)
        if isinstance(read, tags.BadTag):
            raise _Refused(BadRow(row.line, one.column, value[:SHOWN], "bad_tag", read.reason))
        return read

    def _consent(self, row: Row, one: _Cell, value: str) -> datetime | None:
        try:
            return consent_in(value, self._now)
        except BadConsent:
            reason = "This tells no consent: write yes, no, or the day on which it was given."
            raise _Refused(BadRow(row.line, one.column, value[:SHOWN], "bad_consent", reason)) from None

    def _without_phone(self, row: Row, found: _Found) -> BadRow:
        if found.bad:
            column, bad = found.bad[0]
            return BadRow(row.line, column, bad.text[:SHOWN], bad.reason_code, bad.reason)
        return BadRow(
            row.line, min(self._phones, key=lambda one: one.place).column, "", "no_phone", REASONS["no_phone"]
        )

    def _zone_of(self, row: Row, found: _Found) -> str | None:
        """The list's zone, else that of the first landline that tells one (SPEC R4.2)."""
        told = found.fields.pop("zone", None)
        if told is None:
            return next((zone for phone in found.phones if (zone := zone_of(phone)) is not None), None)
        zone = zone_named(told)
        if zone is None:
            reason = "This is no time zone: write Europe/Moscow, UTC+3 or МСК+2."
            raise _Refused(BadRow(row.line, self._zone, told[:SHOWN], "bad_zone", reason))
        return zone


def contact_of(row: Row, columns: tuple[str, ...], mapping: Mapping[str, str], *, now: datetime) -> NewContact | BadRow:
    """Reads one row by a mapping that was checked; a column that is not in it is skipped."""
    return RowReader(columns, mapping, now=now).read(row)


def _plain(target: str) -> bool:
    return not target.startswith(CUSTOM) and target not in {FULL_NAME, TAGS, PRIORITY, CONSENT}


def priority_in(value: str) -> int | None:
    """A priority as it is written; None if it is none."""
    if value.isascii() and value.isdigit() and 1 <= int(value[:9]) <= MOST_PRIORITY and len(value) <= 7:
        return int(value)
    return None


def _priority(row: Row, one: _Cell, value: str) -> int:
    found = priority_in(value)
    if found is not None:
        return found
    reason = f"A priority is a whole number from 1 (first) to {MOST_PRIORITY}."
    raise _Refused(BadRow(row.line, one.column, value[:SHOWN], "bad_priority", reason))


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
