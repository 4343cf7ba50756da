"""The loop that dials: it keeps every slot that the pacer gives at work and sees that each attempt gets its result.

A slot and a line are free before a lead is leased, so pressure never reaches a person. Each call is a task of its
own; one that breaks ends as a system error. While the store is away its ending waits, and with it the slot. Who has
drained the dialler may rely on it: all calls are over then, or given up for the reaper.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final, Protocol

import structlog

from campaigns.campaign import Campaign, CampaignId
from campaigns.endings import Endings
from campaigns.heart import Heart
from campaigns.leads import Ending, LeadStore, LeasedCall, WorkerId
from campaigns.pacing import Capacity, Quotas, Share, TrunkLimits
from campaigns.quotas import front
from campaigns.shares import Claim, share
from campaigns.status import may_dial
from campaigns.trying import again_and_again, comes
from core.clock import Clock
from core.errors import Unavailable
from core.results import CallResult

log = structlog.get_logger(__name__)

POLL_S: Final = 1.0
LINES_POLL_S: Final = 0.1
BETWEEN_ROUNDS_S: Final = 0.04
SHORT_S: Final = 0.5
"""How long a campaign that had fewer leads than there were slots is not asked again."""
REPORT_S: Final = 30.0
"""How often a worker tells what it can do though nothing changed."""
FRESH_S: Final = 2.0
"""How long what the pacer gave may be used without having looked again."""
MOST_AT_ONCE: Final = 100
STRAYS_COME_WITHIN_S: Final = 60.0
"""How long after a lease that failed the store may still carry it out."""
LAST_ENDINGS_S: Final = 5.0
"""How long a drain waits for the endings of calls that it cut, on top of its own time."""


class Lines(Protocol):
    """The trunks' lines, by the trunk's name."""

    def limits(self) -> Mapping[str, TrunkLimits]:
        """What the trunks allow that can be reached now."""
        ...

    def pace(self, rates: Mapping[str, float]) -> None:
        """Sets the calls per second of each trunk; one that is missing places none."""
        ...

    def free(self, trunk: str) -> int:
        """How many calls may be placed now, by lines and by calls per second."""
        ...

    def take(self, trunk: str) -> None:
        """Takes one line."""
        ...

    def give(self, trunk: str) -> None:
        """Gives one line back."""
        ...


class Calls(Protocol):
    """What places calls."""

    async def place(self, call: LeasedCall, campaign: Campaign) -> Ending:
        """Places the call and returns when it is over; cancelled, it hangs up."""
        ...

    async def abandon(self, call: LeasedCall, campaign: Campaign | None = None) -> None:
        """Ends the leg of an attempt whose worker died, if it still lives."""
        ...


class _Progress:
    """One call in progress: what it holds, given back once, and the limit by which it can be cut."""

    def __init__(self, call: LeasedCall, campaign: Campaign) -> None:
        self.call = call
        self.campaign = campaign
        self.holds_line = False
        self.limit: asyncio.Timeout | None = None


class Dialler:
    """Dials as `worker` what the pacer gives it, at most `calls_at_once`."""

    def __init__(
        self,
        *,
        store: LeadStore,
        quotas: Quotas,
        calls: Calls,
        lines: Lines,
        clock: Clock,
        worker: WorkerId,
        calls_at_once: int,
        silent_for: timedelta,
    ) -> None:
        self._store = store
        self._quotas = quotas
        self._calls = calls
        self._lines = lines
        self._clock = clock
        self._worker = worker
        self._at_once = calls_at_once
        self._endings = Endings(store, clock)
        self._heart = Heart(
            store=store, calls=calls, endings=self._endings, clock=clock, worker=worker, silent_for=silent_for
        )
        self._tasks: dict[asyncio.Task[None], _Progress] = {}
        self._leasing = 0
        self._turn = 0
        self._served: dict[CampaignId, int] = {}
        self._held_up: frozenset[str] = frozenset()
        self._share = Share()
        self._looked_at_s = -math.inf
        self._reported: Capacity | None = None
        self._report_at_s = -math.inf
        self._short_until_s: dict[CampaignId, float] = {}
        self._strays_until_s = -math.inf
        self._draining = False
        self._cut = False
        self._woken = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._over = asyncio.Event()
        self._ended = asyncio.Event()
        self._ended.set()

    @property
    def live(self) -> int:
        """How many calls are in progress, those whose ending is not stored yet among them."""
        return len(self._tasks)

    def wake(self) -> None:
        """Says that there may be new work."""
        self._looked_at_s = -math.inf
        self._short_until_s.clear()
        self._woken.set()

    async def run(self) -> None:
        """Dials until `drain` is done."""
        if self._draining:
            return
        self._ended.clear()
        try:
            async with asyncio.TaskGroup() as group:
                beside = (
                    group.create_task(self._endings.run()),
                    group.create_task(self._heart.run()),
                    group.create_task(self._rounds(group)),
                )
                await self._over.wait()
                for task in (*beside, *self._tasks):
                    task.cancel()
            await self._leave()
        finally:
            self._ended.set()

    async def drain(self, within_s: float) -> None:
        """Leases nothing more and lets calls end for `within_s`; cuts those past it, whose attempts get a result too.

        A result that the store does not take soon after is left to the reaper of another worker, or of the next start.
        """
        self._draining = True
        if self._ended.is_set():
            return
        self.wake()
        if not await comes(self._idle, within_s):
            self._cut = True
            for progress in self._tasks.values():
                if progress.limit is not None and not progress.limit.expired():
                    progress.limit.reschedule(asyncio.get_running_loop().time())
            if not await comes(self._idle, LAST_ENDINGS_S):
                log.error("dialler.endings_not_stored", calls=self.live)
        self._over.set()
        await self._ended.wait()

    # ---- rounds

    async def _rounds(self, group: asyncio.TaskGroup) -> None:
        await self._heart.wait_begun()
        await again_and_again("round", lambda: self._round(group), rest=self._until_work)

    async def _leave(self) -> None:
        try:
            await self._store.leave(self._worker)
        except Unavailable as error:
            log.warning("dialler.not_deregistered", code=error.code)

    async def _round(self, group: asyncio.TaskGroup) -> None:
        """Fills the free slots with calls; a campaign that has fewer leads leaves its share to the others.

        Within a company a campaign of a better priority goes first; where shares are equal, the one that got its last
        call the longest time ago.
        """
        self._woken.clear()
        self._held_up = frozenset()
        if not self._heart.is_heard():
            return
        if self._draining:
            if self._reported is not None and self._reported.slots:
                await self._look()
            return
        if self._clock.monotonic() < self._strays_until_s:
            await self._end_strays()
        if self._clock.monotonic() - self._looked_at_s >= POLL_S:
            await self._look()
        hungry = self._hungry()
        while hungry and not self._draining:
            first = front([campaign for campaign, _ in hungry])
            shares = self._shares([one for one in hungry if one[0].id in first])
            full = set()
            for campaign, _ in hungry:
                wanted = shares.get(campaign.id, 0)
                if campaign.id in first and (wanted == 0 or await self._lease(campaign, wanted, group) < wanted):
                    full.add(campaign.id)
            hungry = [one for one in hungry if one[0].id not in full]

    async def _look(self) -> None:
        """Tells the pacer what this worker can do, where that changed, and hears what it may do."""
        began_s = self._clock.monotonic()
        capacity = Capacity(0 if self._draining else self._at_once, self._lines.limits())
        if capacity != self._reported or began_s >= self._report_at_s:
            await self._quotas.report(self._worker, capacity)
            self._reported, self._report_at_s = capacity, began_s + REPORT_S
        self._share = await self._quotas.share_of(self._worker)
        self._lines.pace(self._share.rates)
        self._looked_at_s = began_s

    def _hungry(self) -> list[tuple[Campaign, int]]:
        """The campaigns that may dial now and have leads as far as is known, with their quotas."""
        now, now_s = self._clock.now(), self._clock.monotonic()
        hungry = [
            (campaign, slots)
            for campaign, slots in self._share.quotas
            if may_dial(campaign, now) and self._short_until_s.get(campaign.id, now_s) <= now_s
        ]
        self._served = {one.id: self._served.get(one.id, 0) for one, _ in self._share.quotas}
        hungry.sort(key=lambda one: self._served[one[0].id])
        return hungry

    def _shares(self, hungry: Sequence[tuple[Campaign, int]]) -> dict[CampaignId, int]:
        """How many leads to lease now; notes the trunks that alone keep a campaign from its share."""
        live = self._live_by_campaign()
        claims = [Claim(one.id, one.trunk, live[one.id], slots) for one, slots in hungry]
        free = {trunk: self._lines.free(trunk) for trunk in {one.trunk for one in claims}}
        self._held_up |= frozenset(one.trunk for one in claims if one.live < one.lines and free[one.trunk] < 1)
        return share(claims, slots=self._at_once - self.live - self._leasing, free=free)

    def _live_by_campaign(self) -> Counter[CampaignId]:
        return Counter(progress.campaign.id for progress in self._tasks.values())

    async def _lease(self, campaign: Campaign, count: int, group: asyncio.TaskGroup) -> int:
        """Leases up to `count` leads and starts their calls; how many they were."""
        count = min(count, self._lines.free(campaign.trunk), MOST_AT_ONCE)
        if count < 1 or self._draining or self._clock.monotonic() - self._looked_at_s > FRESH_S:
            return 0
        self._leasing += count
        self._idle.clear()
        holding = self._live_by_campaign()[campaign.id]
        try:
            leased = await self._store.lease(
                campaign, count, worker=self._worker, now=self._clock.now(), holding=holding
            )
            for call in leased:
                self._start(call, campaign, group)
            if leased:
                self._turn += 1
                self._served[campaign.id] = self._turn
            if len(leased) < count:
                self._short_until_s[campaign.id] = self._clock.monotonic() + SHORT_S
        except Exception:
            self._strays_until_s = self._clock.monotonic() + STRAYS_COME_WITHIN_S
            raise
        finally:
            self._leasing -= count
            self._note_idle()
        return len(leased)

    async def _end_strays(self) -> None:
        """Ends what a lease took whose answer was lost: nobody was called for it."""
        known = [progress.call.attempt for progress in self._tasks.values()]
        for stray in await self._store.strays(self._worker, known):
            await self._endings.end(stray.call, self._endings.system_error("lease_lost"), stray.retry)

    async def _until_work(self) -> None:
        """Waits until woken or for `POLL_S`; where a trunk was missing, until it has a line."""
        await asyncio.sleep(BETWEEN_ROUNDS_S)
        step_s = LINES_POLL_S if self._held_up else POLL_S
        for _ in range(round(POLL_S / step_s)):
            if await comes(self._woken, step_s):
                return
            if self.live < self._at_once and any(self._lines.free(trunk) > 0 for trunk in self._held_up):
                return

    # ---- one call

    def _start(self, call: LeasedCall, campaign: Campaign, group: asyncio.TaskGroup) -> None:
        progress = _Progress(call, campaign)
        if call.phone_index not in call.blacklisted:
            self._lines.take(campaign.trunk)
            progress.holds_line = True
        task = group.create_task(self._carry_out(progress))
        self._tasks[task] = progress
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        """Gives everything back, also where the call was cancelled before it began."""
        self._give_line(self._tasks.pop(task))
        self._note_idle()
        self._woken.set()

    def _note_idle(self) -> None:
        if not self._tasks and not self._leasing:
            self._idle.set()

    def _give_line(self, progress: _Progress) -> None:
        if progress.holds_line:
            progress.holds_line = False
            self._lines.give(progress.campaign.trunk)

    async def _carry_out(self, progress: _Progress) -> None:
        try:
            ending = await self._place(progress)
        finally:
            self._give_line(progress)
        await self._endings.end(progress.call, ending, progress.campaign.retry)

    async def _place(self, progress: _Progress) -> Ending:
        """Places the call; one that breaks or is cut ends as a system error, a blacklisted phone is not called."""
        call = progress.call
        if call.phone_index in call.blacklisted:
            return Ending(CallResult.BLACKLISTED, self._clock.now())
        try:
            async with asyncio.timeout(0 if self._cut else None) as progress.limit:
                return await self._calls.place(call, progress.campaign)
        except Exception as error:
            if progress.limit is not None and progress.limit.expired():
                log.warning("call.cut", attempt=call.attempt, campaign=call.campaign)
                return self._endings.system_error("shutdown")
            log.exception("call.failed", attempt=call.attempt, campaign=call.campaign)
            return self._endings.system_error(error.code if isinstance(error, Unavailable) else "call_failed")
        finally:
            progress.limit = None
