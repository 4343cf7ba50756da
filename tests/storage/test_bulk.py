"""What is done to many leads at once: who is chosen, what changes, what stays (SPEC R2.6–R2.8)."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import Campaign
from campaigns.leads import Bucket, CallAt, Ending, Exhausted, LeadId, LeasedCall, Next, Reached, WorkerId
from core.results import CallResult
from services.accounts import UserId
from services.bulk import Asked, in_parts
from storage import bulk
from storage.bulk import Selection
from storage.database import Database
from storage.tables import attempts, contacts, lead_changes, leads
from tests.conftest import EPOCH
from tests.storage.worlds import MINUTE, PostgresWorld

pytestmark = pytest.mark.postgres

WORKER = WorkerId(UUID(int=1))
ALL = Selection(all=True)
LATER = EPOCH + 60 * MINUTE


@pytest.fixture
def world(database: Database) -> PostgresWorld:
    return PostgresWorld(database)


async def called(world: PostgresWorld, campaign: Campaign, result: CallResult, following: Next) -> LeadId:
    """A lead that was called once, alone, with this result."""
    lead = await world.add_lead(campaign, priority=1)
    (call,) = await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH)
    assert call.lead == lead
    await world.store.finish(call, Ending(result, EPOCH), following)
    return lead


async def one_of_each(world: PostgresWorld, campaign: Campaign) -> dict[Bucket, LeadId]:
    """A lead in each bucket, none being called."""
    found = {
        Bucket.REACHED: await called(world, campaign, CallResult.COMPLETED, Reached()),
        Bucket.FAILED: await called(world, campaign, CallResult.BUSY, Exhausted()),
        Bucket.WILL_CALL_AGAIN: await called(world, campaign, CallResult.NO_ANSWER, CallAt(0, LATER)),
    }
    return found | {Bucket.NOT_CALLED: await world.add_lead(campaign, first_name="Анна", phones=("+79001234567",))}


async def chosen(world: PostgresWorld, campaign: Campaign, selection: Selection, *, batch: int = 2) -> list[int]:
    async with world.database.transaction(campaign.company) as tx:
        return [row.id async for rows in bulk.selected(tx, campaign.id, selection, batch=batch) for row in rows]


async def row_of(world: PostgresWorld, campaign: Campaign, lead: LeadId) -> Row[tuple[object, ...]]:
    async with world.database.transaction(campaign.company) as tx:
        return (await tx.execute(select(leads).where(leads.c.id == lead))).one()


async def test_R2_7_leads_are_chosen_by_number_bucket_result_tag_or_text(world: PostgresWorld) -> None:
    campaign, other = await world.add_campaign(), await world.add_campaign()
    each = await one_of_each(world, campaign)
    await world.add_lead(other)
    async with world.database.transaction(campaign.company) as tx:
        tagged = "UPDATE contacts SET tags = '{vip}' WHERE id = (SELECT contact_id FROM leads WHERE id = :lead)"
        await tx.execute(text(tagged), {"lead": each[Bucket.FAILED]})
    for bucket, lead in each.items():
        assert await chosen(world, campaign, Selection(bucket=bucket)) == [lead]
    assert await chosen(world, campaign, ALL) == sorted(each.values())
    assert await chosen(world, campaign, Selection()) == []
    assert await chosen(world, campaign, Selection(ids=(each[Bucket.FAILED], 10**9))) == [each[Bucket.FAILED]]
    assert await chosen(world, campaign, Selection(result=CallResult.BUSY)) == [each[Bucket.FAILED]]
    assert await chosen(world, campaign, Selection(tag="vip")) == [each[Bucket.FAILED]]
    for words in ("аНН", "900123"):
        assert await chosen(world, campaign, Selection(text=words)) == [each[Bucket.NOT_CALLED]]
    assert await chosen(world, campaign, Selection(tag="vip", bucket=Bucket.REACHED)) == []


async def test_R2_7_tags_are_given_and_taken(world: PostgresWorld) -> None:
    campaign = await world.add_campaign()
    await world.add_lead(campaign)
    async with world.database.transaction(campaign.company) as tx:
        assert await bulk.tag_leads(tx, campaign.id, ALL, add=["b", "a"], remove=[]) == 1
        assert await bulk.tag_leads(tx, campaign.id, ALL, add=["a", "c"], remove=["b"]) == 1
        assert await bulk.tag_leads(tx, campaign.id, ALL, add=["a"], remove=["z"]) == 0
        assert (await tx.execute(select(contacts.c.tags))).scalar_one() == ["a", "c"]


async def test_R2_4_a_lead_that_is_being_called_is_not_removed(world: PostgresWorld) -> None:
    campaign = await world.add_campaign()
    for n in range(2):
        await world.add_lead(campaign, order_key=n / 10)
    (call,) = await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH)
    async with world.database.transaction(campaign.company) as tx:
        assert await bulk.delete_leads(tx, campaign.id, ALL) == 1
        assert (await tx.execute(select(leads.c.id))).scalars().all() == [call.lead]
        assert len((await tx.execute(select(contacts))).all()) == 2


async def test_R3_7_the_calls_of_a_deleted_lead_are_still_counted(world: PostgresWorld) -> None:
    campaign = await world.add_campaign()
    await called(world, campaign, CallResult.BUSY, Exhausted())
    async with world.database.transaction(campaign.company) as tx:
        await bulk.delete_leads(tx, campaign.id, ALL)
        row = (await tx.execute(select(attempts))).one()
    assert (row.lead_id, row.result, row.campaign_id) == (None, "busy", campaign.id)


async def test_R2_7_leads_are_added_to_another_campaign_once(world: PostgresWorld) -> None:
    campaign = await world.add_campaign(name="a")
    other = await world.add_campaign(campaign.company, name="b")
    for zone in ("Asia/Omsk", None):
        await world.add_lead(campaign, zone=zone)
    for expected in (2, 0):
        async with world.database.transaction(campaign.company) as tx:
            added = await bulk.add_to_campaign(tx, campaign.id, ALL, other.id, now=EPOCH, randomness=Random(1))
        assert added == expected
    calls = await world.store.lease(other, 9, worker=WORKER, now=EPOCH)
    assert len({call.lead for call in calls}) == 2


async def test_R2_6_a_lead_returned_as_new_is_not_called_yet_and_keeps_its_history(world: PostgresWorld) -> None:
    campaign = await world.add_campaign()
    each = await one_of_each(world, campaign)
    async with world.database.transaction(campaign.company) as tx:
        assert await bulk.return_to_dialling(tx, campaign.id, ALL, extra_calls=None, now=LATER, by=None) == 3
        noted = (await tx.execute(select(lead_changes).order_by(lead_changes.c.lead_id))).all()
    assert await chosen(world, campaign, Selection(bucket=Bucket.NOT_CALLED)) == sorted(each.values())
    assert {row.lead_id for row in noted} == set(each.values()) - {each[Bucket.NOT_CALLED]}
    assert {(row.what, str(row.details)) for row in noted} == {("returned", "{'as': 'new'}")}
    calls = await world.store.lease(campaign, 9, worker=WORKER, now=LATER)
    past = {call.lead: (len(call.past), call.returned.counted_from) for call in calls}
    assert past == {lead: (0, 0) if bucket is Bucket.NOT_CALLED else (1, 1) for bucket, lead in each.items()}


async def test_R2_6_a_lead_returned_with_more_calls_keeps_its_counters(world: PostgresWorld) -> None:
    campaign = await world.add_campaign()
    failed = await called(world, campaign, CallResult.BUSY, Exhausted())
    gone = await called(world, campaign, CallResult.NONEXISTENT_NUMBER, Exhausted())
    async with world.database.transaction(campaign.company) as tx:
        assert await bulk.return_to_dialling(tx, campaign.id, ALL, extra_calls=2, now=LATER, by=None) == 1
    row = await row_of(world, campaign, failed)
    assert (row.state, row.attempts, row.counted_from, row.extra_from, row.extra_calls) == ("waiting", 1, 0, 1, 2)
    assert (await row_of(world, campaign, gone)).state == "failed"
    (call,) = await world.store.lease(campaign, 9, worker=WORKER, now=LATER)
    assert (call.lead, call.returned.extra_from, call.returned.extra_calls) == (failed, 1, 2)


async def test_R2_8_a_priority_holds_for_the_next_call_and_is_noted(world: PostgresWorld) -> None:
    campaign = await world.add_campaign()
    plain = [await world.add_lead(campaign, order_key=n / 10) for n in range(3)]
    last = Selection(ids=(plain[2],))
    for expected in (1, 0):
        async with world.database.transaction(campaign.company) as tx:
            assert await bulk.set_priority(tx, campaign.id, last, 1, now=EPOCH, by=None) == expected
    leased: list[LeasedCall] = list(await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH))
    assert [call.lead for call in leased] == [plain[2]]
    async with world.database.transaction(campaign.company) as tx:
        row = (await tx.execute(select(lead_changes))).one()
    assert (row.lead_id, row.what, row.details) == (plain[2], "priority", {"priority": 1})


async def test_R2_7_a_long_selection_is_gone_through_part_by_part(world: PostgresWorld) -> None:
    campaign = await world.add_campaign()
    numbers = [await world.add_lead(campaign, order_key=n / 10) for n in range(5)]
    rest: Selection | None = ALL
    parts = []
    while rest is not None:
        async with world.database.transaction(campaign.company) as tx:
            part = await bulk.next_part(tx, campaign.id, rest, most=2)
        if part is None:
            break
        parts.append(await chosen(world, campaign, part))
        assert part.upto is not None
        rest = replace(rest, after=part.upto)
    assert parts == [numbers[:2], numbers[2:4], numbers[4:]]


async def test_R2_7_leads_whose_part_has_not_come_are_called_meanwhile(
    world: PostgresWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first part's transaction is open while the others are leased; what is being called is left as it is."""
    monkeypatch.setattr(bulk.next_part, "__kwdefaults__", {"most": 2})
    campaign = await world.add_campaign()
    numbers = [await world.add_lead(campaign, order_key=n / 10) for n in range(6)]
    leased: list[LeadId] = []

    async def delete(tx: AsyncConnection, asked: Asked) -> int:
        gone = await bulk.delete_leads(tx, asked.campaign, asked.selection)
        if not leased:
            leased.extend(call.lead for call in await world.store.lease(campaign, 2, worker=WORKER, now=EPOCH))
        return gone

    asked = Asked(campaign.id, ALL, UserId(1), EPOCH)
    assert await in_parts(world.database, campaign.company, asked, delete) == 4
    assert leased == numbers[2:4]
    assert await chosen(world, campaign, ALL) == numbers[2:4]
