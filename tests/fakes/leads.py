"""The queue of leads in memory; `tests/storage/test_leads_contract.py` holds it to the one in PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from uuid import uuid4

from campaigns.buckets import LeadState, bucket
from campaigns.budget import exhausted
from campaigns.campaign import Campaign, CampaignId, CompanyId, Order
from campaigns.company_rules import CompanyRules
from campaigns.compliance import Forbidden, PhoneCall, may_call
from campaigns.conditions import own_causes
from campaigns.leads import (
    NEVER_RETURNED,
    AttemptId,
    Bucket,
    CallAt,
    Ending,
    Finish,
    LeadId,
    LeasedCall,
    Next,
    Orphan,
    PastCall,
    Reached,
    Returned,
    WorkerId,
)
from campaigns.local_time import may_call_in
from campaigns.retry import next_call
from campaigns.schedule import zone_offset_min
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
    zone: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    state: LeadState = LeadState.WAITING
    next_phone: int = 0
    attempts: int = 0
    callback_at: datetime | None = None
    returned: Returned = NEVER_RETURNED
    consent: bool = False


@dataclass
class Attempt:
    """One attempt as it is kept."""

    call: LeasedCall
    worker: WorkerId
    started_at: datetime
    answered_at: datetime | None = None
    ending: Ending | None = None


def _place(lead: Lead, campaign: Campaign, now: datetime) -> tuple[float, ...]:
    """Where the campaign's order puts a lead."""
    match campaign.order:
        case Order.RANDOM:
            return (lead.order_key,)
        case Order.NEWEST:
            return (-lead.added_at.timestamp(), -lead.id)
        case Order.OLDEST:
            return (lead.added_at.timestamp(), lead.id)
        case Order.FEWEST_ATTEMPTS:
            return (lead.attempts, lead.order_key)
        case Order.TIME_ZONE:
            return (-zone_offset_min(lead.zone or campaign.schedule.zone, now), lead.order_key)


class MemoryLeads:
    """A `LeadStore` that keeps everything in dictionaries; `away` makes every method fail as a lost server does."""

    def __init__(self) -> None:
        self.all_campaigns: dict[CampaignId, Campaign] = {}
        self.leads: dict[LeadId, Lead] = {}
        self.attempts: dict[AttemptId, Attempt] = {}
        self.blacklist: set[Phone] = set()
        self.rules: dict[CompanyId, CompanyRules] = {}
        self.beats: dict[WorkerId, datetime] = {}
        self.quotas: dict[tuple[CampaignId, WorkerId], int] = {}
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

    async def lease(
        self, campaign: Campaign, count: int, *, worker: WorkerId, now: datetime, holding: int | None = None
    ) -> Sequence[LeasedCall]:
        self._reach()
        if holding is not None:
            count = min(count, self.quotas.get((campaign.id, worker), 0) - holding)
        kept = self.all_campaigns[campaign.id]
        if count < 1 or own_causes(kept, now) or own_causes(campaign, now) or self._is_spent(kept):
            return []
        due = [
            lead
            for lead in self.leads.values()
            if lead.campaign == campaign.id
            and lead.state is LeadState.WAITING
            and lead.due_at <= now
            and may_call_in(campaign, lead.zone, now)
        ]
        due.sort(key=lambda lead: (lead.priority is None, lead.priority or 0, _place(lead, campaign, now)))
        tried = [self._try(lead, kept, worker, now) for lead in due[:count]]
        leased = [call for call in tried if call is not None]
        if self.loses_answers and leased:
            self.loses_answers = False
            raise Unavailable("database_unreachable", "The database does not answer.")
        return leased

    def _is_spent(self, campaign: Campaign) -> bool:
        ended = [one.ending for one in self.attempts.values() if one.call.campaign == campaign.id]
        return exhausted(campaign, sum((one.cost for one in ended if one is not None), Decimal(0)))

    def _try(self, lead: Lead, campaign: Campaign, worker: WorkerId, now: datetime) -> LeasedCall | None:
        """Leases the lead, or puts it off where a rule forbids the call."""
        past, barred = self._past(lead), self._barred(lead)
        phone, at = lead.next_phone if lead.next_phone < len(lead.phones) else 0, lead.due_at
        if phone in barred:
            following = next_call(
                past, len(lead.phones), campaign.retry, blacklisted=barred, added_at=at,
                callback_at=lead.callback_at, returned=lead.returned,
            )  # fmt: skip
            if isinstance(following, CallAt):
                phone, at = following.phone, max(following.at, at)
        if at > now:
            lead.due_at = at
            return None
        proof = None
        if phone not in barred:
            rules = self.rules.get(campaign.company, CompanyRules()).compliance
            history = self._history(campaign.company, lead.phones[phone])
            said = may_call(history, lead.zone or campaign.schedule.zone, rules, now, consent=lead.consent)
            if isinstance(said, Forbidden):
                lead.due_at = said.until or now + timedelta(hours=1)
                return None
            proof = said.proof if said.proof["checked"] else None
        return self._lease(lead, campaign, worker, now, phone, proof)

    def _past(self, lead: Lead) -> tuple[PastCall, ...]:
        ended = [one for one in self.attempts.values() if one.call.lead == lead.id and one.ending is not None]
        return tuple(
            PastCall(one.call.phone_index, one.ending.result, one.ending.ended_at)
            for one in sorted(ended, key=lambda one: one.call.attempt)
            if one.ending is not None
        )

    def _barred(self, lead: Lead) -> frozenset[int]:
        return frozenset(i for i, phone in enumerate(lead.phones) if phone in self.blacklist)

    def _history(self, company: CompanyId, phone: Phone) -> list[PhoneCall]:
        calls = [one for one in self.attempts.values() if (one.call.company, one.call.phone) == (company, phone)]
        return [
            PhoneCall(one.started_at)
            if one.ending is None
            else PhoneCall(one.started_at, one.ending.ended_at, one.ending.result)
            for one in calls
        ]

    def _lease(
        self,
        lead: Lead,
        campaign: Campaign,
        worker: WorkerId,
        now: datetime,
        phone: int,
        proof: Mapping[str, object] | None,
    ) -> LeasedCall:
        lead.state = LeadState.DIALLING
        call = LeasedCall(
            attempt=AttemptId(next(self._numbers)),
            lead=lead.id,
            campaign=campaign.id,
            company=campaign.company,
            leg=LegId(str(uuid4())),
            phone_index=phone,
            phones=lead.phones,
            variables={**lead.variables, "phone": lead.phones[phone].e164},
            past=self._past(lead),
            blacklisted=self._barred(lead),
            returned=lead.returned,
            proof=proof,
        )
        self.attempts[call.attempt] = Attempt(call, worker, now)
        return call

    async def answered(self, call: LeasedCall, at: datetime) -> None:
        self._reach()
        if self.attempts[call.attempt].ending is None:
            self.attempts[call.attempt].answered_at = at

    async def answered_all(self, answers: Sequence[tuple[LeasedCall, datetime]]) -> None:
        for call, at in answers:
            await self.answered(call, at)

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

    async def finish_all(self, ended: Sequence[Finish]) -> Sequence[bool]:
        return [await self.finish(one.call, one.ending, one.following) for one in ended]

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
