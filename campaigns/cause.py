"""What forbids a call, as a value: the words shared by everything that forbids one or explains it (SPEC R2.11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class CauseKind(StrEnum):
    """Why no call is placed; the values are shown by the API and translated by the interface."""

    # of a campaign
    FINISHED = "finished"
    ENDED = "ended"
    ERROR = "error"
    PROCESSING = "processing"
    PAUSED = "paused"
    BREAKER_OPEN = "breaker_open"
    NOT_STARTED_YET = "not_started_yet"
    SCHEDULE_CLOSED = "schedule_closed"
    NO_OPERATORS = "no_operators"
    SCENARIO_MISSING = "scenario_missing"
    CALLER_NUMBER_EXPIRED = "caller_number_expired"
    CALLER_NUMBER_UNVERIFIED = "caller_number_unverified"
    BUDGET_SPENT = "budget_spent"
    NO_LEADS = "no_leads"
    LEADS_DELETED = "leads_deleted"
    ONLY_LATER = "only_later"
    LOCAL_TIME = "local_time"
    HIGHER_PRIORITY = "higher_priority"
    NO_FREE_LINE = "no_free_line"
    # of a lead
    DELETED = "deleted"
    LEAD_REACHED = "lead_reached"
    LEAD_FAILED = "lead_failed"
    LEAD_DIALLING = "lead_dialling"
    WAITS = "waits"
    BLACKLISTED = "blacklisted"
    PHONE_EXHAUSTED = "phone_exhausted"
    OTHER_PHONE_FIRST = "other_phone_first"
    NO_CONSENT = "no_consent"
    COMPLIANCE_DAY = "compliance_day"
    COMPLIANCE_WEEK = "compliance_week"
    COMPLIANCE_MONTH = "compliance_month"
    COMPLIANCE_GAP = "compliance_gap"
    QUIET_HOURS = "quiet_hours"
    HOLIDAY = "holiday"


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that forbids a call now; it ends at `until` (in UTC), or not by itself where that is None."""

    kind: CauseKind
    until: datetime | None = None
    detail: Mapping[str, str] = field(default_factory=dict, hash=False)
