"""Everything that forbids a call, and until when: the dialler dials exactly where nothing does (SPEC R2.11).

One function decides and explains, so what the interface says can never differ from what is done. Each cause stands
by itself: it ends at its own instant whatever else forbids the call, and holds at every instant before as long as the
facts stay. Only a local time that ends with the closed schedule is not told beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from campaigns.buckets import LeadState
from campaigns.budget import exhausted
from campaigns.campaign import Campaign, LocalTime
from campaigns.cause import Cause, CauseKind
from campaigns.company_rules import CompanyRules
from campaigns.compliance import PhoneCall, compliance_causes
from campaigns.conditions import lacks_operators, own_causes
from campaigns.leads import NEVER_RETURNED, CallAt, PastCall, Returned
from campaigns.local_time import may_call_in, opens_at
from campaigns.retry import exhausted_phones, next_call

__all__ = ["CampaignFacts", "Cause", "CauseKind", "LeadFacts", "causes", "lead_causes"]


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    """What the database and the switch know of a campaign.

    `due` is the earliest due instant of its waiting leads by the lead's zone (None: a lead without one); it says
    whether any is left. `waiting_due` and `waiting_later` count them; `barred` of them may not be called, since the
    rules want a consent that is not on record, and where that is all of them `due` is empty. `leads` counts all that
    it holds, `deleted` those that were taken out. `spent` is the cost of its ended calls. `higher` names the campaigns
    of a higher priority that have work now and want the lines. `dialling` are its own calls and `free_lines` those of
    its trunk, None if not counted.
    """

    due: Mapping[str | None, datetime] = field(default_factory=dict, hash=False)
    waiting_due: int = 0
    waiting_later: int = 0
    barred: int = 0
    leads: int = 0
    deleted: int = 0
    dialling: int = 0
    spent: Decimal = Decimal(0)
    scenario_exists: bool = True
    caller_number_verified: bool = True
    caller_number_until: datetime | None = None
    free_lines: int | None = None
    operators: int = 0
    operators_dialling: int = 0
    higher: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeadFacts:
    """What the database knows of a lead; phones are told by their index from 0.

    `next_phone` is the one whose turn it is and `due_at` when; None is at once. `zone` is the contact's own or its
    landline's region, None where nothing tells it. `history` holds the calls of the whole company to each of its
    phones, back as far as `compliance.looks_back`. `asked` is the phone that somebody asks about, None for the lead
    as a whole.
    """

    state: LeadState
    phones: int
    next_phone: int = 0
    due_at: datetime | None = None
    zone: str | None = None
    blacklisted: frozenset[int] = frozenset()
    past: tuple[PastCall, ...] = ()
    returned: Returned = NEVER_RETURNED
    callback_at: datetime | None = None
    history: Mapping[int, tuple[PhoneCall, ...]] = field(default_factory=dict, hash=False)
    consent: bool = False
    deleted: bool = False
    asked: int | None = None


def causes(campaign: Campaign, facts: CampaignFacts, now: datetime) -> tuple[Cause, ...]:
    """All that keeps the campaign from dialling at the instant `now`; it dials exactly where this is empty."""
    found = list(own_causes(campaign, now))
    found += (cause for check in KNOWN if (cause := check(campaign, facts, now)) is not None)
    closed = next((cause for cause in found if cause.kind is CauseKind.SCHEDULE_CLOSED), None)
    return tuple(cause for cause in found if closed is None or not _adds_nothing(cause, closed))


def lead_causes(campaign: Campaign, facts: LeadFacts, rules: CompanyRules, now: datetime) -> tuple[Cause, ...]:
    """All that keeps one lead, or the phone of it that is asked about, from being called at the instant `now`.

    What keeps its campaign from dialling is not repeated here.
    """
    if facts.deleted:
        return (Cause(CauseKind.DELETED),)
    if facts.state in _STATES:
        return (Cause(_STATES[facts.state]),)
    turn, due_at = _turn(campaign, facts, now if facts.due_at is None else facts.due_at)
    found = list(_phone_causes(campaign, facts, turn))
    if due_at > now:
        found.append(Cause(CauseKind.WAITS, due_at.astimezone(UTC), {"for": _awaited(facts)}))
    found += _local_time(campaign, facts.zone, now)
    phone = turn if facts.asked is None else facts.asked
    history = () if phone is None else facts.history.get(phone, ())
    zone = facts.zone or campaign.schedule.zone
    return (*found, *compliance_causes(history, zone, rules.compliance, now, consent=facts.consent))


_STATES: Final = {
    LeadState.REACHED: CauseKind.LEAD_REACHED,
    LeadState.FAILED: CauseKind.LEAD_FAILED,
    LeadState.DIALLING: CauseKind.LEAD_DIALLING,
}


def _turn(campaign: Campaign, facts: LeadFacts, due_at: datetime) -> tuple[int | None, datetime]:
    """Which phone is called next, and when: a blacklisted one is passed over; None where none is left."""
    if facts.next_phone not in facts.blacklisted:
        return facts.next_phone, due_at
    following = next_call(
        facts.past,
        facts.phones,
        campaign.retry,
        blacklisted=facts.blacklisted,
        added_at=due_at,
        callback_at=facts.callback_at,
        returned=facts.returned,
    )
    return (following.phone, max(following.at, due_at)) if isinstance(following, CallAt) else (None, due_at)


def _phone_causes(campaign: Campaign, facts: LeadFacts, turn: int | None) -> Iterator[Cause]:
    asked = facts.asked
    if asked is None or asked == turn:
        if turn is None:
            yield Cause(CauseKind.BLACKLISTED)
        return
    if asked in facts.blacklisted:
        yield Cause(CauseKind.BLACKLISTED)
    elif asked in exhausted_phones(facts.past, facts.phones, campaign.retry, returned=facts.returned):
        yield Cause(CauseKind.PHONE_EXHAUSTED)
    else:
        yield Cause(CauseKind.OTHER_PHONE_FIRST, detail={} if turn is None else {"phone": str(turn + 1)})


def _awaited(facts: LeadFacts) -> str:
    """What a lead that is not due yet waits for."""
    if facts.callback_at is not None:
        return "callback"
    return "first_call" if len(facts.past) <= facts.returned.counted_from else "retry"


def _local_time(campaign: Campaign, zone: str | None, now: datetime) -> Iterator[Cause]:
    """Whether the clock of the contact's zone forbids the call."""
    if campaign.local_time is not LocalTime.OFF and not may_call_in(campaign, zone, now):
        detail = {"zones": zone or campaign.schedule.zone}
        yield Cause(CauseKind.LOCAL_TIME, opens_at(campaign, zone, now), detail)


def _adds_nothing(cause: Cause, closed: Cause) -> bool:
    """Whether the local times are closed for no other reason than the campaign's own clock."""
    return cause.kind is CauseKind.LOCAL_TIME and cause.until == closed.until


def _no_operators(campaign: Campaign, facts: CampaignFacts, _: datetime) -> Cause | None:
    if not lacks_operators(campaign, facts.operators_dialling):
        return None
    return Cause(CauseKind.NO_OPERATORS, detail={"operators": str(facts.operators)})


def _scenario(campaign: Campaign, facts: CampaignFacts, _: datetime) -> Cause | None:
    missing = campaign.scenario is None or not facts.scenario_exists
    return Cause(CauseKind.SCENARIO_MISSING) if missing and not campaign.needs_operators else None


def _caller_number(campaign: Campaign, facts: CampaignFacts, now: datetime) -> Cause | None:
    if campaign.caller_number is None:
        return None
    detail = {"number": campaign.caller_number}
    if not facts.caller_number_verified:
        return Cause(CauseKind.CALLER_NUMBER_UNVERIFIED, detail=detail)
    if facts.caller_number_until is None or now < facts.caller_number_until:
        return None
    expired = detail | {"expired_at": facts.caller_number_until.isoformat()}
    return Cause(CauseKind.CALLER_NUMBER_EXPIRED, detail=expired)


def _budget(campaign: Campaign, facts: CampaignFacts, _: datetime) -> Cause | None:
    if not exhausted(campaign, facts.spent):
        return None
    return Cause(CauseKind.BUDGET_SPENT, detail={"budget": str(campaign.budget), "spent": str(facts.spent)})


def _work(campaign: Campaign, facts: CampaignFacts, now: datetime) -> Cause | None:
    """Whether a lead is due in a zone that may be called, and if not, when one is."""
    if not facts.due:
        return _nobody(facts)
    first_due = min(facts.due.values())
    if first_due > now:
        return Cause(CauseKind.ONLY_LATER, first_due.astimezone(UTC), {"waiting": str(facts.waiting_later)})
    due = [zone for zone, due_at in facts.due.items() if due_at <= now]
    if campaign.local_time is LocalTime.OFF or any(may_call_in(campaign, zone, now) for zone in due):
        return None
    openings = (opens_at(campaign, zone, max(now, due_at)) for zone, due_at in facts.due.items())
    until = min((opening for opening in openings if opening is not None), default=None)
    names = sorted({zone or campaign.schedule.zone for zone in due})
    return Cause(CauseKind.LOCAL_TIME, until, {"zones": ", ".join(names)})


def _nobody(facts: CampaignFacts) -> Cause:
    """Why no lead waits."""
    if facts.barred:
        return Cause(CauseKind.NO_CONSENT, detail={"leads": str(facts.barred)})
    if facts.deleted and not facts.leads:
        return Cause(CauseKind.LEADS_DELETED, detail={"deleted": str(facts.deleted)})
    return Cause(CauseKind.NO_LEADS, detail={"leads": str(facts.leads), "dialling": str(facts.dialling)})


def _higher(campaign: Campaign, facts: CampaignFacts, _: datetime) -> Cause | None:
    if campaign.priority == 1 or not facts.higher:
        return None
    return Cause(CauseKind.HIGHER_PRIORITY, detail={"campaigns": ", ".join(facts.higher)})


def _lines(campaign: Campaign, facts: CampaignFacts, _: datetime) -> Cause | None:
    if facts.dialling >= campaign.lines:
        return Cause(CauseKind.NO_FREE_LINE, detail={"of": "campaign", "lines": str(campaign.lines)})
    if facts.free_lines is not None and facts.free_lines <= 0:
        return Cause(CauseKind.NO_FREE_LINE, detail={"of": "trunk", "trunk": campaign.trunk})
    return None


KNOWN: Final[tuple[Callable[[Campaign, CampaignFacts, datetime], Cause | None], ...]] = (
    _no_operators,
    _scenario,
    _caller_number,
    _budget,
    _work,
    _higher,
    _lines,
)
