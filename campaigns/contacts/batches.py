"""A list cut into batches as the database takes them: the good rows as text of COPY, the bad ones as lines of a file.

A main phone that came before in the list is a repetition: by the choice of whoever imports it is left out, folded
into the first one, or loaded like any other. Which rows make a batch depends on the list alone, so that an import
that was broken off goes on with the same batches.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import chain, islice, repeat
from typing import Final

import msgspec

from campaigns.contacts.blocks import Block
from campaigns.contacts.cells import harmless
from campaigns.contacts.columns import ColumnReader, Read
from campaigns.contacts.copying import EMPTY, NULL, STAGED, array, escaped, json_text
from campaigns.contacts.custom_fields import FieldRule
from campaigns.contacts.mapping import ERROR_COLUMNS, MOST_PHONES
from campaigns.contacts.reading import Sheet
from campaigns.contacts.reasons import in_russian
from campaigns.contacts.rows import BadRow, NewContact, RowReader

BATCH: Final = 20_000
TEXTS: Final = ("last_name", "first_name", "middle_name", "organisation", "position", "note", "email")


class Duplicates(StrEnum):
    """What becomes of a row whose main phone is known already: in the list, the address book, the campaign."""

    SKIP = "skip"
    MERGE = "merge"
    ADD = "add"


@dataclass(frozen=True, slots=True)
class Loading:
    """How rows are loaded: `tags` go to all, `priority` to those that have none of their own; `now` is when."""

    duplicates: Duplicates
    now: datetime
    tags: tuple[str, ...] = ()
    priority: int | None = None


class Batch(msgspec.Struct, frozen=True, tag=True):
    """Rows of a list: `rows` of them in all, of which `bad`, `skipped` and `folded` ones are not in `copy`.

    `columns` are those of the lines of `copy`; the others are as empty.
    """

    rows: int
    bad: int
    skipped: int
    folded: int
    copy: bytes
    errors: bytes
    columns: tuple[str, ...] = STAGED


@dataclass(slots=True)
class _Kept:
    """What has come of a block's rows so far: the places of those that are kept, and the contacts read by themselves.

    `first` are the places of main phones, `repeated` those of rows whose phone came in an earlier batch.
    """

    places: list[int] = field(default_factory=list)
    contacts: dict[int, NewContact] = field(default_factory=dict)
    first: dict[str, int] = field(default_factory=dict)
    repeated: set[int] = field(default_factory=set)
    bad: list[tuple[BadRow, Sequence[str]]] = field(default_factory=list)
    skipped: int = 0
    folded: int = 0


class Batches:
    """Makes batches of one list's rows, in their order, by a mapping that was checked."""

    def __init__(
        self, columns: tuple[str, ...], mapping: Mapping[str, str], rules: Mapping[str, FieldRule], loading: Loading
    ) -> None:
        self._columns = ColumnReader(
            columns, mapping, rules, now=loading.now, tags=loading.tags, priority=loading.priority
        )
        self._rows = RowReader(columns, mapping, rules, now=loading.now)
        self._loading = loading
        self._empty = {**EMPTY, "tags": array(loading.tags), "priority": _number(loading.priority)}
        self._seen: set[int] = set()

    def of(self, sheet: Sheet, *, size: int = BATCH, done: int = 0) -> Iterator[Batch]:
        """The rows of the list after those that are done, `size` at a time."""
        whole, rest = divmod(done, size)
        passed = whole + bool(rest)
        blocks = sheet.blocks(chain(repeat(size, whole), [rest] if rest else [], repeat(size)))
        for block in islice(blocks, passed):
            self._pass_over(block)
        return map(self._batch, blocks)

    def _pass_over(self, block: Block) -> None:
        """Notes the phones of rows that were loaded before."""
        if self._loading.duplicates is not Duplicates.ADD:
            read, kept = self._columns.read(block), _Kept()
            self._read_others(block, read, kept)
            self._seen.update(int(phone) for phone in read.phones if phone)

    def _batch(self, block: Block) -> Batch:
        read, kept = self._columns.read(block), _Kept()
        self._read_others(block, read, kept)
        if self._loading.duplicates is Duplicates.ADD:
            kept.places = [place for place, phone in enumerate(read.phones) if phone]
        elif self._loading.duplicates is Duplicates.SKIP:
            self._leave_out(read.phones, kept)
        else:
            self._fold(block, read.phones, kept)
        columns, lines = self._lines(read, kept)
        errors = _error_lines(kept.bad)
        return Batch(len(block.rows), len(kept.bad), kept.skipped, kept.folded, lines.encode(), errors, columns)

    def _read_others(self, block: Block, read: Read, kept: _Kept) -> None:
        """Reads by themselves the rows that have no phone so far."""
        for place in [place for place, phone in enumerate(read.phones) if not phone]:
            contact = self._rows.read(block.row(place))
            if isinstance(contact, BadRow):
                kept.bad.append((contact, block.rows[place]))
            else:
                read.phones[place] = contact.phones[0].e164
                kept.contacts[place] = contact

    def _leave_out(self, phones: list[str], kept: _Kept) -> None:
        seen, add = self._seen, self._seen.add
        for place, phone in enumerate(phones):
            if phone:
                number = int(phone)
                if number in seen:
                    kept.skipped += 1
                else:
                    add(number)
                    kept.places.append(place)

    def _fold(self, block: Block, phones: list[str], kept: _Kept) -> None:
        for place, phone in enumerate(phones):
            if not phone:
                continue
            number = int(phone)
            first = kept.first.get(phone)
            if first is not None:
                kept.contacts[first] = merged(self._contact(block, first, kept), self._contact(block, place, kept))
                kept.folded += 1
                continue
            if number in self._seen:
                kept.repeated.add(place)
            self._seen.add(number)
            kept.first[phone] = place
            kept.places.append(place)

    def _contact(self, block: Block, place: int, kept: _Kept) -> NewContact:
        found = kept.contacts.get(place)
        contact = self._rows.read(block.row(place)) if found is None else found
        assert isinstance(contact, NewContact), "a row that was read by its columns"
        return contact

    def _lines(self, read: Read, kept: _Kept) -> tuple[tuple[str, ...], str]:
        """The rows that are kept as lines of COPY, and the columns of these."""
        others = {place: self._texts(kept.contacts[place]) for place in kept.places if place in kept.contacts}
        used = {"place", "phone", *read.texts}.union(*others.values())
        if kept.repeated:
            used.add("repeated")
        used.update(name for name in ("tags", "priority") if self._empty[name] != EMPTY[name])
        columns = tuple(name for name in STAGED if name in used)
        count = len(read.phones)
        texts = {"place": list(map(str, range(count))), "phone": read.phones} | read.texts
        whole = [texts.get(name) or repeat(self._empty[name], count) for name in columns]
        lines = list(map("\t".join, zip(*whole, strict=True)))
        for place, own in others.items():
            own |= {"place": str(place), "phone": read.phones[place]}
            lines[place] = "\t".join([own.get(name, self._empty[name]) for name in columns])
        if kept.repeated:
            for place in kept.repeated:
                lines[place] = lines[place].removesuffix("f") + "t"
        if len(kept.places) < count:
            lines = [lines[place] for place in kept.places]
        return columns, "\n".join(lines) + "\n" if lines else ""

    def _texts(self, contact: NewContact) -> dict[str, str]:
        """What stands in the columns of a contact where they are not empty."""
        texts = {name: escaped(value) for name in TEXTS if (value := getattr(contact, name))}
        if len(contact.phones) > 1:
            texts["phones"] = "{" + ",".join(phone.e164 for phone in contact.phones) + "}"
        if contact.zone is not None:
            texts["zone"] = contact.zone
        if contact.custom:
            texts["custom"] = json_text(contact.custom)
        if contact.tags:
            texts["tags"] = array(tuple(dict.fromkeys((*contact.tags, *self._loading.tags))))
        if contact.priority is not None:
            texts["priority"] = str(contact.priority)
        if contact.consent_at is not None:
            texts["consent_at"] = contact.consent_at.isoformat()
        return texts


def _number(number: int | None) -> str:
    return NULL if number is None else str(number)


def merged(first: NewContact, second: NewContact) -> NewContact:
    """The first contact with what only the second one has: fields that are empty, phones, tags."""
    phones = tuple(dict.fromkeys((*first.phones, *second.phones)))[:MOST_PHONES]
    texts = {
        name: getattr(first, name) or getattr(second, name)
        for name in ("last_name", "first_name", "middle_name", "organisation", "position", "note", "email", "zone")
    }
    return replace(
        first,
        phones=phones,
        custom={**second.custom, **{name: value for name, value in first.custom.items() if value}},
        tags=tuple(dict.fromkeys((*first.tags, *second.tags))),
        priority=second.priority if first.priority is None else first.priority,
        consent_at=second.consent_at if first.consent_at is None else first.consent_at,
        **texts,
    )


def error_header(columns: tuple[str, ...]) -> bytes:
    """The first line of a file of bad rows: UTF-8 with its mark and semicolons, as spreadsheets open it."""
    return b"\xef\xbb\xbf" + _csv([(*ERROR_COLUMNS, *map(harmless, columns))])


def _error_lines(bad: list[tuple[BadRow, Sequence[str]]]) -> bytes:
    return _csv(
        (str(one.line), harmless(one.column or ""), in_russian(one), *map(harmless, cells)) for one, cells in bad
    )


def _csv(rows: Iterable[Iterable[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerows(rows)
    return out.getvalue().encode()
