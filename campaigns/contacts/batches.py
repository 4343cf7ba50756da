"""A list cut into batches as the database takes them: the good rows as text of COPY, the bad ones as lines of a file.

A main phone that came before in the list is a repetition: by the choice of whoever imports it is left out, folded
into the first one, or loaded like any other. Which rows make a batch depends on the list alone, so that an import
that was broken off goes on with the same batches.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import islice
from typing import Final

import msgspec

from campaigns.contacts.cells import Row, harmless
from campaigns.contacts.mapping import ERROR_COLUMNS, MOST_PHONES
from campaigns.contacts.reasons import in_russian
from campaigns.contacts.rows import BadRow, NewContact, RowReader

BATCH: Final = 20_000
STAGED: Final = (
    "place", "phone", "phones", "last_name", "first_name", "middle_name", "organisation", "position", "note", "email",
    "zone", "custom", "tags", "priority", "repeated",
)  # fmt: skip
"""The columns of COPY in their order."""

_NULL: Final = "\\N"
_SPECIAL: Final = re.compile(r"[\\\t\n\r]")
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_CUT: Final = "\x1f"


class Duplicates(StrEnum):
    """What becomes of a row whose main phone is known already: in the list, the address book, the campaign."""

    SKIP = "skip"
    MERGE = "merge"
    ADD = "add"


@dataclass(frozen=True, slots=True)
class Loading:
    """How rows are loaded: `tags` go to all, `priority` to those that have none of their own."""

    duplicates: Duplicates
    tags: tuple[str, ...] = ()
    priority: int | None = None


class Batch(msgspec.Struct, frozen=True, tag=True):
    """Rows of a list: `rows` of them in all, of which `bad`, `skipped` and `folded` ones are not in `copy`."""

    rows: int
    bad: int
    skipped: int
    folded: int
    copy: bytes
    errors: bytes


@dataclass(slots=True)
class _Rows:
    """What has come of a batch's rows so far."""

    rows: int = 0
    kept: dict[int, tuple[NewContact, bool]] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    bad: list[tuple[BadRow, tuple[str, ...]]] = field(default_factory=list)
    skipped: int = 0
    folded: int = 0


class Batches:
    """Makes batches of one list's rows, in their order."""

    def __init__(self, reader: RowReader, loading: Loading) -> None:
        self._reader = reader
        self._loading = loading
        self._seen: set[int] = set()

    def pass_over(self, rows: Iterable[Row]) -> None:
        """Notes the phones of rows that were loaded before."""
        if self._loading.duplicates is Duplicates.ADD:
            for _ in rows:
                pass
            return
        for row in rows:
            contact = self._reader.read(row)
            if isinstance(contact, NewContact):
                self._seen.add(int(contact.phones[0].e164))

    def of(self, rows: Iterator[Row], *, size: int = BATCH) -> Iterator[Batch]:
        """The rest of the rows, `size` at a time."""
        while (batch := self._batch(islice(rows, size))) is not None:
            yield batch

    def _batch(self, rows: Iterable[Row]) -> Batch | None:
        found = _Rows()
        for row in rows:
            contact = self._reader.read(row)
            if isinstance(contact, BadRow):
                found.bad.append((contact, row.cells))
            else:
                self._keep(found, contact)
            found.rows += 1
        if not found.rows:
            return None
        copy = "".join([self._line(place, contact, repeated=again) for place, (contact, again) in found.kept.items()])
        return Batch(found.rows, len(found.bad), found.skipped, found.folded, copy.encode(), _error_lines(found.bad))

    def _keep(self, found: _Rows, contact: NewContact) -> None:
        place = len(found.kept)
        if self._loading.duplicates is Duplicates.ADD:
            found.kept[place] = (contact, False)
            return
        phone = contact.phones[0].e164
        number = int(phone)
        if number not in self._seen:
            self._seen.add(number)
            found.places[phone] = place
            found.kept[place] = (contact, False)
        elif self._loading.duplicates is Duplicates.SKIP:
            found.skipped += 1
        elif (first := found.places.get(phone)) is not None:
            earlier, repeated = found.kept[first]
            found.kept[first] = (merged(earlier, contact), repeated)
            found.folded += 1
        else:
            found.places[phone] = place
            found.kept[place] = (contact, True)

    def _line(self, place: int, contact: NewContact, *, repeated: bool) -> str:
        """A contact as a line of COPY."""
        loading = self._loading
        tags = contact.tags
        if loading.tags:
            tags = tuple(dict.fromkeys((*tags, *loading.tags)))
        texts = _CUT.join((
            contact.last_name, contact.first_name, contact.middle_name, contact.organisation, contact.position,
            contact.note, contact.email,
        ))  # fmt: skip
        if _SPECIAL.search(texts):
            texts = texts.translate(_ESCAPES)
        priority = loading.priority if contact.priority is None else contact.priority
        numbers = ",".join([phone.e164 for phone in contact.phones])
        return "\t".join((
            str(place), contact.phones[0].e164, f"{{{numbers}}}", texts.replace(_CUT, "\t"), contact.zone or _NULL,
            _json(contact.custom) if contact.custom else "{}", _array(tags) if tags else "{}",
            _NULL if priority is None else str(priority), "t\n" if repeated else "f\n",
        ))  # fmt: skip


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
        **texts,
    )


def error_header(columns: tuple[str, ...]) -> bytes:
    """The first line of a file of bad rows: UTF-8 with its mark and semicolons, as spreadsheets open it."""
    return b"\xef\xbb\xbf" + _csv([(*ERROR_COLUMNS, *map(harmless, columns))])


def _error_lines(bad: list[tuple[BadRow, tuple[str, ...]]]) -> bytes:
    return _csv(
        (str(one.line), harmless(one.column or ""), in_russian(one), *map(harmless, cells)) for one, cells in bad
    )


def _csv(rows: Iterable[Iterable[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerows(rows)
    return out.getvalue().encode()


def _json(custom: Mapping[str, str]) -> str:
    return msgspec.json.encode(custom).decode().replace("\\", "\\\\")


def _array(tags: tuple[str, ...]) -> str:
    quoted = ",".join('"' + tag.replace("\\", "\\\\").replace('"', '\\"') + '"' for tag in tags)
    return f"{{{quoted}}}".translate(_ESCAPES)
