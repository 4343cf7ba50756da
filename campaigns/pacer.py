"""The pacer: looks at all campaigns and workers each second, or when woken, and shares the slots out.

One process paces at a time; the others stand by and follow within seconds when it dies. What it decides are the pure
rules of this package: who may dial (`causes`), who gets how much (`quotas`), who is finished or broken. While nobody
paces, workers go on within the quotas they have.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import structlog

from campaigns.breaker import LOOKS_BACK, tripped
from campaigns.campaign import Campaign, CampaignId
from campaigns.causes import CampaignFacts, CauseKind, causes
from campaigns.pacing import Candidate, Floor, Leaders, Leadership, PacingStore, Plan
from campaigns.quotas import Want, fair_shares, within_room
from campaigns.rates import Rates
from campaigns.status import finishes_at, may_dial
from campaigns.trying import again_and_again
from core.clock import Clock

log = structlog.get_logger(__name__)

TICK_S: Final = 1.0
LEAST_BETWEEN_S: Final = 0.1
RESTS: Final = 3
"""How many times as long as a tick took it is rested, at most until the next is due: pacing is to take little."""
STAND_S: Final = 1.0
LOOK_AFTER_S: Final = 2.0
"""How often the circuit breakers are looked at."""
TIDY_S: Final = 60.0
"""How often it is looked which campaigns are to be finished."""
SHARED_OUT: Final = frozenset({CauseKind.NO_FREE_LINE, CauseKind.HIGHER_PRIORITY})
"""What is no reason against a campaign here, for it is what sharing out decides."""


class Pacer:
    """Shares out what the workers that beat within `silent_for` can do."""

    def __init__(self, *, store: PacingStore, leaders: Leaders, clock: Clock, silent_for: timedelta) -> None:
        self.leading = False
        self.ticks = 0
        self.breakers_opened = 0
        self.tick_s = 0.0
        self._store = store
        self._leaders = leaders
        self._clock = clock
        self._silent_for = silent_for
        self._turns: dict[CampaignId, int] = {}
        self._look_after_at_s = self._tidy_at_s = float("-inf")
        self._rates = Rates(float("-inf"))

    async def run(self) -> None:
        """Stands for leader and leads, until cancelled."""
        await again_and_again("pace", self._stand, rest=self._rest)

    async def _rest(self) -> None:
        await asyncio.sleep(STAND_S)

    async def _stand(self) -> None:
        async with self._leaders.candidate() as candidate:
            leadership = await self._elected(candidate)
            log.info("pacer.leads")
            self._rates = Rates(self._clock.monotonic())
            self.leading = True
            try:
                await self._lead(leadership)
            finally:
                self.leading = False

    async def _elected(self, candidate: Candidate) -> Leadership:
        while True:
            leadership = await candidate.elected()
            if leadership is not None:
                return leadership
            await asyncio.sleep(STAND_S)

    async def _lead(self, leadership: Leadership) -> None:
        while True:
            began_s = self._clock.monotonic()
            await self._tick(leadership)
            self.tick_s = self._clock.monotonic() - began_s
            self.ticks += 1
            rest_s = min(max(LEAST_BETWEEN_S, RESTS * self.tick_s), TICK_S)
            await asyncio.sleep(rest_s)
            await leadership.wait(max(TICK_S - rest_s, 0.0))

    async def _tick(self, leadership: Leadership) -> None:
        campaigns = await self._store.campaigns()
        now = self._clock.now()
        running = [campaign for campaign in campaigns if may_dial(campaign, now)]
        broken = await self._look_after(running)
        await self._tidy(campaigns)
        running = [campaign for campaign in running if campaign.id not in broken]
        facts = await self._store.facts(running, now)
        wants = self._wants(running, facts)
        self._turns = {want.campaign: want.turn for want in wants}
        companies = {want.campaign: want.company for want in wants}
        await leadership.share_out(lambda floor: self._plan(wants, floor), companies)

    # ---- who gets how much

    def _wants(self, campaigns: Sequence[Campaign], facts: Mapping[CampaignId, CampaignFacts]) -> list[Want]:
        """The campaigns that nothing forbids to dial, but what the others hold."""
        now, wants = self._clock.now(), []
        for campaign in campaigns:
            known = facts.get(campaign.id)
            if known is None or any(one.kind not in SHARED_OUT for one in causes(campaign, known, now)):
                continue
            turn = self._turns.get(campaign.id, 0)
            wants.append(
                Want(
                    campaign=campaign.id,
                    company=campaign.company,
                    trunk=campaign.trunk,
                    lines=campaign.lines,
                    due=known.waiting_due,
                    priority=campaign.priority,
                    turn=turn,
                )
            )
        return wants

    def _plan(self, wants: Sequence[Want], floor: Floor) -> Plan:
        """Shares out among the workers that are heard; whoever got a new slot comes last where shares are equal."""
        since = self._clock.now() - self._silent_for
        alive = Floor([crew for crew in floor.crews if crew.beat_at >= since], floor.running)
        shares = fair_shares(wants, alive)
        given = within_room(wants, alive, shares)
        held = {(run.campaign, run.worker): run.calls for run in floor.running}
        last = max(self._turns.values(), default=0) + 1
        for place, count in given.items():
            if count > held.get(place, 0):
                self._turns[place[0]] = last
        trunks = {want.campaign: want.trunk for want in wants}
        return Plan(given, self._rates.share_out(alive, shares, trunks, self._clock.monotonic()))

    # ---- what campaigns do by themselves

    async def _look_after(self, campaigns: Sequence[Campaign]) -> set[CampaignId]:
        """Opens the circuit breaker where calls fail as they should not; which campaigns it paused.

        All it goes by is stored, so that a new leader sees what the one before saw.
        """
        if self._clock.monotonic() < self._look_after_at_s:
            return set()
        opened = set()
        now = self._clock.now()
        for campaign in campaigns:
            results = await self._store.results(campaign, now - LOOKS_BACK)
            why = tripped(results, now, since=campaign.switched_on_at)
            if why is not None:
                await self._store.open_breaker(campaign, why)
                log.error("campaign.breaker_open", campaign=campaign.id, company=campaign.company, why=why)
                self.breakers_opened += 1
                opened.add(campaign.id)
        self._look_after_at_s = self._clock.monotonic() + LOOK_AFTER_S
        return opened

    async def _tidy(self, campaigns: Sequence[Campaign]) -> None:
        """Finishes what nothing has happened in for long (SPEC R2.5)."""
        if self._clock.monotonic() < self._tidy_at_s:
            return
        now = self._clock.now()
        for campaign in campaigns:
            ages = await self._store.ages(campaign, now)
            at = finishes_at(campaign, created_at=ages.created_at, called_at=ages.called_at, added_at=ages.added_at)
            if at is not None and at <= now:
                await self._store.finish_campaign(campaign, now)
                log.info("campaign.finished_idle", campaign=campaign.id, company=campaign.company)
        self._tidy_at_s = self._clock.monotonic() + TIDY_S
