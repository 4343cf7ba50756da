"""A CSV file from bytes to cells: its encoding, its delimiter, its column names.

The encoding is told by a byte order mark, else by zero bytes (UTF-16), else it is UTF-8 if it can be, else
Windows-1251: statistics misread short lists. The delimiter is the one that cuts the first rows into most columns
most alike, unless a line `sep=;`, as Excel writes it, names it.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from campaigns.contacts.phones import phones_in
from core.errors import BadInput
from core.phones import Phone

DELIMITERS: Final = (";", "\t", ",")  # the earlier wins a draw: commas also stand in sums and addresses
LOOKED_AT: Final = 50
MOST_COLUMNS: Final = 200
LONGEST_NAME: Final = 100
PIECE: Final = 65_536
SPACE: Final = " \t\u00a0\ufeff"

_SEP: Final = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row as they stand in the file, and the line of the file on which it begins, from 1."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file that was understood; `columns` are its names, made unique, never empty.

    `named` tells whether the file names its columns; if not, its first row is a contact like the others.
    """

    text: str
    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    named: bool

    def rows(self) -> Iterator[Row]:
        """The contacts' rows; those without any content are left out."""
        found = _rows(self.text, self.delimiter)
        return islice(found, 1, None) if self.named else found


def read(data: bytes) -> Sheet:
    """Understands the form of a file; BadInput on `file` says why it cannot be one."""
    if data.startswith(b"PK\x03\x04") or data.startswith(b"\xd0\xcf\x11\xe0"):
        hint = "In the spreadsheet choose Save as, CSV UTF-8."
        raise BadInput("not_csv", "This is a workbook, not a CSV file.", field="file", hint=hint)
    text, encoding = _decoded(data)
    named_delimiter = _SEP.match(text)
    delimiter = named_delimiter[1] if named_delimiter else _delimiter(text)
    if delimiter in '"\r\n ':
        raise BadInput("bad_delimiter", "The first line names a delimiter that cannot be one.", field="file")
    _check_quotes(text, delimiter)
    first = next(_rows(text, delimiter), None)
    if first is None:
        raise BadInput("empty_file", "The file holds no rows.", field="file")
    named = not any(isinstance(one, Phone) for cell in first.cells for one in phones_in(cell))
    columns = _names(_without_empty_end(first.cells) if named else ("",) * len(first.cells))
    return Sheet(text, encoding, delimiter, columns, named)


def _decoded(data: bytes) -> tuple[str, str]:
    encoding = _encoding(data)
    try:
        text = "".join(codecs.iterdecode(_pieces(data), encoding))
    except UnicodeDecodeError as error:
        raise _not_text() from error
    text = text.removeprefix("\ufeff").removesuffix("\x1a")
    if any(_CONTROL.search(text, start, start + PIECE) for start in range(0, len(text), PIECE)):
        raise _not_text()
    return text, {"utf-8-sig": "utf-8", "cp1251": "windows-1251"}.get(encoding, encoding)


def _encoding(data: bytes) -> str:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return encoding
    if b"\0" in data[:4096]:
        start = data[:4096]
        return "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"
    try:
        for _ in codecs.iterdecode(_pieces(data), "utf-8"):
            pass
    except UnicodeDecodeError:
        return "cp1251"
    return "utf-8"


def _pieces(data: bytes) -> Iterator[bytes]:
    """The file piece by piece: one long step would keep every other thread of the process from running."""
    return (data[start : start + PIECE] for start in range(0, len(data), PIECE))


def _not_text() -> BadInput:
    hint = "Save the list as CSV in UTF-8 or Windows-1251."
    return BadInput("not_text", "The file is no text in an encoding that is known here.", field="file", hint=hint)


def _rows(text: str, delimiter: str) -> Iterator[Row]:
    """All rows with content, from the first after a `sep=` line."""
    source = io.StringIO(text, newline="")
    line = 1
    if _SEP.match(text):
        source.readline()
        line = 2
    reader = csv.reader(source, delimiter=delimiter)
    before = line
    try:
        for cells in reader:
            if any(cell.strip(SPACE + "\r\n") for cell in cells):
                yield Row(before, tuple(cells))
            before = line + reader.line_num
    except csv.Error as error:
        message = f"The row that begins in line {before} holds a cell longer than a list can have."
        hint = "Look for a quotation mark that opens there and is not closed."
        raise BadInput("bad_row", message, field="file", hint=hint) from error


def _check_quotes(text: str, delimiter: str) -> None:
    """Refuses a file whose last cell is quoted and never closed: it may have swallowed all rows below it."""
    if '"' not in text:
        return
    last = None
    for row in _rows(text, delimiter):
        last = row
    if last is None:
        return
    lines = io.StringIO(text, newline="").readlines()[last.line - 1 :]
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        if "unexpected end" in str(error):
            message = f"A quotation mark that opens in the row of line {last.line} is never closed."
            hint = "Close it, or write a quotation mark within a cell twice."
            raise BadInput("unclosed_quote", message, field="file", hint=hint) from error


def _delimiter(text: str) -> str:
    return max(DELIMITERS, key=lambda delimiter: (*_fit(text, delimiter), -DELIMITERS.index(delimiter)))


def _fit(text: str, delimiter: str) -> tuple[float, float]:
    """How well a delimiter cuts the first rows: columns beyond the first by the share of rows that have as many."""
    try:
        widths = [len(row.cells) for row in islice(_rows(text, delimiter), LOOKED_AT)]
    except BadInput:
        return (0.0, 0.0)
    if not widths:  # nothing but this delimiter
        return (0.0, 1.0)
    share = sum(width == widths[0] for width in widths) / len(widths)
    return (share * (widths[0] - 1), share)


def _without_empty_end(cells: tuple[str, ...]) -> tuple[str, ...]:
    """The cells up to the last that holds something: spreadsheets like to end lines with delimiters."""
    width = max(place for place, cell in enumerate(cells, 1) if cell.strip(SPACE + "\r\n"))
    return cells[:width]


def _names(cells: tuple[str, ...]) -> tuple[str, ...]:
    """The columns' names, each once: a repeated or missing one gets a number."""
    names: dict[str, None] = {}
    for place, cell in enumerate(cells, 1):
        name = " ".join(cell.split())[:LONGEST_NAME].strip(SPACE) or f"column {place}"
        tries = (name, *(f"{name} ({number})" for number in range(2, len(cells) + 2)))
        names[next(one for one in tries if one not in names)] = None
    if len(names) > MOST_COLUMNS:
        raise BadInput("too_many_columns", f"A list may have at most {MOST_COLUMNS} columns.", field="file")
    return tuple(names)
