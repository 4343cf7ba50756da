"""A campaign's settings, and what they may be beyond their shapes; each refusal names its field (SPEC R2, R4)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from campaigns.campaign import Campaign, CampaignKind, LocalTime, Order, RetryPolicy, Variant, WeeklySchedule
from campaigns.schedule import check_schedule, local_date
from campaigns.schedule_json import schedule_to_json
from campaigns.settings_json import check_retry, retry_to_json
from campaigns.variants import check_variants, variants_to_json
from core.errors import BadInput
from services.texts import one_line

MOST_LINES: Final = 100_000
SHORTEST_RING, LONGEST_RING = timedelta(seconds=1), timedelta(minutes=10)
LOWEST_PRIORITY: Final = 1_000
MOST_BUDGET: Final = Decimal(1_000_000_000)
LONGEST_INACTIVITY_DAYS: Final = 3_650
CALLER_NUMBER: Final = re.compile(r"\+?[0-9]{2,20}", re.ASCII)

_FILLER: Final = str.maketrans("", "", " \t\u00a0()-–.")


@dataclass(frozen=True, slots=True)
class NewCampaign:
    """A campaign's settings; `scenario` is the published version that its robot runs, None where operators talk.

    `priority` 1 goes first, None after all numbers; `budget` None is without limit. `variants` are versions that are
    tried in place of `scenario`, which is the first of them.
    """

    name: str
    kind: CampaignKind
    scenario: int | None
    trunk: str
    schedule: WeeklySchedule
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    caller_number: str | None = None
    lines: int = 10
    ring_timeout: timedelta = timedelta(seconds=30)
    order: Order = Order.RANDOM
    starts_on: date | None = None
    ends_on: date | None = None
    detect_machines: bool = True
    priority: int | None = None
    local_time: LocalTime = LocalTime.OFF
    budget: Decimal | None = None
    count_manual_calls: bool = False
    auto_finish_days: int = 14
    variants: tuple[Variant, ...] = ()


def checked(new: NewCampaign, now: datetime) -> NewCampaign:
    """The settings with tidied texts; BadInput if a campaign cannot be like this, or would be over already."""
    check_schedule(new.schedule)
    check_retry(new.retry)
    check_variants(new.variants)
    _check_numbers(new)
    if not SHORTEST_RING <= new.ring_timeout <= LONGEST_RING:
        raise BadInput("out_of_range", "A telephone rings 1 to 600 seconds.", field="ring_timeout_s")
    if new.scenario is None and new.kind is not CampaignKind.OPERATOR:
        hint = "Give a script; only operators talk without one."
        raise BadInput("no_script", "What the robot says is missing.", field="script", hint=hint)
    if new.starts_on and new.ends_on and new.ends_on < new.starts_on:
        raise BadInput("ends_before_start", "The last day is before the first.", field="ends_on")
    if new.ends_on and new.ends_on < local_date(new.schedule, now):
        raise BadInput("ends_in_the_past", "The last day is over.", field="ends_on")
    return replace(
        new,
        name=one_line(new.name, "name"),
        trunk=one_line(new.trunk, "trunk"),
        caller_number=_caller_number(new.caller_number),
    )


def settings_of(campaign: Campaign) -> NewCampaign:
    """The settings of a campaign that exists, to be changed or copied."""
    return NewCampaign(
        name=campaign.name,
        kind=campaign.kind,
        scenario=campaign.scenario,
        trunk=campaign.trunk,
        schedule=campaign.schedule,
        retry=campaign.retry,
        caller_number=campaign.caller_number,
        lines=campaign.lines,
        ring_timeout=campaign.ring_timeout,
        order=campaign.order,
        starts_on=campaign.starts_on,
        ends_on=campaign.ends_on,
        detect_machines=campaign.detect_machines,
        priority=campaign.priority,
        local_time=campaign.local_time,
        budget=campaign.budget,
        count_manual_calls=campaign.count_manual_calls,
        auto_finish_days=campaign.auto_finish_days,
        variants=campaign.variants,
    )


def settings_row(settings: NewCampaign) -> dict[str, object]:
    """The settings as the columns of the table of campaigns."""
    return {
        "name": settings.name,
        "kind": str(settings.kind),
        "schedule": schedule_to_json(settings.schedule),
        "retry": retry_to_json(settings.retry),
        "trunk": settings.trunk,
        "scenario_version_id": settings.scenario,
        "caller_number": settings.caller_number,
        "lines": settings.lines,
        "ring_timeout_s": int(settings.ring_timeout.total_seconds()),
        "dial_order": str(settings.order),
        "starts_on": settings.starts_on,
        "ends_on": settings.ends_on,
        "detect_machines": settings.detect_machines,
        "priority": settings.priority,
        "local_time": str(settings.local_time),
        "budget": settings.budget,
        "count_manual_calls": settings.count_manual_calls,
        "auto_finish_days": settings.auto_finish_days,
        "variants": variants_to_json(settings.variants),
    }


def _check_numbers(new: NewCampaign) -> None:
    if not 1 <= new.lines <= MOST_LINES:
        raise BadInput("out_of_range", f"A campaign has 1 to {MOST_LINES} lines.", field="lines")
    if new.priority is not None and not 1 <= new.priority <= LOWEST_PRIORITY:
        raise BadInput("out_of_range", f"A priority is 1 to {LOWEST_PRIORITY}, or none.", field="priority")
    if new.budget is not None and not (new.budget.is_finite() and 0 <= new.budget <= MOST_BUDGET):
        raise BadInput("out_of_range", f"A budget is 0 to {MOST_BUDGET}, or none.", field="budget")
    if not 0 <= new.auto_finish_days <= LONGEST_INACTIVITY_DAYS:
        message = f"A campaign finishes by itself after 1 to {LONGEST_INACTIVITY_DAYS} idle days, or never (0)."
        raise BadInput("out_of_range", message, field="auto_finish_days")


def _caller_number(given: str | None) -> str | None:
    number = (given or "").translate(_FILLER)
    if not number:
        return None
    if not CALLER_NUMBER.fullmatch(number):
        hint = "Give 2 to 20 digits, with or without a leading +."
        raise BadInput("bad_number", "The caller number is no telephone number.", field="caller_number", hint=hint)
    return number
