"""A lead's call as values, and the port by which the dialler takes work and gives results back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final, NewType, Protocol
from uuid import UUID

from campaigns.campaign import Campaign, CampaignId, CompanyId, RetryPolicy
from core.legs import LegId
from core.phones import Phone
from core.results import CallResult

LeadId = NewType("LeadId", int)
AttemptId = NewType("AttemptId", int)
WorkerId = NewType("WorkerId", UUID)


class Bucket(StrEnum):
    """Where a lead stands (SPEC R2.7); each lead is in exactly one."""

    NOT_CALLED = "not_called"
    WILL_CALL_AGAIN = "will_call_again"
    REACHED = "reached"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PastCall:
    """One ended call of a lead: to which of its phones (index from 0), with what result, and when it ended."""

    phone: int
    result: CallResult
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class CallAt:
    """The lead is to be called on its phone number `phone` not before `at`."""

    phone: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Reached:
    """The lead was reached: no more calls."""


@dataclass(frozen=True, slots=True)
class Exhausted:
    """No phone of the lead may be called again: it failed."""


Next = CallAt | Reached | Exhausted


@dataclass(frozen=True, slots=True)
class Returned:
    """What came of returning a lead to dialling (SPEC R2.6), in numbers of its ended calls, oldest first.

    The first `counted_from` calls no longer count (as new). When it had `extra_from` of them it got `extra_calls` more
    than the rules allow (its counters kept). The history itself stays as it was.
    """

    counted_from: int = 0
    extra_from: int = 0
    extra_calls: int = 0


NEVER_RETURNED: Final = Returned()


@dataclass(frozen=True, slots=True)
class LeasedCall:
    """One attempt that this worker owns: its row exists, its lead is locked, its leg has a name.

    `blacklisted` are the indices of its phones that stand on the company's blacklist at the time of the lease.
    `proof` says which rules of the company allowed it, with what counters (`compliance.Allowed.proof`). `scenario` is
    the published version that it begins with, None only where operators talk or the attempt is long under way.
    """

    attempt: AttemptId
    lead: LeadId
    campaign: CampaignId
    company: CompanyId
    leg: LegId
    phone_index: int
    phones: tuple[Phone, ...]
    variables: Mapping[str, str]
    past: tuple[PastCall, ...]
    blacklisted: frozenset[int] = frozenset()
    returned: Returned = NEVER_RETURNED
    proof: Mapping[str, object] | None = None
    scenario: int | None = None

    @property
    def phone(self) -> Phone:
        """The number this attempt calls."""
        return self.phones[self.phone_index]


@dataclass(frozen=True, slots=True)
class Ending:
    """What came of an attempt, as it is stored; `details` is the robot's outcome as plain JSON values.

    `cost` is what the talk cost at the price of its trunk (`budget.cost`).
    """

    result: CallResult
    ended_at: datetime
    answered_at: datetime | None = None
    cause: str | None = None
    sip_status: int | None = None
    callback_at: datetime | None = None
    details: Mapping[str, object] | None = None
    cost: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Finish:
    """The end of one attempt, and what becomes of its lead."""

    call: LeasedCall
    ending: Ending
    following: Next


@dataclass(frozen=True, slots=True)
class Orphan:
    """An attempt without a result whose worker is silent; `retry` is its campaign's policy, switched on or not."""

    call: LeasedCall
    started_at: datetime
    retry: RetryPolicy = field(default_factory=RetryPolicy)


class LeadStore(Protocol):
    """The queue of leads; every method is one transaction."""

    async def campaigns(self) -> Sequence[Campaign]:
        """All campaigns of all companies that are switched on and not finished."""
        ...

    async def lease(
        self, campaign: Campaign, count: int, *, worker: WorkerId, now: datetime, holding: int | None = None
    ) -> Sequence[LeasedCall]:
        """Takes up to `count` due leads, writes their attempt rows, and locks the leads to `worker`.

        `holding` is how many calls of the campaign the worker holds; given, no more are taken than its quota leaves.
        """
        ...

    async def answered(self, call: LeasedCall, at: datetime) -> None:
        """Notes the instant of the answer, for live views."""
        ...

    async def answered_all(self, answers: Sequence[tuple[LeasedCall, datetime]]) -> None:
        """The same for several attempts of one company at once."""
        ...

    async def finish(self, call: LeasedCall, ending: Ending, following: Next) -> bool:
        """Ends the attempt with its one result and frees the lead; False if it already had one (nothing is changed)."""
        ...

    async def finish_all(self, ended: Sequence[Finish]) -> Sequence[bool]:
        """The same for several attempts of one company at once, in their order."""
        ...

    async def beat(self, worker: WorkerId, now: datetime) -> None:
        """Says that `worker` lives."""
        ...

    async def orphans(self, now: datetime, *, silent_for: timedelta) -> Sequence[Orphan]:
        """Unfinished attempts of workers that did not beat for `silent_for`."""
        ...

    async def strays(self, worker: WorkerId, known: Collection[AttemptId]) -> Sequence[Orphan]:
        """Unfinished attempts of `worker` that are not among `known`: leased, but the answer never came through."""
        ...

    async def leave(self, worker: WorkerId) -> None:
        """Deregisters `worker`, which owns no attempt any more."""
        ...
