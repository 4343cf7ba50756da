"""Diallers at work on the real queue: what is in the tables afterwards adds up."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Row, select

from campaigns.campaign import CampaignId, Order, RetryPolicy
from campaigns.dialler import Dialler
from campaigns.leads import Exhausted, LeasedCall, PastCall, Reached, WorkerId
from campaigns.pacer import Pacer
from campaigns.retry import next_call
from core.results import RETRIED, CallResult
from storage.database import Database
from storage.leads import PostgresLeads
from storage.pacing import PostgresLeaders
from storage.pacing_store import PostgresPacing
from storage.tables import attempts, contacts, leads, workers
from tests.conftest import EPOCH, Fresh
from tests.fakes.telephone import FakeCalls, FakeLines
from tests.storage.worlds import PostgresWorld
from tests.virtual_time import VirtualClock

pytestmark = pytest.mark.postgres

RESULTS = [CallResult.BUSY, CallResult.NO_ANSWER, CallResult.COMPLETED, CallResult.NONEXISTENT_NUMBER]
SILENT = timedelta(seconds=60)
BARRED = "+79000000001"
AT_ONCE = RetryPolicy(waits=dict.fromkeys(RETRIED, timedelta()), phone_gap=timedelta())


async def until_all_are_closed(database: Database, companies: set[int], diallers: list[Dialler]) -> None:
    while True:
        waiting = 0
        for company in companies:
            async with database.transaction(company) as tx:  # type: ignore[arg-type]
                open_ = leads.c.state.in_(["waiting", "dialling"])
                waiting += len((await tx.execute(select(leads.c.id).where(open_))).all())
        if not waiting:
            return
        for dialler in diallers:
            dialler.wake()


async def test_three_diallers_bring_all_leads_of_two_companies_to_their_end(fresh: Fresh, database: Database) -> None:
    world, randomness = PostgresWorld(database), random.Random(7)
    campaigns = [
        await world.add_campaign(retry=AT_ONCE, order=order, lines=8) for order in (Order.RANDOM, Order.OLDEST)
    ]
    for number, campaign in enumerate(campaigns):
        await world.bar(campaign.company, BARRED)
        for n in range(25):
            phones = [f"+7900{number}{n:02}000{phone}" for phone in range(1 + n % 3)]
            await world.add_lead(campaign, phones=[BARRED, *phones] if n % 9 == 0 else phones, order_key=n / 25)

    live: Counter[CampaignId] = Counter()
    most: Counter[CampaignId] = Counter()

    async def carry_out(call: LeasedCall) -> CallResult:
        live[call.campaign] += 1
        most[call.campaign] = max(most[call.campaign], live[call.campaign])
        await asyncio.sleep(randomness.random() * 0.02)
        live[call.campaign] -= 1
        return randomness.choice(RESULTS)

    clock = VirtualClock(EPOCH + timedelta(seconds=1) - timedelta(seconds=asyncio.get_running_loop().time()))
    diallers = [
        Dialler(
            store=PostgresLeads(database),
            quotas=PostgresPacing(database),
            calls=FakeCalls(clock, carry_out),
            lines=FakeLines(simulator=14),
            clock=clock,
            worker=WorkerId(UUID(int=n)),
            calls_at_once=10,
            silent_for=SILENT,
        )
        for n in (1, 2, 3)
    ]
    pacer = Pacer(
        store=PostgresPacing(database), leaders=PostgresLeaders(fresh.app_url), clock=clock, silent_for=SILENT
    )
    async with asyncio.timeout(90), asyncio.TaskGroup() as group:
        pacing = group.create_task(pacer.run())
        for dialler in diallers:
            group.create_task(dialler.run())
        await until_all_are_closed(database, {campaign.company for campaign in campaigns}, diallers)
        for dialler in diallers:
            await dialler.drain(10)
        pacing.cancel()

    assert all(0 < most[campaign.id] <= campaign.lines for campaign in campaigns)
    for campaign in campaigns:
        await assert_all_adds_up(database, campaign.company)
    async with database.system() as tx:
        assert (await tx.execute(select(workers))).all() == []


async def assert_all_adds_up(database: Database, company: int) -> None:
    """Each lead has one attempt after the other, each with one result, and ended when the rule says so."""
    async with database.transaction(company) as tx:  # type: ignore[arg-type]
        rows = (await tx.execute(select(attempts).order_by(attempts.c.id))).all()
        people = select(leads, contacts.c.phones).join(contacts, contacts.c.id == leads.c.contact_id)
        closed = {lead.id: lead for lead in (await tx.execute(people)).all()}
    calls: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        if calls[row.lead_id]:
            assert calls[row.lead_id][-1].ended_at <= row.started_at
        calls[row.lead_id].append(row)
    assert set(calls) == set(closed)
    for lead, made in calls.items():
        past = [PastCall(row.phone_index, CallResult(row.result), row.ended_at) for row in made]
        assert all((row.result == "blacklisted") == (row.phone == BARRED) for row in made)
        assert closed[lead].attempts == len(past)
        phones = closed[lead].phones
        barred = frozenset(n for n, phone in enumerate(phones) if phone == BARRED)
        expected = {"reached": Reached(), "failed": Exhausted()}[closed[lead].state]
        assert next_call(past, len(phones), AT_ONCE, blacklisted=barred) == expected
