"""SPEC R9.1, R9.2: a list in batches: every row is in one, and what repeats is done with as was chosen."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.contacts.batches import Batch, Batches, Duplicates, Loading, error_header, merged
from campaigns.contacts.copying import EMPTY, STAGED
from campaigns.contacts.mapping import suggest
from campaigns.contacts.reading import read
from campaigns.contacts.reasons import RUSSIAN
from campaigns.contacts.rows import NewContact
from core.phones import Phone
from tests.conftest import EPOCH

names = st.text(st.one_of(st.characters(codec="utf-8", exclude_categories=["Cc"]), st.sampled_from("\\\t\n\"'{},;")))
numbers = st.one_of(st.integers(0, 9).map(lambda n: f"8900111220{n}"), st.sampled_from(["нет", "12345", ""]))
rows = st.lists(st.tuples(names, numbers, names), min_size=1, max_size=25)


def batches(table: list[tuple[str, str, str]], duplicates: Duplicates, *, size: int = 4, done: int = 0) -> list[Batch]:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerows([("Имя", "Телефон", "Поле"), *table])
    sheet = read(out.getvalue().encode())
    made = Batches(sheet.columns, suggest(sheet), {}, Loading(duplicates, EPOCH, ("тег",), 3))
    return list(made.of(sheet, size=size, done=done))


def copied(batch: Batch) -> list[list[str]]:
    lines = [line.split("\t") for line in batch.copy.decode().split("\n")[:-1]]
    named = [dict(zip(batch.columns, line, strict=True)) for line in lines]
    return [[line.get(name, EMPTY[name]) for name in STAGED] for line in named]


@given(rows, st.sampled_from(Duplicates))
@settings(max_examples=150)
def test_R9_1_every_row_is_copied_bad_or_a_repetition(
    table: list[tuple[str, str, str]], duplicates: Duplicates
) -> None:
    full = [row for row in table if any(cell.strip(" \t\u00a0\ufeff\r\n") for cell in row)]
    if not full:
        return
    found = batches(table, duplicates)
    assert sum(batch.rows for batch in found) == len(full)
    for batch in found:
        lines = copied(batch)
        assert len(lines) + batch.bad + batch.skipped + batch.folded == batch.rows
        assert all(len(line) == len(STAGED) for line in lines)
        assert len(list(csv.reader(io.StringIO(batch.errors.decode(), newline=""), delimiter=";"))) == batch.bad
    main = [line[1] for batch in found for line in copied(batch)]
    if duplicates is Duplicates.SKIP:
        assert len(set(main)) == len(main)
    elif duplicates is Duplicates.ADD:
        assert len(main) == sum(number.startswith("8900") for _, number, _ in full)


@given(rows, st.sampled_from(Duplicates), st.integers(0, 5))
@settings(max_examples=100)
def test_R9_1_batches_that_go_on_are_those_that_would_have_come(
    table: list[tuple[str, str, str]], duplicates: Duplicates, skipped: int
) -> None:
    if not any(cell.strip(" \t\u00a0\ufeff\r\n") for row in table for cell in row):
        return
    whole = batches(table, duplicates)
    assert batches(table, duplicates, done=4 * skipped) == whole[skipped:]


def test_R9_2_a_repetition_in_a_later_batch_is_marked_for_merging() -> None:
    table = [("А", "89001112201", ""), ("", "89001112201", "поле"), ("Б", "89001112202", ""), ("В", "89001112203", ""),
             ("Г", "89001112201", "позже")]  # fmt: skip
    first, second = batches(table, Duplicates.MERGE)
    assert (first.folded, second.folded) == (1, 0)
    assert [line[-1] for line in copied(first)] == ["f"] * 3
    assert copied(first)[0][11] == '{"Поле":"поле"}'
    assert [line[-1] for line in copied(second)] == ["t"]


def contact(*phones: str, **given: object) -> NewContact:
    return NewContact(1, tuple(map(Phone, phones)), **given)  # type: ignore[arg-type]


def test_R9_2_merging_keeps_what_the_first_one_has() -> None:
    first = contact("+79001112201", first_name="Анна", custom={"а": "1", "б": ""}, tags=("x",), zone="Asia/Omsk")
    second = contact("+79001112201", "+79001112202", first_name="Ольга", last_name="Ким", tags=("y", "x"),
                     custom={"а": "2", "б": "3", "в": "4"}, zone="Europe/Moscow", priority=4)  # fmt: skip
    one = merged(first, second)
    assert [phone.e164 for phone in one.phones] == ["+79001112201", "+79001112202"]
    assert (one.first_name, one.last_name, one.zone, one.priority) == ("Анна", "Ким", "Asia/Omsk", 4)
    assert (one.custom, one.tags) == ({"а": "1", "б": "3", "в": "4"}, ("x", "y"))


def test_R9_1_the_file_of_bad_rows_opens_in_a_spreadsheet_and_holds_no_formula() -> None:
    (batch,) = batches([("=1", "нет", "@x")], Duplicates.SKIP)
    text = (error_header(("Имя", "=Телефон", "Поле")) + batch.errors).decode("utf-8-sig")
    assert text == "Строка;Столбец;Причина;Имя;'=Телефон;Поле\r\n2;Телефон;Это не номер телефона.;'=1;нет;'@x\r\n"


@pytest.mark.parametrize("code", sorted(RUSSIAN))
def test_R9_1_every_reason_is_a_sentence(code: str) -> None:
    assert RUSSIAN[code].endswith(".")


def test_R9_1_every_reason_that_a_row_can_have_is_told_in_russian() -> None:
    from campaigns.contacts import custom_fields, phones

    assert {*phones.REASONS, *custom_fields.REASONS} <= set(RUSSIAN)
