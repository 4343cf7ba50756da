"""The pacer with several workers, in virtual time: what holds over all of them together, and what it does by itself."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from structlog.testing import capture_logs

from campaigns.campaign import CampaignId, CampaignKind, RetryPolicy
from campaigns.causes import CampaignFacts
from campaigns.dialler import Dialler
from campaigns.leads import WorkerId
from campaigns.pacer import Pacer
from campaigns.pacing import TrunkLimits
from core.phones import Phone
from core.results import RETRIED, CallResult
from tests.campaigns.office import virtual
from tests.conftest import EPOCH
from tests.fakes.leads import Lead, MemoryLeads
from tests.fakes.pacing import MemoryPacing
from tests.fakes.telephone import CarryOut, FakeCalls, FakeLines, lasting
from tests.storage.worlds import campaign
from tests.virtual_time import VirtualClock

SILENT = timedelta(seconds=10)
ONE_CALL = RetryPolicy(limits=dict.fromkeys(RETRIED, 1), max_calls=1)


class Floor:
    """Several workers on one queue, with a pacer or two."""

    def __init__(
        self, *, workers: int = 3, slots: int = 20, lines: int = 100, pacers: int = 1, carry_out: CarryOut | None = None
    ) -> None:
        self.clock = VirtualClock(EPOCH)
        self.store = MemoryLeads()
        self.pacing = MemoryPacing(self.store)
        self.calls = FakeCalls(self.clock, carry_out or lasting(10))
        self.lines = [FakeLines(simulator=lines) for _ in range(workers)]
        self.pacers = [
            Pacer(store=self.pacing, leaders=self.pacing, clock=self.clock, silent_for=SILENT) for _ in range(pacers)
        ]
        self.diallers = [
            Dialler(
                store=self.store,
                quotas=self.pacing,
                calls=self.calls,
                lines=mine,
                clock=self.clock,
                worker=WorkerId(UUID(int=n)),
                calls_at_once=slots,
                silent_for=SILENT,
            )
            for n, mine in enumerate(self.lines, 1)
        ]
        self.pacing.heard = self.ring
        self.most: Counter[CampaignId] = Counter()
        self.most_in_all = 0
        self._watch()

    def _watch(self) -> None:
        place = self.calls.carry_out

        async def watched(call: Any) -> CallResult:  # noqa: ANN401
            live = self.live()
            self.most_in_all = max(self.most_in_all, live.total())
            for number, count in live.items():
                self.most[number] = max(self.most[number], count)
            return await place(call)

        self.calls.carry_out = watched

    def ring(self) -> None:
        for dialler in self.diallers:
            dialler.wake()

    def live(self) -> Counter[CampaignId]:
        return Counter(one.call.campaign for one in self.store.attempts.values() if one.ending is None)

    def campaign(self, number: int = 1, *, leads: int = 0, **settings: Any) -> CampaignId:  # noqa: ANN401
        made = campaign(number, **settings)
        self.store.all_campaigns[made.id] = made
        for _ in range(leads):
            lead = self.store.new_id()
            phone = (Phone(f"+79{lead:09}"),)
            self.store.add(Lead(lead, made.id, phone, EPOCH, order_key=lead, added_at=EPOCH))
        return made.id

    def results(self) -> Counter[CallResult | None]:
        return Counter(one.ending.result if one.ending else None for one in self.store.attempts.values())

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            pacing = [group.create_task(pacer.run()) for pacer in self.pacers]
            for dialler in self.diallers:
                group.create_task(dialler.run())
            yield
            for dialler in self.diallers:
                await dialler.drain(600)
            for task in pacing:
                task.cancel()


@virtual
async def test_all_workers_together_never_hold_more_than_the_lines_of_a_campaign_and_all_leads_are_called_once() -> (
    None
):
    floor = Floor(workers=3)
    number = floor.campaign(leads=200, lines=7, retry=ONE_CALL)
    async with floor.open():
        await asyncio.sleep(400)
    assert floor.most[number] == 7
    assert floor.results() == {CallResult.COMPLETED: 200}
    assert len({placed.call.lead for placed in floor.calls.placed}) == 200
    assert all(lines.most["simulator"] > 0 for lines in floor.lines)


@virtual
async def test_all_workers_together_never_hold_more_than_the_lines_of_a_trunk() -> None:
    floor = Floor(workers=3, lines=8)
    for number in (1, 2, 3):
        floor.campaign(number, leads=60)
    async with floor.open():
        await asyncio.sleep(400)
    assert floor.most_in_all == 8
    assert floor.results() == {CallResult.COMPLETED: 180}


@virtual
async def test_all_workers_together_keep_to_the_calls_per_second_of_a_trunk() -> None:
    floor = Floor(workers=3)
    floor.campaign(leads=30)
    for lines in floor.lines:
        lines.allowed = {"simulator": TrunkLimits(100, 6.0)}
    async with floor.open():
        for _ in range(30):
            await asyncio.sleep(1)
            assert sum(lines.rates.get("simulator", 0.0) for lines in floor.lines) <= 6.0 + 1e-6
            if _ > 10 and floor.store.quotas:
                assert sum(lines.rates["simulator"] for lines in floor.lines) > 5.9


@virtual
async def test_R2_8_while_a_better_campaign_can_use_the_lines_the_others_begin_no_call() -> None:
    floor = Floor(workers=2, lines=10)
    low = floor.campaign(1, leads=300)
    high = floor.campaign(2, priority=1, switched_on=False)
    async with floor.open():
        await asyncio.sleep(30)
        assert floor.live()[low] == 10
        for _ in range(60):
            lead = floor.store.new_id()
            phone = (Phone(f"+79{lead:09}"),)
            floor.store.add(Lead(lead, high, phone, EPOCH, order_key=lead, added_at=EPOCH))
        floor.store.change(high, switched_on=True)
        floor.pacing.change()
        await asyncio.sleep(1.2)
        began_s = floor.clock.monotonic()
        await asyncio.sleep(40)
        assert floor.live() == {high: 10}
        late = [one for one in floor.calls.placed if one.call.campaign == low and one.at_s > began_s]
        assert late == []
        await asyncio.sleep(60)
        assert floor.live()[low] == 10


@virtual
async def test_equal_campaigns_get_equal_shares_though_one_began_earlier() -> None:
    floor = Floor(workers=2, slots=5)
    first, second = floor.campaign(1, leads=500), floor.campaign(2, leads=500, switched_on=False)
    async with floor.open():
        await asyncio.sleep(30)
        assert floor.live() == {first: 10}
        floor.store.change(second, switched_on=True)
        await asyncio.sleep(40)
        assert floor.live() == {first: 5, second: 5}
        floor.store.change(first, switched_on=False)
        floor.store.change(second, switched_on=False)
        await asyncio.sleep(30)


@virtual
async def test_when_the_leader_is_lost_another_takes_over_within_seconds() -> None:
    floor = Floor(workers=1, pacers=2)
    async with floor.open():
        await asyncio.sleep(5)
        assert [pacer.leading for pacer in floor.pacers].count(True) == 1
        floor.pacing.depose()
        floor.campaign(leads=5)
        await asyncio.sleep(5)
        assert [pacer.leading for pacer in floor.pacers].count(True) == 1
        assert floor.live().total() == 5


@virtual
async def test_while_nobody_paces_workers_go_on_within_their_quotas() -> None:
    floor = Floor(workers=2, slots=2)
    number = floor.campaign(leads=100, lines=3)
    async with floor.open():
        await asyncio.sleep(5)
        floor.pacing._leader = object()
        await asyncio.sleep(60)
        assert floor.live() == {number: 3}
        assert floor.most[number] == 3
        floor.store.change(number, switched_on=False)
        await asyncio.sleep(20)


@virtual
async def test_a_worker_that_drains_gives_its_slots_to_the_others() -> None:
    floor = Floor(workers=2, slots=10)
    number = floor.campaign(leads=400, lines=10)
    async with floor.open():
        await asyncio.sleep(5)
        await floor.diallers[0].drain(60)
        await asyncio.sleep(5)
        assert floor.live() == {number: 10}
        assert floor.diallers[1].live == 10
        floor.store.change(number, switched_on=False)
        await asyncio.sleep(20)


@virtual
async def test_R2_13_a_campaign_whose_calls_fail_is_paused_with_the_reason_and_the_alarm_is_given() -> None:
    floor = Floor(carry_out=lasting(1, CallResult.SYSTEM_ERROR))
    number = floor.campaign(leads=1000, lines=10)
    with capture_logs() as logs:
        async with floor.open():
            await asyncio.sleep(60)
    made = floor.store.all_campaigns[number]
    assert made.breaker_open is not None
    assert made.breaker_open.startswith("system_error:")
    assert 20 <= len(floor.calls.placed) <= 80
    assert [one["event"] for one in logs].count("campaign.breaker_open") == 1
    assert floor.pacers[0].breakers_opened == 1


@virtual
async def test_R2_13_what_failed_before_it_was_switched_on_again_is_forgiven() -> None:
    floor = Floor(carry_out=lasting(1, CallResult.SYSTEM_ERROR))
    number = floor.campaign(leads=1000, lines=10)
    async with floor.open():
        await asyncio.sleep(30)
        placed = len(floor.calls.placed)
        floor.calls.carry_out = lasting(1)
        floor.store.change(number, breaker_open=None, switched_on_at=floor.clock.now())
        await asyncio.sleep(10)
        assert floor.store.all_campaigns[number].breaker_open is None
        assert len(floor.calls.placed) > placed + 50


@virtual
async def test_R2_8_a_lead_that_comes_into_a_better_campaign_is_called_before_the_next_of_the_others() -> None:
    floor = Floor(workers=2, slots=5, lines=10)
    high, low = floor.campaign(1, priority=1), floor.campaign(2, leads=400, priority=2)
    async with floor.open():
        await asyncio.sleep(15)
        assert floor.live() == {low: 10}
        lead = floor.store.new_id()
        floor.store.add(Lead(lead, high, (Phone("+79990000000"),), floor.clock.now(), order_key=1, added_at=EPOCH))
        floor.pacing.change()
        placed = len(floor.calls.placed)
        await asyncio.sleep(12)
        after = [one.call.campaign for one in floor.calls.placed[placed:]]
        assert after.index(high) <= 2  # those that were begun before the pacer had heard of it
        assert after.count(low) >= 9
        floor.store.change(low, switched_on=False)
        await asyncio.sleep(20)


@virtual
async def test_R2_13_a_new_leader_knows_what_failed_before_it_led() -> None:
    floor = Floor(pacers=2, carry_out=lasting(6, CallResult.SYSTEM_ERROR))
    number = floor.campaign(leads=1000, lines=2)
    async with floor.open():
        await asyncio.sleep(50)
        assert len(floor.calls.placed) < 20
        floor.pacing.depose()
        await asyncio.sleep(40)
    assert floor.store.all_campaigns[number].breaker_open is not None
    assert len(floor.calls.placed) < 30


@virtual
async def test_R2_14_a_campaign_whose_budget_is_spent_gets_no_slot() -> None:
    floor = Floor()
    number = floor.campaign(leads=10, budget=Decimal(100))
    floor.pacing.facts_of[number] = CampaignFacts(
        due={None: EPOCH}, waiting_due=10, leads=10, spent=Decimal(100), scenario_exists=True
    )
    async with floor.open():
        await asyncio.sleep(10)
        assert floor.calls.placed == []


@virtual
async def test_R2_5_a_campaign_in_which_nothing_happens_is_finished_after_its_days() -> None:
    floor = Floor(workers=1)
    number = floor.campaign(auto_finish_days=14)
    other = floor.campaign(2, auto_finish_days=0)
    floor.pacing.created_at = EPOCH - timedelta(days=14) + timedelta(minutes=10)
    async with floor.open():
        await asyncio.sleep(9 * 60)
        assert not floor.store.all_campaigns[number].finished
        await asyncio.sleep(3 * 60)
        assert floor.store.all_campaigns[number].finished
        assert not floor.store.all_campaigns[other].finished


@virtual
async def test_R2_3_operators_campaigns_and_those_that_begin_later_get_no_slot() -> None:
    floor = Floor()
    floor.campaign(1, leads=5, kind=CampaignKind.OPERATOR, scenario=None)
    floor.campaign(2, leads=5, starts_on=date(2026, 11, 30))
    async with floor.open():
        await asyncio.sleep(10)
        assert floor.calls.placed == []
