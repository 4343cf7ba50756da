"""A new campaign's settings, and what they may be beyond their shapes; each refusal names its field."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final

from campaigns.campaign import CampaignKind, Order, RetryPolicy, WeeklySchedule
from campaigns.schedule import check_schedule, local_date
from campaigns.settings_json import check_retry
from core.errors import BadInput
from services.texts import one_line

MOST_LINES: Final = 100_000
SHORTEST_RING, LONGEST_RING = timedelta(seconds=1), timedelta(minutes=10)
CALLER_NUMBER: Final = re.compile(r"\+?[0-9]{2,20}", re.ASCII)

_FILLER: Final = str.maketrans("", "", " \t\u00a0()-–.")


@dataclass(frozen=True, slots=True)
class NewCampaign:
    """A campaign's settings; `scenario` is the published version that its robot runs."""

    name: str
    kind: CampaignKind
    scenario: int
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


def checked(new: NewCampaign, now: datetime) -> NewCampaign:
    """The settings with tidied texts; BadInput if a campaign cannot be like this, or would be over already."""
    check_schedule(new.schedule)
    check_retry(new.retry)
    if not 1 <= new.lines <= MOST_LINES:
        raise BadInput("out_of_range", f"A campaign has 1 to {MOST_LINES} lines.", field="lines")
    if not SHORTEST_RING <= new.ring_timeout <= LONGEST_RING:
        raise BadInput("out_of_range", "A telephone rings 1 to 600 seconds.", field="ring_timeout_s")
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


def _caller_number(given: str | None) -> str | None:
    number = (given or "").translate(_FILLER)
    if not number:
        return None
    if not CALLER_NUMBER.fullmatch(number):
        hint = "Give 2 to 20 digits, with or without a leading +."
        raise BadInput("bad_number", "The caller number is no telephone number.", field="caller_number", hint=hint)
    return number
