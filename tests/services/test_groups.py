"""SPEC R1: operator groups and their telephones."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.campaign import CompanyId
from core.errors import BadInput
from services import groups
from services.groups import EXTENSION, operator_phone
from storage.database import Database
from tests.conftest import make_company

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("101", "101"),
        (" 1-01 ", "101"),
        ("*98", "*98"),
        ("#7", "#7"),
        ("8 (900) 111-22-33", "+79001112233"),
        ("+7 900 111 22 33", "+79001112233"),
        ("84951234567", "+74951234567"),
        ("+375291234567", "+375291234567"),
        ("+7900", None),
        ("0000000000", None),
        ("", None),
        ("анна", None),
        ("101;102", None),
        ("101@10.0.0.1", None),
        ("1" * 21, None),
        ("${system(reboot)}", None),
    ],
)
def test_a_telephone_is_an_extension_or_a_public_number(text: str, phone: str | None) -> None:
    assert operator_phone(text) == phone


@given(st.text(max_size=30))
@settings(deadline=None, max_examples=200)
def test_whatever_is_typed_only_digits_and_signs_are_dialled(text: str) -> None:
    phone = operator_phone(text)
    assert phone is None or EXTENSION.fullmatch(phone)


async def test_a_group_is_saved_found_and_replaced(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made = await groups.save_group(tx, name=" Отдел   продаж ", phones=["101", "8 900 111 22 33", "101"], wait_s=30)
        assert (made.name, made.phones, made.wait_s) == ("Отдел продаж", ("101", "+79001112233"), 30.0)
        again = await groups.save_group(tx, name="Отдел продаж", phones=["102"])
        assert (again.id, again.phones, again.wait_s) == (made.id, ("102",), 60.0)
    async with database.transaction(company) as tx:
        assert await groups.find_group(tx, "Отдел продаж") == again
        assert await groups.find_group(tx, "Нет") is None
        assert await groups.list_groups(tx) == [again]


async def test_R11_4_a_group_is_its_companys_alone(database: Database, company: CompanyId) -> None:
    other = await make_company(database, "Вектор")
    async with database.transaction(company) as tx:
        await groups.save_group(tx, name="Продажи", phones=["101"])
    async with database.transaction(other) as tx:
        assert await groups.list_groups(tx) == []
        mine = await groups.save_group(tx, name="Продажи", phones=["202"])
    async with database.transaction(company) as tx:
        found = await groups.find_group(tx, "Продажи")
    assert found is not None
    assert found.phones == ("101",)
    assert mine.phones == ("202",)


@pytest.mark.parametrize(
    ("name", "phones", "wait_s", "field"),
    [
        (" ", ["101"], 60, "name"),
        ("я" * 201, ["101"], 60, "name"),
        ("а\0б", ["101"], 60, "name"),
        ("Продажи", [], 60, "phones"),
        ("Продажи", ["101", "анна"], 60, "phones.1"),
        ("Продажи", ["101"], 0.5, "wait_s"),
        ("Продажи", ["101"], float("nan"), "wait_s"),
    ],
)
async def test_what_cannot_be_names_its_field(
    database: Database, company: CompanyId, name: str, phones: list[str], wait_s: float, field: str
) -> None:
    with pytest.raises(BadInput) as error:
        async with database.transaction(company) as tx:
            await groups.save_group(tx, name=name, phones=phones, wait_s=wait_s)
    assert error.value.field == field
