"""SPEC R9.1: a row is a contact or has a reason, and nothing of it is lost."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.contacts.mapping import suggest
from campaigns.contacts.reading import SPACE, Row, read
from campaigns.contacts.rows import BadRow, NewContact, contact_of, zone_named
from tests.conftest import EPOCH

DEMO = Path(__file__).resolve().parents[3] / "app" / "demo" / "contacts.csv"
letters = st.characters(blacklist_categories=("Cs", "Cc", "Cn"), blacklist_characters="\ufeff")
names = st.text(st.one_of(letters, st.sampled_from("\"'{}|,;\n\r\t$")), max_size=20)


def contact(columns: str, *cells: str, mapping: dict[str, str] | None = None) -> NewContact | BadRow:
    sheet = read((columns + "\n" + "x;" * columns.count(";") + "x\n").encode())
    return contact_of(Row(7, cells), sheet.columns, mapping or suggest(sheet), now=EPOCH)


def good(columns: str, *cells: str, mapping: dict[str, str] | None = None) -> NewContact:
    made = contact(columns, *cells, mapping=mapping)
    assert isinstance(made, NewContact), made
    return made


def bad(columns: str, *cells: str) -> BadRow:
    made = contact(columns, *cells)
    assert isinstance(made, BadRow), made
    return made


def numbers(made: NewContact) -> list[str]:
    return [phone.e164 for phone in made.phones]


def test_R9_1_only_the_phone_is_required() -> None:
    made = good("Телефон", "89001112233")
    assert (numbers(made), made.first_name, made.custom, made.zone) == (["+79001112233"], "", {}, None)


def test_R9_1_all_fields_are_read() -> None:
    made = good(
        "Фамилия;Имя;Отчество;Организация;Должность;Примечание;Почта;Часовой пояс;Телефон;Сумма",
        *(
            "Иванов",
            " Пётр ",
            "Ильич",
            "ООО «Ромашка»",
            "Директор",
            "важный",
            "a@b.ru",
            "Asia/Omsk",
            "8900111 2233",
            "7",
        ),
    )
    assert (made.last_name, made.first_name, made.middle_name) == ("Иванов", "Пётр", "Ильич")
    assert (made.organisation, made.position, made.note, made.email) == (
        "ООО «Ромашка»",
        "Директор",
        "важный",
        "a@b.ru",
    )
    assert (made.zone, made.custom, made.line) == ("Asia/Omsk", {"Сумма": "7"}, 7)


@given(names, names, names)
@settings(deadline=None, max_examples=200)
def test_R9_1_any_name_survives_the_way_through_a_file(last: str, first: str, custom: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerows(
        [["Фамилия", "Имя", "Телефон", "Поле"], [last, first, "89001112233", custom]]
    )
    sheet = read(out.getvalue().encode())
    (row,) = sheet.rows()
    made = contact_of(row, sheet.columns, suggest(sheet), now=EPOCH)
    assert isinstance(made, NewContact)
    assert (made.last_name, made.first_name) == (last.strip(SPACE), first.strip(SPACE))
    assert made.custom.get("Поле", "") == custom.strip(SPACE)


@given(st.lists(st.text(max_size=20), min_size=1, max_size=8))
@settings(deadline=None, max_examples=200)
def test_R9_1_every_row_is_a_contact_or_has_a_reason(cells: list[str]) -> None:
    made = contact("ФИО;Телефон;Телефон 2;Зона;Поле", *cells)
    if isinstance(made, BadRow):
        assert made.reason_code
        assert made.reason.endswith(".")
        assert made.line == 7
    else:
        assert 1 <= len(made.phones) <= 5


def test_R9_1_phones_come_in_the_order_of_columns_and_cells_each_once() -> None:
    made = good("Телефон;Телефон 2", "89001112244, 89001112233", "+79001112244")
    assert numbers(made) == ["+79001112244", "+79001112233"]


def test_R9_1_numbered_phones_come_in_the_order_of_their_numbers() -> None:
    made = good("А;Б", "89001112233", "89001112244", mapping={"А": "phone2", "Б": "phone1"})
    assert numbers(made) == ["+79001112244", "+79001112233"]


def test_R9_1_a_number_that_cannot_be_called_is_kept_beside_a_good_one() -> None:
    made = good("Телефон;Телефон 2", "нет", "89001112233, 12345")
    assert numbers(made) == ["+79001112233"]
    assert made.custom == {"Телефон": "нет", "Телефон 2": "12345"}


def test_R9_1_a_sixth_number_is_kept_as_a_custom_field() -> None:
    made = good("Телефон", ", ".join(f"8900111220{n}" for n in range(7)))
    assert len(made.phones) == 5
    assert made.custom == {"Телефон": "+79001112205, +79001112206"}


@pytest.mark.parametrize(
    ("cells", "column", "value", "code"),
    [
        (("Анна", "", ""), "Телефон", "", "no_phone"),
        (("Анна",), "Телефон", "", "no_phone"),
        (("Анна", "12345", ""), "Телефон", "12345", "phone_too_short"),
        (("Анна", "", "нет"), "Телефон 2", "нет", "phone_not_a_number"),
        (("Анна", "89001112233", "", "лишнее"), None, "лишнее", "too_many_cells"),
        (("А" * 1001, "89001112233", ""), "Имя", "А" * 200, "too_long"),
    ],
)
def test_R9_1_a_bad_row_says_where_and_why(cells: tuple[str, ...], column: str | None, value: str, code: str) -> None:
    row = bad("Имя;Телефон;Телефон 2", *cells)
    assert (row.line, row.column, row.value, row.reason_code) == (7, column, value, code)


def test_R9_1_empty_cells_past_the_last_column_do_no_harm() -> None:
    assert numbers(good("Телефон;Имя", "89001112233", "Анна", "", " ")) == ["+79001112233"]


def test_R9_1_a_column_that_is_not_mapped_is_skipped() -> None:
    made = good("Имя;Телефон;Сумма", "Анна", "89001112233", "7", mapping={"Телефон": "phone"})
    assert (made.first_name, made.custom) == ("", {})


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("да", EPOCH),
        (" Yes ", EPOCH),
        ("1", EPOCH),
        ("ИСТИНА", EPOCH),
        ("нет", None),
        ("0", None),
        ("", None),
        ("01.02.2026", datetime(2026, 2, 1, tzinfo=UTC)),
        ("2026-02-01 10:30", datetime(2026, 2, 1, 10, 30, tzinfo=UTC)),
        (f"{EPOCH + timedelta(hours=13):%Y-%m-%d %H:%M}", EPOCH),
    ],
)
def test_R3_7_a_list_tells_the_consent(text: str, since: datetime | None) -> None:
    assert good("Телефон;Согласие", "89001112233", text).consent_at == since


@pytest.mark.parametrize("text", ["может быть", "31.02.2026", "24.11.2026", "2"])
def test_R3_7_what_tells_no_consent_is_a_bad_row(text: str) -> None:
    assert bad("Телефон;Согласие", "89001112233", text).reason_code == "bad_consent"


def test_R4_2_the_lists_zone_goes_before_the_landlines() -> None:
    assert good("Телефон;Зона", "83832123456", "Europe/Samara").zone == "Europe/Samara"
    assert good("Телефон;Зона", "83832123456", "").zone == "Asia/Novosibirsk"
    assert good("Телефон;Телефон 2", "89001112233", "83832123456").zone == "Asia/Novosibirsk"
    assert bad("Телефон;Зона", "89001112233", "Тьмутаракань").reason_code == "bad_zone"


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Europe/Moscow", "Europe/Moscow"),
        ("UTC+3", "Etc/GMT-3"),
        ("+10", "Etc/GMT-10"),
        ("МСК+4", "Etc/GMT-7"),
        ("МСК-1", "Etc/GMT-2"),
        ("UTC-5", "Etc/GMT+5"),
        ("GMT+03:00", "Etc/GMT-3"),
        ("UTC+0", "Etc/GMT"),
        ("мск", "Europe/Moscow"),
        ("UTC+15", None),
        ("../../etc/passwd", None),
        ("/etc/passwd", None),
        ("Europe", None),
        ("", None),
    ],
)
def test_R4_2_a_zone_is_known_by_its_name_or_its_offset(text: str, zone: str | None) -> None:
    assert zone_named(text) == zone


def test_R9_1_the_demonstrations_list_loads_rightly() -> None:
    sheet = read(DEMO.read_bytes())
    made = [contact_of(row, sheet.columns, suggest(sheet), now=EPOCH) for row in sheet.rows()]
    bads = {one.line: one.reason_code for one in made if isinstance(one, BadRow)}
    assert (sheet.encoding, sheet.delimiter, len(made)) == ("utf-8", ";", 65)
    assert bads == {8: "no_phone", 18: "phone_not_a_number", 33: "phone_too_short", 53: "phone_too_short"}
    hostile = made[1]
    assert isinstance(hostile, NewContact)
    assert hostile.last_name == 'Иван"; DROP}|,\nтабл'
    assert sum(len(one.phones) > 1 for one in made if isinstance(one, NewContact)) > 5
