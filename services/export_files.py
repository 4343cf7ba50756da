"""Rows into a CSV file or a workbook, one after another, in the same little memory for a million of them.

What a spreadsheet would take for a formula is written as text: with an apostrophe in CSV, as a string in a workbook.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, Protocol

import xlsxwriter

from campaigns.contacts.cells import harmless

SHEET_ROWS: Final = 1_048_575
LONGEST_CELL: Final = 32_767

Cell = str | int


class ListWriter(Protocol):
    """A file of rows under a line of column names; it is whole once it is closed."""

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Writes rows behind those that are there."""

    def close(self) -> None:
        """Ends the file."""


def open_writer(path: Path, form: str, columns: Sequence[str]) -> ListWriter:
    """Begins a file of the form `csv` or `xlsx`."""
    return WorkbookWriter(path, columns) if form == "xlsx" else CsvWriter(path, columns)


class CsvWriter:
    """CSV as spreadsheets open it: UTF-8 with its mark, semicolons."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._file = path.open("w", newline="", encoding="utf-8-sig")
        self._writer = csv.writer(self._file, delimiter=";")
        self.add([columns])

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Writes rows behind those that are there."""
        self._writer.writerows([harmless(cell) if type(cell) is str else cell for cell in row] for row in rows)

    def close(self) -> None:
        """Ends the file."""
        self._file.close()


class WorkbookWriter:
    """A workbook; a sheet that is full is followed by another one with the same column names."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(str(path), options | {"tmpdir": str(path.parent)})
        self._columns = columns
        self._begin()

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Writes rows behind those that are there."""
        for row in rows:
            if self._row > SHEET_ROWS:
                self._begin()
            self._put(row)

    def close(self) -> None:
        """Ends the file."""
        self._book.close()

    def _begin(self) -> None:
        self._sheet = self._book.add_worksheet()
        self._row = 0
        self._put(self._columns)

    def _put(self, cells: Sequence[Cell]) -> None:
        for place, cell in enumerate(cells):
            if type(cell) is int:
                self._sheet.write_number(self._row, place, cell)
            elif cell:
                self._sheet.write_string(self._row, place, str(cell)[:LONGEST_CELL])
        self._row += 1
