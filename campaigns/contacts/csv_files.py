"""A CSV file from bytes to rows: its encoding, its delimiter, its quotes.

The encoding is told by a byte order mark, else by zero bytes (UTF-16), else it is UTF-8 if it can be, else
Windows-1251: statistics misread short lists. The delimiter is the one that cuts the first rows into most columns
most alike, unless a line `sep=;`, as Excel writes it, names it.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, chain, islice, repeat
from typing import BinaryIO, Final

from campaigns.contacts.blocks import CONTENT, Block, with_content
from campaigns.contacts.cells import SPACE, Row
from core.errors import BadInput

DELIMITERS: Final = (";", "\t", ",")  # the earlier wins a draw: commas also stand in sums and addresses
LOOKED_AT: Final = 50
LONGEST_LINE: Final = 20_000_000
PIECE: Final = 65_536
BLOCK: Final = 5_000
_END: Final = "\x1a"

_SEP: Final = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_CONTROL_BYTES: Final = bytes(code for code in range(32) if _CONTROL.match(chr(code)))
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SHOWN: Final = {"cp1251": "windows-1251"}

Open = Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True)
class _Text:
    """The part of a file that is its text, and in which encoding; `end` is None where it goes to the end."""

    open: Open
    encoding: str
    start: int
    end: int | None = None
    quotes: bool = False

    @contextmanager
    def lines(self) -> Iterator[io.TextIOWrapper]:
        """The text as a file of lines, newlines as they are."""
        with self.open() as file:
            file.seek(self.start)
            raw = io.BufferedReader(_Part(file, None if self.end is None else self.end - self.start), PIECE)
            with io.TextIOWrapper(raw, self.encoding, newline="") as text:
                yield text


class _Part(io.RawIOBase):
    """The next `length` bytes of a file; all of them if None."""

    def __init__(self, file: BinaryIO, length: int | None) -> None:
        self._file = file
        self._left = length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        wanted = len(buffer) if self._left is None else min(len(buffer), self._left)
        found = self._file.read(wanted)
        buffer[: len(found)] = found
        if self._left is not None:
            self._left -= len(found)
        return len(found)


@dataclass(frozen=True, slots=True)
class CsvSource:
    """A CSV file that was understood."""

    text: _Text
    encoding: str
    delimiter: str

    def rows(self) -> Iterator[Row]:
        """All rows with content, the column names among them."""
        return _rows(self.text, self.delimiter)

    def blocks(self, sizes: Iterable[int]) -> Iterator[Block]:
        """The same rows, by so many as each of the sizes says."""
        return _blocks(self.text, self.delimiter, sizes)

    def count(self) -> int:
        """How many rows there are."""
        return _count(self.text, self.delimiter)


def understand(open_: Open) -> CsvSource:
    """Understands the form of a file; BadInput on `file` says why it cannot be one."""
    text = _text(open_)
    named = _SEP.match(_first_line(text))
    delimiter = named[1] if named else _delimiter(text)
    if delimiter in '"\r\n ':
        raise BadInput("bad_delimiter", "The first line names a delimiter that cannot be one.", field="file")
    if text.quotes:
        _check_quotes(text, delimiter)
    return CsvSource(text, _SHOWN.get(text.encoding, text.encoding), delimiter)


def _text(open_: Open) -> _Text:
    """Reads the whole file once, piece by piece, to tell that it is text and in which encoding."""
    with open_() as file:
        start = file.read(4096)
    for bom, encoding in _BOMS:
        if start.startswith(bom):
            try:
                return _scanned(_Text(open_, encoding, len(bom)))
            except UnicodeDecodeError as error:
                raise _not_text() from error
    if b"\0" in start:
        little = start[1::2].count(0) > start[::2].count(0)
        return _scanned(_Text(open_, "utf-16-le" if little else "utf-16-be", 0))
    try:
        return _scanned(_Text(open_, "utf-8", 0))
    except UnicodeDecodeError:
        return _scanned(_Text(open_, "cp1251", 0))


def _scanned(text: _Text) -> _Text:
    """The text with its end and whether it has quotes; UnicodeDecodeError or BadInput if it is none."""
    decoder = codecs.getincrementaldecoder(text.encoding)()
    wide = text.encoding.startswith("utf-16")
    quotes, line, number, end = False, 0, 1, text.start
    with text.open() as file:
        file.seek(text.start)
        ended = False
        while data := file.read(PIECE):
            piece = _decoded(decoder, text.encoding, data)
            bad = ended or (_CONTROL.search(piece) if wide else len(data.translate(None, _CONTROL_BYTES)) < len(data))
            if bad:
                if ended or not piece.endswith(_END) or _CONTROL.search(piece[:-1]):
                    raise _not_text(number, piece)
                ended, end = True, end - (2 if wide else 1)
            end += len(data)
            quotes = quotes or '"' in piece
            number += piece.count("\n")
            last = max(piece.rfind("\n"), piece.rfind("\r"))
            line = line + len(piece) if last < 0 else len(piece) - last
            if line > LONGEST_LINE:
                message = f"Line {number} has more than {LONGEST_LINE} letters."
                raise BadInput("line_too_long", message, field="file", hint="See that the file is a list.")
        _decoded(decoder, text.encoding, b"", final=True)
    return _Text(text.open, text.encoding, text.start, end, quotes)


def _decoded(decoder: codecs.IncrementalDecoder, encoding: str, data: bytes, *, final: bool = False) -> str:
    try:
        return decoder.decode(data, final)
    except UnicodeDecodeError as error:
        if encoding == "utf-8":
            raise
        raise _not_text() from error


def _not_text(line: int = 0, piece: str = "") -> BadInput:
    hint = "Save the list as CSV in UTF-8 or Windows-1251, or as an Excel workbook."
    if found := _CONTROL.search(piece):
        line += piece.count("\n", 0, found.start())
        message = f"Line {line} of the file holds a character (code {ord(found[0])}) that no text has."
        return BadInput("not_text", message, field="file", hint=hint)
    return BadInput("not_text", "The file is no text in an encoding that is known here.", field="file", hint=hint)


def _first_line(text: _Text) -> str:
    with text.lines() as lines:
        return lines.readline(16)


def _rows(text: _Text, delimiter: str) -> Iterator[Row]:
    """All rows with content, from the first after a `sep=` line."""
    with text.lines() as source:
        first = source.readline()
        skipped = _SEP.match(first) is not None
        reader = csv.reader(source if skipped else chain([first], source), delimiter=delimiter)
        before = offset = 2 if skipped else 1
        try:
            for cells in reader:
                if any(cells) and any(cell.strip(CONTENT) for cell in cells):
                    yield Row(before, tuple(cells))
                before = offset + reader.line_num
        except csv.Error as error:
            message = f"The row that begins in line {before} holds a cell longer than a list can have."
            hint = "Look for a quotation mark that opens there and is not closed."
            raise BadInput("bad_row", message, field="file", hint=hint) from error


def _blocks(text: _Text, delimiter: str, sizes: Iterable[int]) -> Iterator[Block]:
    with text.lines() as source:
        first = source.readline()
        skipped = _SEP.match(first) is not None
        reader = csv.reader(source if skipped else chain([first], source), delimiter=delimiter)
        line = 2 if skipped else 1
        for size in sizes:
            lines, rows = list[int](), list[Sequence[str]]()
            while len(rows) < size:
                before = reader.line_num
                try:
                    found = list(islice(reader, size - len(rows)))
                except csv.Error:
                    deque(_rows(text, delimiter), 0)  # comes to the same row, and says which it is
                    raise
                if not found:
                    break
                ended = reader.line_num - before
                full = with_content(Block(_begins(found, line, ended), found))
                line += ended
                lines += full.lines
                rows += full.rows
            if not rows:
                return
            yield Block(lines, rows)


def _begins(rows: Sequence[Sequence[str]], line: int, ended: int) -> Sequence[int]:
    """On which lines rows begin, the first of them on `line`; all of them are so many lines as have `ended`."""
    if ended == len(rows):
        return range(line, line + ended)
    lengths = [1 + sum(map(_breaks, row)) for row in rows]
    return list(accumulate(lengths[:-1], initial=line))


def _breaks(cell: str) -> int:
    """How many lines a cell ends."""
    return cell.count("\n") + cell.count("\r") - cell.count("\r\n")


def _count(text: _Text, delimiter: str) -> int:
    """How many rows have content. Lines are counted, unless quotes may join some, or a cell may be too long for one."""
    found = None if text.quotes else _count_lines(text, delimiter)
    return sum(len(block.rows) for block in _blocks(text, delimiter, repeat(BLOCK))) if found is None else found


def _count_lines(text: _Text, delimiter: str) -> int | None:
    """How many lines have content; None if one is longer than a cell may be."""
    count, most = 0, csv.field_size_limit()
    with text.lines() as source:
        first = source.readline()
        rest = "" if _SEP.match(first) else first
        while True:
            piece = source.read(PIECE)
            *lines, rest = (rest + piece).replace("\r", "\n").split("\n")
            if not piece:
                lines.append(rest)
            if max(len(rest), *map(len, lines), 0) > most:
                return None
            count += _filled("\n".join(lines), delimiter)
            if not piece:
                return count


def _filled(lines: str, delimiter: str) -> int:
    """How many of the lines have content."""
    for blank in SPACE + delimiter:
        if blank in lines:
            lines = lines.replace(blank, "")
    return sum(map(bool, lines.split("\n")))


def _check_quotes(text: _Text, delimiter: str) -> None:
    """Refuses a file whose last cell is quoted and never closed: it may have swallowed all rows below it."""
    last = 0
    for block in _blocks(text, delimiter, repeat(BLOCK)):
        last = block.lines[-1]
    if not last:
        return
    with text.lines() as source:
        rest = islice(source, last - 1, None)
        try:
            list(csv.reader(rest, delimiter=delimiter, strict=True))
        except csv.Error as error:
            if "unexpected end" in str(error):
                message = f"A quotation mark that opens in the row of line {last} is never closed."
                hint = "Close it, or write a quotation mark within a cell twice."
                raise BadInput("unclosed_quote", message, field="file", hint=hint) from error


def _delimiter(text: _Text) -> str:
    return max(DELIMITERS, key=lambda delimiter: (*_fit(text, delimiter), -DELIMITERS.index(delimiter)))


def _fit(text: _Text, delimiter: str) -> tuple[float, float]:
    """How well a delimiter cuts the first rows: columns beyond the first by the share of rows that have as many."""
    try:
        widths = [len(row.cells) for row in islice(_rows(text, delimiter), LOOKED_AT)]
    except BadInput:
        return (0.0, 0.0)
    if not widths:  # nothing but this delimiter
        return (0.0, 1.0)
    share = sum(width == widths[0] for width in widths) / len(widths)
    return (share * (widths[0] - 1), share)
