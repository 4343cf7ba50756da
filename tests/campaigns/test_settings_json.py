"""The retry settings as they are stored and given over HTTP (SPEC R3.1)."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.campaign import RetryPolicy
from campaigns.settings_json import check_retry, retry_from_json, retry_to_json
from core.errors import BadInput
from core.results import RETRIED, CallResult

seconds = st.integers(0, 86_400).map(lambda value: timedelta(seconds=value))
whole = st.builds(
    RetryPolicy,
    limits=st.fixed_dictionaries({result: st.integers(0, 10) for result in RETRIED}),
    waits=st.fixed_dictionaries(dict.fromkeys(RETRIED, seconds)),
    max_calls=st.integers(1, 100),
    phone_gap=seconds,
)


@given(whole)
@settings(deadline=None, max_examples=30)
def test_R3_1_a_policy_survives_the_way_through_json(policy: RetryPolicy) -> None:
    assert retry_from_json(json.loads(json.dumps(retry_to_json(policy)))) == policy


def test_R3_1_what_is_left_out_takes_the_default() -> None:
    assert retry_from_json({}) == RetryPolicy()
    changed = retry_from_json({"max_calls": 7})
    assert (changed.max_calls, changed.limits) == (7, RetryPolicy().limits)


def test_R3_1_a_result_without_a_limit_stays_without_one() -> None:
    sparse = RetryPolicy(limits={CallResult.BUSY: 3}, waits={CallResult.BUSY: timedelta(minutes=1)})
    assert retry_from_json(retry_to_json(sparse)) == sparse


def test_R3_1_a_policy_made_elsewhere_is_checked_too() -> None:
    check_retry(RetryPolicy())
    with pytest.raises(BadInput, match="0–10"):
        check_retry(RetryPolicy(limits={CallResult.BUSY: 11}))


@pytest.mark.parametrize(
    ("given_", "field"),
    [
        ([], "retry"),
        ({"limits": {"busy": 11}}, "retry.limits.busy"),
        ({"limits": {"busy": -1}}, "retry.limits.busy"),
        ({"limits": {"busy": True}}, "retry.limits.busy"),
        ({"limits": {"completed": 2}}, "retry.limits.completed"),
        ({"limits": {"бусы": 2}}, "retry.limits.бусы"),
        ({"limits": 3}, "retry.limits"),
        ({"waits_s": {"busy": -1}}, "retry.waits_s.busy"),
        ({"waits_s": {"busy": 1.5}}, "retry.waits_s.busy"),
        ({"waits_s": {}, "limits": {"busy": 2}}, "retry.waits_s.busy"),
        ({"max_calls": 0}, "retry.max_calls"),
        ({"max_calls": 101}, "retry.max_calls"),
        ({"phone_gap_s": None}, "retry.phone_gap_s"),
        ({"wait": 1}, "retry.wait"),
    ],
)
def test_R3_1_what_cannot_be_names_its_field(given_: object, field: str) -> None:
    with pytest.raises(BadInput) as error:
        retry_from_json(given_)
    assert error.value.field == field
