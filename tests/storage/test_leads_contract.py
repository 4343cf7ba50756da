"""What every `LeadStore` does: the one in memory, and the one in PostgreSQL."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from campaigns.campaign import Order
from campaigns.leads import CallAt, Ending, Exhausted, LeasedCall, Reached, WorkerId
from core.results import CallResult
from tests.conftest import EPOCH
from tests.storage.worlds import MINUTE, PHONE, MemoryWorld, PostgresWorld, World

WORKER, OTHER = WorkerId(UUID(int=1)), WorkerId(UUID(int=2))
SILENT = timedelta(seconds=10)
AGAIN = CallAt(0, EPOCH + 10 * MINUTE)


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "memory":
        return MemoryWorld()
    return PostgresWorld(request.getfixturevalue("database"))


def ended(result: CallResult = CallResult.BUSY, *, minutes: int = 0, **more: object) -> Ending:
    return Ending(result, EPOCH + minutes * MINUTE, **more)  # type: ignore[arg-type]


async def test_a_leased_lead_is_not_leased_twice(world: World) -> None:
    campaign = await world.add_campaign()
    leads = {await world.add_lead(campaign) for _ in range(5)}
    first = await world.store.lease(campaign, 3, worker=WORKER, now=EPOCH)
    second = await world.store.lease(campaign, 10, worker=OTHER, now=EPOCH)
    assert (len(first), len(second)) == (3, 2)
    assert {call.lead for call in (*first, *second)} == leads
    assert await world.store.lease(campaign, 10, worker=WORKER, now=EPOCH) == []


async def test_many_workers_at_once_lease_each_lead_once(world: World) -> None:
    campaign = await world.add_campaign()
    leads = {await world.add_lead(campaign, order_key=n / 60) for n in range(60)}
    taken: list[LeasedCall] = []

    async def work() -> None:
        worker = WorkerId(uuid4())
        while calls := await world.store.lease(campaign, 4, worker=worker, now=EPOCH):
            taken.extend(calls)

    async with asyncio.TaskGroup() as group:
        for _ in range(6):
            group.create_task(work())
    assert Counter(call.lead for call in taken) == Counter(leads)
    assert len({call.attempt for call in taken}) == len({call.leg for call in taken}) == 60


async def test_a_lease_holds_all_that_the_call_needs(world: World) -> None:
    campaign = await world.add_campaign()
    lead = await world.add_lead(
        campaign, phones=("+79000000001", "+79000000002"), first_name="Анна", custom={"долг": "5"}
    )
    (call,) = await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH)
    assert (call.lead, call.campaign, call.company) == (lead, campaign.id, campaign.company)
    assert (call.phone.e164, [phone.e164 for phone in call.phones]) == (
        "+79000000001",
        ["+79000000001", "+79000000002"],
    )
    known = {"first_name": "Анна", "full_name": "Анна", "phone": "+79000000001", "долг": "5"}
    assert (dict(call.variables), call.past, call.blacklisted) == (known, (), frozenset())


async def test_R3_6_a_lead_is_leased_from_the_instant_it_is_due(world: World) -> None:
    campaign = await world.add_campaign()
    due_at = EPOCH + 10 * MINUTE
    await world.add_lead(campaign, due_at=due_at)
    assert not await world.store.lease(campaign, 1, worker=WORKER, now=due_at - timedelta(microseconds=1))
    assert len(await world.store.lease(campaign, 1, worker=WORKER, now=due_at)) == 1


@pytest.mark.parametrize(
    "change", [{"switched_on": False}, {"finished": True}, {"error": "broken"}, {"processing": True}], ids=str
)
async def test_R2_3_a_campaign_that_was_stopped_meanwhile_leases_nothing(
    world: World, change: dict[str, object]
) -> None:
    campaign = await world.add_campaign()
    await world.add_lead(campaign)
    await world.add_lead(campaign, priority=1)
    await world.change_campaign(replace(campaign, **change))  # type: ignore[arg-type]
    assert await world.store.lease(campaign, 9, worker=WORKER, now=EPOCH) == []


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (Order.RANDOM, "dabc"),
        (Order.OLDEST, "abcd"),
        (Order.NEWEST, "dcba"),
        (Order.TIME_ZONE, "cdba"),
    ],
)
async def test_R2_9_leads_are_dialled_in_the_campaigns_order(world: World, order: Order, expected: str) -> None:
    campaign = await world.add_campaign(order=order)
    names = {
        await world.add_lead(campaign, order_key=0.2, added_at=EPOCH - 9 * MINUTE, zone="Europe/Kaliningrad"): "a",
        await world.add_lead(campaign, order_key=0.3, added_at=EPOCH - 8 * MINUTE, zone="Europe/Moscow"): "b",
        await world.add_lead(campaign, order_key=0.4, added_at=EPOCH - 7 * MINUTE, zone="Asia/Kamchatka"): "c",
        await world.add_lead(campaign, order_key=0.1, added_at=EPOCH - 6 * MINUTE): "d",
    }
    first = await world.store.lease(campaign, 3, worker=WORKER, now=EPOCH)
    last = await world.store.lease(campaign, 3, worker=WORKER, now=EPOCH)
    assert "".join(names[call.lead] for call in (*first, *last)) == expected


async def test_R2_9_fewest_attempts_go_first(world: World) -> None:
    campaign = await world.add_campaign(order=Order.FEWEST_ATTEMPTS)
    tried = await world.add_lead(campaign, order_key=0.1)
    (call,) = await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH)
    await world.store.finish(call, ended(), CallAt(0, EPOCH))
    fresh = await world.add_lead(campaign, order_key=0.9)
    leased = await world.store.lease(campaign, 2, worker=WORKER, now=EPOCH)
    assert [call.lead for call in leased] == [fresh, tried]


@pytest.mark.parametrize("order", Order)
async def test_R2_8_leads_with_a_priority_go_before_all_others(world: World, order: Order) -> None:
    campaign = await world.add_campaign(order=order)
    plain = await world.add_lead(campaign, order_key=0.1)
    third = await world.add_lead(campaign, order_key=0.2, priority=3)
    first = await world.add_lead(campaign, order_key=0.9, priority=1)
    await world.add_lead(campaign, priority=1, due_at=EPOCH + MINUTE)
    leased = await world.store.lease(campaign, 9, worker=WORKER, now=EPOCH)
    assert [call.lead for call in leased] == [first, third, plain]


@pytest.mark.parametrize("order", Order)
async def test_R2_8_the_highest_priority_goes_first_even_alone(world: World, order: Order) -> None:
    campaign = await world.add_campaign(order=order)
    leads = {}
    for priority, order_key in ((2, 0.1), (1, 0.5), (3, 0.2), (1, 0.6)):
        lead = await world.add_lead(campaign, order_key=order_key, priority=priority)
        leads[lead] = priority
    leased = [(await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH))[0].lead for _ in leads]
    assert [leads[lead] for lead in leased] == [1, 1, 2, 3]


async def test_an_attempt_has_one_result(world: World) -> None:
    campaign = await world.add_campaign()
    lead = await world.add_lead(campaign)
    (call,) = await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH)
    assert (await world.kept(campaign, lead)).results == (None,)
    assert await world.store.finish(call, ended(), AGAIN)
    before = await world.kept(campaign, lead)
    assert not await world.store.finish(call, ended(CallResult.COMPLETED), Reached())
    assert await world.kept(campaign, lead) == before
    assert before.results == ("busy",)


async def test_the_end_of_a_call_frees_the_lead_for_the_next_one(world: World) -> None:
    campaign = await world.add_campaign()
    lead = await world.add_lead(campaign, phones=("+79000000001", "+79000000002"))
    (call,) = await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH)
    await world.store.answered(call, EPOCH)
    await world.store.finish(call, ended(minutes=1), CallAt(1, EPOCH + 3 * MINUTE))
    kept = await world.kept(campaign, lead)
    assert (kept.state, kept.attempts, kept.due_at, kept.next_phone) == ("waiting", 1, EPOCH + 3 * MINUTE, 1)
    (again,) = await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH + 3 * MINUTE)
    assert (again.phone.e164, again.attempt != call.attempt) == ("+79000000002", True)
    (past,) = again.past
    assert (past.phone, past.result, past.ended_at) == (0, CallResult.BUSY, EPOCH + MINUTE)


async def test_R2_7_a_lead_is_closed_when_reached_or_exhausted(world: World) -> None:
    campaign = await world.add_campaign()
    leads = [await world.add_lead(campaign, order_key=n / 10) for n in range(2)]
    reached, failed = await world.store.lease(campaign, 2, worker=WORKER, now=EPOCH)
    await world.store.finish(reached, ended(CallResult.COMPLETED), Reached())
    await world.store.finish(failed, ended(CallResult.NONEXISTENT_NUMBER), Exhausted())
    assert [(await world.kept(campaign, lead)).state for lead in leads] == ["reached", "failed"]
    assert not await world.store.lease(campaign, 9, worker=WORKER, now=EPOCH + timedelta(days=400))


async def test_a_callback_is_kept_until_the_call_after_it(world: World) -> None:
    campaign = await world.add_campaign()
    lead = await world.add_lead(campaign)
    (call,) = await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH)
    at = EPOCH + 30 * MINUTE
    await world.store.finish(call, ended(CallResult.CALLBACK_REQUESTED, callback_at=at), CallAt(0, at))
    assert (await world.kept(campaign, lead)).callback_at == at
    (call,) = await world.store.lease(campaign, 1, worker=WORKER, now=at)
    await world.store.finish(call, ended(CallResult.NO_ANSWER, minutes=31), AGAIN)
    assert (await world.kept(campaign, lead)).callback_at is None


async def test_R3_5_a_lease_tells_which_phones_are_blacklisted(world: World) -> None:
    campaign = await world.add_campaign()
    await world.add_lead(campaign, phones=("+79000000001", "+79000000002", "+79000000003"))
    await world.bar(campaign.company, "+79000000001")
    await world.bar(campaign.company, "+79000000003")
    (call,) = await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH)
    assert call.blacklisted == {0, 2}


async def test_campaigns_of_all_companies_that_are_switched_on_and_not_finished_are_found(world: World) -> None:
    first, second = await world.add_company(), await world.add_company()
    found = {
        (await world.add_campaign(first, name="a")).id,
        (await world.add_campaign(second, name="b")).id,
        (await world.add_campaign(second, name="c", error="no trunk")).id,
    }
    await world.add_campaign(first, name="d", switched_on=False)
    await world.add_campaign(second, name="e", finished=True)
    campaigns = await world.store.campaigns()
    assert {one.id for one in campaigns} == found
    assert {one.company for one in campaigns} == {first, second}


async def test_a_campaign_comes_back_as_it_was_set(world: World) -> None:
    made = await world.add_campaign(order=Order.NEWEST, lines=7, caller_number="+74950000000", detect_machines=False)
    assert list(await world.store.campaigns()) == [made]


async def test_attempts_of_a_silent_worker_are_orphans_those_of_a_living_one_are_not(world: World) -> None:
    campaign = await world.add_campaign()
    for n in range(2):
        await world.add_lead(campaign, order_key=n / 10)
    await world.store.beat(WORKER, EPOCH)
    await world.store.beat(OTHER, EPOCH)
    (lost,) = await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH)
    await world.store.lease(campaign, 1, worker=OTHER, now=EPOCH)
    later = EPOCH + MINUTE
    await world.store.beat(OTHER, later)
    (orphan,) = await world.store.orphans(later, silent_for=SILENT)
    assert (orphan.call, orphan.started_at, orphan.retry) == (lost, EPOCH, campaign.retry)
    assert await world.store.finish(orphan.call, ended(CallResult.SYSTEM_ERROR, minutes=1), AGAIN)
    assert not await world.store.orphans(later, silent_for=SILENT)
    assert not await world.store.finish(lost, ended(CallResult.COMPLETED, minutes=2), Reached())


async def test_a_worker_that_just_began_or_beat_in_time_is_not_silent(world: World) -> None:
    campaign = await world.add_campaign()
    await world.add_lead(campaign)
    await world.store.beat(WORKER, EPOCH)
    await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH)
    assert not await world.store.orphans(EPOCH + SILENT, silent_for=SILENT)
    assert len(await world.store.orphans(EPOCH + SILENT + timedelta(seconds=1), silent_for=SILENT)) == 1
    await world.store.beat(WORKER, EPOCH + SILENT)
    await world.store.beat(WORKER, EPOCH)
    assert not await world.store.orphans(EPOCH + SILENT + timedelta(seconds=1), silent_for=SILENT)


async def test_what_a_worker_leaves_behind_is_orphaned_and_of_a_paused_campaign_too(world: World) -> None:
    campaign = await world.add_campaign()
    await world.add_lead(campaign)
    await world.store.beat(WORKER, EPOCH)
    await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH)
    await world.change_campaign(replace(campaign, switched_on=False))
    await world.store.leave(WORKER)
    assert len(await world.store.orphans(EPOCH + MINUTE, silent_for=SILENT)) == 1


async def test_attempts_that_their_worker_does_not_know_of_are_strays(world: World) -> None:
    campaign = await world.add_campaign()
    for n in range(3):
        await world.add_lead(campaign, order_key=n / 10)
    known, unknown = await world.store.lease(campaign, 2, worker=WORKER, now=EPOCH)
    await world.store.lease(campaign, 1, worker=OTHER, now=EPOCH)
    (stray,) = await world.store.strays(WORKER, [known.attempt])
    assert stray.call == unknown
    assert [one.call for one in await world.store.strays(WORKER, [])] == [known, unknown]


async def test_R2_7_each_lead_is_in_one_bucket_whatever_happens(world: World) -> None:
    from campaigns.buckets import bucket
    from campaigns.leads import Bucket

    campaign = await world.add_campaign()
    leads = [await world.add_lead(campaign, order_key=n / 10) for n in range(5)]
    calls = await world.store.lease(campaign, 4, worker=WORKER, now=EPOCH)
    await world.store.finish(calls[0], ended(), AGAIN)
    await world.store.finish(calls[1], ended(CallResult.COMPLETED), Reached())
    await world.store.finish(calls[2], ended(CallResult.NONEXISTENT_NUMBER), Exhausted())
    kept = [await world.kept(campaign, lead) for lead in leads]
    assert [bucket(one.state, one.attempts) for one in kept] == [
        Bucket.WILL_CALL_AGAIN, Bucket.REACHED, Bucket.FAILED, Bucket.NOT_CALLED, Bucket.NOT_CALLED,
    ]  # fmt: skip
    assert all(one.attempts == sum(result is not None for result in one.results) for one in kept)


async def test_an_empty_lease_is_nothing(world: World) -> None:
    campaign = await world.add_campaign()
    await world.add_lead(campaign, phones=(PHONE,))
    assert list(await world.store.lease(campaign, 0, worker=WORKER, now=EPOCH)) == []
