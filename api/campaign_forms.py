"""A new campaign as it is given: shapes only; what the values may be is the use case's to say."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Annotated

from pydantic import BaseModel, Field

from api.scripts import Script
from campaigns.campaign import Order, Period, RetryPolicy, WeeklySchedule
from core.results import CallResult

Name = Annotated[str, Field(min_length=1, max_length=200)]


class PeriodForm(BaseModel):
    """Open from `start` up to but not including `end`; an `end` of 00:00 is the end of the day."""

    start: time = Field(examples=["09:00"])
    end: time = Field(examples=["18:00"])


class ScheduleForm(BaseModel):
    """When calls may be placed."""

    zone: str = Field(default="Europe/Moscow", description="An IANA time zone.", examples=["Europe/Moscow"])
    week: list[list[PeriodForm]] = Field(
        min_length=7, max_length=7, description="The periods of each day, from Monday."
    )
    holidays: list[date] = Field(default_factory=list, max_length=1000, description="Days without calls.")

    def value(self) -> WeeklySchedule:
        """The same as the rules take it."""
        week = {
            day: tuple(Period(period.start, period.end) for period in periods)
            for day, periods in enumerate(self.week)
            if periods
        }
        return WeeklySchedule(zone=self.zone, week=week, holidays=frozenset(self.holidays))

    @classmethod
    def of(cls, schedule: WeeklySchedule) -> ScheduleForm:
        """Shapes a stored one."""
        week = [[PeriodForm(start=p.start, end=p.end) for p in schedule.week.get(day, ())] for day in range(7)]
        return cls(zone=schedule.zone, week=week, holidays=sorted(schedule.holidays))


class RetryForm(BaseModel):
    """How often and after what wait a phone is called again."""

    limits: dict[CallResult, Annotated[int, Field(ge=0, le=10)]] = Field(
        description="By result: how many times in a row on one phone before that phone is given up."
    )
    waits_s: dict[CallResult, Annotated[int, Field(ge=0, le=2_592_000)]] = Field(
        description="By result: seconds to wait before that phone is called again."
    )
    max_calls: int = Field(default=4, ge=1, description="Most calls to one phone.")
    phone_gap_s: int = Field(default=60, ge=0, description="Least seconds between calls to two phones of one contact.")

    def value(self) -> RetryPolicy:
        """The same as the rules take it."""
        return RetryPolicy(
            limits=dict(self.limits),
            waits={result: timedelta(seconds=wait) for result, wait in self.waits_s.items()},
            max_calls=self.max_calls,
            phone_gap=timedelta(seconds=self.phone_gap_s),
        )

    @classmethod
    def of(cls, policy: RetryPolicy) -> RetryForm:
        """Shapes a stored one."""
        return cls(
            limits=dict(policy.limits),
            waits_s={result: int(wait.total_seconds()) for result, wait in policy.waits.items()},
            max_calls=policy.max_calls,
            phone_gap_s=int(policy.phone_gap.total_seconds()),
        )


class NewCampaignForm(BaseModel):
    """A campaign of the autoinformer: its settings and what its robot says. It starts switched off."""

    name: Name
    script: Script
    schedule: ScheduleForm
    trunk: str = Field(min_length=1, max_length=200, description="The trunk that calls go out by.")
    retry: RetryForm | None = Field(default=None, description="Left out: 2 in a row of each result, 10 minutes apart.")
    caller_number: str | None = Field(default=None, max_length=40)
    lines: int = Field(default=10, ge=1, description="Most calls at once.")
    ring_timeout_s: int = Field(default=30, ge=1, le=600, description="How long a telephone rings.")
    order: Order = Order.RANDOM
    starts_on: date | None = Field(default=None, description="The first day of calling, in the schedule's zone.")
    ends_on: date | None = Field(default=None, description="The last day of calling, in the schedule's zone.")
    detect_machines: bool = Field(default=True, description="Hang up on answering machines.")


class CopyForm(BaseModel):
    """What the copy is to be called."""

    name: Name
