"""Notes which calls were answered, for those who watch: many in one transaction, and never in a call's way.

The result of a call carries the instant of its answer too, so a note that is lost is no loss.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

import structlog

from campaigns.campaign import CompanyId
from campaigns.leads import LeasedCall
from core.errors import Unavailable

log = structlog.get_logger(__name__)

GATHER_S: Final = 0.1
MOST_TOGETHER: Final = 200

Answer = tuple[LeasedCall, datetime]


class AnswerStore(Protocol):
    """Where answers are noted; a part of the `LeadStore`."""

    async def answered_all(self, answers: Sequence[Answer]) -> None:
        """Notes the instants of these answers, all of one company, but of attempts that are over."""
        ...


class Answers:
    """Takes answers and stores them while `run` runs; each attempt waits here once, so they are as many as calls."""

    def __init__(self, store: AnswerStore) -> None:
        self._store = store
        self._waiting: dict[CompanyId, list[Answer]] = defaultdict(list)
        self._something = asyncio.Event()

    def note(self, call: LeasedCall, at: datetime) -> None:
        """Says that the call was answered."""
        self._waiting[call.company].append((call, at))
        self._something.set()

    async def run(self) -> None:
        """Stores what was noted, until cancelled; while the store is away, notes are dropped."""
        while True:
            await self._something.wait()
            await asyncio.sleep(GATHER_S)
            self._something.clear()
            waiting, self._waiting = self._waiting, defaultdict(list)
            for answers in waiting.values():
                for start in range(0, len(answers), MOST_TOGETHER):
                    await self._keep(answers[start : start + MOST_TOGETHER])

    async def _keep(self, answers: list[Answer]) -> None:
        try:
            await self._store.answered_all(answers)
        except Unavailable as error:
            log.warning("answers.not_noted", calls=len(answers), code=error.code)
