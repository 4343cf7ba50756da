"""The retry policy as plain JSON values: how the API and the database hold it, checked on the way in (SPEC R3.1).

{"limits": {"busy": 2, …}, "waits_s": {"busy": 600, …}, "max_calls": 4, "phone_gap_s": 60}
"""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import Final

from campaigns.campaign import RetryPolicy
from campaigns.json_values import json_object, whole
from core.errors import BadInput
from core.results import RETRIED, CallResult

MOST_LIMIT: Final = 10
MOST_CALLS: Final = 100
LONGEST_WAIT_S: Final = 366 * 86_400


def retry_to_json(policy: RetryPolicy) -> dict[str, object]:
    """The policy as JSON values; durations are whole seconds."""
    return {
        "limits": {str(result): limit for result, limit in policy.limits.items()},
        "waits_s": {str(result): int(wait.total_seconds()) for result, wait in policy.waits.items()},
        "max_calls": policy.max_calls,
        "phone_gap_s": int(policy.phone_gap.total_seconds()),
    }


def retry_from_json(value: object) -> RetryPolicy:
    """Reads a policy; a setting that is left out takes its default, one that cannot be is BadInput naming the field."""
    given = json_object(value, "retry")
    standard = retry_to_json(RetryPolicy())
    for name in given:
        if name not in standard:
            raise BadInput("unknown_setting", f"There is no retry setting {name!r}.", field=f"retry.{name}")
    settings = standard | dict(given)
    limits = _per_result(settings["limits"], "limits", most=MOST_LIMIT)
    waits = _per_result(settings["waits_s"], "waits_s", most=LONGEST_WAIT_S)
    for result, limit in limits.items():
        if limit > 1 and result not in waits:
            field = f"retry.waits_s.{result}"
            raise BadInput("no_wait", f"How long to wait after {result!s} is not said.", field=field)
    return RetryPolicy(
        limits=MappingProxyType(limits),
        waits=MappingProxyType({result: timedelta(seconds=seconds) for result, seconds in waits.items()}),
        max_calls=whole(settings["max_calls"], "retry.max_calls", least=1, most=MOST_CALLS),
        phone_gap=timedelta(seconds=whole(settings["phone_gap_s"], "retry.phone_gap_s", least=0, most=LONGEST_WAIT_S)),
    )


def check_retry(policy: RetryPolicy) -> None:
    """Refuses a policy that could not be stored: BadInput naming the field."""
    retry_from_json(retry_to_json(policy))


def _per_result(value: object, name: str, *, most: int) -> dict[CallResult, int]:
    numbers: dict[CallResult, int] = {}
    for key, number in json_object(value, f"retry.{name}").items():
        field = f"retry.{name}.{key}"
        if key not in RETRIED:
            known = ", ".join(sorted(RETRIED))
            raise BadInput("no_such_result", f"No call is retried after {key!r}.", field=field, hint=f"Known: {known}.")
        numbers[CallResult(key)] = whole(number, field, least=0, most=most)
    return numbers
