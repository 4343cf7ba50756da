"""How calls are shared out between workers, as values, and the ports between pacer, workers and the store.

A quota is how many calls of a campaign a worker may hold at once. A worker leases only within it, so what all workers
hold together can never be more than the pacer gave away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from campaigns.campaign import Campaign, CampaignId, CompanyId
from campaigns.causes import CampaignFacts
from campaigns.leads import WorkerId
from core.results import CallResult

Place = tuple[CampaignId, WorkerId]
TrunkAt = tuple[str, WorkerId]


@dataclass(frozen=True, slots=True)
class TrunkLimits:
    """What a trunk allows all workers together."""

    lines: int
    calls_per_second: float


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a worker can do: how many calls at once, and over which trunks (those it reaches now)."""

    slots: int
    trunks: Mapping[str, TrunkLimits]


@dataclass(frozen=True, slots=True)
class Crew:
    """One worker as the pacer sees it, with the rates (calls per second by trunk) it was given last."""

    worker: WorkerId
    capacity: Capacity
    beat_at: datetime
    rates: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Running:
    """So many attempts of a campaign that have no result yet are owned by one worker, dead or alive."""

    campaign: CampaignId
    company: CompanyId
    trunk: str
    worker: WorkerId
    calls: int


@dataclass(frozen=True, slots=True)
class Floor:
    """What is true while quotas are locked: nobody can lease until the plan is stored."""

    crews: Sequence[Crew]
    running: Sequence[Running]


@dataclass(frozen=True, slots=True)
class Plan:
    """Quotas of all campaigns (what is missing is 0), and the workers' rates by trunk (what is missing stays)."""

    quotas: Mapping[Place, int]
    rates: Mapping[TrunkAt, float] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Share:
    """What one worker may do now: calls at once by campaign, and calls per second by trunk."""

    quotas: Sequence[tuple[Campaign, int]] = ()
    rates: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Ages:
    """Since when a campaign exists, when it last called somebody and when it last got a lead."""

    created_at: datetime
    called_at: datetime | None = None
    added_at: datetime | None = None


class Quotas(Protocol):
    """The worker's side of the store."""

    async def report(self, worker: WorkerId, capacity: Capacity) -> None:
        """Tells what the worker, which has beaten before, can do."""
        ...

    async def share_of(self, worker: WorkerId) -> Share:
        """What the worker may do now."""
        ...


class Leadership(Protocol):
    """The one right to share out; every call fails with `Unavailable` once it is lost."""

    async def share_out(self, decide: Callable[[Floor], Plan], companies: Mapping[CampaignId, CompanyId]) -> bool:
        """Locks all quotas, lets `decide` see what is true then, stores its plan; whether anything changed.

        `companies` says whose the campaigns of the plan are.
        """
        ...

    async def wait(self, within_s: float) -> None:
        """Returns when somebody changed something, at the latest after so many seconds."""
        ...


class Leaders(Protocol):
    """Who may be the pacer: one at a time over all processes."""

    def candidate(self) -> AbstractAsyncContextManager[Candidate]:
        """Stands for as long as the block runs; a leader that leaves it, or dies, leads no more."""
        ...


class Candidate(Protocol):
    """One that may come to lead."""

    async def elected(self) -> Leadership | None:
        """The leadership, if nobody else has it now."""
        ...


class PacingStore(Protocol):
    """What the pacer knows and changes of campaigns."""

    async def campaigns(self) -> Sequence[Campaign]:
        """All campaigns of all companies that are switched on and not finished."""
        ...

    async def facts(self, campaigns: Sequence[Campaign], now: datetime) -> Mapping[CampaignId, CampaignFacts]:
        """What the database knows of these campaigns; one that is gone is missing."""
        ...

    async def ages(self, campaign: Campaign, now: datetime) -> Ages:
        """How long nothing has happened in it."""
        ...

    async def results(self, campaign: Campaign, since: datetime) -> Sequence[tuple[datetime, CallResult]]:
        """The ends of its calls after `since`, in any order."""
        ...

    async def finish_campaign(self, campaign: Campaign, now: datetime) -> None:
        """Finishes it, unless somebody did."""
        ...

    async def open_breaker(self, campaign: Campaign, why: str) -> None:
        """Pauses it with the reason."""
        ...
