"""SPEC R9.1: workbooks as a person sees them, and those that somebody made to do harm."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.contacts import workbooks
from campaigns.contacts.reading import read
from campaigns.contacts.workbooks import shown
from core.errors import BadInput

FORMATS = {datetime: "dd.mm.yyyy hh:mm:ss", date: "dd.mm.yyyy", time: "hh:mm", timedelta: "[h]:mm"}


def workbook(*rows: tuple[object, ...], first: int = 0, hidden: bool = False, member: bytes | None = None) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet("Список")
    for place, row in enumerate(rows, first):
        for column, cell in enumerate(row):
            form = FORMATS.get(type(cell))
            sheet.write(place, column, cell, book.add_format({"num_format": form}) if form else None)
    if hidden:
        book.add_worksheet("Другой").write(0, 0, "Телефон")
        book.worksheets()[1].activate()
        sheet.hide()
    book.close()
    return out.getvalue()


def changed(data: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """The workbook with each of its parts changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return out.getvalue()


def rows(data: bytes) -> list[tuple[str, ...]]:
    return [row.cells for row in read(data).rows()]


def refused(data: bytes) -> BadInput:
    with pytest.raises(BadInput) as error:
        list(read(data).rows())
    assert error.value.field == "file"
    return error.value


def test_R9_1_numbers_dates_and_phones_come_out_as_a_person_sees_them() -> None:
    seen = rows(
        workbook(
            ("Телефон", "Дата", "Время", "Сумма", "Да"),
            (89001112233, date(2026, 12, 31), time(9, 5), 7100.5, True),
            (79001112233.0, datetime(2026, 12, 31, 10, 30), timedelta(hours=36, minutes=5), 0.1 + 0.2, False),  # noqa: DTZ001
        )
    )
    assert seen == [
        ("89001112233", "31.12.2026", "09:05", "7100.5", "ИСТИНА"),
        ("79001112233", "31.12.2026 10:30", "36:05", "0.3", "ЛОЖЬ"),
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1e16, "1e+16"), (float("nan"), ""), (float("inf"), ""), (-5.0, "-5"), (0.15, "0.15"), (12, "12"),
     (datetime(2026, 1, 2, tzinfo=UTC), "02.01.2026"), (timedelta(seconds=90), "0:01:30"), ("=x", "=x")],
)  # fmt: skip
def test_R9_1_a_value_is_shown_plainly(value: workbooks.Cell, expected: str) -> None:
    assert shown(value) == expected


@given(st.lists(st.tuples(st.text(st.characters(min_codepoint=32, max_codepoint=0x9FF), min_size=1).filter(str.strip),
                          st.integers(10**10, 10**15 - 1)), min_size=1, max_size=6))  # fmt: skip
@settings(max_examples=40)
def test_R9_1_texts_and_whole_numbers_survive_the_way_through_a_workbook(cells: list[tuple[str, int]]) -> None:
    seen = rows(workbook(("Имя", "Число"), *cells))
    assert seen == [(text, str(number)) for text, number in cells]


def test_R9_1_a_row_knows_its_number_however_much_is_empty_above_it() -> None:
    sheet = read(workbook(("Имя", "Телефон"), ("Анна", "1"), ("", ""), ("Пётр", "2"), first=3))
    assert [row.line for row in sheet.rows()] == [5, 7]
    assert (sheet.encoding, sheet.delimiter, sheet.columns) == ("xlsx", "", ("Имя", "Телефон"))


def test_R9_1_the_first_sheet_that_is_shown_is_read() -> None:
    assert read(workbook(("Имя",), ("Анна",), hidden=True)).columns == ("Телефон",)


@pytest.mark.parametrize("cut", [4, 30, 300, -30])
def test_R9_1_a_damaged_workbook_is_refused(cut: int) -> None:
    assert refused(workbook(("Телефон",), ("1",))[:cut]).code == "bad_workbook"


def test_R9_1_an_archive_that_is_no_workbook_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert refused(out.getvalue()).code == "bad_workbook"


def test_R9_1_an_empty_workbook_is_refused() -> None:
    assert refused(workbook()).code == "empty_file"


def test_R9_1_a_workbook_that_unpacks_to_far_too_much_is_refused_before_it_is_read() -> None:
    bomb = changed(
        workbook(("Телефон",), ("1",)),
        lambda name, part: (
            part.replace(b"</sheetData>", b"</sheetData>" + b" " * 60_000_000) if "sheet1" in name else part
        ),
    )
    assert len(bomb) < 200_000
    assert refused(bomb).code == "workbook_too_large"


@pytest.mark.parametrize("quote", [b'"', b"'"])
def test_R9_1_a_grid_that_reaches_too_far_is_refused_before_it_is_built(quote: bytes) -> None:
    far = b"<row r=%s1048576%s><c r=%sXFD1048576%s><v>1</v></c></row></sheetData>".replace(b"%s", quote)
    bomb = changed(
        workbook(("Телефон",), ("1",)),
        lambda name, part: part.replace(b"</sheetData>", far) if "sheet1" in name else part,
    )
    error = refused(bomb)
    assert error.code == "workbook_too_large"
    assert "1048576 rows and 16384 columns" in error.message


def test_R9_1_a_cell_longer_than_a_list_can_have_is_named_by_row_and_column() -> None:
    long = changed(
        workbook(("Имя", "Телефон"), ("Анна", "икс")),
        lambda name, part: part.replace("икс".encode(), b"1" * 5_000_000),
    )
    error = refused(long)
    assert (error.code, "Row 2, column 2" in error.message) == ("bad_row", True)


def test_R9_1_ten_thousand_columns_are_refused() -> None:
    assert refused(workbook(tuple(f"Имя {number}" for number in range(10_000)))).code == "too_many_columns"


@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8))
@settings(max_examples=150)
def test_R9_1_any_damage_to_a_workbook_is_a_list_or_a_clear_refusal(damage: list[tuple[float, int]]) -> None:
    whole = bytearray(workbook(("Имя", "Телефон"), ("Анна", 89001112233)))
    for share, byte in damage:
        whole[4 + int(share * (len(whole) - 4))] = byte
    error = None
    try:
        list(read(bytes(whole)).rows())
    except BadInput as found:
        error = found
    assert error is None or error.field == "file"


@pytest.mark.parametrize(("place", "value"), [(8, 9), (6, 1)], ids=["unknown compression", "encrypted"])
def test_R9_1_a_workbook_that_cannot_be_unpacked_is_refused(place: int, value: int) -> None:
    data = bytearray(workbook(("Телефон",), ("1",)))
    begin = data.index(b"xl/worksheets/sheet1.xml") - 30
    data[begin + place] = value
    entry = data.rindex(b"xl/worksheets/sheet1.xml") - 46
    data[entry + place + 2] = value
    assert refused(bytes(data)).code == "bad_workbook"


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_R9_1_a_workbook_with_a_damaged_part_is_refused_whatever_packed_it(method: int) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", "<x/>" * 200)
    data = bytearray(out.getvalue())
    begin = 30 + len("xl/worksheets/sheet1.xml") + (9 if method == zipfile.ZIP_LZMA else 0)
    data[begin : begin + 12] = b"\xff" * 12
    assert refused(bytes(data)).code == "bad_workbook"
