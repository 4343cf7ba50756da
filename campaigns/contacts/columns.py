"""The rows of a list read a column at a time: what nearly all rows of nearly all lists are, at the speed of C.

A column is looked over whole: is there an apostrophe in it, a blank at an end, a character that COPY writes in another
way? Most often there is none, and then none of its cells is touched. Rows with anything out of the way (a number that
is no plain Russian mobile, a cell too long, a value that does not suit) are left to `rows.RowReader`, row by row. What
is read here is what that one would have read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import repeat
from typing import Final

from campaigns.contacts import tags as words
from campaigns.contacts.blocks import Block
from campaigns.contacts.cells import SPACE
from campaigns.contacts.consents import BadConsent, consent_in
from campaigns.contacts.copying import NULL, SPECIAL, array, escaped, json_text
from campaigns.contacts.custom_fields import BadValue, FieldRule, checked
from campaigns.contacts.mapping import CONSENT, CUSTOM, FULL_NAME, MOST_PHONES, PRIORITY, TAGS, is_phone
from campaigns.contacts.names import parts_of
from campaigns.contacts.phones import plain_mobiles
from campaigns.contacts.rows import LONGEST, LONGEST_OTHER, NO_RULES, priority_in, zone_named

_CUT: Final = "\x1f"  # stands in no cell: no text has it
_REMEMBERED: Final = 10_000
_NOT_PLAIN: Final = re.compile(r'["\\\x00-\x1e]')
_NAMES: Final = ("last_name", "first_name", "middle_name")

Cells = Sequence[str]


@dataclass(slots=True)
class Read:
    """What was read of a block: the main phone of each row, empty where the row is to be read by itself.

    `texts` are the columns for COPY by their names; those that are not there are as empty.
    """

    phones: list[str]
    texts: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Column:
    place: int
    target: str
    most: int


class ColumnReader:
    """Reads blocks of one list by a mapping that was checked; see `rows.RowReader`.

    `tags` go to all rows, `priority` to those that have none of their own; `now` is when the list is loaded.
    """

    def __init__(
        self,
        columns: tuple[str, ...],
        mapping: Mapping[str, str],
        rules: Mapping[str, FieldRule] = NO_RULES,
        *,
        now: datetime,
        tags: tuple[str, ...] = (),
        priority: int | None = None,
    ) -> None:
        self._width = len(columns)
        found = [
            _Column(place, target, LONGEST.get(target, LONGEST_OTHER))
            for place, column in enumerate(columns)
            if (target := mapping.get(column)) is not None
        ]
        self._phones = sorted((one for one in found if is_phone(one.target)), key=lambda one: one.target)
        self._others = [one for one in found if not is_phone(one.target)]
        self._rules = rules
        self._now = now
        self._tags = tags
        self._priority = NULL if priority is None else str(priority)
        names = [_name(one.target) for one in self._others if one.target.startswith(CUSTOM)]
        self._able = len(set(names)) == len(names)

    def read(self, block: Block) -> Read:
        """What can be read of the block here; the rest of its rows have no phone in the result."""
        if not self._able:
            return Read([""] * len(block.rows))
        reading = _Reading(self._width, block.rows)
        read = reading.phones(self._phones)
        named: dict[str, list[str]] = {}
        customs: list[list[str]] = []
        for one in self._others:
            cells, joined = reading.cells(one)
            if one.target == FULL_NAME:
                named = _named(cells)
            elif one.target.startswith(CUSTOM):
                name = _name(one.target)
                customs.append(reading.custom(name, cells, joined, self._rules.get(name)))
            elif one.target == TAGS:
                read.texts[TAGS] = reading.looked_up(cells, lambda cell: _tags(cell, self._tags), array(self._tags))
            elif one.target == PRIORITY:
                read.texts[PRIORITY] = reading.looked_up(cells, _priority, self._priority)
            elif one.target == CONSENT:
                read.texts["consent_at"] = reading.looked_up(cells, lambda cell: _consent(cell, self._now), NULL)
            elif one.target == "zone":
                read.texts["zone"] = reading.looked_up(cells, _zone, NULL)
            else:
                read.texts[one.target] = _copied(cells, joined)
        for name, parts in named.items():
            own = read.texts.get(name)
            read.texts[name] = parts if own is None else [mine or part for mine, part in zip(own, parts, strict=True)]
        if customs:
            read.texts["custom"] = _objects(customs)
        for place in reading.odd:
            read.phones[place] = ""
        return read


class _Reading:
    """One block on its way; `odd` are the rows that are to be read by themselves."""

    def __init__(self, width: int, rows: Sequence[Sequence[str]]) -> None:
        self.odd: set[int] = set()
        self._columns = self._cut(width, rows)

    def _cut(self, width: int, rows: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
        """The columns of the rows, whose ends are filled up; a row with more cells is an odd one."""
        widths = list(map(len, rows))
        if max(widths) > width:
            self.odd.update(place for place, found in enumerate(widths) if found > width)
            rows = [row[:width] for row in rows]
        if min(widths) < width:
            rows = [row if len(row) == width else (*row, *[""] * (width - len(row))) for row in rows]
        return list(zip(*rows, strict=True))

    def cells(self, one: _Column) -> tuple[Cells, str]:
        """The cells of a column without blanks around them, and all of them in one text."""
        cells: Cells = self._columns[one.place]
        joined = _CUT.join(cells)
        if any(blank in joined for blank in SPACE):
            cells = list(map(str.strip, cells, repeat(SPACE)))
            joined = _CUT.join(cells)
        if "'" in joined:
            self.odd.update(place for place, cell in enumerate(cells) if cell[:1] == "'")
        if len(joined) > one.most and max(map(len, cells)) > one.most:
            self.odd.update(place for place, cell in enumerate(cells) if len(cell) > one.most)
        return cells, joined

    def phones(self, columns: Sequence[_Column]) -> Read:
        """The main phones, and all of them where a row may have several; any number out of the way is odd."""
        if len(columns) == 1:
            return Read(plain_mobiles(self.cells(columns[0])[1], _CUT))
        found = []
        for one in columns:
            cells, joined = self.cells(one)
            mobiles = plain_mobiles(joined, _CUT)
            self.odd.update(place for place, cell in enumerate(cells) if cell and not mobiles[place])
            found.append(mobiles)
        several = [tuple(dict.fromkeys(filter(None, phones))) for phones in zip(*found, strict=True)]
        self.odd.update(place for place, phones in enumerate(several) if len(phones) > MOST_PHONES)
        main = [phones[0] if phones else "" for phones in several]
        return Read(main, {"phones": ["{" + ",".join(phones) + "}" for phones in several]})

    def custom(self, name: str, cells: Cells, joined: str, rule: FieldRule | None) -> list[str]:
        """A custom field of each row as a member of a JSON object; empty where there is none."""
        values = cells
        if rule is not None:
            kept = [_checked(rule, cell) if cell else "" for cell in cells]
            self.odd.update(place for place, value in enumerate(kept) if value is None)
            values = [value or "" for value in kept]
            joined = _CUT.join(values)
        key = json_text(name) + ":"
        if _NOT_PLAIN.search(joined):
            return [key + json_text(value) if cell else "" for value, cell in zip(values, cells, strict=True)]
        key += '"'
        return [key + value + '"' if cell else "" for value, cell in zip(values, cells, strict=True)]

    def looked_up(self, cells: Cells, look: Callable[[str], str | None], empty: str) -> list[str]:
        """What `look` makes of each cell that is not empty; where it is None, the row is odd."""
        found = [look(cell) if cell else empty for cell in cells]
        self.odd.update(place for place, text in enumerate(found) if text is None)
        return [text or empty for text in found]


def _name(target: str) -> str:
    return target.removeprefix(CUSTOM).strip()


def _named(cells: Cells) -> dict[str, list[str]]:
    """Full names taken apart."""
    found = [parts_of(cell) for cell in cells]
    return {name: [escaped(parts.get(name, "")) for parts in found] for name in _NAMES}


def _copied(cells: Cells, joined: str) -> list[str]:
    return list(map(escaped, cells)) if any(letter in joined for letter in SPECIAL) else list(cells)


def _objects(customs: Sequence[list[str]]) -> list[str]:
    if len(customs) == 1:
        return [f"{{{member}}}" for member in customs[0]]
    return ["{" + ",".join(filter(None, members)) + "}" for members in zip(*customs, strict=True)]


@lru_cache(_REMEMBERED)
def _checked(rule: FieldRule, value: str) -> str | None:
    kept = checked(rule, value)
    return None if isinstance(kept, BadValue) else kept


@lru_cache(_REMEMBERED)
def _tags(cell: str, further: tuple[str, ...]) -> str | None:
    read = words.read(cell)
    return None if isinstance(read, words.BadTag) else array(tuple(dict.fromkeys((*read, *further))))


@lru_cache(_REMEMBERED)
def _priority(cell: str) -> str | None:
    found = priority_in(cell)
    return None if found is None else str(found)


@lru_cache(_REMEMBERED)
def _consent(cell: str, now: datetime) -> str | None:
    try:
        at = consent_in(cell, now)
    except BadConsent:
        return None
    return NULL if at is None else at.isoformat()


@lru_cache(_REMEMBERED)
def _zone(cell: str) -> str | None:
    return zone_named(cell)
