"""Rows many at a time: what is said of each by its place is done for all of them at once, at the speed of C."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress, islice, repeat
from typing import Final

from campaigns.contacts.cells import SPACE, Row

CONTENT: Final = SPACE + "\r\n"
"""What a cell without content is made of."""


@dataclass(frozen=True, slots=True)
class Block:
    """Rows with content, one after the other, and the lines of the file on which they begin."""

    lines: Sequence[int]
    rows: Sequence[Sequence[str]]

    def row(self, place: int) -> Row:
        """One of the rows, counted from 0."""
        return Row(self.lines[place], tuple(self.rows[place]))


def with_content(block: Block) -> Block:
    """The block without the rows whose cells are all empty or blank."""
    full = list(map(str.strip, map("".join, block.rows), repeat(CONTENT)))
    if all(full):
        return block
    return Block(list(compress(block.lines, full)), list(compress(block.rows, full)))


def blocks_of(rows: Iterator[Row], sizes: Iterable[int]) -> Iterator[Block]:
    """The rows by so many as each of the sizes says, until they end."""
    for size in sizes:
        found = list(islice(rows, size))
        if not found:
            return
        yield Block([row.line for row in found], [row.cells for row in found])
