"""Which leads every `LeadStore` leases by the rules: caps, blacklists, local time, quotas (SPEC R2, R3.7, R4.2)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID, uuid4

import pytest

from campaigns.campaign import LocalTime, Period, WeeklySchedule
from campaigns.compliance import Compliance
from campaigns.leads import CallAt, Ending, Exhausted, Finish, Reached, WorkerId
from core.results import CallResult
from tests.conftest import EPOCH
from tests.storage.worlds import MINUTE, PHONE, MemoryWorld, PostgresWorld, World

WORKER, OTHER = WorkerId(UUID(int=1)), WorkerId(UUID(int=2))
DAY = timedelta(days=1)
NIGHT = EPOCH + timedelta(hours=12)  # midnight in Moscow
OFFICE = WeeklySchedule("Europe/Moscow", MappingProxyType({day: (Period(time(9), time(18)),) for day in range(7)}))


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "memory":
        return MemoryWorld()
    return PostgresWorld(request.getfixturevalue("database"))


async def test_R3_7_a_cap_counts_the_calls_of_all_campaigns_and_keeps_the_proof(world: World) -> None:
    first = await world.add_campaign(name="a")
    second = await world.add_campaign(first.company, name="b")
    await world.rule(first.company, Compliance(per_day=1))
    await world.add_lead(first)
    put_off = await world.add_lead(second)
    (call,) = await world.store.lease(first, 1, worker=WORKER, now=EPOCH)
    assert call.proof is not None
    checks = call.proof["checked"]
    assert isinstance(checks, list)
    assert [(one["rule"], one["most"], one["calls"]) for one in checks] == [("per_day", 1, 0)]
    assert await world.store.lease(second, 1, worker=WORKER, now=EPOCH) == []
    kept = await world.kept(second, put_off)
    assert (kept.state, kept.due_at, kept.results) == ("waiting", NIGHT - timedelta(), ())
    assert await world.store.lease(second, 1, worker=WORKER, now=NIGHT - MINUTE) == []
    assert len(await world.store.lease(second, 1, worker=WORKER, now=NIGHT)) == 1


async def test_R3_7_two_leads_of_one_phone_are_not_both_called_in_one_lease(world: World) -> None:
    campaign = await world.add_campaign()
    await world.rule(campaign.company, Compliance(per_day=1))
    first = await world.add_lead(campaign, order_key=0.1)
    await world.add_lead(campaign, order_key=0.2)
    assert [call.lead for call in await world.store.lease(campaign, 9, worker=WORKER, now=EPOCH)] == [first]


async def test_R3_7_campaigns_that_lease_one_phone_at_the_same_time_call_it_once(world: World) -> None:
    campaigns = [await world.add_campaign(name="0")]
    for n in range(1, 6):
        campaigns.append(await world.add_campaign(campaigns[0].company, name=str(n)))
    await world.rule(campaigns[0].company, Compliance(per_day=1))
    for campaign in campaigns:
        await world.add_lead(campaign)
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(world.store.lease(campaign, 1, worker=WorkerId(uuid4()), now=EPOCH))
            for campaign in campaigns
        ]
    assert sum(len(task.result()) for task in tasks) == 1


async def test_R3_7_without_rules_no_proof_is_kept(world: World) -> None:
    campaign = await world.add_campaign()
    await world.add_lead(campaign)
    (call,) = await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH)
    assert call.proof is None


async def test_R3_7_without_consent_a_lead_is_looked_at_again_later(world: World) -> None:
    campaign = await world.add_campaign()
    await world.rule(campaign.company, Compliance(consent_required=True))
    lead = await world.add_lead(campaign)
    assert await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH) == []
    assert (await world.kept(campaign, lead)).due_at == EPOCH + timedelta(hours=1)


async def test_R3_5_a_blacklisted_phone_is_passed_over_for_the_next_one(world: World) -> None:
    campaign = await world.add_campaign()
    await world.add_lead(campaign, phones=("+79000000001", "+79000000002"))
    await world.bar(campaign.company, "+79000000001")
    (call,) = await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH)
    assert (call.phone.e164, call.blacklisted) == ("+79000000002", frozenset({0}))


async def test_R3_5_a_lead_of_blacklisted_phones_alone_is_leased_to_be_ended(world: World) -> None:
    campaign = await world.add_campaign()
    await world.rule(campaign.company, Compliance(per_day=1))
    await world.add_lead(campaign)
    await world.bar(campaign.company, PHONE)
    (call,) = await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH)
    assert call.phone_index in call.blacklisted


@pytest.mark.parametrize(
    ("mode", "minutes", "expected"),
    [
        (LocalTime.OFF, 0, {"kamchatka", "moscow", "unknown"}),
        (LocalTime.CONTACTS_ONLY, 0, {"moscow", "unknown"}),
        (LocalTime.CONTACTS_ONLY, 18 * 60, {"kamchatka"}),
        (LocalTime.OPERATORS_AND_CONTACTS, 18 * 60, set()),
        (LocalTime.OPERATORS_AND_CONTACTS, 0, {"moscow", "unknown"}),
    ],
)
async def test_R4_2_only_leads_whose_clock_allows_it_are_leased(
    world: World, mode: LocalTime, minutes: int, expected: set[str]
) -> None:
    campaign = await world.add_campaign(schedule=OFFICE, local_time=mode)
    zones = {"kamchatka": "Asia/Kamchatka", "moscow": "Europe/Moscow", "unknown": None}
    names = {await world.add_lead(campaign, zone=zone): name for name, zone in zones.items()}
    calls = await world.store.lease(campaign, 9, worker=WORKER, now=EPOCH + timedelta(minutes=minutes))
    assert {names[call.lead] for call in calls} == expected


async def test_R2_3_outside_its_schedule_nothing_is_leased(world: World) -> None:
    campaign = await world.add_campaign(schedule=OFFICE)
    await world.add_lead(campaign)
    assert await world.store.lease(campaign, 1, worker=WORKER, now=NIGHT) == []


async def test_R2_13_an_open_breaker_leases_nothing(world: World) -> None:
    campaign = await world.add_campaign()
    await world.add_lead(campaign)
    await world.change_campaign(replace(campaign, breaker_open="system_error:15/22"))
    assert await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH) == []


async def test_R2_14_a_spent_budget_leases_nothing(world: World) -> None:
    campaign = await world.add_campaign(budget=Decimal(1))
    for n in range(2):
        await world.add_lead(campaign, order_key=n / 10)
    (call,) = await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH)
    await world.store.finish(call, Ending(CallResult.COMPLETED, EPOCH, cost=Decimal(1)), Reached())
    assert await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH) == []


async def test_a_worker_leases_within_its_quota(world: World) -> None:
    campaign = await world.add_campaign()
    for n in range(5):
        await world.add_lead(campaign, order_key=n / 10)
    assert await world.store.lease(campaign, 5, worker=WORKER, now=EPOCH, holding=0) == []
    await world.give_quota(campaign, WORKER, 3)
    assert len(await world.store.lease(campaign, 5, worker=WORKER, now=EPOCH, holding=1)) == 2
    assert await world.store.lease(campaign, 5, worker=WORKER, now=EPOCH, holding=3) == []
    assert await world.store.lease(campaign, 5, worker=OTHER, now=EPOCH, holding=0) == []


async def test_many_attempts_are_ended_together_each_once(world: World) -> None:
    campaign = await world.add_campaign()
    for n in range(3):
        await world.add_lead(campaign, order_key=n / 10)
    first, second, third = await world.store.lease(campaign, 3, worker=WORKER, now=EPOCH)
    again = CallAt(0, EPOCH + MINUTE)
    ended = [Finish(call, Ending(CallResult.BUSY, EPOCH), again) for call in (first, second)]
    assert list(await world.store.finish_all(ended)) == [True, True]
    last = Finish(third, Ending(CallResult.NO_ANSWER, EPOCH), Exhausted())
    assert list(await world.store.finish_all([ended[0], last, last])) == [False, True, False]
    assert list(await world.store.finish_all([])) == []
    assert (await world.kept(campaign, third.lead)).results == ("no_answer",)
