"""SPEC R9.4: people by tag, bucket, campaign, filter, in CSV and workbooks, with all fields, streamed."""

from __future__ import annotations

import csv
import io
import resource
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text, update

from campaigns.campaign import CompanyId
from campaigns.leads import Bucket
from core.errors import BadInput, Conflict, NotFound
from core.results import CallResult
from services import exports, fields, tags
from services.export_run import Exporter
from services.exports import Export, ExportChoice, ExportState
from services.fields import FieldKind
from storage import tables
from storage.database import Database
from tests.conftest import EPOCH, make_company
from tests.services.desk import Desk, Noon, phones, report
from tests.services.things import lead_ids, set_lead

pytestmark = pytest.mark.postgres

PEOPLE = (
    "Фамилия;Имя;Отчество;Организация;Должность;Примечание;Почта;Часовой пояс;Теги;Телефон;Телефон 2;Сумма;Имя (поле)\n"
    'Иванов;Пётр;Ильич;"ООО ""Рога; копыта""";Директор;"две\nстроки";a@b.ru;Asia/Omsk;"VIP, Омск";'
    "89001112233;+12025550123;-7;Петя\n"
    "'=Сидоров;'+Анна;'@a;'-x;;;;;;89001112244;;=1;\n"
    ";;;;;;;;VIP;84951234567;;;\n"
)


@pytest.fixture
def desk(database: Database, company: CompanyId, tmp_path: Path) -> Desk:
    return Desk(database, company, tmp_path)


async def export(desk: Desk, form: Literal["csv", "xlsx"] = "csv", **choice: Any) -> Export:  # noqa: ANN401
    async with desk.database.transaction(desk.company) as tx:
        made = await exports.add_export(
            tx, choice=ExportChoice(**({"what": "contacts"} | choice)), format=form, by=None, now=EPOCH
        )
    await Exporter(desk.database, desk.folder, Noon()).run(desk.company, made.id)
    async with desk.database.transaction(desk.company) as tx:
        return await exports.one_export(tx, made.id)


async def file_of(desk: Desk, one: Export) -> Path:
    async with desk.database.transaction(desk.company) as tx:
        return await exports.export_file(tx, desk.folder, desk.company, one.id)


async def rows_of(desk: Desk, one: Export) -> list[dict[str, str]]:
    text = (await file_of(desk, one)).read_text("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def person(row: Any) -> tuple[object, ...]:  # noqa: ANN401
    names = ("last_name", "first_name", "middle_name", "organisation", "position", "note", "email", "zone", "phones",
             "tags", "custom")  # fmt: skip
    return tuple(getattr(row, name) for name in names)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_R9_4_what_was_exported_loads_as_the_same_people(desk: Desk, form: Literal["csv", "xlsx"]) -> None:
    assert report(await desk.load(PEOPLE)) == {"loaded": 3}
    one = await export(desk, form)
    assert (one.state, one.rows_done, one.rows_total) == (ExportState.DONE, 3, 3)
    other = Desk(desk.database, await make_company(desk.database, "Другая"), desk.folder)
    assert report(await other.load((await file_of(desk, one)).read_bytes())) == {"loaded": 3}
    before, after = await desk.people(), await other.people()
    assert [person(row) for row in after] == [person(row) for row in before]
    assert before[0].custom == {"Сумма": "-7", "Имя": "Петя"}
    assert before[1].last_name == "=Сидоров"


async def test_R9_4_consents_are_exported_as_they_load_again(desk: Desk) -> None:
    await desk.load("Телефон;Согласие\n89001112201;да\n89001112202;01.02.2026\n89001112203;\n")
    other = Desk(desk.database, await make_company(desk.database, "Другая"), desk.folder)
    await other.load((await file_of(desk, await export(desk))).read_bytes())
    before, after = await desk.people(), await other.people()
    assert [one.consent_at for one in after] == [one.consent_at for one in before]
    assert [one.consent_at is None for one in after] == [False, False, True]


async def test_R9_4_formulas_are_written_as_text(desk: Desk) -> None:
    await desk.load(PEOPLE)
    cells = (await rows_of(desk, await export(desk)))[1]
    assert (cells["Фамилия"], cells["Имя"], cells["Отчество"]) == ("'=Сидоров", "'+Анна", "'@a")
    assert (cells["Организация"], cells["Сумма"]) == ("'-x", "'=1")
    assert cells["Телефон 1"] == "+79001112244"
    book = CalamineWorkbook.from_path(await file_of(desk, await export(desk, "xlsx"))).get_sheet_by_index(0)
    row = book.to_python()[2]
    assert row[:4] == ["=Сидоров", "+Анна", "@a", "-x"]


async def test_R9_4_leads_are_chosen_by_bucket_result_tag_text_and_number(desk: Desk) -> None:
    campaign, other = await desk.campaign(), await desk.campaign("Другая")
    names = "Имя;Телефон;Теги\nАнна;89001112201;VIP\nПётр;89001112202;\nИван 100%;89001112203;VIP\nОльга;89001112204;\n"
    await desk.load(names, campaign)
    await desk.load("Телефон\n" + phones(3), other)
    async with desk.database.transaction(desk.company) as tx:
        leads = await lead_ids(tx, campaign)
        await set_lead(tx, leads[0], state="reached", attempts=1, last_result="completed", callback_at=EPOCH)
        await set_lead(tx, leads[1], state="failed", attempts=2, last_result="busy")
        await set_lead(tx, leads[2], attempts=1, last_result="busy")

    async def chosen(**choice: Any) -> list[str]:  # noqa: ANN401
        wanted: dict[str, Any] = {"what": "leads", "campaign": campaign} | choice
        rows = await rows_of(desk, await export(desk, **wanted))
        return [row["Имя"] for row in rows]

    assert await chosen() == ["Анна", "Пётр", "Иван 100%", "Ольга"]
    for place, bucket in enumerate((Bucket.REACHED, Bucket.FAILED, Bucket.WILL_CALL_AGAIN, Bucket.NOT_CALLED)):
        assert await chosen(bucket=bucket) == [["Анна", "Пётр", "Иван 100%", "Ольга"][place]]
    assert await chosen(result=CallResult.BUSY) == ["Пётр", "Иван 100%"]
    assert await chosen(tags=("VIP",)) == ["Анна", "Иван 100%"]
    assert await chosen(tags=("VIP", "нет")) == []
    assert await chosen(text="анна") == ["Анна"]
    assert await chosen(text="100%") == ["Иван 100%"]
    assert await chosen(text="_") == []
    assert await chosen(text="112204") == ["Ольга"]
    assert await chosen(ids=(leads[1], leads[3], 10**9)) == ["Пётр", "Ольга"]
    assert await chosen(what="contacts", campaign=None, tags=("VIP",)) == ["Анна", "Иван 100%"]
    assert await chosen(what="contacts", campaign=campaign, bucket=Bucket.FAILED) == ["Пётр"]
    first = (await rows_of(desk, await export(desk, what="leads", campaign=campaign)))[0]
    assert (first["Корзина"], first["Последний результат"], first["Попыток"]) == ("Успешно", "completed", "1")
    assert (first["Добавлен (UTC)"], first["Перезвонить (UTC)"]) == ("23.11.2026 09:00", "23.11.2026 09:00")


async def test_R9_4_every_field_that_somebody_has_is_a_column(desk: Desk) -> None:
    async with desk.database.transaction(desk.company) as tx:
        await fields.add_field(tx, "Я", FieldKind.TEXT, (), EPOCH)
        await fields.add_field(tx, "Пусто", FieldKind.TEXT, (), EPOCH)
    await desk.load("Телефон;Я;Б\n89001112233;1;2\n")
    await desk.load("Телефон;А\n89001112244;3\n")
    rows = await rows_of(desk, await export(desk))
    assert list(rows[0])[14:18] == ["Я", "Пусто", "А", "Б"]
    assert [[row[name] for name in ("Я", "Пусто", "А", "Б")] for row in rows] == [["1", "", "", "2"], ["", "", "3", ""]]


@pytest.mark.parametrize(
    ("choice", "field"),
    [
        ({"what": "leads"}, "campaign"),
        ({"bucket": Bucket.REACHED}, "bucket"),
        ({"result": CallResult.BUSY}, "result"),
        ({"text": "x" * 201}, "text"),
        ({"text": "\0"}, "text"),
        ({"tags": ("a;b",)}, "tags"),
    ],
)
async def test_R9_4_a_choice_that_makes_no_sense_names_its_field(
    desk: Desk, choice: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadInput) as error:
        await export(desk, **choice)
    assert error.value.field == field


async def test_R9_4_a_cancelled_export_leaves_no_file(desk: Desk) -> None:
    async with desk.database.transaction(desk.company) as tx:
        made = await exports.add_export(tx, choice=ExportChoice("contacts"), format="csv", by=None, now=EPOCH)
        await tx.execute(update(tables.exports).values(state="running"))
        await exports.cancel_export(tx, made.id, now=EPOCH)
    await Exporter(desk.database, desk.folder, Noon()).run(desk.company, made.id)
    async with desk.database.transaction(desk.company) as tx:
        assert (await exports.one_export(tx, made.id)).state is ExportState.CANCELLED
        with pytest.raises(NotFound):
            await exports.export_file(tx, desk.folder, desk.company, made.id)
    assert not list(desk.folder.rglob("*.csv*"))


async def test_R9_4_an_export_that_is_done_is_made_once_and_cannot_be_cancelled(desk: Desk) -> None:
    one = await export(desk)
    path = await file_of(desk, one)
    await Exporter(desk.database, desk.folder, Noon()).run(desk.company, one.id)
    assert [path] == list(desk.folder.rglob("*.csv"))
    with pytest.raises(Conflict):
        async with desk.database.transaction(desk.company) as tx:
            await exports.cancel_export(tx, one.id, now=EPOCH + timedelta(days=1))


async def test_R11_4_another_company_sees_neither_the_export_nor_the_people(desk: Desk) -> None:
    await desk.load("Телефон\n" + phones(3))
    one = await export(desk)
    other = Desk(desk.database, await make_company(desk.database, "Другая"), desk.folder)
    with pytest.raises(NotFound):
        await file_of(other, one)
    assert await rows_of(other, await export(other)) == []


async def test_R9_3_tags_are_put_on_taken_off_and_counted(desk: Desk) -> None:
    await desk.load("Телефон;Теги\n89001112233;VIP\n89001112244;\n")
    ids = [one.id for one in await desk.people()]
    async with desk.database.transaction(desk.company) as tx:
        assert await tags.tag(tx, ids, add=["VIP", "новый  тег"]) == 2
        assert await tags.tag(tx, ids, add=["VIP"]) == 0
        assert await tags.all_tags(tx) == {"VIP": 2, "новый тег": 2}
        assert await tags.tag(tx, ids[:1], remove=["VIP"]) == 1
        assert await tags.all_tags(tx) == {"VIP": 1, "новый тег": 2}
        with pytest.raises(BadInput):
            await tags.tag(tx, ids, add=["x" * 51])
    with pytest.raises(Conflict):
        async with desk.database.transaction(desk.company) as tx:
            await tags.tag(tx, ids, add=[f"тег {number}" for number in range(50)])
    assert [one.tags for one in await desk.people()] == [["новый тег"], ["VIP", "новый тег"]]


@pytest.mark.parametrize(("form", "count"), [("csv", 200_000), ("xlsx", 60_000)])
async def test_R9_4_however_many_people_are_written_in_the_same_memory(
    desk: Desk, form: Literal["csv", "xlsx"], count: int
) -> None:
    make = text("""
        INSERT INTO contacts (phones, first_name, custom, created_at)
        SELECT ARRAY['+7' || (9000000000 + n)], repeat('Анна', 10), jsonb_build_object('Сумма', n::text), :at
        FROM generate_series(1, :count) AS n
    """)
    async with desk.database.transaction(desk.company) as tx:
        await tx.execute(make, {"count": 20_000, "at": EPOCH})
    await export(desk, form)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with desk.database.transaction(desk.company) as tx:
        await tx.execute(make, {"count": count - 20_000, "at": EPOCH})
    one = await export(desk, form)
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert (one.state, one.rows_done) == (ExportState.DONE, count)
    assert grown_kb < 20_000
