"""What a list is made of: rows with their place in the file; and how a cell's formula is made harmless and back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

SPACE: Final = " \t\u00a0\ufeff"

_FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
_QUOTED: Final = re.compile(r"'+[=+\-@\t\r]")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row as they stand in the file, and the line of the file on which it begins, from 1."""

    line: int
    cells: tuple[str, ...]


def harmless(cell: str) -> str:
    """The cell as a spreadsheet may open it: what it would take for a formula begins with an apostrophe.

    A plain number, such as a phone with its plus, is no formula.
    """
    return "'" + cell if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def meant(cell: str) -> str:
    """The cell without the apostrophe that `harmless`, or a spreadsheet, put before what looks like a formula."""
    return cell[1:] if cell[:1] == "'" and _QUOTED.match(cell) else cell
