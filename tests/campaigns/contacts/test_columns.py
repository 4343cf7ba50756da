"""SPEC R9.1, R9.2: a list read by its columns is what it is read row by row, whatever stands in it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from itertools import repeat

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from campaigns.contacts.batches import Batch, Batches, Duplicates, Loading, merged
from campaigns.contacts.cells import Row
from campaigns.contacts.copying import EMPTY, STAGED
from campaigns.contacts.custom_fields import FieldKind, FieldRule
from campaigns.contacts.phones import phones_in, plain_mobiles
from campaigns.contacts.reading import Sheet, read
from campaigns.contacts.rows import BadRow, NewContact, RowReader
from core.errors import BadInput
from core.phones import Phone
from tests.conftest import EPOCH

COLUMNS = (
    "Телефон",
    "Другой",
    "ФИО",
    "Фамилия",
    "Почта",
    "Теги",
    "Приоритет",
    "Пояс",
    "Сумма",
    "Тариф",
    "Поле",
    "Согласие",
    "Лишний",
)
MAPPING = {
    "Телефон": "phone", "Другой": "phone2", "ФИО": "full_name", "Фамилия": "last_name", "Почта": "email",
    "Теги": "tags", "Приоритет": "priority", "Пояс": "zone", "Сумма": "custom:Сумма", "Тариф": "custom:Тариф",
    "Поле": "custom:Моё \"поле\"", "Согласие": "consent",
}  # fmt: skip
RULES = {"Сумма": FieldRule(FieldKind.NUMBER), "Тариф": FieldRule(FieldKind.LIST, ("Мини", "Макси"))}

odd = st.text(
    st.one_of(
        st.characters(codec="utf-8", exclude_categories=["Cc"]), st.sampled_from("\\\t\n\r\"'{},; =+\u00a0\ufeff")
    ),
    max_size=8,
)
hostile = st.one_of(odd, odd, st.sampled_from(["'=1", "''@x", " '-а", "'а", "\\N"]))
mobiles = st.integers(0, 9).flatmap(
    lambda n: st.sampled_from([f"8900111220{n}", f"+7 (900) 111-22-0{n}", f" 7900111220{n}", f"900 111 22 0{n}\u00a0"])
)
numbers = st.one_of(
    mobiles, mobiles, mobiles,
    st.sampled_from(["", "нет", "12345", "+74951234567", "8(843)2001122", "+14155552671", "'+79001112201"]),
    st.tuples(mobiles, mobiles).map(", ".join), hostile,
)  # fmt: skip
cells = st.tuples(
    numbers,
    st.one_of(st.just(""), numbers),
    st.one_of(st.sampled_from(["", "Иванов Пётр Ильич", "Анна", "Пётр Ильич"]), hostile),
    hostile,
    st.one_of(hostile, st.integers(318, 322).map(lambda n: "x" * n)),
    st.one_of(st.sampled_from(["", "VIP, Омск", "VIP"]), hostile),
    st.sampled_from(["", "1", " 5 ", "0", "1000001", "первый", "٣"]),
    st.sampled_from(["", "", "Europe/Moscow", "МСК+2", "нет", "'=МСК"]),
    st.sampled_from(["", "7", "7 100,50", "много", " "]),
    st.sampled_from(["", "мини", "Макси", "Миди"]),
    hostile,
    st.sampled_from(["", "да", "Нет", "01.02.2026", "2026-02-01 10:30", "01.02.2126", "может быть"]),
    hostile,
)
rows = st.lists(
    st.one_of(cells, cells, cells, cells.map(lambda row: row[:3]), cells.map(lambda row: (*row, "", "лишнее"))),
    min_size=1,
    max_size=20,
)


def sheet_of(table: list[tuple[str, ...]]) -> Sheet:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerows([COLUMNS, *table])
    return read(out.getvalue().encode())


def unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: {"t": "\t", "n": "\n", "r": "\r"}.get(found[1], found[1]), text)


def meaning(batch: Batch) -> list[dict[str, object]]:
    """The lines of a batch, as the database understands them."""
    found: list[dict[str, object]] = []
    for line in batch.copy.decode().split("\n")[:-1]:
        given_ = dict(zip(batch.columns, line.split("\t"), strict=True))
        full = {name: given_.get(name, EMPTY[name]) for name in STAGED if name != "place"}
        one: dict[str, object] = {name: None if text == r"\N" else unescaped(text) for name, text in full.items()}
        one["custom"] = json.loads(str(one["custom"]))
        one["phones"] = one["phones"] or f"{{{one['phone']}}}"
        found.append(one)
    return found


def row_by_row(sheet: Sheet, loading: Loading, size: int) -> list[tuple[list[dict[str, object]], int, int, int]]:
    """What the batches of a list are, told in the simplest way."""
    reader, seen = RowReader(sheet.columns, MAPPING, RULES, now=EPOCH), set[str]()
    rows_ = list(sheet.rows())
    return [_one_batch(rows_[start : start + size], reader, seen, loading) for start in range(0, len(rows_), size)]


def _one_batch(
    rows_: list[Row], reader: RowReader, seen: set[str], loading: Loading
) -> tuple[list[dict[str, object]], int, int, int]:
    kept: list[tuple[NewContact, bool]] = []
    bad = skipped = folded = 0
    for row in rows_:
        contact = reader.read(row)
        if isinstance(contact, BadRow):
            bad += 1
            continue
        main = contact.phones[0].e164
        same = [place for place, (one, _) in enumerate(kept) if one.phones[0].e164 == main]
        if loading.duplicates is Duplicates.SKIP and main in seen:
            skipped += 1
        elif loading.duplicates is Duplicates.MERGE and same:
            kept[same[0]] = (merged(kept[same[0]][0], contact), kept[same[0]][1])
            folded += 1
        else:
            kept.append((contact, loading.duplicates is Duplicates.MERGE and main in seen))
        seen.add(main)
    return [_staged(contact, loading, again) for contact, again in kept], bad, skipped, folded


def _staged(one: NewContact, loading: Loading, again: bool) -> dict[str, object]:
    tags = tuple(dict.fromkeys((*one.tags, *loading.tags)))
    texts = {
        name: getattr(one, name)
        for name in ("last_name", "first_name", "middle_name", "organisation", "position", "note", "email")
    }
    priority = loading.priority if one.priority is None else one.priority
    return {
        "phone": one.phones[0].e164,
        "phones": "{" + ",".join(phone.e164 for phone in one.phones) + "}",
        **texts,
        "zone": one.zone,
        "custom": dict(one.custom),
        "tags": "{" + ",".join('"' + tag.replace("\\", "\\\\").replace('"', '\\"') + '"' for tag in tags) + "}",
        "priority": None if priority is None else str(priority),
        "consent_at": None if one.consent_at is None else one.consent_at.isoformat(),
        "repeated": "t" if again else "f",
    }


@given(rows, st.sampled_from(Duplicates), st.sampled_from([((), None), (("тег", "VIP"), 3)]), st.integers(1, 7))
@settings(max_examples=400, deadline=None)
def test_R9_1_a_list_read_by_columns_is_what_it_is_row_by_row(
    table: list[tuple[str, ...]], duplicates: Duplicates, more: tuple[tuple[str, ...], int | None], size: int
) -> None:
    sheet = sheet_of(table)
    loading = Loading(duplicates, EPOCH, *more)
    found = list(Batches(sheet.columns, MAPPING, RULES, loading).of(sheet, size=size))
    told = [(meaning(batch), batch.bad, batch.skipped, batch.folded) for batch in found]
    assert told == row_by_row(sheet, loading, size)
    assert sum(batch.rows for batch in found) == sheet.count() == len(list(sheet.rows()))


@given(rows, st.integers(1, 6), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1251"]), st.sampled_from("\n\r"))
@settings(max_examples=200, deadline=None)
def test_R9_1_blocks_are_the_rows_with_their_lines(
    table: list[tuple[str, ...]], size: int, encoding: str, end: str
) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";", lineterminator=end).writerows([COLUMNS, *table, (), ("", " "), ("\u00a0\ufeff",)])
    try:
        sheet = read(out.getvalue().encode(encoding, "replace"))
    except BadInput:
        return
    blocks = list(sheet.blocks(repeat(size)))
    flat = [Row(line, tuple(row)) for block in blocks for line, row in zip(block.lines, block.rows, strict=True)]
    assert flat == list(sheet.rows())
    assert all(len(block.rows) == size for block in blocks[:-1])
    assert sheet.count() == len(flat)


@pytest.mark.parametrize("cell", ["", " \t", "\ufeff", "а"])
def test_R9_1_lines_of_lists_without_quotes_are_counted_as_their_rows(cell: str) -> None:
    text = f"sep=;\r\nТелефон;Имя\r\n\r\n;;;\r\n89001112233;{cell}\r\n{cell};\n{cell}"
    sheet = read(text.encode())
    assert sheet.count() == len(list(sheet.rows()))


@given(st.lists(st.one_of(numbers, st.text("0123456789+- ()78.e\n", max_size=16)), max_size=12))
@example(["", "", ""])
@example(["89001112233\n", "8900111223", "+79001112233 доб. 5", "7 900 111 22 33", "+89001112233", "٨9001112233"])
def test_R9_1_a_plain_mobile_is_what_the_table_of_the_worlds_numbers_says(found: list[str]) -> None:
    mobiles_ = plain_mobiles("\x1f".join(found), "\x1f") if found else []
    assert len(mobiles_) == len(found)
    for cell, mobile in zip(found, mobiles_, strict=True):
        if mobile:
            assert [one.e164 for one in phones_in(cell) if isinstance(one, Phone)] == [mobile]
            assert len(phones_in(cell)) == 1


def test_R9_1_a_row_of_ten_thousand_cells_is_a_bad_one_and_the_others_load() -> None:
    table = [("89001112201",), tuple(["89001112202"] + ["x"] * 10_000), ("89001112203",)]
    sheet = sheet_of(list(table))
    (batch,) = Batches(sheet.columns, MAPPING, RULES, Loading(Duplicates.SKIP, EPOCH)).of(sheet)
    assert (batch.rows, batch.bad, len(meaning(batch))) == (3, 1, 2)


@pytest.mark.parametrize("quote", ["", '"'])
def test_R9_1_a_cell_of_five_megabytes_is_refused_with_its_row(quote: str) -> None:
    text = f"Имя;Телефон\nАнна;89001112233\n{quote}{'x' * 5_000_000}{quote};89001112244\n"
    with pytest.raises(BadInput, match="begins in line 3") as refused:
        read(text.encode()).count()
    assert (refused.value.code, refused.value.field) == ("bad_row", "file")


def test_R9_1_a_cell_too_long_for_its_field_makes_its_row_a_bad_one() -> None:
    sheet = sheet_of([("89001112201", "", "x" * 1001), ("8900111220" + " " * 1000 + "2",), ("89001112203",)])
    (batch,) = Batches(sheet.columns, MAPPING, RULES, Loading(Duplicates.SKIP, EPOCH)).of(sheet)
    assert (batch.rows, batch.bad) == (3, 2)
    assert batch.errors.decode().count("Слишком длинное значение.") == 2


def test_R9_1_two_columns_of_one_custom_field_are_read_row_by_row() -> None:
    mapping: Mapping[str, str] = {"Телефон": "phone", "ФИО": "custom:а", "Фамилия": "custom: а"}
    sheet = sheet_of([("89001112201", "", "раз", "два"), ("89001112202", "", "три", "")])
    (batch,) = Batches(sheet.columns, mapping, {}, Loading(Duplicates.SKIP, EPOCH)).of(sheet)
    assert [one["custom"] for one in meaning(batch)] == [{"а": "два"}, {"а": "три"}]
