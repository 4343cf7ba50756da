"""The queue of leads in memory; `tests/storage/test_leads_contract.py` holds it to the one in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from uuid import uuid4

from campaigns.buckets import LeadState, bucket
from campaigns.campaign import Campaign, CampaignId, Order
from campaigns.leads import (
    AttemptId,
    Bucket,
    CallAt,
    Ending,
    LeadId,
    LeasedCall,
    Next,
    Orphan,
    PastCall,
    Reached,
    WorkerId,
)
from core.errors import Unavailable
from core.legs import LegId
from core.phones import Phone


@dataclass
class Lead:
    """One lead as it is kept."""

    id: LeadId
    campaign: CampaignId
    phones: tuple[Phone, ...]
    due_at: datetime
    order_key: float
    added_at: datetime
    priority: int | None = None
    zone_offset_min: int = 0
    variables: Mapping[str, str] = field(default_factory=dict)
    state: LeadState = LeadState.WAITING
    next_phone: int = 0
    attempts: int = 0
    callback_at: datetime | None = None


@dataclass
class Attempt:
    """One attempt as it is kept."""

    call: LeasedCall
    worker: WorkerId
    started_at: datetime
    answered_at: datetime | None = None
    ending: Ending | None = None


_ORDERS: Mapping[Order, Callable[[Lead], tuple[float, ...]]] = {
    Order.RANDOM: lambda lead: (lead.order_key,),
    Order.NEWEST: lambda lead: (-lead.added_at.timestamp(), -lead.id),
    Order.OLDEST: lambda lead: (lead.added_at.timestamp(), lead.id),
    Order.FEWEST_ATTEMPTS: lambda lead: (lead.attempts, lead.order_key),
    Order.TIME_ZONE: lambda lead: (-lead.zone_offset_min, lead.order_key),
}


class MemoryLeads:
    """A `LeadStore` that keeps everything in dictionaries; `away` makes every method fail as a lost server does."""

    def __init__(self) -> None:
        self.all_campaigns: dict[CampaignId, Campaign] = {}
        self.leads: dict[LeadId, Lead] = {}
        self.attempts: dict[AttemptId, Attempt] = {}
        self.blacklist: set[Phone] = set()
        self.beats: dict[WorkerId, datetime] = {}
        self.away = False
        self.loses_answers = False
        self._numbers = count(1)

    def add(self, lead: Lead) -> None:
        self.leads[lead.id] = lead

    def new_id(self) -> LeadId:
        return LeadId(next(self._numbers))

    def buckets(self, campaign: CampaignId) -> Sequence[Bucket]:
        return [bucket(lead.state, lead.attempts) for lead in self.leads.values() if lead.campaign == campaign]

    def _reach(self) -> None:
        if self.away:
            raise Unavailable("database_unreachable", "The database does not answer.")

    async def campaigns(self) -> Sequence[Campaign]:
        self._reach()
        return [one for one in self.all_campaigns.values() if one.switched_on and not one.finished]

    async def lease(self, campaign: Campaign, count: int, *, worker: WorkerId, now: datetime) -> Sequence[LeasedCall]:
        self._reach()
        kept = self.all_campaigns[campaign.id]
        if count < 1 or not kept.switched_on or kept.finished or kept.error is not None or kept.processing:
            return []
        order = _ORDERS[campaign.order]
        due = [
            lead
            for lead in self.leads.values()
            if lead.campaign == campaign.id and lead.state is LeadState.WAITING and lead.due_at <= now
        ]
        due.sort(key=lambda lead: (lead.priority is None, lead.priority or 0, order(lead)))
        leased = [self._lease(lead, kept, worker, now) for lead in due[:count]]
        if self.loses_answers and leased:
            self.loses_answers = False
            raise Unavailable("database_unreachable", "The database does not answer.")
        return leased

    def _lease(self, lead: Lead, campaign: Campaign, worker: WorkerId, now: datetime) -> LeasedCall:
        lead.state = LeadState.DIALLING
        ended = [one for one in self.attempts.values() if one.call.lead == lead.id and one.ending is not None]
        call = LeasedCall(
            attempt=AttemptId(next(self._numbers)),
            lead=lead.id,
            campaign=campaign.id,
            company=campaign.company,
            leg=LegId(str(uuid4())),
            phone_index=lead.next_phone if lead.next_phone < len(lead.phones) else 0,
            phones=lead.phones,
            variables=lead.variables,
            past=tuple(
                PastCall(one.call.phone_index, one.ending.result, one.ending.ended_at)
                for one in sorted(ended, key=lambda one: one.call.attempt)
                if one.ending is not None
            ),
            blacklisted=frozenset(i for i, phone in enumerate(lead.phones) if phone in self.blacklist),
        )
        self.attempts[call.attempt] = Attempt(call, worker, now)
        return call

    async def answered(self, call: LeasedCall, at: datetime) -> None:
        self._reach()
        if self.attempts[call.attempt].ending is None:
            self.attempts[call.attempt].answered_at = at

    async def finish(self, call: LeasedCall, ending: Ending, following: Next) -> bool:
        self._reach()
        attempt = self.attempts[call.attempt]
        if attempt.ending is not None:
            return False
        attempt.ending = ending
        attempt.answered_at = ending.answered_at or attempt.answered_at
        lead = self.leads[call.lead]
        lead.attempts += 1
        lead.callback_at = ending.callback_at if isinstance(following, CallAt) else None
        if isinstance(following, CallAt):
            lead.state, lead.due_at, lead.next_phone = LeadState.WAITING, following.at, following.phone
        else:
            lead.state = LeadState.REACHED if isinstance(following, Reached) else LeadState.FAILED
        return True

    async def beat(self, worker: WorkerId, now: datetime) -> None:
        self._reach()
        self.beats[worker] = max(now, self.beats.get(worker, now))

    async def orphans(self, now: datetime, *, silent_for: timedelta) -> Sequence[Orphan]:
        self._reach()
        since = now - silent_for
        return [
            self._orphan(one)
            for one in self.attempts.values()
            if one.ending is None
            and one.started_at < since
            and (one.worker not in self.beats or self.beats[one.worker] < since)
        ]

    async def strays(self, worker: WorkerId, known: Collection[AttemptId]) -> Sequence[Orphan]:
        self._reach()
        return [
            self._orphan(one)
            for one in self.attempts.values()
            if one.ending is None and one.worker == worker and one.call.attempt not in known
        ]

    def _orphan(self, attempt: Attempt) -> Orphan:
        return Orphan(attempt.call, attempt.started_at, self.all_campaigns[attempt.call.campaign].retry)

    async def leave(self, worker: WorkerId) -> None:
        self._reach()
        self.beats.pop(worker, None)

    def change(self, campaign: CampaignId, **changes: object) -> None:
        """Changes a campaign's settings, as somebody in the interface does."""
        self.all_campaigns[campaign] = replace(self.all_campaigns[campaign], **changes)  # type: ignore[arg-type]
