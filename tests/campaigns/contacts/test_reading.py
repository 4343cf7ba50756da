"""SPEC R9.1: a CSV file however a spreadsheet wrote it."""

from __future__ import annotations

import codecs
import csv
import io
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.contacts.reading import DELIMITERS, read
from core.errors import BadInput

HEADER = ["Фамилия", "Имя", "Телефон"]
ROWS = [["Иванов", "Пётр", "89001112233"], ["Ёлкина", "Анна, мл.", "8 (900) 111-22-44"]]
ENCODERS = {
    "utf-8": lambda text: text.encode(),
    "utf-8 with BOM": lambda text: codecs.BOM_UTF8 + text.encode(),
    "cp1251": lambda text: text.encode("cp1251"),
    "utf-16-le": lambda text: text.encode("utf-16-le"),
    "utf-16-be": lambda text: text.encode("utf-16-be"),
    "utf-16-le with BOM": lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    "utf-16-be with BOM": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
}
NAMED = {"utf-8 with BOM": "utf-8", "cp1251": "windows-1251"}

# What XML-like spreadsheets can hold; no other control characters, and no line that is only spaces.
letters = st.characters(blacklist_categories=("Cs", "Cc", "Cn"), blacklist_characters="\ufeff")
cells = st.text(st.one_of(letters, st.sampled_from("\"'{},;|\t\n\r$")), min_size=1, max_size=12).filter(str.strip)


def written(rows: list[list[str]], delimiter: str = ",", quoting: Literal[0, 1] = csv.QUOTE_MINIMAL) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, quoting=quoting).writerows(rows)
    return out.getvalue()


def read_rows(data: bytes) -> list[list[str]]:
    return [list(row.cells) for row in read(data).rows()]


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("encoding", ENCODERS)
def test_R9_1_every_encoding_and_delimiter_is_found(encoding: str, delimiter: str) -> None:
    data = ENCODERS[encoding](written([HEADER, *ROWS], delimiter))
    sheet = read(data)
    assert (sheet.encoding, sheet.delimiter) == (NAMED.get(encoding, encoding.removesuffix(" with BOM")), delimiter)
    assert list(sheet.columns) == HEADER
    assert [list(row.cells) for row in sheet.rows()] == ROWS


@given(
    st.integers(2, 5).flatmap(lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1)),
    st.sampled_from(DELIMITERS),
    st.sampled_from(sorted(set(ENCODERS) - {"cp1251"})),
)
@settings(deadline=None, max_examples=150)
def test_R9_1_cells_with_quotes_delimiters_newlines_and_braces_survive(
    rows: list[list[str]], delimiter: str, encoding: str
) -> None:
    header = [f"column{place}" for place in range(len(rows[0]))]
    data = ENCODERS[encoding](written([header, *rows], delimiter, csv.QUOTE_ALL))
    assert read_rows(data) == rows


@given(st.text(st.sampled_from("абвгдеёжзАБВЁ №«»—abc019 ;,\"'"), min_size=1).filter(lambda text: text.strip(" ")))
@settings(deadline=None, max_examples=80)
def test_R9_1_russian_text_in_windows_1251_survives(cell: str) -> None:
    rows = [[cell, "89001112233"]]
    assert read_rows(written([["Имя", "Телефон"], *rows], ";", csv.QUOTE_ALL).encode("cp1251")) == rows


@given(st.binary(max_size=200))
@settings(deadline=None, max_examples=300)
def test_R9_1_any_bytes_are_a_list_or_a_clear_refusal(data: bytes) -> None:
    refused = None
    try:
        list(read(data).rows())
    except BadInput as error:
        refused = error
    assert refused is None or refused.field == "file"


def test_R9_1_excels_line_names_the_delimiter_and_is_no_row() -> None:
    sheet = read('sep=;\r\nИмя;Телефон\r\n"a,b;c";89001112233\r\n'.encode("utf-16"))
    assert (sheet.delimiter, sheet.columns) == (";", ("Имя", "Телефон"))
    assert [(row.line, row.cells) for row in sheet.rows()] == [(3, ("a,b;c", "89001112233"))]


def test_R9_1_a_row_knows_the_line_on_which_it_begins() -> None:
    text = 'Имя;Телефон\n"Анна\nМария\nИванна";1\n\n;\nПётр;2\n'
    assert [row.line for row in read(text.encode()).rows()] == [2, 7]


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("Имя;Сумма, руб\nАнна;7100,50\nПётр;100,00\n", ";"),
        ("Имя,Адрес\nАнна,д. 5; кв. 6\nПётр,д. 7\n", ","),
        ("Имя\tАдрес\nАнна\tМосква, Тверская, 1\n", "\t"),
        ("А;Б;В\n1;2;3\n1;2\n1;2;3\n", ";"),
        ("Телефон\n89001112233, 89001112244\n89001112255\n", ";"),
    ],
)
def test_R9_1_the_delimiter_is_what_cuts_rows_alike(text: str, delimiter: str) -> None:
    assert read(text.encode()).delimiter == delimiter


def test_R9_1_a_list_without_names_loses_no_row() -> None:
    sheet = read("Анна;89001112233\nПётр;89001112244\n".encode())
    assert (sheet.named, sheet.columns) == (False, ("column 1", "column 2"))
    assert [row.line for row in sheet.rows()] == [1, 2]


def test_R9_1_names_are_made_unique_and_never_empty() -> None:
    sheet = read("Телефон;Телефон;;Телефон (2);  Имя \u00a0 клиента;;\n1;2;3;4;5;;\n".encode())
    assert sheet.columns == ("Телефон", "Телефон (2)", "column 3", "Телефон (2) (2)", "Имя клиента")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"\n;;\n \n", "empty_file"),
        (b"PK\x03\x04rest", "bad_workbook"),
        (b"\xd0\xcf\x11\xe0old", "not_csv"),
        (b"a,b\x07c", "not_text"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "not_text"),
        (b"\xff\xfea", "not_text"),
        (b"ab\x98cd", "not_text"),
        (b'a;b\n"c;d\ne;f\n', "unclosed_quote"),
        (b'a;b\n"' + b"c" * 200_000 + b'";d', "bad_row"),
        (b'sep="\na"b\n', "bad_delimiter"),
        (";".join(str(n) for n in range(201)).encode(), "too_many_columns"),
    ],
)
def test_R9_1_what_is_no_list_is_refused_with_the_reason(data: bytes, code: str) -> None:
    with pytest.raises(BadInput) as error:
        read(data)
    assert (error.value.code, error.value.field) == (code, "file")


def test_R9_1_an_unclosed_quote_is_named_by_its_line() -> None:
    with pytest.raises(BadInput, match="line 3"):
        read('Имя;Телефон\nАнна;1\n"Пётр;2\nИван;3\n'.encode())


def test_R9_1_a_letter_across_two_pieces_of_a_long_file_survives() -> None:
    rows = [["я" * 7, f"8900{number:07}"] for number in range(8000)]
    for encoding in ("utf-8", "utf-16-le with BOM", "cp1251"):
        assert read_rows(ENCODERS[encoding](written([["Имя", "Телефон"], *rows]))) == rows
