"""Why it is not calling (SPEC R2.11): for a campaign, a lead, a phone."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.campaigns import Id
from api.deps import Given
from api.leads import LeadId as LeadNumber
from api.security import By
from campaigns.campaign import CampaignId, CampaignStatus
from campaigns.cause import Cause, CauseKind
from campaigns.leads import LeadId
from services import causes
from services.cause_words import sentence
from services.causes import Explanation

router = APIRouter(prefix="/campaigns/{campaign}", tags=["campaigns"])


class CauseView(BaseModel):
    """One thing that forbids a call now."""

    kind: CauseKind = Field(description="Stable and machine-readable.")
    until: datetime | None = Field(description="When it ends; null if not by itself.")
    detail: dict[str, str] = Field(description="What else is known of it, by name.")
    message: str = Field(description="The same as an English sentence.")

    @classmethod
    def of(cls, cause: Cause, zone: str) -> CauseView:
        """Shapes the answer."""
        return cls(kind=cause.kind, until=cause.until, detail=dict(cause.detail), message=sentence(cause, zone))


class ExplanationView(BaseModel):
    """What keeps a campaign from calling, and one of its leads where that was asked."""

    campaign: int
    status: CampaignStatus
    zone: str = Field(description="The campaign's zone, on whose clock the messages tell instants.")
    calls: bool = Field(description="Whether nothing forbids the call, and somebody is there to place it.")
    callers: int = Field(description="Processes that place calls now.")
    causes: list[CauseView] = Field(description="What keeps the campaign from calling; empty: nothing does.")
    lead: int | None
    lead_causes: list[CauseView] = Field(description="What keeps the lead from being called, beside that.")

    @classmethod
    def of(cls, found: Explanation) -> ExplanationView:
        """Shapes the answer."""
        zone = found.campaign.schedule.zone
        return cls(
            campaign=found.campaign.id,
            status=found.status,
            zone=zone,
            calls=found.calls,
            callers=found.callers,
            causes=[CauseView.of(cause, zone) for cause in found.causes],
            lead=found.lead,
            lead_causes=[CauseView.of(cause, zone) for cause in found.lead_causes],
        )


@router.get("/causes", summary="Why it is not calling")
async def campaign_causes(
    id_: Id,
    asker: By,
    deps: Given,
    phone: Annotated[
        str | None, Query(min_length=1, max_length=40, description="Asks about the contact with this number too.")
    ] = None,
) -> ExplanationView:
    """Lists everything that keeps the campaign from calling now, each with the instant at which it ends."""
    now = deps.clock.now()
    async with deps.database.transaction(asker.company) as tx:
        if phone is None:
            return ExplanationView.of(await causes.explain(tx, CampaignId(id_), now, terms=deps.terms))
        asked = await causes.explain_phone(tx, CampaignId(id_), phone, now, terms=deps.terms)
        return ExplanationView.of(asked)


@router.get("/leads/{lead}/causes", summary="Why a contact is not called")
async def lead_causes(id_: Id, lead: LeadNumber, asker: By, deps: Given) -> ExplanationView:
    """Lists everything that keeps this contact from being called now, each with the instant at which it ends."""
    now = deps.clock.now()
    async with deps.database.transaction(asker.company) as tx:
        found = await causes.explain_lead(tx, CampaignId(id_), LeadId(lead), now, terms=deps.terms)
        return ExplanationView.of(found)
