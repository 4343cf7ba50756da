"""SPEC R2.4: what deleting a campaign takes away, what it leaves, and what holds it up."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update

from campaigns.campaign import (
    CompanyId,
)
from campaigns.leads import Ending, Exhausted, LeasedCall, WorkerId
from core.errors import Conflict, NotFound
from core.results import CallResult
from services import campaigns, deletion
from services.company_rules import StoredRules, save_rules
from storage import tables
from storage.database import Database
from storage.leads import PostgresLeads
from tests.conftest import EPOCH
from tests.services.things import (
    WORKER,
    add_answer,
    add_attempt,
    lead_ids,
    load_phones,
    make_campaign,
    set_lead,
)

DAY = timedelta(days=1)
TODAY = date(2026, 11, 23)

pytestmark = pytest.mark.postgres


async def test_R2_4_deleting_leaves_the_contacts_and_nothing_else(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made, other = await make_campaign(tx), await make_campaign(tx, "Другая")
        await load_phones(tx, made, 3)
        await load_phones(tx, other, 1)
        lead = (await lead_ids(tx, made))[0]
        attempt = await add_attempt(tx, made, lead, CallResult.COMPLETED)
        await add_answer(tx, attempt, made, lead, "a1", "Доволен", "key")
        await add_attempt(tx, made, lead, CallResult.BUSY, recording="1/7.wav")
        assert await deletion.delete_campaign(tx, made, EPOCH) == ("1/7.wav",)
        counts = {
            table.name: (await tx.execute(select(func.count()).select_from(table))).scalar_one()
            for table in (tables.campaigns, tables.leads, tables.attempts, tables.answers, tables.contacts)
        }
        for use in (campaigns.one_campaign(tx, made, EPOCH), deletion.delete_campaign(tx, made, EPOCH)):
            with pytest.raises(NotFound):
                await use
        kept = (await tx.execute(select(tables.attempts))).all()
        assert await deletion.remove_deleted(tx, EPOCH + 32 * DAY) == deletion.Removed((), more=False)
        assert [(await deletion.remove_deleted(tx, EPOCH + 34 * DAY)).more for _ in range(2)] == [True, False]
        left = [
            (await tx.execute(select(func.count()).select_from(table))).scalar_one()
            for table in (tables.campaigns, tables.attempts)
        ]
    assert counts == {"campaigns": 2, "leads": 1, "attempts": 2, "answers": 0, "contacts": 4}
    assert [(one.result, one.details, one.recording, one.lead_id) for one in kept] == [
        ("completed", None, None, None),
        ("busy", None, None, None),
    ]
    assert left == [1, 0]


async def test_R3_7_deleting_a_campaign_gives_no_phone_a_call_that_the_rules_forbid(
    database: Database, company: CompanyId
) -> None:
    store = PostgresLeads(database)
    async with database.transaction(company) as tx:
        await save_rules(tx, StoredRules("ru-debt"), EPOCH)
        made, other = await make_campaign(tx), await make_campaign(tx, "Другая")
        for campaign in (made, other):
            await load_phones(tx, campaign, 1)
            await campaigns.switch(tx, campaign, on=True, now=EPOCH)
    first, second = await store.campaigns()
    (call,) = await store.lease(first, 1, worker=WorkerId(WORKER), now=EPOCH)
    assert await store.finish(call, Ending(CallResult.NO_ANSWER, EPOCH), Exhausted())
    async with database.transaction(company) as tx:
        await deletion.delete_campaign(tx, made, EPOCH)
        await deletion.remove_deleted(tx, EPOCH)
    assert await store.lease(second, 1, worker=WorkerId(WORKER), now=EPOCH + timedelta(hours=1)) == []
    assert len(await store.lease(second, 1, worker=WorkerId(WORKER), now=EPOCH + DAY)) == 1


async def test_R2_4_a_big_campaign_is_gone_at_once_and_its_rows_by_and_by(
    database: Database, company: CompanyId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "AT_ONCE", 5)
    async with database.transaction(company) as tx:
        made, other = await make_campaign(tx), await make_campaign(tx, "Другая")
        await load_phones(tx, made, 6)
        await load_phones(tx, other, 2)
        lead = await lead_ids(tx, made)
        await add_attempt(tx, made, lead[0], CallResult.BUSY, recording="1/7.wav")
        await campaigns.switch(tx, made, on=True, now=EPOCH)
        assert await deletion.delete_campaign(tx, made, EPOCH) == ()
    assert await PostgresLeads(database).campaigns() == []
    async with database.transaction(company) as tx:
        for use in (campaigns.one_campaign(tx, made, EPOCH), deletion.delete_campaign(tx, made, EPOCH)):
            with pytest.raises(NotFound):
                await use
        assert [row.campaign.id for row in await campaigns.list_campaigns(tx, now=EPOCH)] == [other]
        running = await add_attempt(tx, made, lead[1])
        await set_lead(tx, lead[1], state="dialling")
        later = EPOCH + 40 * DAY
        rounds = [await deletion.remove_deleted(tx, later, 2) for _ in range(4)]
        assert [one.more for one in rounds] == [True, True, True, False]
        assert [one.recordings for one in rounds] == [("1/7.wav",), (), (), ()]
        assert await lead_ids(tx, made) == [lead[1]]
        ended = update(tables.attempts).where(tables.attempts.c.id == running)
        await tx.execute(ended.values(result="busy", ended_at=EPOCH))
        await set_lead(tx, lead[1], state="failed")
        assert [(await deletion.remove_deleted(tx, later)).more for _ in range(2)] == [True, False]
        left = (await tx.execute(select(tables.campaigns.c.id))).scalars().all()
        contacts = (await tx.execute(select(func.count()).select_from(tables.contacts))).scalar_one()
    assert (list(left), contacts) == ([other], 8)


async def test_R2_4_a_campaign_with_calls_in_progress_is_not_deleted(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
        await load_phones(tx, made, 1)
        (lead,) = await lead_ids(tx, made)
        await add_attempt(tx, made, lead)
        with pytest.raises(Conflict) as error:
            await deletion.delete_campaign(tx, made, EPOCH)
        assert error.value.code == "calls_in_progress"
        assert (await campaigns.one_campaign(tx, made, EPOCH)).leads == 1


async def test_R2_4_deleting_while_workers_lease_neither_locks_up_nor_loses_a_call(
    database: Database, company: CompanyId
) -> None:
    store = PostgresLeads(database)
    worker = WorkerId(WORKER)
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
        await load_phones(tx, made, 40)
        await campaigns.switch(tx, made, on=True, now=EPOCH)
    leased: list[LeasedCall] = []

    async def lease() -> None:
        for _ in range(10):
            for campaign in await store.campaigns():
                leased.extend(await store.lease(campaign, 2, worker=worker, now=EPOCH))

    async def delete() -> bool:
        try:
            async with database.transaction(company) as tx:
                await deletion.delete_campaign(tx, made, EPOCH)
        except (Conflict, NotFound):
            return False
        return True

    async with asyncio.TaskGroup() as group:
        group.create_task(lease())
        deletions = [group.create_task(delete()) for _ in range(4)]
    async with database.transaction(company) as tx:
        left = (await tx.execute(select(func.count()).select_from(tables.attempts))).scalar_one()
    deleted = any(task.result() for task in deletions)
    assert left == len(leased)
    assert deleted == (not leased)
