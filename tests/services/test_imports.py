"""SPEC R9.1, R9.2: a list as an import: looked into, mapped, tried out, loaded, stopped, gone on with."""

from __future__ import annotations

import asyncio
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import xlsxwriter
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import CampaignId, CompanyId
from campaigns.contacts.copying import STAGED
from core.errors import BadInput, Conflict, NotFound
from core.results import CallResult
from services import campaigns, fields, imports
from services.campaigns import finish_campaign
from services.fields import FieldKind
from services.imports import Duplicates, Elsewhere, ImportState
from storage import tables
from storage.database import Database
from storage.loading import BatchPlan, load_staged, stage
from tests.conftest import EPOCH, make_company
from tests.services.desk import Desk, phones, report
from tests.services.things import add_attempt, lead_ids, set_lead

pytestmark = pytest.mark.postgres


@pytest.fixture
def desk(database: Database, company: CompanyId, tmp_path: Path) -> Desk:
    return Desk(database, company, tmp_path)


def workbook(*rows: tuple[object, ...]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    for place, row in enumerate(rows):
        sheet.write_row(place, 0, row)
    book.close()
    return out.getvalue()


async def test_R9_1_a_file_is_looked_into_before_anybody_maps_it(desk: Desk) -> None:
    one = await desk.upload("Имя;Телефон;Сумма\nАнна;89001112233;7\nПётр;89001112244;8\n")
    assert (one.state, one.rows_total, one.rows_done) == (ImportState.MAPPING, 2, 0)
    assert (one.columns, one.encoding, one.delimiter) == (("Имя", "Телефон", "Сумма"), "utf-8", ";")
    assert one.suggested_mapping == {"Имя": "first_name", "Телефон": "phone", "Сумма": "custom:Сумма"}
    assert one.sample_rows[0] == ("Анна", "89001112233", "7")
    assert await desk.people() == []


async def test_R9_1_good_rows_load_and_bad_ones_go_to_a_file_with_the_reason(desk: Desk) -> None:
    campaign = await desk.campaign()
    text = "Имя;Телефон\nАнна;89001112233\n=Пётр;нет\nИван;89001112244\nОльга;12345\n"
    one = await desk.load(text, campaign)
    assert (one.state, report(one), one.zone_unknown) == (ImportState.DONE, {"loaded": 2, "bad": 2}, 2)
    assert await desk.errors(one.id) == [
        ["Строка", "Столбец", "Причина", "Имя", "Телефон"],
        ["3", "Телефон", "Это не номер телефона.", "'=Пётр", "нет"],
        ["5", "Телефон", "В номере не хватает цифр.", "Ольга", "12345"],
    ]
    assert [person.phones for person in await desk.people()] == [["+79001112233"], ["+79001112244"]]
    leads = await desk.leads()
    assert [(lead.campaign_id, lead.state, lead.due_at) for lead in leads] == [(campaign, "waiting", EPOCH)] * 2
    assert leads[0].order_key != leads[1].order_key


async def test_R9_1_a_mended_file_of_bad_rows_loads_as_it_is(desk: Desk) -> None:
    one = await desk.load("Имя;Телефон\n=Анна;нет\n")
    async with desk.database.transaction(desk.company) as tx:
        path = await imports.error_file(tx, desk.folder, desk.company, one.id)
    again = await desk.load(path.read_text("utf-8-sig").replace("нет", "89001112233"))
    assert report(again) == {"loaded": 1}
    (person,) = await desk.people()
    assert (person.first_name, person.custom) == ("=Анна", {})


async def test_R9_1_a_workbook_loads_as_a_person_sees_it(desk: Desk) -> None:
    one = await desk.load(
        workbook(("Имя", "Телефон", "Сумма"), ("Анна", 89001112233, 7100.5), ("", "", ""), ("Пётр", "нет", 1))
    )
    assert (one.encoding, report(one)) == ("xlsx", {"loaded": 1, "bad": 1})
    (person,) = await desk.people()
    assert (person.phones, person.custom) == (["+79001112233"], {"Сумма": "7100.5"})
    assert (await desk.errors(one.id))[1][0] == "4"


async def test_R9_1_a_dry_run_reports_the_same_and_changes_nothing(desk: Desk) -> None:
    campaign = await desk.campaign()
    await desk.load("Имя;Телефон\nСтарый;89001112200\n")
    text = (
        "Имя;Телефон\nА;89001112200\nБ;89001112201\nВ;нет\nГ;89001112201\nД;89001112202\nЕ;89001112203\nЖ;89001112201\n"
    )
    for duplicates in Duplicates:
        one = await desk.upload(text, campaign)
        tried = await desk.run(one.id, dry_run=True, duplicates=duplicates)
        assert (tried.state, tried.rows_done) == (ImportState.DONE, 7)
        assert len(await desk.people()) == 1
        assert await desk.leads() == []
        errors = await desk.errors(one.id)
        other = Desk(desk.database, await make_company(desk.database, f"{duplicates}"), desk.folder)
        await other.load("Имя;Телефон\nСтарый;89001112200\n")
        real = await other.load(text, await other.campaign(), duplicates=duplicates)
        assert report(tried) == report(real), duplicates
        assert await other.errors(real.id) == errors


async def test_R9_1_after_a_dry_run_the_list_loads_for_good_once(desk: Desk) -> None:
    one = await desk.upload("Телефон\n" + phones(10))
    await desk.run(one.id, dry_run=True)
    done = await desk.run(one.id)
    assert (done.state, done.dry_run, report(done), len(await desk.people())) == (
        ImportState.DONE,
        False,
        {"loaded": 10},
        10,
    )
    with pytest.raises(Conflict):
        await desk.start(one.id)


async def test_R9_1_a_mapping_is_remembered_for_such_columns_within_the_company(desk: Desk) -> None:
    mapping = {"Кто": "full_name", "Куда": "phone", "Долг": "custom:сумма"}
    await desk.load("Кто;Куда;Долг\nИванов Пётр;89001112233;7\n", mapping=mapping)
    again = await desk.upload("КУДА;Долг;кто\n89001112244;8;Анна\n")
    assert again.suggested_mapping == {"КУДА": "phone", "Долг": "custom:сумма", "кто": "full_name"}
    other = Desk(desk.database, await make_company(desk.database, "Чужие"), desk.folder)
    assert (await other.upload("Кто;Куда;Долг\nА;89001112233;7\n")).suggested_mapping["Куда"] == "custom:Куда"
    with pytest.raises(NotFound):
        await other.show(again.id)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty_file"),
        ("Имя\x00;Телефон\n", "not_text"),
        ('а;б\n"в;г\n', "unclosed_quote"),
        ("PK\x03\x04", "bad_workbook"),
    ],
)
async def test_R9_1_what_is_no_list_fails_with_the_reason(desk: Desk, text: str, code: str) -> None:
    one = await desk.upload(text)
    assert (one.state, one.error) == (ImportState.FAILED, code)
    assert one.error_message
    with pytest.raises(Conflict):
        await desk.start(one.id)


async def test_R9_1_a_mapping_without_a_phone_is_refused_and_the_import_waits_on(desk: Desk) -> None:
    one = await desk.upload("Имя;Возраст\nАнна;5\n")
    with pytest.raises(BadInput, match="No column is mapped to the phone"):
        await desk.start(one.id)
    with pytest.raises(BadInput, match="has no column"):
        await desk.start(one.id, mapping={"Тел": "phone"})
    assert (await desk.show(one.id)).state is ImportState.MAPPING


async def test_R9_2_skipped_duplicates_are_counted_and_known_people_become_leads_as_they_are(desk: Desk) -> None:
    await desk.load("Имя;Телефон\nСтарая;89001112200\n")
    campaign = await desk.campaign()
    text = "Имя;Телефон\nНовая;89001112200\nБ;89001112201\nБ2;89001112201\n" + phones(4, 5) + "89001112201\n"
    one = await desk.load(text.replace("\n89", "\n;89"), campaign)
    assert report(one) == {"loaded": 5, "linked": 1, "duplicates": 2}
    assert [person.first_name for person in await desk.people()][:2] == ["Старая", "Б"]
    assert len(await desk.leads()) == 6
    again = await desk.load(text.replace("\n89", "\n;89"), campaign)
    assert report(again) == {"duplicates": 8}


async def test_R9_2_merging_fills_what_is_empty_and_adds_phones_tags_and_fields(desk: Desk) -> None:
    columns = "Фамилия;Имя;Телефон;Телефон 2;Теги;Сумма;Город;Часовой пояс\n"
    await desk.load(columns + "Иванов;;89001112233;;старый;7;;\n")
    campaign = await desk.campaign()
    text = (
        columns
        + "Петров;Пётр;89001112233;89001112244;новый, старый;8;Омск;Asia/Omsk\n"
        + "".join(f";;890011100{place:02};;;;;\n" for place in range(6))
        + "Сидоров;Сидор;89001112233;89001112255;третий;9;Тверь;\n"
    )
    one = await desk.load(text, campaign, duplicates=Duplicates.MERGE)
    assert report(one) == {"loaded": 6, "merged": 2}
    person = (await desk.people())[0]
    assert (person.last_name, person.first_name, person.zone) == ("Иванов", "Пётр", "Asia/Omsk")
    assert person.phones == ["+79001112233", "+79001112244", "+79001112255"]
    assert (person.tags, person.custom) == (["старый", "новый", "третий"], {"Сумма": "7", "Город": "Омск"})
    leads = await desk.leads()
    assert len(leads) == 7
    assert [lead.zone for lead in leads if lead.contact_id == person.id] == ["Asia/Omsk"]


async def test_R3_7_a_list_puts_consents_on_record_and_takes_none_back(desk: Desk) -> None:
    february = datetime(2026, 2, 1, tzinfo=UTC)
    first = "Телефон;Согласие\n89001112201;да\n89001112202;01.02.2026\n84951234567;\n89001112204;когда-то\n"
    assert report(await desk.load(first)) == {"loaded": 3, "bad": 1}
    assert [one.consent_at for one in await desk.people()] == [EPOCH, february, None]
    again = "Телефон;Согласие\n89001112201;нет\n89001112202;да\n84951234567;01.02.2026\n"
    assert report(await desk.load(again, duplicates=Duplicates.MERGE)) == {"merged": 3}
    assert [one.consent_at for one in await desk.people()] == [EPOCH, february, february]


async def test_R9_2_a_merged_contact_keeps_five_phones_at_most(desk: Desk) -> None:
    columns = "Телефон;" * 5 + "Телефон\n"
    await desk.load(columns + ";".join(f"8900111220{place}" for place in range(4)) + ";;\n")
    await desk.load(columns + "89001112200;" + ";".join(f"8900111221{place}" for place in range(4)) + ";\n",
                    duplicates=Duplicates.MERGE)  # fmt: skip
    (person,) = await desk.people()
    assert person.phones == [f"+7900111220{place}" for place in range(4)] + ["+79001112210"]


async def test_R9_2_added_duplicates_are_people_of_their_own(desk: Desk) -> None:
    campaign = await desk.campaign()
    text = "Имя;Телефон\nА;89001112233\nБ;89001112233\n"
    for _ in range(2):
        assert report(await desk.load(text, campaign, duplicates=Duplicates.ADD)) == {"loaded": 2}
    assert (len(await desk.people()), len(await desk.leads())) == (4, 4)


async def called(desk: Desk, campaign: CampaignId, place: int, result: CallResult, days_ago: int) -> None:
    async with desk.database.transaction(desk.company) as tx:
        lead = (await lead_ids(tx, campaign))[place]
        at = EPOCH - timedelta(days=days_ago)
        await add_attempt(tx, campaign, lead, result, started_at=at, ended_at=at)
        await set_lead(tx, lead, last_result=str(result), attempts=1)


@pytest.mark.parametrize(
    ("elsewhere", "left_out"),
    [
        (Elsewhere(), {0, 1, 2, 3}),
        (Elsewhere(results=(CallResult.BUSY,)), {1, 2}),
        (Elsewhere(within_days=7), {1, 3}),
        (Elsewhere(results=(CallResult.BUSY,), within_days=7), {1}),
        (Elsewhere(campaigns=(10**9,)), set()),
    ],
)
async def test_R9_2_people_of_other_campaigns_are_left_out_by_the_filters(
    desk: Desk, elsewhere: Elsewhere, left_out: set[int]
) -> None:
    other, campaign = await desk.campaign("Другая"), await desk.campaign()
    await desk.load("Телефон\n" + phones(4), other)
    await called(desk, other, 1, CallResult.BUSY, 3)
    await called(desk, other, 2, CallResult.BUSY, 30)
    await called(desk, other, 3, CallResult.NO_ANSWER, 3)
    one = await desk.load("Телефон\n" + phones(5), campaign, elsewhere=elsewhere)
    assert one.elsewhere == len(left_out)
    assert one.linked + one.loaded == 5 - len(left_out)


async def test_R9_2_a_finished_campaign_keeps_nobody_out(desk: Desk) -> None:
    other, campaign = await desk.campaign("Другая"), await desk.campaign()
    await desk.load("Телефон\n" + phones(2), other)
    async with desk.database.transaction(desk.company) as tx:
        await finish_campaign(tx, other, EPOCH)
    one = await desk.load("Телефон\n" + phones(2), campaign, elsewhere=Elsewhere())
    assert report(one) == {"linked": 2}


async def test_R9_3_tags_and_priorities_come_from_the_list_and_from_whoever_imports(desk: Desk) -> None:
    campaign = await desk.campaign()
    text = 'Телефон;Теги;Приоритет\n89001112233;"VIP, Омск";1\n89001112244;;\n89001112255;;первый\n'
    one = await desk.load(text, campaign, tags=("ноябрь", "VIP"), priority=5)
    assert report(one) == {"loaded": 2, "bad": 1}
    assert [person.tags for person in await desk.people()] == [["VIP", "Омск", "ноябрь"], ["ноябрь", "VIP"]]
    assert [lead.priority for lead in await desk.leads()] == [1, 5]


async def test_R9_3_values_that_do_not_suit_a_defined_field_are_bad_rows(desk: Desk) -> None:
    async with desk.database.transaction(desk.company) as tx:
        await fields.add_field(tx, "Сумма", FieldKind.NUMBER, (), EPOCH)
        await fields.add_field(tx, "Срок", FieldKind.DATE, (), EPOCH)
        await fields.add_field(tx, "Тариф", FieldKind.LIST, ("Мини", "Макси"), EPOCH)
    rows = ["7 100,50;2026-12-31;мини", "много;;", ";31.02.2026;", ";;Миди"]
    text = "Телефон;Сумма;Срок;Тариф\n" + "".join(f"8900111220{place};{row}\n" for place, row in enumerate(rows))
    one = await desk.load(text)
    assert report(one) == {"loaded": 1, "bad": 3}
    assert (await desk.people())[0].custom == {"Сумма": "7100.50", "Срок": "31.12.2026", "Тариф": "Мини"}
    assert [row[2] for row in (await desk.errors(one.id))[1:]] == [
        "Это не число.",
        "Это не дата: напишите 31.12.2026 или 2026-12-31.",
        "Такого варианта нет в списке поля.",
    ]


async def test_R9_1_a_cancelled_import_stops_at_its_batch_and_says_how_far_it_came(desk: Desk) -> None:
    one = await desk.upload("Телефон\n" + phones(10))
    await desk.start(one.id)
    async with desk.database.transaction(desk.company) as tx:
        asked = await imports.cancel_import(tx, one.id, now=EPOCH)
    assert (asked.state, asked.cancel_asked) == (ImportState.RUNNING, True)
    await desk.loader.run(desk.company, one.id)
    stopped = await desk.show(one.id)
    assert (stopped.state, stopped.rows_done, stopped.rows_total) == (ImportState.CANCELLED, 0, 10)
    assert await desk.people() == []


async def test_R9_1_an_import_that_is_over_cannot_be_cancelled(desk: Desk) -> None:
    one = await desk.load("Телефон\n" + phones(1))
    with pytest.raises(Conflict):
        async with desk.database.transaction(desk.company) as tx:
            await imports.cancel_import(tx, one.id, now=EPOCH)


class _Broken(Exception):
    pass


async def test_R9_1_an_import_that_was_broken_off_goes_on_exactly_where_it_stopped(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third batch breaks after its rows and its bad ones are written, before its transaction ends."""
    from services import import_run

    campaign = await desk.campaign()
    rows = [f"{place};{f'89{place:09}' if place % 3 else 'нет'}\n" for place in range(22)]
    one = await desk.upload("Имя;Телефон\n" + "".join(rows), campaign)
    await desk.start(one.id)
    real, calls = import_run._change, []

    async def breaking(tx: AsyncConnection, id_: int, **values: str | int | datetime) -> None:
        calls.append(values)
        if len(calls) == 3:
            raise _Broken
        await real(tx, id_, **values)

    monkeypatch.setattr(import_run, "_change", breaking)
    with pytest.raises(_Broken):
        await desk.loader.run(desk.company, one.id)
    monkeypatch.setattr(import_run, "_change", real)
    half = await desk.show(one.id)
    assert (half.state, half.rows_done) == (ImportState.RUNNING, 8)
    assert len(await desk.people()) == half.loaded
    await desk.loader.run(desk.company, one.id)
    done = await desk.show(one.id)
    assert (done.state, done.rows_done, report(done)) == (ImportState.DONE, 22, {"loaded": 14, "bad": 8})
    assert [person.first_name for person in await desk.people()] == [str(n) for n in range(22) if n % 3]
    assert [row[3] for row in (await desk.errors(one.id))[1:]] == [str(n) for n in range(0, 22, 3)]


async def test_R9_1_two_who_run_the_same_import_load_each_row_once(desk: Desk) -> None:
    one = await desk.upload("Телефон\n" + phones(40))
    await desk.start(one.id)
    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(desk.loader.run(desk.company, one.id))
    done = await desk.show(one.id)
    assert (done.state, report(done), len(await desk.people())) == (ImportState.DONE, {"loaded": 40}, 40)


async def test_R9_2_two_lists_at_once_do_not_add_a_person_twice(desk: Desk) -> None:
    two = [await desk.upload("Телефон\n" + phones(40)) for _ in range(2)]
    async with asyncio.TaskGroup() as group:
        for one in two:
            await desk.start(one.id)
            group.create_task(desk.loader.run(desk.company, one.id))
    assert len(await desk.people()) == 40


async def test_R2_4_a_finished_campaign_accepts_no_list_and_stops_one_that_loads(desk: Desk) -> None:
    campaign = await desk.campaign()
    one = await desk.upload("Телефон\n" + phones(10), campaign)
    await desk.start(one.id)
    async with desk.database.transaction(desk.company) as tx:
        await finish_campaign(tx, campaign, EPOCH)
    await desk.loader.run(desk.company, one.id)
    failed = await desk.show(one.id)
    assert (failed.state, failed.error, await desk.people()) == (ImportState.FAILED, "campaign_finished", [])
    assert failed.error_message is not None
    assert "0 of 10 rows were done before" in failed.error_message
    with pytest.raises(Conflict):
        await desk.upload("Телефон\n" + phones(1), campaign)


async def test_R9_1_a_list_that_grows_over_the_limit_is_not_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.import_files.MOST_BYTES", 5)
    with pytest.raises(BadInput, match="at most"):
        await desk.upload("123456")
    assert [path for path in desk.folder.rglob("*") if path.is_file()] == []


async def test_R9_1_counters_of_the_campaign_follow_the_load(desk: Desk) -> None:
    campaign = await desk.campaign()
    await desk.load("Телефон\n" + phones(9), campaign)
    async with desk.database.transaction(desk.company) as tx:
        assert (await campaigns.one_campaign(tx, campaign, EPOCH)).leads == 9
        assert (await tx.execute(select(func.count()).select_from(tables.leads))).scalar_one() == 9


@pytest.mark.parametrize(
    ("campaign", "copy"),
    [
        (CampaignId(10**9), b"0\t+79001112233\t{+79001112233}" + b"\t" * 7 + b"\t\\N\t{}\t{}\t\\N\tf\n"),
        (None, b"0\t+79001112233\tnone\n"),
        (None, b"0\t12\t{12}" + b"\t" * 7 + b"\t\\N\t{}\t{}\t\\N\tf\n"),
    ],
)
async def test_R9_1_rows_that_the_database_refuses_leave_nothing_behind(
    desk: Desk, campaign: CampaignId | None, copy: bytes
) -> None:
    plan = BatchPlan(campaign, Duplicates.SKIP, EPOCH)

    async def load() -> None:
        async with desk.database.transaction(desk.company) as tx:
            await stage(tx, plan, STAGED, copy)
            await load_staged(tx, plan)

    with pytest.raises(BadInput, match="refuses"):
        await load()
    assert await desk.people() == []


async def test_R9_1_a_file_that_is_gone_is_said_to_be_gone(desk: Desk) -> None:
    one = await desk.upload("Телефон\n" + phones(1))
    async with desk.database.transaction(desk.company) as tx:
        await tx.execute(update(tables.imports).values(file="elsewhere"))
    gone = await desk.run(one.id)
    assert (gone.state, gone.error) == (ImportState.FAILED, "file_gone")
