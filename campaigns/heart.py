"""The sign of life of a worker, and the end of attempts whose worker gives none.

Both go on beside the dialling, whatever else is slow, also while calls are drained.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import structlog

from campaigns.campaign import Campaign
from campaigns.endings import Endings
from campaigns.leads import LeadStore, LeasedCall, Orphan, WorkerId
from campaigns.trying import again_and_again
from core.clock import Clock

log = structlog.get_logger(__name__)

ABANDON_S: Final = 10.0
OLDEST_LEG: Final = timedelta(hours=1)
"""No leg lives as long, so an attempt this old may be ended though its leg could not be."""


class Abandons(Protocol):
    """What ends the legs of dead workers; a part of the dialler's `Calls`."""

    async def abandon(self, call: LeasedCall, campaign: Campaign | None = None) -> None:
        """Ends the leg of an attempt whose worker died, if it still lives."""
        ...


class Heart:
    """Beats for `worker` and reaps what workers left that are silent for `silent_for`."""

    def __init__(
        self,
        *,
        store: LeadStore,
        calls: Abandons,
        endings: Endings,
        clock: Clock,
        worker: WorkerId,
        silent_for: timedelta,
    ) -> None:
        self._store = store
        self._calls = calls
        self._endings = endings
        self._clock = clock
        self._worker = worker
        self._silent_for = silent_for
        self._beaten_at = datetime.min.replace(tzinfo=UTC)
        self._reap_from = self._beaten_at
        self._missed_a_beat = False
        self._begun = asyncio.Event()

    async def wait_begun(self) -> None:
        """Returns after the first beat."""
        await self._begun.wait()

    def is_heard(self) -> bool:
        """Whether the last beat is so fresh that nobody takes this worker for dead soon."""
        return self._clock.now() - self._beaten_at <= self._silent_for / 2

    async def run(self) -> None:
        """Beats and reaps until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(again_and_again("beat", self._beat, rest=self._rest))
            group.create_task(again_and_again("reap", self._reap, rest=self._rest))

    async def _rest(self) -> None:
        await asyncio.sleep(self._silent_for.total_seconds() / 4)

    async def _beat(self) -> None:
        now = self._clock.now()
        try:
            async with asyncio.timeout(self._silent_for.total_seconds() / 2):
                await self._store.beat(self._worker, now)
        except BaseException:
            self._missed_a_beat = True
            raise
        if self._missed_a_beat:
            # Where we were not heard, the others may not have been either: they get the time to beat again.
            self._missed_a_beat = False
            self._reap_from = self._clock.now() + self._silent_for
        self._beaten_at = now
        self._begun.set()

    async def _reap(self) -> None:
        """Ends the attempts of silent workers, each after its leg."""
        await self._begun.wait()
        now = self._clock.now()
        if self._missed_a_beat or now < self._reap_from:
            return
        for orphan in await self._store.orphans(now, silent_for=self._silent_for):
            if await self._abandoned(orphan):
                log.warning("attempt.orphaned", attempt=orphan.call.attempt, campaign=orphan.call.campaign)
                await self._endings.end(orphan.call, self._endings.system_error("worker_died"), orphan.retry)

    async def _abandoned(self, orphan: Orphan) -> bool:
        """Whether the attempt may be ended: its leg is told to end, or too old to live."""
        try:
            async with asyncio.timeout(ABANDON_S):
                await self._calls.abandon(orphan.call)
        except Exception as error:  # noqa: BLE001  (the border of a call)
            log.warning("attempt.not_abandoned", attempt=orphan.call.attempt, error=type(error).__name__)
            return self._clock.now() - orphan.started_at > OLDEST_LEG
        return True
