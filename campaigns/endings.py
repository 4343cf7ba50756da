"""How an attempt gets its one result: by the retry rules, stored as often as it takes, many in one transaction.

Whoever ends a call waits until its result is stored. Those that wait at the same time are stored together, so that
a busy worker needs no transaction for each; one that cannot be stored never keeps the others from it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import structlog

from campaigns.campaign import CompanyId, RetryPolicy
from campaigns.leads import Ending, Finish, LeadStore, LeasedCall, PastCall
from campaigns.retry import next_call
from campaigns.trying import pauses_s, tell_trouble
from core.clock import Clock
from core.errors import Unavailable
from core.results import CallResult

log = structlog.get_logger(__name__)

GATHER_S: Final = 0.01
"""How long the first waits for others to come along."""
MOST_TOGETHER: Final = 100
STORING: Final = 2
"""How many transactions store at once."""

_Waiting = tuple[Finish, asyncio.Future[bool]]


class Endings:
    """Stores endings while `run` runs, and makes those that no call came to."""

    def __init__(self, store: LeadStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: dict[CompanyId, list[_Waiting]] = defaultdict(list)
        self._something = asyncio.Event()

    async def run(self) -> None:
        """Stores what waits, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(STORING):
                group.create_task(self._keep_storing())

    async def end(self, call: LeasedCall, ending: Ending, retry: RetryPolicy) -> None:
        """Returns when the result is stored; one that cannot be stored whole is stored without its details."""
        told: set[type[Exception]] = set()
        for pause_s in pauses_s():
            try:
                await self._end(call, ending, retry)
            except Exception as error:  # noqa: BLE001  (the border of a call)
                if type(error) not in told:
                    tell_trouble("end", error, attempt=call.attempt)
                told.add(type(error))
                if not isinstance(error, Unavailable):
                    ending = Ending(ending.result, self._clock.now(), cause="not_stored")
            else:
                return
            await asyncio.sleep(pause_s)

    def system_error(self, cause: str) -> Ending:
        """A failure on our side, now."""
        return Ending(CallResult.SYSTEM_ERROR, self._clock.now(), cause=cause)

    async def _end(self, call: LeasedCall, ending: Ending, retry: RetryPolicy) -> None:
        past = (*call.past, PastCall(call.phone_index, ending.result, ending.ended_at))
        following = next_call(
            past,
            len(call.phones),
            retry,
            blacklisted=call.blacklisted,
            callback_at=ending.callback_at,
            returned=call.returned,
        )
        stored: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[call.company].append((Finish(call, ending, following), stored))
        self._something.set()
        if not await stored:
            log.warning("attempt.had_a_result", attempt=call.attempt)

    async def _keep_storing(self) -> None:
        while True:
            await self._something.wait()
            await asyncio.sleep(GATHER_S)
            while self._waiting:
                company = next(iter(self._waiting))
                waiting = self._waiting.pop(company)
                if waiting[MOST_TOGETHER:]:
                    self._waiting[company] = waiting[MOST_TOGETHER:]
                await self._store_together(waiting[:MOST_TOGETHER])
            self._something.clear()

    async def _store_together(self, waiting: Sequence[_Waiting]) -> None:
        """Tells each its own fate; where one among several is refused, each is tried by itself."""
        try:
            stored = await self._store.finish_all([finish for finish, _ in waiting])
        except Exception as error:  # noqa: BLE001  (told to whoever waits)
            if len(waiting) > 1 and not isinstance(error, Unavailable):
                for one in waiting:
                    await self._store_together([one])
                return
            for _, fate in waiting:
                if not fate.done():
                    fate.set_exception(error)
        else:
            for (_, fate), one_stored in zip(waiting, stored, strict=True):
                if not fate.done():
                    fate.set_result(one_stored)
