"""Which words a recogniser can hear, read from its files without loading it.

A Vosk model lists its words in `graph/words.txt`, or else in the symbols of its grammar (`graph/Gr.fst`, or
`graph/HCLG.fst`), a file of OpenFst: a header, whose flags tell of the tables of symbols behind it, then these, each a
list of words with their numbers. All figures are little-endian; a text is its length and its bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

LISTED: Final = "graph/words.txt"
GRAPHS: Final = ("graph/Gr.fst", "graph/HCLG.fst")
_FST: Final = 2_125_659_606
_SYMBOLS: Final = 2_125_658_996
_HAS_INPUTS: Final = 1
_HAS_OUTPUTS: Final = 2


def vosk_words(place: Path) -> frozenset[str] | None:
    """The words of the Vosk model in the folder; None where its files do not list them."""
    listed = place / LISTED
    if listed.is_file():
        return _kept(listed, listed.stat().st_mtime_ns)
    for graph in (place / name for name in GRAPHS):
        if graph.is_file():
            return _kept(graph, graph.stat().st_mtime_ns)
    return None


@lru_cache(maxsize=8)
def _kept(file: Path, _changed_ns: int) -> frozenset[str] | None:
    """The words of a file as it was at the time of its last change."""
    if file.suffix == ".txt":
        with file.open(encoding="utf-8") as lines:
            return frozenset(line.split(" ", 1)[0].strip() for line in lines)
    return fst_words(file.read_bytes())


def fst_words(data: bytes) -> frozenset[str] | None:
    """The output symbols of a graph; None where it carries none, or is no graph."""
    try:
        return _output_symbols(_Fields(data))
    except (struct.error, UnicodeDecodeError, ValueError):
        return None


def _output_symbols(fields: _Fields) -> frozenset[str] | None:
    if fields.number("<i") != _FST:
        return None
    fields.text(), fields.text()  # the kinds of the graph and of its arcs
    fields.number("<i")
    flags = fields.number("<i")
    fields.skip(4 * 8)  # properties, start, numbers of states and arcs
    inputs = frozenset(fields.symbols()) if flags & _HAS_INPUTS else None
    return frozenset(fields.symbols()) if flags & _HAS_OUTPUTS else inputs


class _Fields:
    """Reads one field after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self, kind: str) -> int:
        """A whole number of a `struct` kind."""
        (value,) = struct.unpack_from(kind, self._data, self._at)
        self._at += struct.calcsize(kind)
        return int(value)

    def text(self) -> str:
        """A text behind its length."""
        length = self.number("<i")
        if not 0 <= length <= len(self._data) - self._at:
            raise ValueError("a text longer than its file")
        self._at += length
        return self._data[self._at - length : self._at].decode()

    def skip(self, count: int) -> None:
        """Passes over some bytes."""
        self._at += count

    def symbols(self) -> Iterator[str]:
        """A table of symbols."""
        if self.number("<i") != _SYMBOLS:
            raise ValueError("no table of symbols")
        self.text()
        self.number("<q")
        for _ in range(self.number("<q")):
            yield self.text()
            self.number("<q")
