"""How an attempt gets its one result: by the retry rules, stored as often as it takes."""

from __future__ import annotations

import asyncio

import structlog

from campaigns.campaign import RetryPolicy
from campaigns.leads import Ending, LeadStore, LeasedCall, PastCall
from campaigns.retry import next_call
from campaigns.trying import pauses_s, tell_trouble
from core.clock import Clock
from core.errors import Unavailable
from core.results import CallResult

log = structlog.get_logger(__name__)


class Endings:
    """Stores endings, and makes those that no call came to."""

    def __init__(self, store: LeadStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

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

    async def _end(self, call: LeasedCall, ending: Ending, retry: RetryPolicy) -> None:
        past = (*call.past, PastCall(call.phone_index, ending.result, ending.ended_at))
        following = next_call(
            past, len(call.phones), retry, blacklisted=call.blacklisted, callback_at=ending.callback_at
        )
        if not await self._store.finish(call, ending, following):
            log.warning("attempt.had_a_result", attempt=call.attempt)

    def system_error(self, cause: str) -> Ending:
        """A failure on our side, now."""
        return Ending(CallResult.SYSTEM_ERROR, self._clock.now(), cause=cause)
