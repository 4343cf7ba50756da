"""What the explanations are made of is what the tables hold (SPEC R2.11)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import text

from campaigns.buckets import LeadState
from campaigns.company_rules import CompanyRules
from campaigns.compliance import Compliance
from campaigns.leads import CallAt, Ending, LeadId, Reached, WorkerId
from core.results import CallResult
from storage.bulk import Selection, delete_leads
from storage.database import Database
from storage.facts import campaign_facts, lead_facts
from storage.tables import campaigns
from tests.conftest import EPOCH
from tests.storage.worlds import MINUTE, PostgresWorld

pytestmark = pytest.mark.postgres

WORKER = WorkerId(UUID(int=1))
HOUR = timedelta(hours=1)
WEEKLY = CompanyRules(Compliance(per_week=2))


@pytest.fixture
def world(database: Database) -> PostgresWorld:
    return PostgresWorld(database)


async def test_R2_11_a_campaigns_facts_tell_who_waits_where_and_since_when(world: PostgresWorld) -> None:
    campaign = await world.add_campaign()
    await world.add_lead(campaign, due_at=EPOCH - HOUR)
    await world.add_lead(campaign, zone="Asia/Omsk", due_at=EPOCH + HOUR)
    await world.add_lead(campaign, zone="Asia/Omsk", due_at=EPOCH + 2 * HOUR)
    await world.add_lead(campaign, priority=1)
    (call,) = await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH)
    async with world.database.transaction(campaign.company) as tx:
        facts = await campaign_facts(tx, campaign, EPOCH, free_lines=3, operators=2, operators_dialling=1)
        later = await campaign_facts(tx, campaign, EPOCH + HOUR)
    assert facts.due == {None: EPOCH - HOUR, "Asia/Omsk": EPOCH + HOUR}
    assert (facts.waiting_due, facts.waiting_later, facts.dialling, facts.leads) == (1, 2, 1, 4)
    assert (facts.free_lines, facts.operators, facts.operators_dialling) == (3, 2, 1)
    assert (later.waiting_due, later.waiting_later) == (2, 1)
    await world.store.finish(call, Ending(CallResult.COMPLETED, EPOCH, cost=Decimal("0.5")), Reached())
    async with world.database.transaction(campaign.company) as tx:
        await delete_leads(tx, campaign.id, Selection(all=True))
        facts = await campaign_facts(tx, campaign, EPOCH)
    assert (facts.due, facts.leads, facts.deleted, facts.spent) == ({}, 0, 4, Decimal("0.5"))


async def test_R2_8_a_higher_priority_counts_while_it_has_work_and_a_line(world: PostgresWorld) -> None:
    first = await world.add_campaign(name="first", priority=1, lines=1)
    second = await world.add_campaign(first.company, name="second", priority=2)
    plain = await world.add_campaign(first.company, name="plain")
    await world.add_lead(first)
    await world.add_lead(second)

    async def higher() -> list[tuple[str, ...]]:
        async with world.database.transaction(first.company) as tx:
            return [(await campaign_facts(tx, one, EPOCH)).higher for one in (first, second, plain)]

    assert await higher() == [(), ("first",), ("first", "second")]
    await world.change_campaign(replace(second, switched_on=False))
    assert await higher() == [(), ("first",), ("first",)]
    (call,) = await world.store.lease(first, 1, worker=WORKER, now=EPOCH)
    assert await higher() == [(), (), ()]
    await world.store.finish(call, Ending(CallResult.BUSY, EPOCH), CallAt(0, EPOCH))
    assert await higher() == [(), ("first",), ("first",)]
    async with world.database.transaction(first.company) as tx:
        await tx.execute(campaigns.update().where(campaigns.c.id == first.id).values(schedule={"week": 7}))
    assert await higher() == [(), (), ()]


async def test_R2_11_a_leads_facts_tell_its_phones_calls_and_what_others_called(world: PostgresWorld) -> None:
    campaign = await world.add_campaign(name="a")
    other = await world.add_campaign(campaign.company, name="b")
    phones = ("+79000000001", "+79000000002")
    for one in (campaign, other):
        lead = await world.add_lead(one, phones=phones, zone="Asia/Omsk")
    await world.bar(campaign.company, phones[1])
    (call,) = await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH)
    asked = EPOCH + 9 * MINUTE
    ending = Ending(CallResult.CALLBACK_REQUESTED, EPOCH + MINUTE, callback_at=asked)
    await world.store.finish(call, ending, CallAt(0, asked))
    await world.store.lease(other, 1, worker=WORKER, now=EPOCH + HOUR)
    async with world.database.transaction(campaign.company) as tx:
        facts = await lead_facts(tx, call.lead, EPOCH + HOUR, rules=WEEKLY, asked=1)
        dialling = await lead_facts(tx, lead, EPOCH + HOUR, rules=WEEKLY)
        old = await lead_facts(tx, call.lead, EPOCH + timedelta(days=60), rules=WEEKLY)
    assert (facts.state, facts.phones, facts.next_phone, facts.due_at) == (LeadState.WAITING, 2, 0, asked)
    assert (facts.zone, facts.blacklisted, facts.callback_at, facts.asked) == ("Asia/Omsk", frozenset({1}), asked, 1)
    assert [past.result for past in facts.past] == [CallResult.CALLBACK_REQUESTED]
    assert [(one.started_at, one.result) for one in facts.history[0]] == [
        (EPOCH, CallResult.CALLBACK_REQUESTED),
        (EPOCH + HOUR, None),
    ]
    assert facts.history[1] == ()
    assert dialling.state is LeadState.DIALLING
    assert old.history[0] == ()


async def test_R2_11_a_lead_that_is_gone_is_told_so(world: PostgresWorld) -> None:
    campaign = await world.add_campaign()
    async with world.database.transaction(campaign.company) as tx:
        assert (await lead_facts(tx, LeadId(404), EPOCH, rules=CompanyRules())).deleted


async def test_R2_11_consent_on_record_is_told(world: PostgresWorld) -> None:
    campaign = await world.add_campaign()
    lead = await world.add_lead(campaign)
    async with world.database.transaction(campaign.company) as tx:
        before = await lead_facts(tx, lead, EPOCH, rules=CompanyRules())
        await tx.execute(text("UPDATE contacts SET consent_at = now()"))
        after = await lead_facts(tx, lead, EPOCH, rules=CompanyRules())
    assert (before.consent, after.consent) == (False, True)
