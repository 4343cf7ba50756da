"""Single leads and many at once: the card, the priority, the bulk operations (SPEC R2.6–R2.8)."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from api.bulk_forms import BulkForm
from api.campaign_forms import Priority
from api.campaigns import Id
from api.deps import Given
from api.forms import MOST_ID, Form
from api.security import By
from campaigns import leads as values
from campaigns.campaign import CampaignId
from campaigns.leads import Bucket
from core.results import CallResult
from services import lead_cards
from services.bulk import Asked, in_parts
from services.lead_cards import LeadCard

router = APIRouter(prefix="/campaigns/{campaign}/leads", tags=["leads"])

LeadId = Annotated[int, Path(ge=1, le=MOST_ID, description="The lead's number.")]


class LeadCallView(BaseModel):
    """One call of the lead."""

    model_config = ConfigDict(from_attributes=True)

    attempt: int
    phone: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    result: CallResult | None = Field(description="Null while the call is in progress.")
    cause: str | None = Field(description="The carrier's word for the end.")
    proof: dict[str, Any] | None = Field(description="Which of the company's rules were checked, with the counters.")


class LeadChangeView(BaseModel):
    """What changed the lead other than its own calls."""

    model_config = ConfigDict(from_attributes=True)

    what: str = Field(description="`outside_call`, `priority` or `returned`.")
    at: datetime
    by: str | None = Field(description="The user who did it.")
    details: dict[str, Any]


class LeadCardView(BaseModel):
    """All of one lead; calls and changes have the latest first."""

    model_config = ConfigDict(from_attributes=True)

    lead: int
    campaign: int
    contact: int
    name: str
    organisation: str
    position: str
    note: str
    email: str
    zone: str | None
    phones: list[str]
    tags: list[str]
    custom: dict[str, Any]
    vip: bool = Field(description="One of the numbers stands on a VIP list.")
    consent_at: datetime | None = Field(description="Since when a consent to calls is on record; null: there is none.")
    bucket: Bucket
    priority: int | None
    attempts: int
    last_result: CallResult | None
    added_at: datetime
    next_call_at: datetime | None
    callback_at: datetime | None
    calls: list[LeadCallView]
    changes: list[LeadChangeView]

    @classmethod
    def of(cls, card: LeadCard) -> LeadCardView:
        """Shapes the answer."""
        return cls.model_validate(card)


class LeadChanges(Form):
    """What is to change of a lead."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"priority": 1}]})

    priority: Priority | None = Field(description="1 is called first; null comes after all numbers.")


class BulkView(BaseModel):
    """What came of a bulk operation."""

    done: int = Field(description="How many leads it changed; those it does not apply to are passed over.")


@router.post("/bulk", summary="Change many leads")
async def change_many(id_: Id, given: BulkForm, asker: By, deps: Given) -> BulkView:
    """Does one thing to all leads that are chosen; leads that are being called are neither deleted nor returned."""
    asked = Asked(CampaignId(id_), given.selection.value(), asker.user, deps.clock.now())
    done = await in_parts(deps.database, asker.company, asked, partial(given.action.done, randomness=deps.randomness))
    deps.wake()
    return BulkView(done=done)


@router.get("/{lead}", summary="Show a contact in a campaign")
async def show_lead(id_: Id, lead: LeadId, asker: By, deps: Given) -> LeadCardView:
    """Shows who it is, where it stands, its calls, and what changed it from outside."""
    async with deps.database.transaction(asker.company) as tx:
        return LeadCardView.of(await lead_cards.lead_card(tx, CampaignId(id_), values.LeadId(lead)))


@router.patch("/{lead}", summary="Change a contact's priority")
async def change_lead(id_: Id, lead: LeadId, given: LeadChanges, asker: By, deps: Given) -> LeadCardView:
    """Gives the lead a priority among those of its campaign, or takes it back."""
    campaign, now = CampaignId(id_), deps.clock.now()
    async with deps.database.transaction(asker.company) as tx:
        await lead_cards.set_priority(tx, campaign, values.LeadId(lead), given.priority, by=asker.user, now=now)
        card = await lead_cards.lead_card(tx, campaign, values.LeadId(lead))
    deps.wake()
    return LeadCardView.of(card)
