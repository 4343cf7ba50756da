"""The dialler at work, in virtual time: what it never does, and what is never lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import time, timedelta

import pytest
from structlog.testing import capture_logs

from campaigns.campaign import Campaign, Period, WeeklySchedule
from campaigns.leads import Bucket, Ending, LeasedCall, Next, WorkerId
from campaigns.pacing import Share, TrunkLimits
from core.errors import Unavailable
from core.phones import Phone
from core.results import CallResult
from tests.campaigns.office import DEAD, ONE_CALL, SILENT, WORKER, Office, virtual
from tests.conftest import EPOCH
from tests.fakes.telephone import FakeLines, Placed, lasting


@virtual
async def test_every_lead_is_called_and_every_attempt_has_a_result() -> None:
    office = Office()
    number = office.campaign(leads=120, retry=ONE_CALL)
    async with office.open():
        await asyncio.sleep(120)
    assert office.results() == [CallResult.COMPLETED] * 120
    assert set(office.store.buckets(number)) == {Bucket.REACHED}
    assert len({placed.call.lead for placed in office.calls.placed}) == 120


@virtual
async def test_never_more_calls_than_slots_lines_of_the_trunk_and_lines_of_the_campaign() -> None:
    for trunk, slots, own, most in [(7, 50, 100, 7), (100, 9, 100, 9), (100, 50, 4, 4)]:
        office = Office(lines=trunk, calls_at_once=slots)
        office.campaign(leads=40, lines=own)
        async with office.open():
            await asyncio.sleep(400)
        assert office.lines.most["simulator"] == most
        assert len(office.calls.placed) == 40


@virtual
async def test_a_slot_is_filled_again_at_once_when_a_call_ends() -> None:
    office = Office(calls_at_once=2)
    office.campaign(leads=10)
    async with office.open():
        await asyncio.sleep(200)
    starts = [placed.at_s for placed in office.calls.placed]
    assert all(later - earlier < 30.1 for earlier, later in zip(starts, starts[2:], strict=False))


@virtual
async def test_campaigns_share_the_slots_evenly() -> None:
    office = Office(calls_at_once=12)
    numbers = [office.campaign(n, leads=leads) for n, leads in ((1, 500), (2, 500), (3, 500))]
    small = office.campaign(4, leads=500, lines=1)
    async with office.open(drain_s=60):
        for _ in range(10):
            await asyncio.sleep(37)
            live = office.live_by_campaign()
            assert live[small] == 1
            assert sorted(live[number] for number in numbers) == [3, 4, 4]


@virtual
async def test_the_share_of_a_campaign_without_leads_goes_to_the_others() -> None:
    office = Office(calls_at_once=10)
    office.campaign(1)
    busy = office.campaign(2, leads=100)
    async with office.open():
        await asyncio.sleep(5)
        assert office.live_by_campaign() == {busy: 10}


@virtual
async def test_campaigns_take_turns_at_a_single_slot() -> None:
    office = Office(calls_at_once=1)
    numbers = [office.campaign(n, leads=50) for n in (1, 2, 3)]
    async with office.open():
        await asyncio.sleep(600)
    calls = Counter(placed.call.campaign for placed in office.calls.placed)
    assert min(calls[number] for number in numbers) >= max(calls.values()) - 2


@virtual
async def test_a_trunk_that_is_full_does_not_hold_up_another_and_is_used_as_soon_as_it_has_a_line() -> None:
    office = Office()
    office.lines = office.dialler._lines = FakeLines(simulator=0, other=2)
    office.lines.allowed = {"simulator": TrunkLimits(9, 1000.0), "other": TrunkLimits(2, 1000.0)}
    office.campaign(1, leads=9)
    office.campaign(2, leads=2, trunk="other")
    async with office.open():
        await asyncio.sleep(5)
        assert office.lines.taken == {"other": 2}
        for lines in range(1, 8):
            office.lines.lines["simulator"] = lines
            await asyncio.sleep(0.27)
            assert office.lines.taken["simulator"] == lines


@virtual
async def test_a_callback_is_placed_at_the_instant_that_was_asked_for() -> None:
    office = Office()
    number = office.campaign(leads=1)
    at = EPOCH + timedelta(minutes=42)

    async def place(call: LeasedCall, _: Campaign) -> Ending:
        office.calls.placed.append(Placed(office.clock.monotonic(), call))
        if call.past:
            return Ending(CallResult.COMPLETED, office.clock.now())
        return Ending(CallResult.CALLBACK_REQUESTED, office.clock.now(), callback_at=at)

    office.calls.place = place  # type: ignore[method-assign, assignment]
    async with office.open():
        await asyncio.sleep(3600)
    _, again = office.calls.placed
    assert 42 * 60 <= again.at_s <= 42 * 60 + 1.1
    assert office.store.buckets(number) == [Bucket.REACHED]


@virtual
async def test_a_lead_is_called_within_a_second_of_the_instant_it_is_due() -> None:
    office = Office()
    number = office.campaign()
    for after_s in (0, 17.3, 3600):
        office.lead(number, after_s=after_s)
    async with office.open():
        await asyncio.sleep(3700)
    assert [
        0 <= placed.at_s - due <= 1.1 for placed, due in zip(office.calls.placed, (0, 17.3, 3600), strict=True)
    ] == [True] * 3


@virtual
async def test_new_work_is_begun_at_once_when_woken() -> None:
    office = Office()
    number = office.campaign()
    async with office.open():
        await asyncio.sleep(10.4)
        office.lead(number)
        office.pacing.change()
        await asyncio.sleep(0.2)
        assert len(office.calls.placed) == 1


@virtual
async def test_R3_2_a_busy_phone_is_called_again_after_its_wait_until_it_is_exhausted() -> None:
    office = Office(carry_out=lasting(5, CallResult.BUSY))
    number = office.campaign(leads=1)
    async with office.open():
        await asyncio.sleep(3600)
    first, second = (placed.at_s for placed in office.calls.placed)
    assert 604.9 <= second - first <= 606.2
    assert office.store.buckets(number) == [Bucket.FAILED]


@virtual
async def test_R2_3_a_paused_campaign_never_dials_and_its_calls_in_progress_finish() -> None:
    office = Office(calls_at_once=3)
    number = office.campaign(leads=9)
    async with office.open():
        await asyncio.sleep(10)
        office.store.change(number, switched_on=False)
        await asyncio.sleep(300)
        assert office.results() == [CallResult.COMPLETED] * 3
        office.store.change(number, switched_on=True)
        await asyncio.sleep(300)
    assert len(office.calls.placed) == 9


@virtual
async def test_R4_1_calls_are_placed_only_while_the_schedule_is_open() -> None:
    twice = (Period(time(12), time(12, 5)), Period(time(12, 35), time(12, 40)))
    office = Office(calls_at_once=1)
    office.campaign(leads=200, schedule=WeeklySchedule("Europe/Moscow", {0: twice}))
    async with office.open():
        await asyncio.sleep(3600)
    starts = [placed.at_s for placed in office.calls.placed]
    assert all(start < 300 or 2100 <= start < 2400 for start in starts)
    assert len(starts) == 20


@virtual
async def test_a_call_that_breaks_ends_as_a_system_error_and_is_logged_once() -> None:
    async def breaks(call: LeasedCall) -> CallResult:
        await asyncio.sleep(1)
        if call.phone.e164.endswith("1"):
            raise RuntimeError("a defect")
        if call.phone.e164.endswith("2"):
            raise Unavailable("no_such_trunk", "No trunk is named so.")
        if call.phone.e164.endswith("3"):
            raise TimeoutError
        return CallResult.COMPLETED

    office = Office(carry_out=breaks)
    number = office.campaign(retry=ONE_CALL)
    for last in range(1, 5):
        office.lead(number, f"+7900000000{last}")
    with capture_logs() as logs:
        async with office.open():
            await asyncio.sleep(5)
    assert Counter(office.results()) == {CallResult.SYSTEM_ERROR: 3, CallResult.COMPLETED: 1}
    assert set(office.causes()) == {"call_failed", "no_such_trunk", None}
    assert [log["event"] for log in logs].count("call.failed") == 3


@virtual
async def test_R3_5_a_blacklisted_phone_is_never_called() -> None:
    office = Office()
    number = office.campaign()
    office.lead(number, "+79000000001")
    office.lead(number, "+79000000001", "+79000000002")
    office.lead(number, "+79000000001", "+79000000003")
    office.store.blacklist |= {Phone("+79000000001"), Phone("+79000000003")}
    async with office.open():
        await asyncio.sleep(60)
    assert [placed.call.phone.e164 for placed in office.calls.placed] == ["+79000000002"]
    assert office.store.buckets(number) == [Bucket.FAILED, Bucket.REACHED, Bucket.FAILED]
    assert Counter(office.results()) == {CallResult.BLACKLISTED: 2, CallResult.COMPLETED: 1}


@virtual
async def test_draining_lets_calls_end_and_leases_nothing_more() -> None:
    office = Office(calls_at_once=5)
    office.campaign(leads=50)
    async with office.open(drain_s=60):
        await asyncio.sleep(10)
        began = office.clock.monotonic()
    assert office.results() == [CallResult.COMPLETED] * 5
    assert WORKER not in office.store.beats
    assert began == 10


@virtual
async def test_draining_cuts_what_goes_on_too_long_and_its_attempts_get_a_result() -> None:
    office = Office(calls_at_once=5, carry_out=lasting(3600))
    number = office.campaign(leads=50)
    async with office.open(drain_s=20):
        await asyncio.sleep(10)
    assert office.results() == [CallResult.SYSTEM_ERROR] * 5
    assert set(office.causes()) == {"shutdown"}
    assert len(office.calls.cut) == 5
    assert Counter(office.store.buckets(number)) == {Bucket.WILL_CALL_AGAIN: 5, Bucket.NOT_CALLED: 45}


@virtual
async def test_a_drain_keeps_to_its_time() -> None:
    office = Office(carry_out=lasting(3600))
    office.campaign(leads=5)
    async with asyncio.TaskGroup() as group, office.paced():
        group.create_task(office.dialler.run())
        await asyncio.sleep(5)
        await office.dialler.drain(20)
        assert office.clock.monotonic() < 25.5


@virtual
async def test_a_drain_before_the_start_keeps_the_dialler_from_starting() -> None:
    office = Office()
    office.campaign(leads=5)
    await office.dialler.drain(1)
    await office.dialler.run()
    assert office.calls.placed == []


@virtual
async def test_the_heart_beats_while_calls_are_drained() -> None:
    office = Office(carry_out=lasting(100))
    office.campaign(leads=1)
    async with asyncio.TaskGroup() as group, office.paced():
        group.create_task(office.dialler.run())
        await asyncio.sleep(5)
        group.create_task(office.dialler.drain(200))
        await asyncio.sleep(90)
        assert office.clock.now() - office.store.beats[WORKER] < SILENT / 2


@virtual
async def test_an_outage_of_the_store_loses_no_result_and_dialling_goes_on_after_it() -> None:
    office = Office(calls_at_once=5)
    office.campaign(leads=15, retry=ONE_CALL)
    with capture_logs() as logs:
        async with office.open():
            await asyncio.sleep(10)
            office.store.away = True
            await asyncio.sleep(300)
            assert (office.dialler.live, office.lines.taken["simulator"]) == (5, 0)
            assert len(office.calls.placed) == 5
            office.store.away = False
            await asyncio.sleep(120)
    assert office.results() == [CallResult.COMPLETED] * 15
    troubles = Counter(log["what"] for log in logs if log["event"] == "dialler.trouble")
    assert troubles == {"round": 1, "beat": 1, "end": 5, "pace": 1}


@virtual
async def test_after_an_outage_the_others_get_the_time_to_beat_again_before_they_count_as_dead() -> None:
    office = Office()
    number = office.campaign(leads=1)
    other = await office.store.lease(office.store.all_campaigns[number], 1, worker=DEAD, now=EPOCH)
    await office.store.beat(DEAD, EPOCH)
    async with office.open():
        office.store.away = True
        await asyncio.sleep(60)
        office.store.away = False
        await asyncio.sleep(8)
        await office.store.beat(DEAD, office.clock.now())
        await asyncio.sleep(8)
        assert office.store.attempts[other[0].attempt].ending is None
        await asyncio.sleep(30)
        assert office.causes()[0] == "worker_died"


@virtual
async def test_an_outage_at_the_end_does_not_hold_up_the_exit_and_leaves_the_rest_to_the_reaper() -> None:
    office = Office(calls_at_once=2)
    office.campaign(leads=2)
    async with asyncio.TaskGroup() as group, office.paced():
        group.create_task(office.dialler.run())
        await asyncio.sleep(5)
        office.store.away = True
        await office.dialler.drain(60)
        assert office.clock.monotonic() < 75
    assert office.results() == [None, None]
    office.store.away = False
    assert len(await office.store.orphans(office.clock.now(), silent_for=SILENT)) == 2


@virtual
async def test_the_attempts_of_a_dead_worker_are_ended_after_their_legs_and_their_leads_called_again() -> None:
    office = Office()
    number = office.campaign(leads=3)
    lost = await office.store.lease(office.store.all_campaigns[number], 2, worker=DEAD, now=EPOCH)
    await office.store.beat(DEAD, EPOCH)
    office.calls.abandoning_fails = 1
    async with office.open():
        await asyncio.sleep(9)
        assert office.calls.abandoned == []
        await asyncio.sleep(1200)
    assert Counter(call.attempt for call in office.calls.abandoned) == Counter(call.attempt for call in lost)
    assert Counter(office.results()) == {CallResult.SYSTEM_ERROR: 2, CallResult.COMPLETED: 3}
    assert set(office.store.buckets(number)) == {Bucket.REACHED}
    assert len({placed.call.attempt for placed in office.calls.placed}) == 3


@virtual
async def test_a_lease_whose_answer_was_lost_leaves_no_lead_behind() -> None:
    office = Office(calls_at_once=4)
    number = office.campaign(leads=8)
    office.store.loses_answers = True
    async with office.open():
        await asyncio.sleep(1200)
    assert Counter(office.causes())["lease_lost"] == 4
    assert set(office.store.buckets(number)) == {Bucket.REACHED}


@virtual
async def test_an_ending_that_cannot_be_stored_whole_is_stored_bare() -> None:
    office = Office()
    office.campaign(leads=1)
    finish = office.store.finish

    async def picky(call: LeasedCall, ending: Ending, following: Next) -> bool:
        if ending.cause is None:
            raise ValueError("cannot hold this")
        return await finish(call, ending, following)

    office.store.finish = picky  # type: ignore[method-assign]
    async with office.open():
        await asyncio.sleep(60)
    assert office.results() == [CallResult.COMPLETED]
    assert office.causes() == ["not_stored"]


@virtual
async def test_a_dialler_that_is_cancelled_ends_its_calls_and_gives_everything_back() -> None:
    office = Office()
    office.campaign(leads=9)
    async with office.paced():
        running = asyncio.get_running_loop().create_task(office.dialler.run())
        await asyncio.sleep(5)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert len(office.calls.cut) == 9
    assert (office.dialler.live, office.lines.taken["simulator"]) == (0, 0)


@virtual
async def test_a_defect_in_a_round_is_told_once_and_does_not_end_the_dialling() -> None:
    office = Office()
    office.campaign(leads=2)
    share_of = office.pacing.share_of
    broken = 3

    async def sometimes(worker: WorkerId) -> Share:
        nonlocal broken
        broken -= 1
        if broken >= 0:
            raise KeyError("a defect")
        return await share_of(worker)

    office.pacing.share_of = sometimes  # type: ignore[method-assign]
    with capture_logs() as logs:
        async with office.open():
            await asyncio.sleep(60)
    assert office.results() == [CallResult.COMPLETED] * 2
    assert [log["what"] for log in logs if log["event"] == "dialler.trouble"] == ["round"]
