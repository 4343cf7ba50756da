"""The rules of a company as plain JSON values: how the API, the database and the presets hold them (R2.12, R3.7).

Compliance: {"per_day": 1, "gap_s": 3600, "hours": ["08:00-22:00", … seven days from Monday], "holiday_hours": [], …}.
A rule that is null holds nobody. Outside calls: {"inbound": "all_campaigns", "manual": "leave", "campaign": "leave"}.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from campaigns.campaign import Period
from campaigns.compliance import Compliance
from campaigns.json_values import LONGEST_S, json_object, line, number, whole, yes_or_no
from campaigns.outside_calls import LEAVE_ALONE, Effect, Matrix, OutsideKind
from campaigns.schedule import check_day, local_time
from campaigns.schedule_json import day_from_json, day_to_json, holidays_from_json, week_from_json
from core.errors import BadInput

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MOST_CALLS: Final = 1_000
LONGEST_LABEL: Final = 100
LONGEST_RING_S: Final = 600
_NO_LABEL: Final = re.compile(r"[{}<>\\|^`~\x00-\x1f\x7f]|:_:")


def compliance_to_json(rules: Compliance) -> dict[str, object]:
    """All rules as JSON values, but the name of the preset."""
    written: dict[str, object] = {}
    for name, rule in _RULES.items():
        value = getattr(rules, rule.attribute)
        written[name] = None if value is None else rule.write(value)
    return written


def compliance_from_json(value: object, *, preset: Compliance) -> Compliance:
    """Reads what differs from `preset`; what cannot be, and what is no rule, is BadInput naming the field."""
    changes: dict[str, Any] = {}
    for name, given in json_object(value, "compliance").items():
        field = f"compliance.{name}"
        rule = _RULES.get(name)
        if rule is None:
            hint = f"Known: {', '.join(_RULES)}."
            raise BadInput("unknown_setting", f"There is no rule {name!r}.", field=field, hint=hint)
        if given is None and name in NEVER_NULL:
            raise BadInput("missing", f"{field} cannot be null.", field=field)
        changes[rule.attribute] = None if given is None else rule.read(given, field)
    return replace(preset, **changes)


def check_compliance(rules: Compliance) -> None:
    """Refuses rules under which a company could not call lawfully, or not at all: BadInput naming the field."""
    field = "compliance.call_label"
    if rules.label_required and rules.call_label is None:
        hint = "Give the text that the callee's telephone shows."
        raise BadInput("no_call_label", "These rules want a call label.", field=field, hint=hint)
    if rules.call_label is not None and rules.longest_label is not None and len(rules.call_label) > rules.longest_label:
        message = f"The call label has {len(rules.call_label)} characters of at most {rules.longest_label}."
        raise BadInput("call_label_too_long", message, field=field)
    if rules.hours is not None and not any(rules.hours.values()):
        raise BadInput("never_open", "There is no hour in which to call.", field="compliance.hours")


def matrix_to_json(matrix: Matrix) -> dict[str, object]:
    """What each kind of call does, all kinds named."""
    return {str(kind): str(matrix.get(kind, Effect.LEAVE)) for kind in OutsideKind}


def matrix_from_json(value: object) -> Matrix:
    """Reads what each kind of call does; a kind that is left out does nothing."""
    matrix = dict(LEAVE_ALONE)
    for name, effect in json_object(value, "outside_calls").items():
        field = f"outside_calls.{name}"
        if name not in set(OutsideKind):
            hint = f"Known: {', '.join(OutsideKind)}."
            raise BadInput("no_such_call", f"There is no kind of call {name!r}.", field=field, hint=hint)
        if not isinstance(effect, str) or effect not in set(Effect):
            raise BadInput("no_such_effect", f"{field} must be one of {', '.join(Effect)}.", field=field)
        matrix[OutsideKind(name)] = Effect(effect)
    return MappingProxyType(matrix)


@dataclass(frozen=True, slots=True)
class _Rule:
    """How one rule is read and written."""

    attribute: str
    read: Callable[[object, str], Any]
    write: Callable[[Any], object]


def _calls(value: object, field: str) -> int:
    return whole(value, field, least=1, most=MOST_CALLS)


def _seconds(value: object, field: str) -> timedelta:
    return timedelta(seconds=whole(value, field, least=0, most=LONGEST_S))


def _ring(value: object, field: str) -> timedelta:
    return timedelta(seconds=whole(value, field, least=1, most=LONGEST_RING_S))


def _days(value: object, field: str) -> timedelta:
    return timedelta(days=whole(value, field, least=1, most=366))


def _share(value: object, field: str) -> float:
    return number(value, field, least=0, most=1)


def _zone(value: object, field: str) -> str:
    zone = line(value, field, most=100)
    try:
        local_time(zone, EPOCH)
    except BadInput as error:
        raise BadInput(error.code, error.message, field=field, hint=error.hint) from error
    return zone


def _label(value: object, field: str) -> str:
    label = line(value, field, most=LONGEST_LABEL)
    if not label.strip() or _NO_LABEL.search(label):
        hint = "Use letters, digits, spaces, quotes and simple punctuation."
        raise BadInput("bad_call_label", f"{field} cannot be shown by telephones.", field=field, hint=hint)
    return label


def _label_length(value: object, field: str) -> int:
    return whole(value, field, least=1, most=LONGEST_LABEL)


def _week(value: object, field: str) -> Mapping[int, tuple[Period, ...]]:
    week = week_from_json(value, field=field)
    for day, periods in week.items():
        check_day(periods, f"{field}.{day}")
    return week


def _day(value: object, field: str) -> tuple[Period, ...]:
    periods = day_from_json(value, field=field)
    check_day(periods, field)
    return periods


def _dates(value: object, field: str) -> frozenset[date]:
    return holidays_from_json(value, field=field)


def _write_week(week: Mapping[int, tuple[Period, ...]]) -> list[object]:
    return [day_to_json(week.get(day, ())) for day in range(7)]


def _write_dates(days: frozenset[date]) -> list[str]:
    return [day.isoformat() for day in sorted(days)]


def _write_seconds(time: timedelta) -> int:
    return int(time.total_seconds())


def _as_it_is(value: object) -> object:
    return value


_RULES: Final[Mapping[str, _Rule]] = MappingProxyType(
    {
        "zone": _Rule("zone", _zone, _as_it_is),
        "per_day": _Rule("per_day", _calls, _as_it_is),
        "per_week": _Rule("per_week", _calls, _as_it_is),
        "per_month": _Rule("per_month", _calls, _as_it_is),
        "gap_s": _Rule("gap", _seconds, _write_seconds),
        "gap_after_lost_s": _Rule("gap_after_lost", _seconds, _write_seconds),
        "hours": _Rule("hours", _week, _write_week),
        "holidays": _Rule("holidays", _dates, _write_dates),
        "holiday_hours": _Rule("holiday_hours", _day, day_to_json),
        "least_ring_s": _Rule("least_ring", _ring, _write_seconds),
        "message_within_s": _Rule("message_within", _seconds, _write_seconds),
        "consent_required": _Rule("consent_required", yes_or_no, _as_it_is),
        "label_required": _Rule("label_required", yes_or_no, _as_it_is),
        "longest_label": _Rule("longest_label", _label_length, _as_it_is),
        "call_label": _Rule("call_label", _label, _as_it_is),
        "lost_limit": _Rule("lost_limit", _share, _as_it_is),
        "lost_window_days": _Rule("lost_window", _days, lambda window: window.days),
    }
)
NEVER_NULL: Final = frozenset({"zone", "holidays", "consent_required", "label_required", "lost_window_days"})
