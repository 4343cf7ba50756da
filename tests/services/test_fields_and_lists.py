"""SPEC R9.3: custom fields, blacklists and VIP lists."""

from __future__ import annotations

import pytest

from campaigns.campaign import CompanyId
from core.errors import BadInput, Conflict, NotFound
from services import fields, number_lists
from services.fields import FieldKind
from services.number_lists import ListKind
from storage.database import Database
from tests.conftest import EPOCH, make_company
from tests.services.test_imports import workbook

pytestmark = pytest.mark.postgres


async def test_R9_3_fields_are_added_changed_and_taken_away_in_their_order(
    database: Database, company: CompanyId
) -> None:
    async with database.transaction(company) as tx:
        one = await fields.add_field(tx, "  Сумма  долга ", FieldKind.NUMBER, (), EPOCH)
        two = await fields.add_field(tx, "Тариф", FieldKind.LIST, ("Мини", "Макси"), EPOCH)
        assert await fields.list_fields(tx) == [one, two]
        assert one.name == "Сумма долга"
        changed = await fields.change_field(tx, two.id, name="План", options=("Мини", "Макси", "Ультра"))
        assert (changed.name, changed.options) == ("План", ("Мини", "Макси", "Ультра"))
        await fields.delete_field(tx, one.id)
        assert await fields.list_fields(tx) == [changed]
        with pytest.raises(NotFound):
            await fields.delete_field(tx, one.id)
    other = await make_company(database, "Другая")
    async with database.transaction(other) as tx:
        assert await fields.list_fields(tx) == []
        with pytest.raises(NotFound):
            await fields.change_field(tx, two.id, name="Чужое")


@pytest.mark.parametrize(
    ("name", "kind", "options", "field"),
    [
        ("", FieldKind.TEXT, (), "name"),
        ("x" * 101, FieldKind.TEXT, (), "name"),
        ("a\x01b", FieldKind.TEXT, (), "name"),
        ("Поле", FieldKind.TEXT, ("а",), "options"),
        ("Поле", FieldKind.LIST, (), "options"),
        ("Поле", FieldKind.LIST, ("а", ""), "options"),
        ("Поле", FieldKind.LIST, ("а", "А"), "options"),
    ],
)
async def test_R9_3_a_field_that_cannot_be_is_refused(
    database: Database, company: CompanyId, name: str, kind: FieldKind, options: tuple[str, ...], field: str
) -> None:
    async with database.transaction(company) as tx:
        with pytest.raises(BadInput) as error:
            await fields.add_field(tx, name, kind, options, EPOCH)
    assert error.value.field == field


async def test_R9_3_a_field_or_list_of_the_same_name_is_refused(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        await fields.add_field(tx, "Сумма", FieldKind.NUMBER, (), EPOCH)
        two = await fields.add_field(tx, "Срок", FieldKind.DATE, (), EPOCH)
        with pytest.raises(Conflict):
            await fields.add_field(tx, "сумма", FieldKind.TEXT, (), EPOCH)
        with pytest.raises(Conflict):
            await fields.change_field(tx, two.id, name="СУММА")
        assert (await fields.change_field(tx, two.id, name="СРОК")).name == "СРОК"
        await number_lists.add_list(tx, "Не звонить", ListKind.BLACKLIST, EPOCH)
        with pytest.raises(Conflict):
            await number_lists.add_list(tx, "не звонить", ListKind.VIP, EPOCH)


async def test_R9_3_numbers_are_normalised_added_once_and_taken_off(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made = await number_lists.add_list(tx, "Не звонить", ListKind.BLACKLIST, EPOCH)
        report = await number_lists.add_numbers(
            tx, made.id, ["8 900 111-22-33, +79001112244", "нет", "89001112233"], EPOCH
        )
        assert (report.added, report.known, report.bad_count) == (2, 1, 1)
        assert [(bad.line, bad.value, bad.reason_code) for bad in report.bad] == [(2, "нет", "phone_not_a_number")]
        assert await number_lists.numbers(tx, made.id, None, 10) == ["+79001112233", "+79001112244"]
        assert await number_lists.numbers(tx, made.id, "+79001112233", 10) == ["+79001112244"]
        assert await number_lists.remove_numbers(tx, made.id, ["89001112233", "89009999999"]) == 1
        (shown,) = await number_lists.list_lists(tx)
        assert (shown.name, shown.kind, shown.count) == ("Не звонить", ListKind.BLACKLIST, 1)
        assert (await number_lists.rename_list(tx, made.id, "ЧС")).name == "ЧС"
        await number_lists.delete_list(tx, made.id)
        assert await number_lists.list_lists(tx) == []


@pytest.mark.parametrize(
    "data",
    [
        "Имя;Телефон;Комментарий\nАнна;89001112233;12345678\nПётр;нет;\n".encode("cp1251"),
        "89001112233\nнет\n".encode(),
        "Кого\n89001112233\nнет\n".encode(),
        workbook(("Номер",), (89001112233,), ("нет",)),
    ],
)
async def test_R9_3_a_file_of_numbers_loads_whatever_its_form(
    database: Database, company: CompanyId, data: bytes
) -> None:
    async with database.transaction(company) as tx:
        made = await number_lists.add_list(tx, "VIP", ListKind.VIP, EPOCH)
        report = await number_lists.load_numbers(tx, made.id, data, EPOCH)
        assert (report.added, report.known, report.bad_count) == (1, 0, 1)
        assert await number_lists.numbers(tx, made.id, None, 10) == ["+79001112233"]


async def test_R9_3_a_file_without_a_column_of_numbers_is_refused(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made = await number_lists.add_list(tx, "VIP", ListKind.VIP, EPOCH)
        with pytest.raises(BadInput, match="No column"):
            await number_lists.load_numbers(tx, made.id, "Имя;Возраст\nАнна;5\n".encode(), EPOCH)


async def test_R11_4_a_list_of_another_company_is_not_there(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made = await number_lists.add_list(tx, "VIP", ListKind.VIP, EPOCH)
    async with database.transaction(await make_company(database, "Другая")) as tx:
        with pytest.raises(NotFound):
            await number_lists.add_numbers(tx, made.id, ["89001112233"], EPOCH)
