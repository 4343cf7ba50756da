"""SPEC R2.7 and the retry settings as they are stored."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.buckets import LeadState, bucket
from campaigns.leads import Bucket


@given(st.sampled_from(LeadState), st.integers(0, 1000))
@settings(deadline=None, max_examples=50)
def test_R2_7_every_lead_is_in_exactly_one_bucket(state: LeadState, attempts: int) -> None:
    mine = bucket(state, attempts)
    assert mine in Bucket
    assert mine is bucket(state.value, attempts)
    assert (mine is Bucket.NOT_CALLED) == (state in {LeadState.WAITING, LeadState.DIALLING} and attempts == 0)
    assert (mine is Bucket.WILL_CALL_AGAIN) == (state in {LeadState.WAITING, LeadState.DIALLING} and attempts > 0)
    assert (mine is Bucket.REACHED) == (state is LeadState.REACHED)


def test_R2_7_an_unknown_state_is_an_error_of_the_caller() -> None:
    with pytest.raises(ValueError, match="asleep"):
        bucket("asleep", 0)
