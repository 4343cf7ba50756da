"""What only the queue in PostgreSQL does: rows, answers, notices, killed processes, plans."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from campaigns.campaign import Campaign
from campaigns.leads import CallAt, Ending, LeasedCall, Reached, WorkerId
from campaigns.retry import next_call
from core.results import CallResult
from storage.database import Database
from storage.leads import PostgresLeads
from storage.live import LiveChange, LiveFeed
from storage.tables import answers, attempts, campaigns, contacts, workers
from tests.conftest import EPOCH, ROOT, Fresh
from tests.storage.worlds import MINUTE, PostgresWorld

pytestmark = pytest.mark.postgres

WORKER, OTHER = WorkerId(UUID(int=1)), WorkerId(UUID(int=2))
SILENT = timedelta(seconds=10)


@pytest.fixture
def world(database: Database) -> PostgresWorld:
    return PostgresWorld(database)


async def leased(world: PostgresWorld) -> tuple[Campaign, LeasedCall]:
    campaign = await world.add_campaign()
    await world.add_lead(campaign, phones=("+79000000001", "+79000000002"))
    (call,) = await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH)
    return campaign, call


async def test_an_attempts_row_tells_everything_of_the_call(world: PostgresWorld) -> None:
    campaign, call = await leased(world)
    await world.store.answered(call, EPOCH + timedelta(seconds=5))
    given = {
        "step": "q1",
        "question": "Вы придёте?",
        "answer": "1",
        "label": "Да",
        "how": "phrase",
        "said": "да, приду",
    }
    details = {
        "result": "completed",
        "answers": [{**given, "confidence": 0.75}, {**given, "step": "q2", "how": "key", "confidence": 1}],
        "recording": "1/2026-11-23/1.wav",
        "transcript": [{"speaker": "caller", "text": "да,\0 приду \ud83d"}],
    }
    ending = Ending(CallResult.COMPLETED, EPOCH + MINUTE, cause="NORMAL_CLEARING", sip_status=200, details=details)
    assert await world.store.finish(call, ending, Reached())
    async with world.database.transaction(campaign.company) as tx:
        row = (await tx.execute(select(attempts))).one()
        told = (await tx.execute(select(answers).order_by(answers.c.id))).all()
        last = (await tx.execute(select(campaigns.c.last_activity_at))).scalar_one()
    assert (row.result, row.cause, row.sip_status, row.recording) == (
        "completed", "NORMAL_CLEARING", 200, "1/2026-11-23/1.wav",
    )  # fmt: skip
    assert (row.started_at, row.answered_at, row.ended_at) == (EPOCH, EPOCH + timedelta(seconds=5), EPOCH + MINUTE)
    assert (row.phone, row.phone_index, str(row.leg_id), row.worker_id) == ("+79000000001", 0, call.leg, WORKER)
    assert row.scenario_version_id == campaign.scenario
    assert row.details["transcript"] == [{"speaker": "caller", "text": "да, приду ?"}]
    assert [(one.step, one.how, one.confidence) for one in told] == [("q1", "phrase", 0.75), ("q2", "key", 1.0)]
    assert (told[0].label, told[0].said, told[0].attempt_id, told[0].lead_id) == (
        "Да",
        "да, приду",
        call.attempt,
        call.lead,
    )
    assert last == EPOCH + MINUTE


async def test_a_second_result_adds_no_answers(world: PostgresWorld) -> None:
    campaign, call = await leased(world)
    given = {"step": "q", "question": "", "answer": "1", "label": "", "how": "key", "said": "1", "confidence": 1}
    ending = Ending(CallResult.COMPLETED, EPOCH, details={"answers": [given]})
    assert [await world.store.finish(call, ending, Reached()) for _ in range(3)] == [True, False, False]
    async with world.database.transaction(campaign.company) as tx:
        assert len((await tx.execute(select(answers))).all()) == 1


async def test_answers_that_cannot_be_stored_leave_the_attempt_as_it_was(world: PostgresWorld) -> None:
    campaign, call = await leased(world)
    with pytest.raises(Exception, match="answers"):
        await world.store.finish(
            call, Ending(CallResult.COMPLETED, EPOCH, details={"answers": [{"step": "q"}]}), Reached()
        )
    kept = await world.kept(campaign, call.lead)
    assert (kept.state, kept.attempts, kept.results) == ("dialling", 0, (None,))
    assert await world.store.finish(call, Ending(CallResult.COMPLETED, EPOCH), Reached())


async def test_past_calls_go_by_the_number_when_the_contacts_phones_were_changed(world: PostgresWorld) -> None:
    campaign, call = await leased(world)
    await world.store.finish(call, Ending(CallResult.BUSY, EPOCH), CallAt(1, EPOCH))
    (call,) = await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH)
    await world.store.finish(call, Ending(CallResult.BUSY, EPOCH + MINUTE), CallAt(1, EPOCH))
    changed = ["+79000000002"]
    async with world.database.transaction(campaign.company) as tx:
        await tx.execute(update(contacts).values(phones=changed))
    (call,) = await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH)
    assert (call.phone.e164, [past.phone for past in call.past]) == ("+79000000002", [1, 0])
    assert isinstance(next_call(call.past, 1, campaign.retry), CallAt)


async def test_lease_answer_and_end_are_told_to_live_views(fresh: Fresh, world: PostgresWorld) -> None:
    campaign = await world.add_campaign()
    await world.add_lead(campaign)
    feed = LiveFeed(fresh.app_url)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        task = group.create_task(feed.run())
        await feed.wait_listening()
        with feed.subscribe(campaign.company) as stream:
            (call,) = await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH)
            assert await stream.next() == LiveChange(campaign.id)
            await world.store.answered(call, EPOCH)
            assert await stream.next() == LiveChange(campaign.id)
            await world.store.finish(call, Ending(CallResult.COMPLETED, EPOCH), Reached())
            assert await stream.next() == LiveChange(campaign.id)
        task.cancel()


async def test_a_process_killed_between_lease_and_end_loses_no_lead_and_calls_nobody_twice(
    fresh: Fresh, world: PostgresWorld
) -> None:
    campaign = await world.add_campaign()
    leads = [await world.add_lead(campaign, order_key=n / 10) for n in range(5)]
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.storage.leasing_child", fresh.app_url, str(campaign.company), str(OTHER),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout is not None
    async with asyncio.timeout(60):
        assert await child.stdout.readline() == b"3\n"
    child.kill()
    await child.wait()

    later = EPOCH + MINUTE
    await world.store.beat(WORKER, later)
    assert len(await world.store.lease(campaign, 9, worker=WORKER, now=later)) == 2
    orphans = await world.store.orphans(later, silent_for=SILENT)
    assert [orphan.call.lead for orphan in orphans] == leads[:3]
    ending = Ending(CallResult.SYSTEM_ERROR, later, cause="worker_died")
    both = [
        [await store.finish(orphan.call, ending, CallAt(0, later)) for orphan in orphans]
        for store in (world.store, PostgresLeads(world.database))
    ]
    assert both == [[True] * 3, [False] * 3]
    assert {call.lead for call in await world.store.lease(campaign, 9, worker=WORKER, now=later)} == set(leads[:3])
    for lead in leads[:3]:
        assert (await world.kept(campaign, lead)).results == ("system_error", None)


async def test_a_campaign_with_unreadable_settings_gets_an_error_and_the_others_are_dialled(
    world: PostgresWorld,
) -> None:
    broken, sound = await world.add_campaign(name="a"), await world.add_campaign(name="b")
    async with world.database.transaction(broken.company) as tx:
        await tx.execute(text("UPDATE campaigns SET schedule = '{\"week\": 7}'"))
    for _ in range(2):
        assert list(await world.store.campaigns()) == [sound]
    async with world.database.transaction(broken.company) as tx:
        error = (await tx.execute(select(campaigns.c.error))).scalar_one()
    assert error.startswith("The settings cannot be read: The week must be")


async def test_a_worker_that_comes_forgets_those_that_are_long_gone(world: PostgresWorld) -> None:
    await world.store.beat(OTHER, EPOCH - timedelta(days=2))
    await world.store.beat(WORKER, EPOCH)
    async with world.database.system() as tx:
        rows = (await tx.execute(select(workers))).all()
    assert [(row.id, row.beat_at, row.started_at) for row in rows] == [(WORKER, EPOCH, EPOCH)]


async def test_a_lead_whose_state_somebody_changed_during_the_call_keeps_it(world: PostgresWorld) -> None:
    campaign, call = await leased(world)
    async with world.database.transaction(campaign.company) as tx:
        await tx.execute(text("UPDATE leads SET state = 'reached'"))
    assert await world.store.finish(call, Ending(CallResult.BUSY, EPOCH), CallAt(0, EPOCH))
    kept = await world.kept(campaign, call.lead)
    assert (kept.state, kept.attempts) == ("reached", 1)


async def test_R3_6_an_instant_without_a_zone_is_refused(world: PostgresWorld) -> None:
    campaign, call = await leased(world)
    naive = EPOCH.replace(tzinfo=None)
    with pytest.raises(ValueError, match="zone"):
        await world.store.lease(campaign, 1, worker=WORKER, now=naive)
    with pytest.raises(ValueError, match="zone"):
        await world.store.finish(call, Ending(CallResult.BUSY, naive), Reached())


async def test_a_paused_campaign_still_ends_its_calls(world: PostgresWorld) -> None:
    campaign, call = await leased(world)
    await world.change_campaign(replace(campaign, switched_on=False, finished=True))
    assert await world.store.finish(call, Ending(CallResult.COMPLETED, EPOCH), Reached())
