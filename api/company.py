"""The company's rules, and the calls outside of campaigns that they are about (SPEC R2.12, R3.7)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.deps import Given
from api.forms import Form, Number
from api.security import By
from campaigns.campaign import CampaignId
from campaigns.outside_calls import Effect, OutsideCall, OutsideKind
from campaigns.rules_json import compliance_to_json
from services import company_rules, outside_calls
from services.company_rules import LONGEST_KEPT_DAYS, StoredRules

router = APIRouter(tags=["company"])

EXAMPLE: dict[str, Any] = {
    "preset": "ru-debt",
    "overrides": {"per_week": 1, "holidays": ["2027-01-01"]},
    "outside_calls": {"inbound": "all_campaigns", "manual": "last_campaign", "campaign": "leave"},
    "keep_recordings_days": 365,
    "keep_transcripts_days": 730,
}


class OutsideForm(Form):
    """What a talk of one second or more does to the leads of the person who was spoken with."""

    inbound: Effect = Field(default=Effect.LEAVE, description="An inbound call that an operator took.")
    manual: Effect = Field(default=Effect.LEAVE, description="A call that an operator dialled by hand.")
    campaign: Effect = Field(default=Effect.LEAVE, description="A call of a campaign.")


class RulesForm(Form):
    """The company's rules; they replace the ones before."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    preset: str = Field(default="none", max_length=40, description="`ru-debt`, `ru`, `us`, `uk` or `none`.")
    overrides: dict[str, Any] = Field(
        default_factory=dict,
        max_length=100,
        description="What differs from the preset, by the names of `compliance` in the answer; null: no such rule.",
    )
    outside_calls: OutsideForm = Field(default_factory=OutsideForm)
    keep_recordings_days: Annotated[int, Field(ge=1, le=LONGEST_KEPT_DAYS)] | None = Field(
        default=None, description="After so many days recordings are erased; null keeps them for ever."
    )
    keep_transcripts_days: Annotated[int, Field(ge=1, le=LONGEST_KEPT_DAYS)] | None = Field(
        default=None, description="The same for what was said, in writing; results and answers' labels stay."
    )

    def value(self) -> StoredRules:
        """The same as the use case takes it."""
        outside = {kind: getattr(self.outside_calls, kind) for kind in OutsideKind}
        return StoredRules(
            preset=self.preset,
            overrides=self.overrides,
            outside=outside,
            keep_recordings_days=self.keep_recordings_days,
            keep_transcripts_days=self.keep_transcripts_days,
        )


class RulesView(BaseModel):
    """The company's rules."""

    preset: str
    overrides: dict[str, Any]
    outside_calls: dict[OutsideKind, Effect]
    keep_recordings_days: int | None
    keep_transcripts_days: int | None
    compliance: dict[str, Any] = Field(description="All rules that come of the preset and the overrides.")
    changed_at: datetime | None = Field(description="Null while nobody ever set them.")

    @classmethod
    def of(cls, stored: StoredRules) -> RulesView:
        """Shapes the answer."""
        return cls(
            preset=stored.preset,
            overrides=dict(stored.overrides),
            outside_calls={kind: stored.outside.get(kind, Effect.LEAVE) for kind in OutsideKind},
            keep_recordings_days=stored.keep_recordings_days,
            keep_transcripts_days=stored.keep_transcripts_days,
            compliance=compliance_to_json(stored.rules.compliance),
            changed_at=stored.changed_at,
        )


class OutsideCallForm(Form):
    """A call that was not a campaign's attempt, told when it has ended."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "manual", "phone": "+79001112233", "seconds": 42, "operator": "Анна"}]}
    )

    kind: OutsideKind
    phone: Annotated[str, Field(min_length=1, max_length=40)] = Field(description="The person's number.")
    seconds: Annotated[float, Field(ge=0, le=86_400)] = Field(description="How long both talked.")
    at: AwareDatetime | None = Field(default=None, description="When the call ended; left out: just now.")
    operator: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="Who talked; an inbound call counts only if an operator took it."
    )
    campaign: Number | None = Field(default=None, description="The campaign that placed it, for the kind `campaign`.")


class OutsideCallView(BaseModel):
    """What came of it."""

    closed: list[int] = Field(description="The leads that count as reached now.")


@router.get("/company/rules", summary="Show the company's rules")
async def show_rules(asker: By, deps: Given) -> RulesView:
    """Shows what all campaigns keep to, and what calls outside of them do to their leads."""
    async with deps.database.transaction(asker.company) as tx:
        return RulesView.of(await company_rules.read_rules(tx))


@router.put("/company/rules", summary="Replace the company's rules")
async def save_rules(given: RulesForm, asker: By, deps: Given) -> RulesView:
    """Replaces the rules; every call that is not placed yet keeps to them."""
    async with deps.database.transaction(asker.company) as tx:
        saved = await company_rules.save_rules(tx, given.value(), deps.clock.now())
    deps.wake()
    return RulesView.of(saved)


@router.post("/outside-calls", summary="Tell of a call outside of campaigns")
async def outside_call(given: OutsideCallForm, asker: By, deps: Given) -> OutsideCallView:
    """Closes the leads that the call leaves nothing to do for, as the company's rules and the campaigns say."""
    now = deps.clock.now()
    call = OutsideCall(
        kind=given.kind,
        talked=timedelta(seconds=given.seconds),
        answered_by_operator=bool(given.operator and given.operator.strip()),
        campaign=None if given.campaign is None else CampaignId(given.campaign),
    )
    async with deps.database.transaction(asker.company) as tx:
        closed = await outside_calls.note_outside_call(
            tx, call, phone=given.phone, ended_at=given.at or now, operator=given.operator, by=asker.user, now=now
        )
    return OutsideCallView(closed=list(closed))
