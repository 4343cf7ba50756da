"""The queue leases a lead exactly where the rules name no cause against it (SPEC R2.11): two tellings of one rule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, text, update

from campaigns.campaign import Campaign, LocalTime, Order, Period, WeeklySchedule
from campaigns.causes import causes, lead_causes
from campaigns.company_rules import CompanyRules
from campaigns.leads import LeadId, WorkerId
from core.results import CallResult
from storage.company_rules import company_rules
from storage.database import Database
from storage.facts import campaign_facts, lead_facts
from storage.tables import attempts, leads
from storage.tables import company_rules as rules_table
from tests.conftest import EPOCH
from tests.storage.worlds import PostgresWorld

pytestmark = pytest.mark.postgres

WORKER = WorkerId(UUID(int=1))
ZONES = [None, "Europe/Moscow", "Asia/Kamchatka", "America/New_York", "Europe/London"]
RESULTS = [None, "busy", "lost", "completed", "system_error", "callback_requested"]
LEADS = 5


@dataclass(frozen=True, slots=True)
class Person:
    """A lead with what happened to its phones: (phone, hours ago, result, by this lead or by another campaign)."""

    phones: int
    next_phone: int
    zone: str | None
    due_in_min: int
    priority: int | None
    state: str
    barred: frozenset[int]
    calls: tuple[tuple[int, int, str | None, bool], ...]
    consent: bool


calls = st.tuples(st.integers(0, 2), st.integers(1, 24 * 40), st.sampled_from(RESULTS), st.booleans())
people = st.builds(
    Person,
    phones=st.integers(1, 3),
    next_phone=st.integers(0, 3),
    zone=st.sampled_from(ZONES),
    due_in_min=st.sampled_from([-600, -1, 0, 0, 0, 1, 600]),
    priority=st.sampled_from([None, None, 1, 2]),
    state=st.sampled_from(["waiting", "waiting", "waiting", "waiting", "reached", "failed", "dialling"]),
    barred=st.frozensets(st.integers(0, 2), max_size=2),
    calls=st.lists(calls, max_size=3).map(tuple),
    consent=st.booleans(),
)
hours = st.sampled_from([(0, 0), (9, 18), (10, 20)])
settings_of = st.fixed_dictionaries(
    {
        "order": st.sampled_from(Order),
        "local_time": st.sampled_from(LocalTime),
        "switched_on": st.sampled_from([True, True, True, True, False]),
        "error": st.sampled_from([None, None, None, None, "broken"]),
        "breaker_open": st.sampled_from([None, None, None, None, "system_error:15/22"]),
        "budget": st.sampled_from([None, None, Decimal(0), Decimal(100)]),
    }
)
rules_of: st.SearchStrategy[tuple[str, dict[str, object]]] = st.one_of(
    st.tuples(st.sampled_from(["none", "ru-debt", "us", "uk"]), st.just({})),
    st.tuples(
        st.just("none"),
        st.fixed_dictionaries(
            {},
            optional={
                "per_day": st.integers(1, 2),
                "per_week": st.integers(1, 3),
                "gap_s": st.sampled_from([3600, 86_400]),
                "consent_required": st.just(True),
            },
        ),
    ),
)


async def add_person(world: PostgresWorld, mine: Campaign, other: Campaign, person: Person, now: datetime) -> LeadId:
    """The lead with its calls, each to a number that nobody else has."""
    numbers = [f"+7{uuid4().int % 10**10:010}" for _ in range(person.phones)]
    lead = await world.add_lead(mine, phones=numbers, zone=person.zone, priority=person.priority)
    elsewhere = await world.add_lead(other, phones=numbers)
    for place in person.barred:
        if place < person.phones:
            await world.bar(mine.company, numbers[place])
    due_at = now + timedelta(minutes=person.due_in_min)
    async with world.database.transaction(mine.company) as tx:
        ended = 0
        for phone, ago_h, result, own in sorted(person.calls, key=lambda call: -call[1]):
            row: dict[str, Any] = {
                "result": result,
                "ended_at": None if result is None else now - ago_h * HOUR + MINUTE,
            }
            ended += own and result is not None
            place = phone % person.phones
            await tx.execute(
                insert(attempts).values(
                    campaign_id=mine.id if own else other.id, lead_id=lead if own else elsewhere, leg_id=uuid4(),
                    worker_id=WORKER, phone_index=place, phone=numbers[place], started_at=now - ago_h * HOUR, **row,
                )
            )  # fmt: skip
        state = {"state": person.state, "due_at": due_at, "ready": due_at <= now, "next_phone": person.next_phone}
        await tx.execute(update(leads).where(leads.c.id == lead).values(attempts=ended, **state))
        if person.consent:
            granted = (
                "UPDATE contacts SET consent_at = now() WHERE id = (SELECT contact_id FROM leads WHERE id = :lead)"
            )
            await tx.execute(text(granted), {"lead": lead})
    return lead


HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    crowd=st.lists(people, min_size=1, max_size=LEADS),
    chosen=settings_of,
    opening=hours,
    rules=rules_of,
    minutes=st.integers(0, 60 * 24 * 200),
)
async def test_R2_11_the_queue_leases_a_lead_exactly_where_no_cause_forbids_it(
    database: Database,
    crowd: list[Person],
    chosen: dict[str, Any],
    opening: tuple[int, int],
    rules: tuple[str, dict[str, Any]],
    minutes: int,
) -> None:
    now = EPOCH + timedelta(minutes=minutes)
    day = (Period(time(opening[0]), time(opening[1])),)
    schedule = WeeklySchedule("Europe/Moscow", MappingProxyType(dict.fromkeys(range(6), day)))
    world = PostgresWorld(database)
    company = await world.add_company()
    mine = await world.add_campaign(company, name="mine", schedule=schedule, **chosen)
    other = await world.add_campaign(company, name="other")
    async with database.transaction(company) as tx:
        kept = {"compliance": rules[0], "compliance_overrides": rules[1], "changed_at": now}
        await tx.execute(insert(rules_table).values(kept))
    numbers = [await add_person(world, mine, other, person, now) for person in crowd]

    expected = await unforbidden(database, mine, numbers, now)
    leased = await world.store.lease(mine, 50, worker=WORKER, now=now)
    placed = {call.lead for call in leased if call.phone_index not in call.blacklisted}
    assert placed == expected
    for call in leased:
        if call.phone_index in call.blacklisted:
            assert len(call.blacklisted) == len(call.phones) or call.past


async def unforbidden(database: Database, campaign: Campaign, numbers: list[LeadId], now: datetime) -> set[LeadId]:
    """The leads against which the rules have nothing, nor against their campaign."""
    async with database.transaction(campaign.company) as tx:
        rules: CompanyRules = await company_rules(tx)
        found = causes(campaign, await campaign_facts(tx, campaign, now), now)
        against = {
            lead: lead_causes(campaign, await lead_facts(tx, lead, now, rules=rules), rules, now) for lead in numbers
        }
    if found:
        return set()
    return {lead for lead, those in against.items() if not those}


async def test_R2_14_a_spent_budget_leases_nothing_and_a_raised_one_goes_on(database: Database) -> None:
    from campaigns.leads import CallAt, Ending

    world = PostgresWorld(database)
    campaign = await world.add_campaign(budget=Decimal("1.00"))
    for n in range(3):
        await world.add_lead(campaign, order_key=n / 10)
    (call,) = await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH)
    again = CallAt(0, EPOCH + MINUTE)
    await world.store.finish(call, Ending(CallResult.BUSY, EPOCH, cost=Decimal("1.00")), again)
    assert await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH) == []
    await world.change_campaign(replace(campaign, budget=Decimal("1.01")))
    assert len(await world.store.lease(campaign, 3, worker=WORKER, now=EPOCH)) == 2
