"""A campaign as it is given, new or to be changed: shapes only; what the values may be is the use case's to say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import ConfigDict, Field, WithJsonSchema

from api.forms import Form, Number
from api.scripts import Script
from campaigns.campaign import CampaignKind, LocalTime, Order, Period, RetryPolicy, Variant, WeeklySchedule
from campaigns.variants import MOST_SHARE, MOST_VARIANTS
from core.errors import BadInput
from core.results import CallResult
from services.campaign_settings import LONGEST_INACTIVITY_DAYS, LOWEST_PRIORITY, MOST_BUDGET, NewCampaign

Name = Annotated[str, Field(min_length=1, max_length=200)]
Wall = Annotated[time, WithJsonSchema({"type": "string", "pattern": r"^([01][0-9]|2[0-3]):[0-5][0-9](:00)?$"})]


class PeriodForm(Form):
    """Open from `start` up to but not including `end`; an `end` of 00:00 is the end of the day."""

    start: Wall = Field(examples=["09:00"])
    end: Wall = Field(examples=["18:00"])


class ScheduleForm(Form):
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


class RetryForm(Form):
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


Priority = Annotated[int, Field(ge=1, le=LOWEST_PRIORITY)]
Budget = Annotated[Decimal, Field(ge=0, le=MOST_BUDGET, decimal_places=2)]
CallerNumber = Annotated[str, Field(max_length=40)]
Trunk = Annotated[str, Field(min_length=1, max_length=200)]
Lines = Annotated[int, Field(ge=1)]
RingTimeout = Annotated[int, Field(ge=1, le=600)]
IdleDays = Annotated[int, Field(ge=0, le=LONGEST_INACTIVITY_DAYS)]

LINES = "Most calls at once."
RINGING = "How long a telephone rings."
STARTS = "The first day of calling, in the schedule's zone."
ENDS = "The last day of calling, in the schedule's zone."
MACHINES = "Hang up on answering machines."
PRIORITY = "1 goes first; null comes after all numbers."
LOCAL_TIME = (
    "Whose clocks the schedule is read on: the campaign's, the campaign's and the contact's, or the contact's alone."
)
BUDGET = "What its calls may cost in all, in the currency of the trunk's price; null is without limit."
MANUAL = "A manual call to a contact closes it here, whatever the company's rules say."
IDLE = "Days without a call or a new contact after which it finishes by itself; 0 is never."


EXAMPLE: dict[str, Any] = {
    "name": "Заказ готов",
    "script": {"kind": "notification", "message": {"text": "Здравствуйте, ваш заказ готов."}},
    "schedule": {"zone": "Europe/Moscow", "week": [[{"start": "09:00", "end": "18:00"}]] * 5 + [[], []]},
    "trunk": "simulator",
}


class VariantForm(Form):
    """One of several versions that are tried."""

    version: int = Field(ge=1, description="The version's number within its scenario.")
    share: int = Field(ge=0, le=MOST_SHARE, description="Its part of the sum of all shares.", examples=[50])


class ScenarioForm(Form):
    """The published scenario that a dialog campaign runs: one version, or several by shares."""

    id: Number
    version: int | None = Field(default=None, ge=1, description="Left out: the newest one.")
    variants: list[VariantForm] = Field(
        default_factory=list,
        max_length=MOST_VARIANTS,
        description="Versions tried against each other; a contact keeps its own through all retries.",
    )


class NewCampaignForm(Form):
    """A campaign: its settings and what its robot says. It starts switched off."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    name: Name
    kind: CampaignKind | None = Field(default=None, description="Left out: the script's. `operator` has no script.")
    script: Script | None = Field(default=None, description="What the robot says.")
    scenario: ScenarioForm | None = Field(default=None, description="The scenario of a dialog, instead of a script.")
    schedule: ScheduleForm
    trunk: Trunk = Field(description="The trunk that calls go out by.")
    retry: RetryForm | None = Field(default=None, description="Left out: 2 in a row of each result, 10 minutes apart.")
    caller_number: CallerNumber | None = None
    lines: Lines = Field(default=10, description=LINES)
    ring_timeout_s: RingTimeout = Field(default=30, description=RINGING)
    order: Order = Order.RANDOM
    starts_on: date | None = Field(default=None, description=STARTS)
    ends_on: date | None = Field(default=None, description=ENDS)
    detect_machines: bool = Field(default=True, description=MACHINES)
    priority: Priority | None = Field(default=None, description=PRIORITY)
    local_time: LocalTime = Field(default=LocalTime.OFF, description=LOCAL_TIME)
    budget: Budget | None = Field(default=None, description=BUDGET, examples=["1500.00"])
    count_manual_calls: bool = Field(default=False, description=MANUAL)
    auto_finish_days: IdleDays = Field(default=14, description=IDLE)

    def value(self, scenario: int | None, variants: tuple[Variant, ...] = ()) -> NewCampaign:
        """The same as the use case takes it, running this version of a scenario, or these."""
        return NewCampaign(
            name=self.name,
            kind=self.its_kind(),
            scenario=scenario,
            trunk=self.trunk,
            schedule=self.schedule.value(),
            retry=self.retry.value() if self.retry else RetryPolicy(),
            caller_number=self.caller_number,
            lines=self.lines,
            ring_timeout=timedelta(seconds=self.ring_timeout_s),
            order=self.order,
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            detect_machines=self.detect_machines,
            priority=self.priority,
            local_time=self.local_time,
            budget=self.budget,
            count_manual_calls=self.count_manual_calls,
            auto_finish_days=self.auto_finish_days,
            variants=variants,
        )

    def its_kind(self) -> CampaignKind:
        """The kind that is given or that the script tells; BadInput where the two do not fit."""
        if self.script is not None and self.scenario is not None:
            raise BadInput("two_scripts", "Give a script or a scenario, not both.", field="scenario")
        told = CampaignKind(self.script.kind) if self.script else CampaignKind.DIALOG if self.scenario else None
        if told is not None and self.kind not in (None, told):
            raise BadInput("other_kind", f"A script of the kind {told} is no script of a {self.kind}.", field="kind")
        kind = told or self.kind
        if kind is None:
            hint = "Give a script, a scenario, or the kind `operator`."
            raise BadInput("no_script", "What the robot says is missing.", field="script", hint=hint)
        return kind


def _left_out() -> Any:  # noqa: ANN401
    return None


class CampaignChanges(Form):
    """What is to change of a campaign; a field that is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"order": "newest", "priority": 1, "lines": 30}]})

    name: Name = Field(default_factory=_left_out)
    script: Script = Field(default_factory=_left_out, description="What the robot says from the next call on.")
    scenario: ScenarioForm = Field(default_factory=_left_out, description="What a dialog runs from the next call on.")
    schedule: ScheduleForm = Field(default_factory=_left_out)
    trunk: Trunk = Field(default_factory=_left_out, description="The trunk that calls go out by.")
    retry: RetryForm = Field(default_factory=_left_out, description="Replaces all of the rules of retrying.")
    caller_number: CallerNumber | None = None
    lines: Lines = Field(default_factory=_left_out, description=LINES)
    ring_timeout_s: RingTimeout = Field(default_factory=_left_out, description=RINGING)
    order: Order = Field(default_factory=_left_out)
    starts_on: date | None = Field(default=None, description=STARTS)
    ends_on: date | None = Field(default=None, description=ENDS)
    detect_machines: bool = Field(default_factory=_left_out, description=MACHINES)
    priority: Priority | None = Field(default=None, description=PRIORITY)
    local_time: LocalTime = Field(default_factory=_left_out, description=LOCAL_TIME)
    budget: Budget | None = Field(default=None, description=BUDGET, examples=["1500.00"])
    count_manual_calls: bool = Field(default_factory=_left_out, description=MANUAL)
    auto_finish_days: IdleDays = Field(default_factory=_left_out, description=IDLE)

    def of(self, was: NewCampaign, scenario: int | None, variants: tuple[Variant, ...] = ()) -> NewCampaign:
        """The settings that `was` becomes; `scenario` and `variants` are those of a new script or scenario."""
        left = self.model_fields_set - {"script", "scenario"}
        given: dict[str, Any] = {name: getattr(self, name) for name in left}
        if "schedule" in given:
            given["schedule"] = self.schedule.value()
        if "retry" in given:
            given["retry"] = self.retry.value()
        if "ring_timeout_s" in given:
            given["ring_timeout"] = timedelta(seconds=given.pop("ring_timeout_s"))
        if scenario is not None:
            given |= {"scenario": scenario, "variants": variants}
        return replace(was, **given)


class CopyForm(Form):
    """What the copy is to be called."""

    name: Name
