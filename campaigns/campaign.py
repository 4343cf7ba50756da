"""A campaign's settings as values (SPEC R2.1, R2.3, R3.1, R4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import NewType

from core.results import RETRIED, CallResult

CompanyId = NewType("CompanyId", int)
CampaignId = NewType("CampaignId", int)


class CampaignKind(StrEnum):
    """What a campaign does with who answers (SPEC R2.1)."""

    OPERATOR = "operator"
    NOTIFICATION = "notification"
    SURVEY = "survey"
    OFFER = "offer"
    DIALOG = "dialog"


class CampaignStatus(StrEnum):
    """Where a campaign stands (SPEC R2.3); computed, never stored, but for `processing`, `finished` and `error`."""

    PROCESSING = "processing"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    ERROR = "error"


class Order(StrEnum):
    """In which order leads that are due are dialled (SPEC R2.9)."""

    RANDOM = "random"
    NEWEST = "newest"
    OLDEST = "oldest"
    FEWEST_ATTEMPTS = "fewest_attempts"
    TIME_ZONE = "time_zone"


def _same_limit() -> Mapping[CallResult, int]:
    return MappingProxyType(dict.fromkeys(sorted(RETRIED), 2))


def _same_wait() -> Mapping[CallResult, timedelta]:
    return MappingProxyType(dict.fromkeys(sorted(RETRIED), timedelta(minutes=10)))


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and after what wait a phone is called again (SPEC R3).

    `limits` counts a result in a row on one phone, 0–10; `max_calls` is per phone; `phone_gap` is the least
    time between calls to two phones of one lead. A result missing from `limits` ends its phone at once.
    """

    limits: Mapping[CallResult, int] = field(default_factory=_same_limit)
    waits: Mapping[CallResult, timedelta] = field(default_factory=_same_wait)
    max_calls: int = 4
    phone_gap: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Period:
    """Open from `start` up to but not including `end` on one weekday; `end` 00:00 means midnight at its end."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class WeeklySchedule:
    """When calls may be placed: periods by weekday (0 = Monday) in `zone`, never on `holidays` (SPEC R4.1)."""

    zone: str
    week: Mapping[int, tuple[Period, ...]]
    holidays: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Campaign:
    """One calling project as the dialler sees it; `scenario` is the published version its calls begin with."""

    id: CampaignId
    company: CompanyId
    name: str
    kind: CampaignKind
    switched_on: bool
    schedule: WeeklySchedule
    retry: RetryPolicy
    trunk: str
    scenario: int
    caller_number: str | None = None
    lines: int = 10
    ring_timeout: timedelta = timedelta(seconds=30)
    order: Order = Order.RANDOM
    starts_on: date | None = None
    ends_on: date | None = None
    finished: bool = False
    detect_machines: bool = True
    error: str | None = None
    processing: bool = False
