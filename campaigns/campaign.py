"""A campaign's settings as values (SPEC R2.1, R2.3, R2.8, R2.14, R3.1, R4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
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


class LocalTime(StrEnum):
    """Whose clocks the schedule is read on (SPEC R4.2)."""

    OFF = "off"
    OPERATORS_AND_CONTACTS = "operators_and_contacts"
    CONTACTS_ONLY = "contacts_only"


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
class Variant:
    """One of several versions of a scenario that a campaign tries (SPEC R6.11).

    `share` is its part of the sum of all shares; 0 takes no more contacts.
    """

    scenario: int
    share: int


@dataclass(frozen=True, slots=True)
class Campaign:
    """One calling project as the dialler sees it.

    `scenario` is the published version its calls begin with, None only where operators talk. Of priorities 1 is the
    first, None comes after all of them (R2.8). `price_per_minute` is its trunk's, not its own; `budget` is what it may
    spend in all (R2.14). After `auto_finish_days` without a call or a new lead it finishes, with 0 never (R2.5).
    `breaker_open` is why the circuit breaker paused it (`breaker.tripped`, R2.13); what failed before `switched_on_at`,
    when somebody switched it on last, is forgiven. `variants` are the versions that it tries in place of `scenario`.
    """

    id: CampaignId
    company: CompanyId
    name: str
    kind: CampaignKind
    switched_on: bool
    schedule: WeeklySchedule
    retry: RetryPolicy
    trunk: str
    scenario: int | None
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
    priority: int | None = None
    local_time: LocalTime = LocalTime.OFF
    budget: Decimal | None = None
    price_per_minute: Decimal = Decimal(0)
    count_manual_calls: bool = False
    auto_finish_days: int = 14
    breaker_open: str | None = None
    switched_on_at: datetime | None = None
    variants: tuple[Variant, ...] = ()

    @property
    def needs_operators(self) -> bool:
        """Whether it dials only while an operator of its own is in a dialling status (SPEC R2.3)."""
        return self.kind is CampaignKind.OPERATOR
