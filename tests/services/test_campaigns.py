"""SPEC R2.2–R2.4: campaigns made, listed, switched, finished, copied, deleted."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from random import Random
from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy import update

from campaigns.campaign import (
    CampaignId,
    CampaignKind,
    CampaignStatus,
    CompanyId,
    LocalTime,
    Order,
    RetryPolicy,
    WeeklySchedule,
)
from campaigns.leads import Bucket, WorkerId
from core.errors import BadInput, Conflict, NotFound
from core.results import CallResult
from services import campaigns, deletion
from services.campaigns import NewCampaign
from services.contact_lists import BATCH, load_contacts
from storage import tables
from storage.database import Database
from storage.leads import PostgresLeads
from tests.conftest import EPOCH, make_company
from tests.services.things import (
    ALWAYS,
    WORKER,
    add_attempt,
    lead_ids,
    load,
    load_phones,
    make_campaign,
    set_lead,
)

DAY = timedelta(days=1)
TODAY = date(2026, 11, 23)

pytestmark = pytest.mark.postgres


async def test_R2_3_a_new_campaign_is_paused_and_keeps_its_settings(database: Database, company: CompanyId) -> None:
    settings: dict[str, Any] = {
        "retry": RetryPolicy(limits={CallResult.BUSY: 3}, max_calls=7),
        "lines": 25,
        "ring_timeout": timedelta(seconds=20),
        "order": Order.OLDEST,
        "starts_on": TODAY,
        "ends_on": TODAY + DAY,
        "detect_machines": False,
    }
    async with database.transaction(company) as tx:
        made = await make_campaign(tx, "  Опрос   клиентов ", caller_number="8 (495) 123-45-67", **settings)
        row = await campaigns.one_campaign(tx, made, EPOCH)
    assert row.status is CampaignStatus.PAUSED
    assert (row.campaign.name, row.campaign.caller_number) == ("Опрос клиентов", "84951234567")
    assert row.campaign.schedule == ALWAYS
    assert {name: getattr(row.campaign, name) for name in settings} == settings
    assert (row.leads, row.live_calls, row.reached_percent, row.created_at) == (0, 0, 0.0, EPOCH)


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "я" * 201}, "name"),
        ({"name": "а\0"}, "name"),
        ({"trunk": ""}, "trunk"),
        ({"schedule": replace(ALWAYS, zone="Moscow")}, "schedule.zone"),
        ({"schedule": WeeklySchedule("Europe/Moscow", MappingProxyType({}))}, "schedule.week"),
        ({"retry": RetryPolicy(max_calls=0)}, "retry.max_calls"),
        ({"retry": RetryPolicy(phone_gap=timedelta(days=4000))}, "retry.phone_gap_s"),
        ({"lines": 0}, "lines"),
        ({"lines": 2**31}, "lines"),
        ({"priority": 0}, "priority"),
        ({"priority": 2**31}, "priority"),
        ({"budget": Decimal(-1)}, "budget"),
        ({"budget": Decimal("NaN")}, "budget"),
        ({"auto_finish_days": -1}, "auto_finish_days"),
        ({"scenario": None}, "script"),
        ({"ring_timeout": timedelta(0)}, "ring_timeout_s"),
        ({"caller_number": "reception"}, "caller_number"),
        ({"caller_number": "1"}, "caller_number"),
        ({"starts_on": TODAY + DAY, "ends_on": TODAY}, "ends_on"),
        ({"ends_on": TODAY - DAY}, "ends_on"),
    ],
)
async def test_R2_4_a_setting_that_cannot_be_names_its_field(
    database: Database, company: CompanyId, settings: dict[str, Any], field: str
) -> None:
    async with database.transaction(company) as tx:
        row = await campaigns.one_campaign(tx, await make_campaign(tx), EPOCH)
        kept = ("name", "kind", "scenario", "trunk", "schedule")
        new = NewCampaign(**({name: getattr(row.campaign, name) for name in kept} | settings))
        with pytest.raises(BadInput) as error:
            await campaigns.create_campaign(tx, new, EPOCH)
    assert error.value.field == field


async def test_R2_4_only_what_is_changed_of_a_running_campaign_changes(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx, lines=3, budget=Decimal("10.50"), ends_on=TODAY)
        await campaigns.switch(tx, made, on=True, now=EPOCH)
        before = await campaigns.one_campaign(tx, made, EPOCH)
        changes: dict[str, Any] = {
            "order": Order.NEWEST,
            "priority": 2,
            "local_time": LocalTime.CONTACTS_ONLY,
            "budget": None,
            "count_manual_calls": True,
            "auto_finish_days": 0,
            "ends_on": TODAY + DAY,
        }
        await campaigns.edit_campaign(tx, made, lambda was: replace(was, **changes), EPOCH)
        after = await campaigns.one_campaign(tx, made, EPOCH)
    assert after.campaign == replace(before.campaign, **changes)
    assert (after.status, after.finishes_at) == (CampaignStatus.RUNNING, None)


async def test_R2_9_a_new_order_holds_from_the_next_lease_on(database: Database, company: CompanyId) -> None:
    store = PostgresLeads(database)
    async with database.transaction(company) as tx:
        made = await make_campaign(tx, order=Order.OLDEST)
        for minute in range(4):
            row = f"Телефон\n8900000000{minute}\n"
            await load(tx, made, row, now=EPOCH - timedelta(minutes=10 - minute))
        await campaigns.switch(tx, made, on=True, now=EPOCH)
    leased: list[str] = []
    for order in (Order.OLDEST, Order.NEWEST):
        async with database.transaction(company) as tx:
            await campaigns.edit_campaign(tx, made, partial(replace, order=order), EPOCH)
        (campaign,) = await store.campaigns()
        calls = await store.lease(campaign, 1, worker=WorkerId(WORKER), now=EPOCH)
        leased += [call.phone.e164[-1] for call in calls]
    assert leased == ["0", "3"]


async def test_R2_4_a_finished_campaign_cannot_be_changed(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
        await campaigns.finish_campaign(tx, made, EPOCH)
        with pytest.raises(Conflict) as error:
            await campaigns.edit_campaign(tx, made, partial(replace, lines=5), EPOCH)
    assert error.value.code == "campaign_finished"


async def test_R2_4_a_change_that_cannot_be_changes_nothing(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
        before = await campaigns.one_campaign(tx, made, EPOCH)
        with pytest.raises(BadInput) as error:
            await campaigns.edit_campaign(tx, made, partial(replace, lines=5, priority=0), EPOCH)
        assert error.value.field == "priority"
        assert await campaigns.one_campaign(tx, made, EPOCH) == before


async def test_R2_4_two_changes_at_once_are_both_made(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)

    async def change(**settings: int) -> None:
        async with database.transaction(company) as tx:
            await campaigns.edit_campaign(tx, made, partial(replace, **settings), EPOCH)

    async with asyncio.TaskGroup() as group:
        group.create_task(change(lines=7))
        group.create_task(change(priority=3))
    async with database.transaction(company) as tx:
        campaign = (await campaigns.one_campaign(tx, made, EPOCH)).campaign
    assert (campaign.lines, campaign.priority) == (7, 3)


async def test_R2_1_operators_alone_need_no_scenario(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx, kind=CampaignKind.OPERATOR, scenario=None)
        assert (await campaigns.one_campaign(tx, made, EPOCH)).campaign.scenario is None
        with pytest.raises(BadInput) as error:
            await make_campaign(tx, kind=CampaignKind.SURVEY, scenario=None)
    assert (error.value.code, error.value.field) == ("no_script", "script")


async def test_R2_2_the_list_is_narrowed_by_kind_status_and_text(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        survey = await make_campaign(tx, "Опрос Весна")
        operators = await make_campaign(tx, "Опрос Лето", kind=CampaignKind.OPERATOR)
        await campaigns.switch(tx, operators, on=True, now=EPOCH)

        async def ids(**narrowed: Any) -> list[CampaignId]:  # noqa: ANN401
            return [row.campaign.id for row in await campaigns.list_campaigns(tx, now=EPOCH, **narrowed)]

        assert await ids() == [operators, survey]
        assert await ids(kinds=[CampaignKind.SURVEY, CampaignKind.OFFER]) == [survey]
        assert await ids(status=CampaignStatus.RUNNING) == [operators]
        assert await ids(text=" опрос ", status=CampaignStatus.PAUSED) == [survey]
        assert await ids(kinds=[]) == []


async def test_R2_13_switching_on_closes_the_circuit_breaker(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
        opened = update(tables.campaigns).values(breaker_open="system_error:15/22", switched_on=True)
        await tx.execute(opened)
        assert (await campaigns.one_campaign(tx, made, EPOCH)).status is CampaignStatus.PAUSED
        await campaigns.switch(tx, made, on=True, now=EPOCH)
        row = await campaigns.one_campaign(tx, made, EPOCH)
    assert (row.status, row.campaign.breaker_open) == (CampaignStatus.RUNNING, None)


async def test_R2_5_a_campaign_says_when_it_finishes_by_itself(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
        await load(tx, made, "Телефон\n89001112233\n", now=EPOCH + DAY)
        row = await campaigns.one_campaign(tx, made, EPOCH + DAY)
    assert row.finishes_at == EPOCH + 15 * DAY


async def test_R2_2_the_list_counts_buckets_and_live_calls(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        first, second = await make_campaign(tx, "Опрос"), await make_campaign(tx, "Скидки")
        await load_phones(tx, first, 7)
        lead = await lead_ids(tx, first)
        await set_lead(tx, lead[0], state="reached", attempts=1)
        await set_lead(tx, lead[1], state="reached", attempts=2)
        await set_lead(tx, lead[2], state="failed", attempts=4)
        await set_lead(tx, lead[3], state="waiting", attempts=1)
        await set_lead(tx, lead[4], state="dialling", attempts=3)
        await set_lead(tx, lead[5], state="dialling", attempts=0)
        await add_attempt(tx, first, lead[4])
        await add_attempt(tx, first, lead[5])
        await add_attempt(tx, first, lead[0], CallResult.COMPLETED)
        rows = await campaigns.list_campaigns(tx, now=EPOCH)
        one = await campaigns.one_campaign(tx, first, EPOCH)
    assert [row.campaign.id for row in rows] == [second, first]
    assert rows[1] == one
    assert one.buckets == {
        Bucket.NOT_CALLED: 2,
        Bucket.WILL_CALL_AGAIN: 2,
        Bucket.REACHED: 2,
        Bucket.FAILED: 1,
    }
    assert (one.leads, one.live_calls, one.reached_percent) == (7, 2, 28.6)
    assert rows[0].buckets == dict.fromkeys(Bucket, 0)


async def test_R2_2_the_list_is_filtered_by_status_and_text(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        spring = await make_campaign(tx, "Весенний Опрос 100%")
        autumn = await make_campaign(tx, "Осенний опрос")
        await campaigns.switch(tx, autumn, on=True, now=EPOCH)

        async def found(status: CampaignStatus | None = None, text: str | None = None) -> list[CampaignId]:
            return [row.campaign.id for row in await campaigns.list_campaigns(tx, now=EPOCH, status=status, text=text)]

        assert await found(text="ОПРОС") == [autumn, spring]
        assert await found(text="0%") == [spring]
        assert await found(text="_") == []
        assert await found(status=CampaignStatus.RUNNING) == [autumn]
        assert await found(status=CampaignStatus.PAUSED, text="осен") == []


async def test_R2_3_switching_changes_the_status_and_takes_an_error_back(
    database: Database, company: CompanyId
) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
        await campaigns.switch(tx, made, on=True, now=EPOCH)
        assert (await campaigns.one_campaign(tx, made, EPOCH)).status is CampaignStatus.RUNNING
        await campaigns.switch(tx, made, on=False, now=EPOCH)
        assert (await campaigns.one_campaign(tx, made, EPOCH)).status is CampaignStatus.PAUSED
        await tx.execute(tables.campaigns.update().values(error="too many failures"))
        assert (await campaigns.one_campaign(tx, made, EPOCH)).status is CampaignStatus.ERROR
        await campaigns.switch(tx, made, on=False, now=EPOCH)
        assert (await campaigns.one_campaign(tx, made, EPOCH)).campaign.error == "too many failures"
        await campaigns.switch(tx, made, on=True, now=EPOCH)
        assert (await campaigns.one_campaign(tx, made, EPOCH)).status is CampaignStatus.RUNNING


async def test_R2_4_a_finished_campaign_is_neither_switched_nor_loaded(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
        await campaigns.switch(tx, made, on=True, now=EPOCH)
        await campaigns.finish_campaign(tx, made, EPOCH)
        await campaigns.finish_campaign(tx, made, EPOCH + DAY)
        row = await campaigns.one_campaign(tx, made, EPOCH)
        assert (row.status, row.campaign.switched_on) == (CampaignStatus.FINISHED, False)
        for on in (True, False):
            with pytest.raises(Conflict) as error:
                await campaigns.switch(tx, made, on=on, now=EPOCH)
            assert error.value.code == "campaign_finished"
        with pytest.raises(Conflict):
            await load(tx, made, "Телефон\n89001112233\n")


async def test_R2_4_a_campaign_past_its_last_day_is_finished_too(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx, ends_on=TODAY)
        await campaigns.switch(tx, made, on=True, now=EPOCH)
        with pytest.raises(Conflict, match="last day was 2026-11-23"):
            await campaigns.switch(tx, made, on=True, now=EPOCH + DAY)


async def test_R2_4_a_copy_has_all_settings_and_no_leads(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(
            tx,
            lines=25,
            caller_number="+74951234567",
            starts_on=TODAY,
            ends_on=TODAY + DAY,
            ring_timeout=timedelta(seconds=15),
            order=Order.TIME_ZONE,
            detect_machines=False,
            retry=RetryPolicy(max_calls=9),
            priority=3,
            local_time=LocalTime.OPERATORS_AND_CONTACTS,
            budget=Decimal("99.99"),
            count_manual_calls=True,
            auto_finish_days=7,
        )
        await load_phones(tx, made, 3)
        await campaigns.switch(tx, made, on=True, now=EPOCH)
        copied = await campaigns.copy_campaign(tx, made, name="Копия", now=EPOCH)
        was = await campaigns.one_campaign(tx, made, EPOCH)
        copy = await campaigns.one_campaign(tx, copied, EPOCH)
    assert copy.leads == 0
    assert copy.campaign == replace(was.campaign, id=copied, name="Копия", switched_on=False, switched_on_at=None)


async def test_R2_4_a_copy_of_a_campaign_that_is_over_can_begin(database: Database, company: CompanyId) -> None:
    later = EPOCH + 5 * DAY
    async with database.transaction(company) as tx:
        made = await make_campaign(tx, starts_on=TODAY, ends_on=TODAY + DAY)
        await campaigns.finish_campaign(tx, made, later)
        copied = await campaigns.copy_campaign(tx, made, name="Копия", now=later)
        await campaigns.switch(tx, copied, on=True, now=later)
        row = await campaigns.one_campaign(tx, copied, later)
    assert (row.status, row.campaign.starts_on, row.campaign.ends_on) == (CampaignStatus.RUNNING, None, None)


async def test_R2_4_a_load_in_progress_holds_a_second_load_and_the_deletion(
    database: Database, company: CompanyId
) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
    async with database.transaction(company) as loading:
        await load_phones(loading, made, 1)
        for change in ("load", "delete"):
            with pytest.raises(Conflict) as error:
                async with database.transaction(company) as tx:
                    await (
                        load(tx, made, "Телефон\n1\n")
                        if change == "load"
                        else deletion.delete_campaign(tx, made, EPOCH)
                    )
            assert error.value.code == "load_in_progress"
    async with database.transaction(company) as tx:
        await load_phones(tx, made, 1, first=5)


async def test_R2_4_a_load_into_a_campaign_that_was_finished_meanwhile_loads_nothing(
    database: Database, company: CompanyId
) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)

    class Meanwhile(Random):
        """Randomness in whose first use somebody else finishes the campaign."""

        def random(self) -> float:
            finishing.set()
            return 0.5

    finishing = asyncio.Event()
    rows = "Телефон\n" + "".join(f"8900{number:07}\n" for number in range(3 * BATCH))

    async def finish() -> None:
        await finishing.wait()
        async with database.transaction(company) as tx:
            await campaigns.finish_campaign(tx, made, EPOCH)

    async def load_meanwhile() -> None:
        async with database.transaction(company) as tx:
            await load_contacts(tx, campaign=made, data=rows.encode(), mapping=None, now=EPOCH, randomness=Meanwhile())

    async def both() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(finish())
            group.create_task(load_meanwhile())

    with pytest.raises(ExceptionGroup) as errors:
        await both()
    (error,) = errors.value.exceptions
    assert isinstance(error, Conflict)
    assert "nothing is loaded" in error.message
    async with database.transaction(company) as tx:
        assert (await campaigns.one_campaign(tx, made, EPOCH)).leads == 0


async def test_R11_4_another_companys_campaign_does_not_exist(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
    other = await make_company(database, "Вектор")
    async with database.transaction(other) as tx:
        assert await campaigns.list_campaigns(tx, now=EPOCH) == []
        for use in (
            campaigns.one_campaign(tx, made, EPOCH),
            campaigns.switch(tx, made, on=True, now=EPOCH),
            campaigns.finish_campaign(tx, made, EPOCH),
            campaigns.copy_campaign(tx, made, name="Копия", now=EPOCH),
            deletion.delete_campaign(tx, made, EPOCH),
            load(tx, made, "Телефон\n89001112233\n"),
        ):
            with pytest.raises(NotFound):
                await use
    async with database.transaction(company) as tx:
        assert (await campaigns.one_campaign(tx, made, EPOCH)).status is CampaignStatus.PAUSED
