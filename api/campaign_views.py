"""A campaign as it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field

from api.campaign_forms import RetryForm, ScheduleForm
from campaigns.campaign import CampaignKind, CampaignStatus, LocalTime, Order
from campaigns.leads import Bucket
from services.campaigns import CampaignRow
from services.versions import Ran


class Buckets(BaseModel):
    """How many leads stand where; together they are all leads."""

    not_called: int
    will_call_again: int
    reached: int
    failed: int


class CampaignView(BaseModel):
    """One line of the list of campaigns."""

    id: int
    name: str
    kind: CampaignKind
    status: CampaignStatus
    switched_on: bool
    error: str | None = Field(description="Why the campaign stopped by itself.")
    starts_on: date | None
    ends_on: date | None
    created_at: datetime
    leads: int
    buckets: Buckets
    reached_percent: float = Field(description="Reached leads in percent of all, 0–100.")
    live_calls: int = Field(description="Calls in progress now.")
    priority: int | None = Field(description="1 goes first; null comes after all numbers.")

    @classmethod
    def of(cls, row: CampaignRow) -> CampaignView:
        """Shapes the answer."""
        return cls(**_summary(row))


class VariantView(BaseModel):
    """One of several versions that are tried."""

    version: int
    share: int


class RunsView(BaseModel):
    """What a campaign runs."""

    id: int = Field(description="The scenario's number.")
    name: str
    version: int = Field(description="The version's number within the scenario.")
    variants: list[VariantView] = Field(description="The versions that are tried by shares; empty for one alone.")

    @classmethod
    def of(cls, scenario: Ran) -> RunsView:
        """Shapes the answer."""
        variants = [VariantView(version=version, share=share) for version, share in scenario.shares]
        return cls(id=scenario.id, name=scenario.name, version=scenario.version, variants=variants)


class CampaignDetails(CampaignView):
    """One campaign with its settings."""

    schedule: ScheduleForm
    retry: RetryForm
    trunk: str
    caller_number: str | None
    lines: int
    ring_timeout_s: int
    order: Order
    detect_machines: bool
    local_time: LocalTime
    budget: Decimal | None
    spent: Decimal = Field(description="What its ended calls cost.")
    count_manual_calls: bool
    auto_finish_days: int
    finishes_at: datetime | None = Field(description="When it finishes by itself unless something happens in it.")
    breaker_open: str | None = Field(description="Why the circuit breaker paused it.")
    script: dict[str, Any] | None = Field(description="What its robot says, as it was given; null for a drawn flow.")
    scenario: RunsView | None = Field(description="The scenario that it runs; null where operators talk.")

    @classmethod
    def with_script(
        cls, row: CampaignRow, script: Mapping[str, Any] | None, scenario: Ran | None = None
    ) -> CampaignDetails:
        """Shapes the answer."""
        campaign = row.campaign
        return cls(
            **_summary(row),
            schedule=ScheduleForm.of(campaign.schedule),
            retry=RetryForm.of(campaign.retry),
            trunk=campaign.trunk,
            caller_number=campaign.caller_number,
            lines=campaign.lines,
            ring_timeout_s=int(campaign.ring_timeout.total_seconds()),
            order=campaign.order,
            detect_machines=campaign.detect_machines,
            local_time=campaign.local_time,
            budget=campaign.budget,
            spent=row.spent,
            count_manual_calls=campaign.count_manual_calls,
            auto_finish_days=campaign.auto_finish_days,
            finishes_at=row.finishes_at,
            breaker_open=campaign.breaker_open,
            script=None if script is None else dict(script),
            scenario=None if scenario is None else RunsView.of(scenario),
        )


def buckets_of(counts: Mapping[Bucket, int]) -> Buckets:
    """All four, also those without a lead."""
    return Buckets(**{bucket.value: counts.get(bucket, 0) for bucket in Bucket})


def _summary(row: CampaignRow) -> dict[str, Any]:
    campaign = row.campaign
    return {
        "id": campaign.id,
        "name": campaign.name,
        "kind": campaign.kind,
        "status": row.status,
        "switched_on": campaign.switched_on,
        "error": campaign.error,
        "starts_on": campaign.starts_on,
        "ends_on": campaign.ends_on,
        "created_at": row.created_at,
        "leads": row.leads,
        "buckets": buckets_of(row.buckets),
        "reached_percent": row.reached_percent,
        "live_calls": row.live_calls,
        "priority": campaign.priority,
    }
