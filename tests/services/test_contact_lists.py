"""SPEC R9.1, R9.2: loading a list; every row is loaded, a duplicate or bad."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from campaigns.campaign import CompanyId
from core.errors import BadInput
from services import campaigns, contact_lists
from services.contact_lists import BATCH, preview
from storage import tables
from storage.database import Database
from tests.conftest import EPOCH
from tests.services.things import load, make_campaign

DEMO = Path(__file__).resolve().parents[2] / "app" / "demo" / "contacts.csv"

pytestmark = pytest.mark.postgres


async def test_R9_1_the_demonstrations_list_loads_with_its_names(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
        report = await contact_lists.load_contacts(
            tx, campaign=made, data=DEMO.read_bytes(), mapping=None, now=EPOCH, randomness=random.Random(1)
        )
        phone = tables.contacts.c.phones[1]
        row = (await tx.execute(select(tables.contacts).where(phone == "+79000001014"))).one()
        again = await contact_lists.load_contacts(
            tx, campaign=made, data=DEMO.read_bytes(), mapping=None, now=EPOCH, randomness=random.Random(1)
        )
    assert (report.rows, report.loaded, report.duplicates, len(report.bad)) == (65, 60, 1, 4)
    assert report.zone_unknown == 60
    assert (again.rows, again.loaded, again.duplicates, len(again.bad)) == (65, 0, 61, 4)
    assert (row.last_name, row.first_name) == ('Иван"; DROP}|,\nтабл', "Роберт")
    assert row.custom == {"Кампания": "Уведомление", "Дата": "07.12.2026", "Сумма": "1400"}


async def test_R9_1_a_new_lead_may_be_called_at_once_in_a_random_order(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
        await load(tx, made, "Телефон\n89001112233\n83832123456\n")
        leads = (await tx.execute(select(tables.leads).order_by(tables.leads.c.id))).all()
        active = (await tx.execute(select(tables.campaigns.c.last_activity_at))).scalar_one()
    assert [(lead.state, lead.due_at, lead.added_at, lead.attempts) for lead in leads] == [
        ("waiting", EPOCH, EPOCH, 0)
    ] * 2
    assert [lead.zone for lead in leads] == [None, "Asia/Novosibirsk"]
    assert 0 <= leads[0].order_key < 1
    assert leads[0].order_key != leads[1].order_key
    assert active == EPOCH


async def test_R9_1_contacts_keep_their_own_leads_over_batches(database: Database, company: CompanyId) -> None:
    count = 2 * BATCH + 10
    rows = "".join(f"Имя{number};8900{number:07}\n" for number in range(count))
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
        report = await load(tx, made, "Имя;Телефон\n" + rows + "Двойник;89000000003\n")
        contact, lead = tables.contacts.c, tables.leads.c
        query = select(contact.first_name, contact.phones).join(tables.leads, lead.contact_id == contact.id)
        found = (await tx.execute(query.order_by(lead.id))).all()
    assert (report.loaded, report.duplicates) == (count, 1)
    assert [(row.first_name, row.phones) for row in found] == [
        (f"Имя{number}", [f"+7900{number:07}"]) for number in range(count)
    ]


async def test_R9_2_only_the_first_phone_and_only_this_campaign_make_a_duplicate(
    database: Database, company: CompanyId
) -> None:
    async with database.transaction(company) as tx:
        made, other = await make_campaign(tx), await make_campaign(tx, "Другая")
        first = await load(tx, made, "Телефон;Телефон 2\n89001112233;89001112244\n89001112244;\n89001112233;\n")
        second = await load(tx, other, "Телефон\n89001112233\n")
        third = await load(tx, made, "Телефон;Телефон 2\n89001112255;89001112233\n+7 900 111 22 44;\n")
    assert (first.loaded, first.duplicates) == (2, 1)
    assert (second.loaded, second.duplicates) == (1, 0)
    assert (third.loaded, third.duplicates) == (1, 1)


row = st.tuples(
    st.sampled_from(["Анна", 'О"Нил', "a;b", "", "=1+1", "{x|y}", "две\nстроки"]),
    st.sampled_from(["89001112233", "+7 900 111 22 44", "8(900)1112255", "нет", "", "12345", "89001112233, 1"]),
)


@given(st.lists(row, min_size=1, max_size=12))
@settings(deadline=None, max_examples=100)
async def test_R9_1_nothing_is_lost_between_file_and_batch(rows: list[tuple[str, str]]) -> None:
    import csv
    import io

    from campaigns.contacts.mapping import suggest
    from campaigns.contacts.reading import read
    from campaigns.contacts.rows import BadRow

    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerows([("Имя", "Телефон"), *rows])
    sheet = read(out.getvalue().encode())
    batch = contact_lists._batch(sheet.rows(), sheet, suggest(sheet), EPOCH)
    expected = [name or phone for name, phone in rows if name or phone]
    assert len(batch) == len(expected)
    assert all(a.line < b.line for a, b in pairwise(batch))
    bad = sum(isinstance(one, BadRow) for one in batch)
    assert bad == sum(phone in {"нет", "", "12345"} for name, phone in rows if name or phone)


async def test_R9_1_a_chosen_mapping_is_followed(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
        mapping = {"Кто": "full_name", "Куда": "phone", "Долг": "custom:сумма"}
        await load(tx, made, "Кто;Куда;Долг;Лишнее\nИванов Пётр;89001112233;7100;x\n", mapping)
        contact = (await tx.execute(select(tables.contacts))).one()
    assert (contact.last_name, contact.first_name, contact.custom) == ("Иванов", "Пётр", {"сумма": "7100"})


@pytest.mark.parametrize(
    ("text", "mapping", "field"),
    [
        ("", None, "file"),
        ("Имя;Возраст\nАнна;5\n", None, "mapping"),
        ("Имя;Телефон\nАнна;89001112233\n", {"Имя": "first_name"}, "mapping"),
        ("Имя;Телефон\nАнна;89001112233\n", {"Тел": "phone"}, "mapping"),
    ],
)
async def test_R9_1_a_list_that_cannot_be_loaded_changes_nothing(
    database: Database, company: CompanyId, text: str, mapping: dict[str, str] | None, field: str
) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
    with pytest.raises(BadInput) as error:
        async with database.transaction(company) as tx:
            await load(tx, made, text, mapping)
    assert error.value.field == field
    async with database.transaction(company) as tx:
        assert (await campaigns.one_campaign(tx, made, EPOCH)).leads == 0
        assert (await tx.execute(select(func.count()).select_from(tables.contacts))).scalar_one() == 0


async def test_R9_1_too_many_bad_rows_stop_the_load(
    database: Database, company: CompanyId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_lists, "MOST_BAD", 5)
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
        with pytest.raises(BadInput, match="More than 5 rows are bad"):
            await load(tx, made, "Имя;Телефон\n" + "Анна;нет\n" * 6)


async def test_R9_1_a_preview_shows_columns_fields_and_first_rows() -> None:
    seen = await preview(DEMO.read_bytes())
    assert seen.columns[:2] == ("Кампания", "Фамилия")
    assert seen.suggested_mapping["Телефон 2"] == "phone"
    assert len(seen.sample_rows) == 20
    assert seen.sample_rows[1][1] == 'Иван"; DROP}|,\nтабл'
    assert all(len(row) == len(seen.columns) for row in seen.sample_rows)
    assert (seen.encoding, seen.delimiter) == ("utf-8", ";")


async def test_R9_1_a_preview_fills_short_rows_and_cuts_long_cells() -> None:
    seen = await preview(("Имя;Телефон;Поле\nАнна\nА;1;" + "я" * 5000 + ";лишнее\n").encode())
    assert seen.sample_rows == (("Анна", "", ""), ("А", "1", "я" * 200))
