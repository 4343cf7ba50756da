"""Which leads a talk outside of their own calling ends: the 3×3 rules of a company (SPEC R2.12).

A person who was just spoken with need not be called by a campaign any more. The company says for each kind of call
whether that holds nowhere, in the campaign that called the person last, or in all that hold the person. A campaign
that counts manual calls goes by those whatever the company says; this or that is enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from campaigns.buckets import LeadState
from campaigns.campaign import CampaignId
from campaigns.leads import Ending, LeadId
from core.results import CallResult


class OutsideKind(StrEnum):
    """Which kind of call it was."""

    INBOUND = "inbound"
    MANUAL = "manual"
    CAMPAIGN = "campaign"


class Effect(StrEnum):
    """In which campaigns the lead counts as reached by it."""

    LEAVE = "leave"
    LAST_CAMPAIGN = "last_campaign"
    ALL_CAMPAIGNS = "all_campaigns"


Matrix = Mapping[OutsideKind, Effect]
LEAVE_ALONE: Final[Matrix] = MappingProxyType(dict.fromkeys(OutsideKind, Effect.LEAVE))


@dataclass(frozen=True, slots=True)
class OutsideCall:
    """A call that has ended: how long both talked, and whether an operator took it (which matters for inbound ones).

    `campaign` is the one that placed it and `lead` whom it called, for the kind `campaign` alone; `promised` is
    whether that call ended with the promise to call back, which nothing but the lead's own next call keeps.
    """

    kind: OutsideKind
    talked: timedelta
    answered_by_operator: bool = False
    campaign: CampaignId | None = None
    lead: LeadId | None = None
    promised: bool = False


@dataclass(frozen=True, slots=True)
class Holding:
    """A lead by which a campaign that is not finished holds the person; `called_at` is when it called last."""

    campaign: CampaignId
    lead: LeadId
    state: LeadState
    called_at: datetime | None = None
    count_manual_calls: bool = False


LEAST_TALK: Final = timedelta(seconds=1)
TALKS: Final = frozenset(
    {
        CallResult.COMPLETED,
        CallResult.HUNG_UP_EARLY,
        CallResult.TRANSFERRED,
        CallResult.TRANSFER_FAILED,
        CallResult.NO_INPUT,
        CallResult.CALLBACK_REQUESTED,
    }
)
"""The results of a campaign's calls in which it spoke with a person: no machine, nobody who waited in vain."""


def campaign_talk(ending: Ending, *, campaign: CampaignId, lead: LeadId) -> OutsideCall | None:
    """A campaign's own call as one that other campaigns look at; None where nobody was talked with for a second."""
    if ending.answered_at is None or ending.result not in TALKS:
        return None
    talked = ending.ended_at - ending.answered_at
    if talked < LEAST_TALK:
        return None
    promised = ending.result is CallResult.CALLBACK_REQUESTED
    return OutsideCall(OutsideKind.CAMPAIGN, talked, campaign=campaign, lead=lead, promised=promised)


def affected(call: OutsideCall, matrix: Matrix, holdings: Sequence[Holding]) -> tuple[LeadId, ...]:
    """Which of the leads that hold the person are to be marked as reached, in the order given.

    `holdings` are those of all campaigns that are not finished. One that was reached stays as it is.
    """
    effect = matrix.get(call.kind, Effect.LEAVE) if _is_a_talk(call) else Effect.LEAVE
    last = _last_caller(call, holdings)
    return tuple(
        holding.lead
        for holding in holdings
        if holding.state is not LeadState.REACHED
        and not (call.promised and holding.lead == call.lead)
        and (
            effect is Effect.ALL_CAMPAIGNS
            or (effect is Effect.LAST_CAMPAIGN and holding.campaign == last)
            or (holding.count_manual_calls and call.kind is OutsideKind.MANUAL and call.talked > timedelta())
        )
    )


def _is_a_talk(call: OutsideCall) -> bool:
    """Whether the company's rules look at this call at all: both talked for a second, inbound ones with an operator."""
    return call.talked >= LEAST_TALK and (call.kind is not OutsideKind.INBOUND or call.answered_by_operator)


def _last_caller(call: OutsideCall, holdings: Sequence[Holding]) -> CampaignId | None:
    """The campaign that called the person last: the one that placed this call, else by the time of its call."""
    if call.campaign is not None:
        return call.campaign
    called = [(holding.called_at, holding.campaign) for holding in holdings if holding.called_at is not None]
    return max(called)[1] if called else None
