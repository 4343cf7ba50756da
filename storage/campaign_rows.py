"""A row of the table of campaigns as the value that the rules work with."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from campaigns.campaign import Campaign, CampaignId, CampaignKind, CompanyId, LocalTime, Order
from campaigns.schedule_json import schedule_from_json
from campaigns.settings_json import retry_from_json
from campaigns.variants import variants_from_json


def campaign_of(row: Row[Any]) -> Campaign:
    """The campaign of a row with all columns; `BadInput` naming the field where its stored settings cannot be read."""
    return Campaign(
        id=CampaignId(row.id),
        company=CompanyId(row.company_id),
        name=row.name,
        kind=CampaignKind(row.kind),
        switched_on=row.switched_on,
        schedule=schedule_from_json(row.schedule),
        retry=retry_from_json(row.retry),
        trunk=row.trunk,
        scenario=row.scenario_version_id,
        caller_number=row.caller_number,
        lines=row.lines,
        ring_timeout=timedelta(seconds=row.ring_timeout_s),
        order=Order(row.dial_order),
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        finished=row.finished_at is not None,
        detect_machines=row.detect_machines,
        error=row.error,
        processing=row.processing,
        priority=row.priority,
        local_time=LocalTime(row.local_time),
        budget=row.budget,
        count_manual_calls=row.count_manual_calls,
        auto_finish_days=row.auto_finish_days,
        breaker_open=row.breaker_open,
        switched_on_at=row.switched_on_at,
        variants=variants_from_json(row.variants),
    )
