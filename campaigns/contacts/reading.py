"""A list from a file to rows of cells: what kind of file it is, its column names, its rows with their lines.

CSV and workbooks come out alike, one row at a time, so that a list of any length is read in little memory.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from campaigns.contacts import csv_files, workbooks
from campaigns.contacts.blocks import CONTENT, Block
from campaigns.contacts.cells import SPACE, Row
from campaigns.contacts.csv_files import DELIMITERS
from campaigns.contacts.phones import phones_in
from core.errors import BadInput
from core.phones import Phone

__all__ = ["DELIMITERS", "LONGEST_NAME", "MOST_COLUMNS", "SPACE", "Row", "Sheet", "read", "read_file"]

MOST_COLUMNS: Final = 200
LONGEST_NAME: Final = 100


class Source(Protocol):
    """Where rows come from; each call of `rows` begins at the first again and leaves out those without content."""

    @property
    def encoding(self) -> str:
        """The name of the encoding, or `xlsx` of a workbook."""

    @property
    def delimiter(self) -> str:
        """What stands between cells; empty for a workbook."""

    def rows(self) -> Iterator[Row]:
        """All rows with content, the column names among them."""

    def blocks(self, sizes: Iterable[int]) -> Iterator[Block]:
        """The same rows, by so many as each of the sizes says."""

    def count(self) -> int:
        """How many rows there are."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file that was understood; `columns` are its names, made unique, never empty.

    `named` tells whether the file names its columns; if not, its first row is a contact like the others.
    """

    source: Source
    columns: tuple[str, ...]
    named: bool

    @property
    def encoding(self) -> str:
        """The name of the encoding, or `xlsx`."""
        return self.source.encoding

    @property
    def delimiter(self) -> str:
        """What stands between cells; empty for a workbook."""
        return self.source.delimiter

    def rows(self) -> Iterator[Row]:
        """The contacts' rows; those without any content are left out."""
        found = self.source.rows()
        return islice(found, 1, None) if self.named else found

    def blocks(self, sizes: Iterable[int]) -> Iterator[Block]:
        """The same rows, by so many as each of the sizes says; many times faster."""
        if not self.named:
            return self.source.blocks(sizes)
        return islice(self.source.blocks(chain([1], sizes)), 1, None)

    def count(self) -> int:
        """How many contacts' rows there are."""
        return self.source.count() - self.named


def read(data: bytes) -> Sheet:
    """Understands the form of a file in memory; BadInput on `file` says why it cannot be a list."""
    return _read(lambda: io.BytesIO(data), most_cells=workbooks.MOST_CELLS_IN_PROCESS)


def read_file(path: Path) -> Sheet:
    """Understands a file of any length; for a process of its own, as a workbook of a million rows wants memory."""
    return _read(lambda: path.open("rb"), most_cells=workbooks.MOST_CELLS)


def _read(open_: Callable[[], BinaryIO], *, most_cells: int) -> Sheet:
    with open_() as file:
        start = file.read(4)
    if start == b"\xd0\xcf\x11\xe0":
        hint = "In the spreadsheet choose Save as, Excel workbook (.xlsx) or CSV UTF-8."
        raise BadInput("not_csv", "This is an old or protected workbook.", field="file", hint=hint)
    source: Source
    if start == b"PK\x03\x04":
        source = workbooks.understand(open_, most_cells=most_cells)
    else:
        source = csv_files.understand(open_)
    first = next(source.rows(), None)
    if first is None:
        raise BadInput("empty_file", "The file holds no rows.", field="file")
    named = not any(isinstance(one, Phone) for cell in first.cells for one in phones_in(cell))
    columns = _names(_without_empty_end(first.cells) if named else ("",) * len(first.cells))
    return Sheet(source, columns, named)


def _without_empty_end(cells: tuple[str, ...]) -> tuple[str, ...]:
    """The cells up to the last that holds something: spreadsheets like to end lines with delimiters."""
    width = max(place for place, cell in enumerate(cells, 1) if cell.strip(CONTENT))
    return cells[:width]


def _names(cells: tuple[str, ...]) -> tuple[str, ...]:
    """The columns' names, each once: a repeated or missing one gets a number."""
    if len(cells) > MOST_COLUMNS:
        message = f"The list has {len(cells)} columns; at most {MOST_COLUMNS} are read."
        raise BadInput("too_many_columns", message, field="file", hint="Leave out those that are not needed.")
    names: dict[str, None] = {}
    for place, cell in enumerate(cells, 1):
        name = " ".join(cell.split())[:LONGEST_NAME].strip(SPACE) or f"column {place}"
        tries = (name, *(f"{name} ({number})" for number in range(2, len(cells) + 2)))
        names[next(one for one in tries if one not in names)] = None
    return tuple(names)
