"""The pacer's and the workers' side of the store, over the queue in memory."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime

from campaigns.buckets import LeadState
from campaigns.campaign import Campaign, CampaignId, CompanyId
from campaigns.causes import CampaignFacts
from campaigns.leads import WorkerId
from campaigns.pacing import Ages, Candidate, Capacity, Crew, Floor, Leadership, Plan, Running, Share
from core.errors import Unavailable
from core.results import CallResult
from tests.conftest import EPOCH
from tests.fakes.leads import MemoryLeads


class MemoryPacing:
    """`Quotas`, `PacingStore` and `Leaders` at once; `depose` makes the leader lose its place."""

    def __init__(self, store: MemoryLeads) -> None:
        self.store = store
        self.capacities: dict[WorkerId, Capacity] = {}
        self.rates: dict[WorkerId, dict[str, float]] = {}
        self.created_at: datetime = EPOCH
        self.heard: Callable[[], None] = lambda: None
        self.facts_of: dict[CampaignId, CampaignFacts] = {}
        self.plans = 0
        self._leader: object | None = None
        self._changed = asyncio.Event()

    def change(self) -> None:
        """Wakes the pacer, as a notification does."""
        self._changed.set()

    def depose(self) -> None:
        """The leader's place is free again, without its knowing."""
        self._leader = None

    # ---- Quotas

    async def report(self, worker: WorkerId, capacity: Capacity) -> None:
        self._reach()
        self.capacities[worker] = capacity
        self.change()

    async def share_of(self, worker: WorkerId) -> Share:
        self._reach()
        mine = [
            (self.store.all_campaigns[campaign], slots)
            for (campaign, owner), slots in self.store.quotas.items()
            if owner == worker and slots > 0 and self.store.all_campaigns[campaign].switched_on
        ]
        return Share(mine, self.rates.get(worker, {}))

    # ---- PacingStore

    async def campaigns(self) -> Sequence[Campaign]:
        return await self.store.campaigns()

    async def facts(self, campaigns: Sequence[Campaign], now: datetime) -> Mapping[CampaignId, CampaignFacts]:
        self._reach()
        return {one.id: self.facts_of.get(one.id) or self._facts(one, now) for one in campaigns}

    def _facts(self, campaign: Campaign, now: datetime) -> CampaignFacts:
        mine = [lead for lead in self.store.leads.values() if lead.campaign == campaign.id]
        waiting = [lead.due_at for lead in mine if lead.state is LeadState.WAITING]
        return CampaignFacts(
            due={None: min(waiting)} if waiting else {},
            waiting_due=sum(at <= now for at in waiting),
            waiting_later=sum(at > now for at in waiting),
            leads=len(mine),
        )

    async def ages(self, campaign: Campaign, now: datetime) -> Ages:
        self._reach()
        ended = [one for one in self.store.attempts.values() if one.call.campaign == campaign.id]
        added = [lead.added_at for lead in self.store.leads.values() if lead.campaign == campaign.id]
        called = max((one.started_at for one in ended), default=None)
        return Ages(self.created_at, called, max(added, default=None))

    async def results(self, campaign: Campaign, since: datetime) -> Sequence[tuple[datetime, CallResult]]:
        self._reach()
        ended = [one.ending for one in self.store.attempts.values() if one.call.campaign == campaign.id and one.ending]
        return sorted((one.ended_at, one.result) for one in ended if one.ended_at > since)

    async def finish_campaign(self, campaign: Campaign, now: datetime) -> None:
        self.store.change(campaign.id, finished=True)

    async def open_breaker(self, campaign: Campaign, why: str) -> None:
        self.store.change(campaign.id, breaker_open=why)

    # ---- Leaders

    def candidate(self) -> AbstractAsyncContextManager[Candidate]:
        return _candidate(self)

    def _reach(self) -> None:
        if self.store.away:
            raise Unavailable("database_unreachable", "The database does not answer.")

    def floor(self) -> Floor:
        """What is true now."""
        running: Counter[tuple[CampaignId, WorkerId]] = Counter(
            (one.call.campaign, one.worker) for one in self.store.attempts.values() if one.ending is None
        )
        crews = [
            Crew(worker, capacity, self.store.beats[worker], self.rates.get(worker, {}))
            for worker, capacity in self.capacities.items()
            if worker in self.store.beats
        ]
        known = self.store.all_campaigns
        return Floor(
            crews,
            [Running(campaign, known[campaign].company, known[campaign].trunk, worker, calls)
             for (campaign, worker), calls in running.items()],
        )  # fmt: skip


class _Candidate:
    def __init__(self, pacing: MemoryPacing) -> None:
        self._pacing = pacing

    async def elected(self) -> Leadership | None:
        self._pacing._reach()
        if self._pacing._leader is not None:
            return None
        self._pacing._leader = self
        return _Leadership(self._pacing, self)


class _Leadership:
    def __init__(self, pacing: MemoryPacing, place: _Candidate) -> None:
        self._pacing = pacing
        self._place = place

    async def share_out(self, decide: Callable[[Floor], Plan], companies: Mapping[CampaignId, CompanyId]) -> bool:
        self._pacing._reach()
        if self._pacing._leader is not self._place:
            raise Unavailable("leadership_lost", "Another process paces.")
        plan = decide(self._pacing.floor())
        assert {campaign for campaign, _ in plan.quotas} <= set(companies)
        changed = dict(plan.quotas) != self._pacing.store.quotas
        self._pacing.store.quotas = dict(plan.quotas)
        for (trunk, worker), rate in plan.rates.items():
            self._pacing.rates.setdefault(worker, {})[trunk] = rate
        self._pacing.plans += 1
        if changed:
            self._pacing.heard()
        return changed

    async def wait(self, within_s: float) -> None:
        try:
            async with asyncio.timeout(within_s):
                await self._pacing._changed.wait()
        except TimeoutError:
            pass
        self._pacing._changed.clear()


@asynccontextmanager
async def _candidate(pacing: MemoryPacing) -> AsyncIterator[Candidate]:
    standing = _Candidate(pacing)
    try:
        yield standing
    finally:
        if pacing._leader is standing:
            pacing._leader = None
