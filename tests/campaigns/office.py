"""A dialler with all that it needs, in virtual time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import wraps
from typing import Any
from uuid import UUID

from campaigns.campaign import CampaignId, RetryPolicy
from campaigns.dialler import Dialler
from campaigns.leads import LeadId, WorkerId
from campaigns.pacer import Pacer
from core.phones import Phone
from core.results import RETRIED, CallResult
from tests.conftest import EPOCH
from tests.fakes.leads import Lead, MemoryLeads
from tests.fakes.pacing import MemoryPacing
from tests.fakes.telephone import CarryOut, FakeCalls, FakeLines, lasting
from tests.storage.worlds import campaign
from tests.virtual_time import VirtualClock, run_virtual

WORKER, DEAD = WorkerId(UUID(int=1)), WorkerId(UUID(int=2))
SILENT = timedelta(seconds=10)
ONE_CALL = RetryPolicy(limits=dict.fromkeys(RETRIED, 1), max_calls=1)


def virtual(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    @wraps(test)
    def run() -> None:
        run_virtual(test())

    del run.__wrapped__
    return run


class Office:
    """A dialler with all that it needs, and a pacer."""

    def __init__(self, *, lines: int = 100, calls_at_once: int = 50, carry_out: CarryOut | None = None) -> None:
        self.clock = VirtualClock(EPOCH)
        self.store = MemoryLeads()
        self.lines = FakeLines(simulator=lines)
        self.calls = FakeCalls(self.clock, carry_out or lasting(30))
        self.pacing = MemoryPacing(self.store)
        self.pacing.heard = self.wake
        self.pacer = Pacer(store=self.pacing, leaders=self.pacing, clock=self.clock, silent_for=SILENT)
        self.dialler = Dialler(
            store=self.store,
            quotas=self.pacing,
            calls=self.calls,
            lines=self.lines,
            clock=self.clock,
            worker=WORKER,
            calls_at_once=calls_at_once,
            silent_for=SILENT,
        )

    def wake(self) -> None:
        self.dialler.wake()

    def campaign(self, number: int = 1, *, leads: int = 0, **settings: Any) -> CampaignId:  # noqa: ANN401
        made = campaign(number, **settings)
        self.store.all_campaigns[made.id] = made
        for _ in range(leads):
            self.lead(made.id)
        return made.id

    def lead(self, of: CampaignId, *phones: str, after_s: float = 0) -> LeadId:
        number = self.store.new_id()
        numbers = phones or (f"+79{number:09}",)
        due_at = EPOCH + timedelta(seconds=after_s)
        self.store.add(Lead(number, of, tuple(map(Phone, numbers)), due_at, order_key=number, added_at=EPOCH))
        return number

    def results(self) -> list[CallResult | None]:
        return [one.ending.result if one.ending else None for one in self.store.attempts.values()]

    def causes(self) -> list[str | None]:
        return [one.ending.cause if one.ending else None for one in self.store.attempts.values()]

    def live_by_campaign(self) -> Counter[CampaignId]:
        return Counter(one.call.campaign for one in self.store.attempts.values() if one.ending is None)

    def assert_nothing_is_held(self) -> None:
        assert (self.dialler.live, self.lines.taken["simulator"]) == (0, 0)
        assert None not in self.results()

    @asynccontextmanager
    async def paced(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            pacing = group.create_task(self.pacer.run())
            try:
                yield
            finally:
                pacing.cancel()

    @asynccontextmanager
    async def open(self, *, drain_s: float = 600) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            pacing = group.create_task(self.pacer.run())
            group.create_task(self.dialler.run())
            await asyncio.sleep(0)
            yield
            await self.dialler.drain(drain_s)
            pacing.cancel()
        self.assert_nothing_is_held()
