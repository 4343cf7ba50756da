"""SPEC R2.12: a call outside of campaigns closes leads as the company's rules and the campaigns say."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.clock import SystemClock
from campaigns.campaign import CampaignId, CompanyId, RetryPolicy
from campaigns.endings import Endings
from campaigns.leads import CallAt, Ending, LeadId, WorkerId
from campaigns.outside_calls import Effect, OutsideCall, OutsideKind
from core.errors import BadInput
from core.results import CallResult
from services import campaigns, company_rules, lead_cards, outside_calls
from services.company_rules import StoredRules
from storage import tables
from storage.database import Database
from storage.leads import PostgresLeads
from tests.conftest import EPOCH, make_company
from tests.services.things import WORKER, add_attempt, lead_ids, load, make_campaign, set_lead

PHONE = "+79001112233"
SECOND = timedelta(seconds=1)
KINDS = list(OutsideKind)

pytestmark = pytest.mark.postgres


async def matrix(tx: AsyncConnection, **effects: Effect) -> None:
    outside = {OutsideKind(kind): effect for kind, effect in effects.items()}
    await company_rules.save_rules(tx, StoredRules(outside=outside), EPOCH)


async def holding(
    tx: AsyncConnection, called_at: datetime | None = None, *, count_manual_calls: bool = False
) -> CampaignId:
    """A campaign that holds the person by a second phone, and another one."""
    made = await make_campaign(tx, count_manual_calls=count_manual_calls)
    await load(
        tx, made, f"Телефон;Телефон 2\n89005556677;{PHONE}\n89001110000;\n", {"Телефон": "phone", "Телефон 2": "phone"}
    )
    if called_at is not None:
        lead = (await lead_ids(tx, made))[0]
        await set_lead(tx, lead, attempts=1)
        await add_attempt(tx, made, lead, CallResult.BUSY, started_at=called_at, ended_at=called_at)
    return made


async def told(
    tx: AsyncConnection,
    kind: OutsideKind,
    seconds: float = 60,
    *,
    operator: str | None = "Анна",
    phone: str = PHONE,
    campaign: CampaignId | None = None,
) -> tuple[LeadId, ...]:
    call = OutsideCall(kind, timedelta(seconds=seconds), operator is not None, campaign)
    return await outside_calls.note_outside_call(
        tx, call, phone=phone, ended_at=EPOCH, operator=operator, by=None, now=EPOCH
    )


async def states(tx: AsyncConnection, campaign: CampaignId) -> list[str]:
    query = select(tables.leads.c.state).where(tables.leads.c.campaign_id == campaign).order_by(tables.leads.c.id)
    return list((await tx.execute(query)).scalars())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("effect", "closed"),
    [
        (Effect.LEAVE, ("waiting", "waiting", "waiting")),
        (Effect.LAST_CAMPAIGN, ("waiting", "reached", "waiting")),
        (Effect.ALL_CAMPAIGNS, ("reached", "reached", "reached")),
    ],
)
async def test_R2_12_each_kind_of_call_does_what_the_matrix_says(
    database: Database, company: CompanyId, kind: OutsideKind, effect: Effect, closed: tuple[str, ...]
) -> None:
    async with database.transaction(company) as tx:
        await matrix(tx, **{str(kind): effect})
        held = [await holding(tx, EPOCH - SECOND), await holding(tx, EPOCH), await holding(tx)]
        found = await told(tx, kind)
        assert tuple([(await states(tx, one))[0] for one in held]) == closed
        assert [(await states(tx, one))[1] for one in held] == ["waiting"] * 3
        assert len(found) == closed.count("reached")


@pytest.mark.parametrize("kind", [OutsideKind.MANUAL, OutsideKind.CAMPAIGN])
async def test_R2_12_a_call_of_less_than_a_second_changes_nothing(
    database: Database, company: CompanyId, kind: OutsideKind
) -> None:
    async with database.transaction(company) as tx:
        await matrix(tx, **dict.fromkeys(map(str, KINDS), Effect.ALL_CAMPAIGNS))
        await holding(tx)
        assert await told(tx, kind, 0.9) == ()
        assert len(await told(tx, kind, 1)) == 1


async def test_R2_12_an_inbound_call_that_nobody_took_changes_nothing(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        await matrix(tx, inbound=Effect.ALL_CAMPAIGNS)
        await holding(tx)
        assert await told(tx, OutsideKind.INBOUND, operator=None) == ()


async def test_R2_12_a_campaign_that_counts_manual_calls_closes_by_itself(
    database: Database, company: CompanyId
) -> None:
    async with database.transaction(company) as tx:
        counting, other = await holding(tx, count_manual_calls=True), await holding(tx)
        assert await told(tx, OutsideKind.INBOUND) == ()
        assert await told(tx, OutsideKind.MANUAL, 0) == ()
        assert await told(tx, OutsideKind.MANUAL, 0.5) == (LeadId((await lead_ids(tx, counting))[0]),)
        assert (await states(tx, other))[0] == "waiting"


async def test_R2_12_the_leads_history_shows_what_closed_it(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        await matrix(tx, manual=Effect.ALL_CAMPAIGNS)
        made = await holding(tx)
        (lead,) = await told(tx, OutsideKind.MANUAL, 42.5)
        card = await lead_cards.lead_card(tx, made, lead)
    (change,) = card.changes
    assert (change.what, change.at, change.by) == ("outside_call", EPOCH, None)
    wanted: Mapping[str, Any] = {
        "kind": "manual",
        "seconds": 42.5,
        "ended_at": EPOCH.isoformat(),
        "operator": "Анна",
        "campaign": None,
        "was": "waiting",
    }
    assert change.details == wanted
    assert card.bucket == "reached"
    assert card.next_call_at is None


async def test_R2_12_what_was_closed_is_not_closed_again(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        await matrix(tx, manual=Effect.ALL_CAMPAIGNS)
        made = await holding(tx)
        (lead,) = await told(tx, OutsideKind.MANUAL)
        assert await told(tx, OutsideKind.MANUAL) == ()
        assert len((await lead_cards.lead_card(tx, made, lead)).changes) == 1


async def test_R2_12_finished_campaigns_and_other_companies_are_left_alone(
    database: Database, company: CompanyId
) -> None:
    other = await make_company(database, "Вектор")
    async with database.transaction(other) as tx:
        theirs = await holding(tx)
    async with database.transaction(company) as tx:
        await matrix(tx, manual=Effect.ALL_CAMPAIGNS)
        finished = await holding(tx)
        await campaigns.finish_campaign(tx, finished, EPOCH)
        assert await told(tx, OutsideKind.MANUAL) == ()
        assert (await states(tx, finished))[0] == "waiting"
    async with database.transaction(other) as tx:
        assert (await states(tx, theirs))[0] == "waiting"


@pytest.mark.parametrize(
    ("effect", "answered", "closed"),
    [
        (Effect.LEAVE, 5, ("waiting", "waiting")),
        (Effect.LAST_CAMPAIGN, 5, ("reached", "waiting")),
        (Effect.ALL_CAMPAIGNS, 5, ("reached", "reached")),
        (Effect.ALL_CAMPAIGNS, 0.5, ("waiting", "waiting")),
        (Effect.ALL_CAMPAIGNS, None, ("waiting", "waiting")),
    ],
)
async def test_R2_12_a_campaigns_own_call_of_a_second_closes_leads_with_its_result(
    database: Database, company: CompanyId, effect: Effect, answered: float | None, closed: tuple[str, str]
) -> None:
    store = PostgresLeads(database, after=outside_calls.note_campaign_calls)
    async with database.transaction(company) as tx:
        await matrix(tx, campaign=effect)
        mine, other = await make_campaign(tx), await holding(tx)
        await load(tx, mine, f"Телефон\n{PHONE}\n")
        await campaigns.switch(tx, mine, on=True, now=EPOCH)
    (campaign,) = await store.campaigns()
    (call,) = await store.lease(campaign, 1, worker=WorkerId(WORKER), now=EPOCH)
    began = None if answered is None else EPOCH - timedelta(seconds=answered)
    ending = Ending(CallResult.HUNG_UP_EARLY, EPOCH, answered_at=began)
    for stored in (True, False):  # a result that comes again closes nothing again
        assert await store.finish(call, ending, CallAt(0, EPOCH + timedelta(minutes=10))) is stored
    async with database.transaction(company) as tx:
        assert ((await states(tx, mine))[0], (await states(tx, other))[0]) == closed
        changes = (await lead_cards.lead_card(tx, mine, call.lead)).changes
    assert len(changes) == (closed[0] == "reached")
    assert all(one.details["kind"] == "campaign" and one.details["campaign"] == mine for one in changes)


async def test_R2_12_two_campaigns_that_talk_with_one_person_at_once_both_get_their_results(
    database: Database, company: CompanyId
) -> None:
    store = PostgresLeads(database, after=outside_calls.note_campaign_calls)
    async with database.transaction(company) as tx:
        await matrix(tx, campaign=Effect.ALL_CAMPAIGNS)
        for _ in range(2):
            made = await make_campaign(tx)
            await load(tx, made, "Телефон\n" + "".join(f"8900111{n:04}\n" for n in range(20)))
            await campaigns.switch(tx, made, on=True, now=EPOCH)
    endings = Endings(store, SystemClock())
    calls = [
        call
        for campaign in await store.campaigns()
        for call in await store.lease(campaign, 20, worker=WorkerId(WORKER), now=EPOCH)
    ]
    assert len(calls) == 40
    ending = Ending(CallResult.COMPLETED, EPOCH, answered_at=EPOCH - 9 * SECOND, details={"path": ["q1"]})
    async with asyncio.TaskGroup() as group:
        storing = group.create_task(endings.run())
        async with asyncio.TaskGroup() as ended:
            for call in calls:
                ended.create_task(endings.end(call, ending, RetryPolicy()))
        storing.cancel()
    async with database.transaction(company) as tx:
        kept = (await tx.execute(select(tables.attempts.c.result, tables.attempts.c.details))).all()
        left = (await tx.execute(select(tables.leads.c.state).distinct())).scalars().all()
    assert {(one.result, str(one.details)) for one in kept} == {("completed", "{'path': ['q1']}")}
    assert left == ["reached"]


@pytest.mark.parametrize(
    ("given", "field"),
    [({"phone": "анна"}, "phone"), ({"seconds": -1}, "seconds"), ({"seconds": 10**6}, "seconds")],
)
async def test_R2_12_a_call_that_cannot_be_is_refused(
    database: Database, company: CompanyId, given: dict[str, Any], field: str
) -> None:
    async with database.transaction(company) as tx:
        with pytest.raises(BadInput) as error:
            await told(tx, OutsideKind.MANUAL, **given)
    assert error.value.field == field


async def test_R2_12_a_call_of_the_future_is_refused(database: Database, company: CompanyId) -> None:
    call = OutsideCall(OutsideKind.MANUAL, SECOND)
    later = EPOCH + timedelta(hours=1)
    async with database.transaction(company) as tx:
        with pytest.raises(BadInput) as error:
            await outside_calls.note_outside_call(
                tx, call, phone=PHONE, ended_at=later, operator=None, by=None, now=EPOCH
            )
    assert (error.value.code, error.value.field) == ("in_the_future", "at")
