"""The loop that dials: it keeps every free slot at work and sees that each attempt gets its one result.

A slot and a line are free before a lead is leased, so pressure never reaches a person. Each call is a task of its
own; one that breaks ends as a system error. While the store is away its ending waits, and with it the slot. Who has
drained the dialler may rely on it: all calls are over then, or given up for the reaper.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Final, Protocol

import structlog

from campaigns.campaign import Campaign, CampaignId
from campaigns.endings import Endings
from campaigns.heart import Heart
from campaigns.leads import Ending, LeadStore, LeasedCall, WorkerId
from campaigns.shares import Claim, share
from campaigns.status import may_dial
from campaigns.trying import again_and_again, comes
from core.clock import Clock
from core.errors import Unavailable
from core.results import CallResult

log = structlog.get_logger(__name__)

POLL_S: Final = 1.0
LINES_POLL_S: Final = 0.1
BETWEEN_ROUNDS_S: Final = 0.02
STRAYS_COME_WITHIN_S: Final = 60.0
"""How long after a lease that failed the store may still carry it out."""
LAST_ENDINGS_S: Final = 5.0
"""How long a drain waits for the endings of calls that it cut, on top of its own time."""


class Lines(Protocol):
    """The trunks' lines, by the trunk's name."""

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
    """Dials the leads of all campaigns that may dial, at most `calls_at_once`, as `worker`."""

    def __init__(
        self,
        *,
        store: LeadStore,
        calls: Calls,
        lines: Lines,
        clock: Clock,
        worker: WorkerId,
        calls_at_once: int,
        silent_for: timedelta,
    ) -> None:
        self._store = store
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
        self._woken.set()

    async def run(self) -> None:
        """Dials until `drain` is done."""
        if self._draining:
            return
        self._ended.clear()
        try:
            async with asyncio.TaskGroup() as group:
                beside = (group.create_task(self._heart.run()), group.create_task(self._rounds(group)))
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

        Where shares are equal, the campaign goes first that got its last call the longest time ago.
        """
        self._woken.clear()
        self._held_up = frozenset()
        if self._draining or not self._heart.is_heard():
            return
        if self._clock.monotonic() < self._strays_until_s:
            await self._end_strays()
        campaigns = await self._store.campaigns()
        now = self._clock.now()
        hungry = [campaign for campaign in campaigns if may_dial(campaign, now)]
        self._served = {one.id: self._served.get(one.id, 0) for one in hungry}
        hungry.sort(key=lambda one: self._served[one.id])
        while hungry and not self._draining:
            shares = self._shares(hungry)
            if not shares:
                return
            still = []
            for campaign in hungry:
                wanted = shares.get(campaign.id, 0)
                if await self._lease(campaign, wanted, group) == wanted:
                    still.append(campaign)
            hungry = still

    def _shares(self, hungry: Sequence[Campaign]) -> dict[CampaignId, int]:
        """How many leads to lease now; notes the trunks that alone keep a campaign from its share."""
        live = Counter(progress.campaign.id for progress in self._tasks.values())
        claims = [Claim(one.id, one.trunk, live[one.id], one.lines) for one in hungry]
        free = {trunk: self._lines.free(trunk) for trunk in {one.trunk for one in hungry}}
        self._held_up = frozenset(one.trunk for one in claims if one.live < one.lines and free[one.trunk] < 1)
        return share(claims, slots=self._at_once - self.live - self._leasing, free=free)

    async def _lease(self, campaign: Campaign, count: int, group: asyncio.TaskGroup) -> int:
        """Leases up to `count` leads and starts their calls; how many they were."""
        count = min(count, self._lines.free(campaign.trunk))
        if count < 1 or self._draining:
            return 0
        self._leasing += count
        self._idle.clear()
        try:
            leased = await self._store.lease(campaign, count, worker=self._worker, now=self._clock.now())
            for call in leased:
                self._start(call, campaign, group)
            if leased:
                self._turn += 1
                self._served[campaign.id] = self._turn
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
        self.wake()

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
