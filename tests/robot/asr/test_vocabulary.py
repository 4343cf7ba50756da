"""Which words a recogniser can hear, told from its files."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.manifest import SHIPPED
from robot.asr.vocabulary import fst_words, vosk_words

STANDIN = SHIPPED / "vosk-standin-ru-mini"


def text(value: str) -> bytes:
    return struct.pack("<i", len(value.encode())) + value.encode()


def symbols(*words: str) -> bytes:
    numbered = b"".join(text(word) + struct.pack("<q", number) for number, word in enumerate(words))
    return struct.pack("<i", 2125658996) + text("words") + struct.pack("<qq", len(words), len(words)) + numbered


def graph(*tables: bytes, flags: int) -> bytes:
    """A graph of OpenFst without a state, with its tables of symbols."""
    header = struct.pack("<i", 2125659606) + text("vector") + text("standard") + struct.pack("<ii", 2, flags)
    return header + bytes(4 * 8) + b"".join(tables)


def model(folder: Path, file: str, contents: bytes) -> Path:
    path = folder / "graph" / file
    path.parent.mkdir(parents=True)
    path.write_bytes(contents)
    return folder


def test_the_model_that_ships_lists_its_words() -> None:
    known = vosk_words(STANDIN)
    assert known is not None
    assert {"да", "нет", "хочу"} <= known
    assert "абвгд" not in known


def test_words_are_those_of_the_list_else_those_of_the_graph(tmp_path: Path) -> None:
    listed = model(tmp_path / "a", "words.txt", "да 1\nнет 2\n".encode())
    assert vosk_words(listed) == frozenset({"да", "нет"})
    inside = model(tmp_path / "b", "Gr.fst", graph(symbols("<eps>", "yes", "no"), flags=2))
    assert vosk_words(inside) == frozenset({"<eps>", "yes", "no"})
    assert vosk_words(tmp_path) is None


def test_a_graph_with_both_tables_tells_its_outputs() -> None:
    assert fst_words(graph(symbols("a"), symbols("да"), flags=3)) == frozenset({"да"})
    assert fst_words(graph(symbols("a"), flags=1)) == frozenset({"a"})
    assert fst_words(graph(flags=0)) is None


def test_the_graph_of_the_model_that_ships_can_be_read_or_says_that_it_lists_nothing() -> None:
    words = fst_words((STANDIN / "graph" / "Gr.fst").read_bytes())
    assert words is None or {"да", "нет"} <= words


@pytest.mark.parametrize("cut", [0, 3, 10, 40, 60])
def test_a_file_that_was_cut_lists_nothing(cut: int) -> None:
    assert fst_words(graph(symbols("yes", "no"), flags=2)[:cut]) is None


@given(st.binary(max_size=200))
def test_any_file_can_be_looked_at(data: bytes) -> None:
    fst_words(data)
    fst_words(graph(data, flags=2))
