"""SPEC R9.1: which column is which field."""

from __future__ import annotations

import pytest

from campaigns.contacts.mapping import check_mapping, suggest
from campaigns.contacts.reading import read
from core.errors import BadInput


def suggested(*columns: str) -> dict[str, str]:
    return suggest(read((";".join(columns) + "\n" + ";".join("x" * len(columns)) + "\n").encode()))


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("Телефон", "phone"),
        ("Телефон 2", "phone"),
        ("Тел.", "phone"),
        ("Моб. телефон", "phone"),
        ("Номер телефона", "phone"),
        ("Рабочий телефон", "phone"),
        ("Телефон рабочий", "phone"),
        ("Контактный телефон", "phone"),
        ("ТЕЛЕФОН_1", "phone"),
        ("Phone", "phone"),
        ("Phone Number", "phone"),
        ("mobile_phone", "phone"),
        ("Work phone", "phone"),
        ("Фамилия", "last_name"),
        ("Last Name", "last_name"),
        ("имя", "first_name"),
        ("first_name", "first_name"),
        ("Отчество", "middle_name"),
        ("ФИО", "full_name"),
        ("Ф.И.О.", "full_name"),
        ("Full name", "full_name"),
        ("Организация", "organisation"),
        ("Company", "organisation"),
        ("Должность", "position"),
        ("Доп. информация", "note"),
        ("E-mail", "email"),
        ("Эл. почта", "email"),
        ("Часовой пояс", "zone"),
        ("Timezone", "zone"),
        ("Сумма долга", "custom:Сумма долга"),
        ("Модель телефона", "custom:Модель телефона"),
        ("Код телефона", "custom:Код телефона"),
        ("Телефонный аппарат", "custom:Телефонный аппарат"),
    ],
)
def test_R9_1_a_column_is_known_by_its_name(column: str, field: str) -> None:
    assert suggested(column) == {column: field}


def test_R9_1_a_field_that_comes_twice_is_taken_once_but_phones() -> None:
    assert suggested("Имя", "First name", "Телефон", "Мобильный") == {
        "Имя": "first_name",
        "First name": "custom:First name",
        "Телефон": "phone",
        "Мобильный": "phone",
    }


def test_R9_1_without_names_the_first_row_tells_the_phones() -> None:
    sheet = read("Анна;89001112233;7100\n".encode())
    assert suggest(sheet) == {"column 1": "custom:column 1", "column 2": "phone", "column 3": "custom:column 3"}


def test_R9_1_what_is_suggested_suits_its_list() -> None:
    columns = ("ФИО", "Телефон", "Телефон 2", "Сумма")
    check_mapping(suggested(*columns), columns)


@pytest.mark.parametrize(
    ("mapping", "code"),
    [
        ({}, "no_phone_column"),
        ({"Имя": "first_name"}, "no_phone_column"),
        ({"Нет": "phone"}, "no_such_column"),
        ({"Имя": "phone9"}, "no_such_field"),
        ({"Имя": "phones"}, "no_such_field"),
        ({"Имя": "id"}, "no_such_field"),
        ({"Имя": "note", "Тел": "note"}, "field_twice"),
        ({"Имя": "phone1", "Тел": "phone1"}, "field_twice"),
        ({"Имя": "custom:"}, "bad_field_name"),
        ({"Имя": "custom:" + "я" * 101}, "bad_field_name"),
    ],
)
def test_R9_1_a_mapping_that_does_not_suit_is_refused(mapping: dict[str, str], code: str) -> None:
    with pytest.raises(BadInput) as error:
        check_mapping(mapping, ("Имя", "Тел"))
    assert (error.value.code, error.value.field) == (code, "mapping")


def test_R9_1_only_the_phone_is_required() -> None:
    check_mapping({"Тел": "phone3"}, ("Имя", "Тел"))
