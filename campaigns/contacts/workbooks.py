"""An Excel workbook to rows: the first sheet that is shown and holds something, its cells as a person sees them.

What a small file unpacks to is measured before it is read, because the reader builds the whole grid at once: the
unpacked size, and the grid from the first corner to the farthest cell that the sheet names. The grid is built once and
gone through as often as is asked for; it takes some 90 bytes a cell, and a row is made of it at a time.
"""

from __future__ import annotations

import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import BinaryIO, Final

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from campaigns.contacts.blocks import CONTENT, Block, blocks_of
from campaigns.contacts.cells import Row
from core.errors import BadInput

MOST_CELLS: Final = 40_000_000
MOST_CELLS_IN_PROCESS: Final = 5_000_000
MOST_BYTES: Final = 2_000_000_000
MOST_RATIO: Final = 500
SMALL: Final = 20_000_000
MOST_FILES: Final = 2_000
LONGEST_CELL: Final = 131_072

_PIECE: Final = 1 << 20
_LONGEST_REFERENCE: Final = 32
_REFERENCE: Final = re.compile(rb"""\br=["']([A-Z]{0,3})([0-9]{1,10})["']""")
_SHEET: Final = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")

Open = Callable[[], BinaryIO]
Cell = int | float | str | bool | time | date | datetime | timedelta


@dataclass(frozen=True, slots=True)
class WorkbookSource:
    """A workbook that was understood, and its sheet in memory."""

    sheet: CalamineSheet
    encoding: str = "xlsx"
    delimiter: str = ""

    def rows(self) -> Iterator[Row]:
        """All rows with content, the column names among them."""
        return _rows(self.sheet)

    def blocks(self, sizes: Iterable[int]) -> Iterator[Block]:
        """The same rows, by so many as each of the sizes says."""
        return blocks_of(self.rows(), sizes)

    def count(self) -> int:
        """How many rows there are."""
        return sum(1 for _ in self.rows())


def understand(open_: Open, *, most_cells: int) -> WorkbookSource:
    """Finds the sheet to read; BadInput on `file` where the file is no workbook, or too much for one."""
    _check_size(open_, most_cells)
    with _opened(open_) as book:
        for place, sheet in enumerate(book.sheets_metadata):
            if sheet.typ is SheetTypeEnum.WorkSheet and sheet.visible is SheetVisibleEnum.Visible:
                source = WorkbookSource(book.get_sheet_by_index(place))
                if next(source.rows(), None) is not None:
                    return source
    raise BadInput("empty_file", "The workbook has no sheet with rows.", field="file")


@contextmanager
def _opened(open_: Open) -> Iterator[CalamineWorkbook]:
    with open_() as file:
        try:
            yield CalamineWorkbook.from_filelike(file)
        except PasswordError as error:
            hint = "Save it without a password."
            raise BadInput("workbook_protected", "The workbook has a password.", field="file", hint=hint) from error
        except CalamineError as error:
            raise _broken() from error


def _broken() -> BadInput:
    hint = "Open it in the spreadsheet and save it again as .xlsx."
    return BadInput("bad_workbook", "The file is no Excel workbook, or a damaged one.", field="file", hint=hint)


def _rows(sheet: CalamineSheet) -> Iterator[Row]:
    for line, values in enumerate(sheet.iter_rows(), 1):
        cells = tuple([value if type(value) is str else shown(value) for value in values])
        whole = "".join(cells)
        if whole.strip(CONTENT):
            if len(whole) > LONGEST_CELL or not whole.isprintable():
                _check_cells(line, cells)
            yield Row(line, cells)


def _check_cells(line: int, cells: Sequence[str]) -> None:
    for place, cell in enumerate(cells, 1):
        if len(cell) > LONGEST_CELL:
            message = f"Row {line}, column {place} holds a cell of {len(cell)} letters, longer than a list can have."
            raise BadInput("bad_row", message, field="file")
        if not cell.isprintable() and _CONTROL.search(cell):
            message = f"Row {line}, column {place} holds a character that no text has."
            raise BadInput("not_text", message, field="file", hint="Delete that cell's hidden characters.")


def shown(value: Cell) -> str:
    """A cell that is no text, as the spreadsheet shows it: whole numbers without a point, dates as 31.12.2026."""
    match value:
        case bool():
            return "ИСТИНА" if value else "ЛОЖЬ"
        case int():
            return str(value)
        case float():
            return _number(value)
        case datetime():
            clock = "" if value.time() == time(0) else f" {_clock(value.time())}"
            return f"{value:%d.%m.%Y}{clock}"
        case date():
            return f"{value:%d.%m.%Y}"
        case time():
            return _clock(value)
        case timedelta():
            minutes, seconds = divmod(round(value.total_seconds()), 60)
            return f"{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
        case _:
            return value


def _number(value: float) -> str:
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.15g}" if value == value and abs(value) != float("inf") else ""


def _clock(value: time) -> str:
    return f"{value:%H:%M:%S}" if value.second else f"{value:%H:%M}"


def _check_size(open_: Open, most_cells: int) -> None:
    """Refuses a workbook that unpacks to too much, by what really comes out of it and not by what it promises."""
    try:
        with open_() as file, zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if not any(_SHEET.fullmatch(member.filename) for member in members):
                raise _broken()
            if len(members) > MOST_FILES:
                raise _too_large("holds too many parts")
            unpacked = 0
            for member in members:
                unpacked += _unpacked(archive, member, MOST_BYTES - unpacked, most_cells)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError) as error:
        raise _broken() from error
    except RuntimeError as error:  # encrypted, or by a compression that is not known here
        raise _broken() from error
    except OSError as error:
        if error.errno is not None:  # the disk's trouble; that of bzip2's data comes without a number
            raise
        raise _broken() from error


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int, most_cells: int) -> int:
    """How many bytes a part unpacks to; refuses on the way what is too much."""
    size, rows, columns, tail = 0, 0, 0, b""
    sheet = _SHEET.fullmatch(member.filename) is not None
    with archive.open(member) as part:
        while piece := part.read(_PIECE):
            size += len(piece)
            if size > most or size > max(SMALL, MOST_RATIO * member.compress_size):
                raise _too_large("unpacks to far more than a list")
            if sheet:
                for letters, number in _REFERENCE.findall(tail + piece):
                    rows, columns = max(rows, int(number)), max(columns, _column(letters))
                if rows * columns > most_cells:
                    raise _too_large(f"has a grid of {rows} rows and {columns} columns")
                tail = piece[-_LONGEST_REFERENCE:]
    return size


def _column(letters: bytes) -> int:
    """The number of a column named by letters, from 1."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _too_large(what: str) -> BadInput:
    hint = "Delete the empty rows and columns around the list, or save it as CSV."
    return BadInput("workbook_too_large", f"The workbook {what}.", field="file", hint=hint)
