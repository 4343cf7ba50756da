"""How often live changes are told: at once, then together, and the last one always."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from api.throttle import Throttle


def test_the_first_change_is_told_at_once_and_the_following_together() -> None:
    throttle = Throttle(0.3)
    assert throttle.next_at() == math.inf
    throttle.change(7)
    assert throttle.next_at() == -math.inf
    assert throttle.take(10.0) == [7]
    throttle.change(7)
    throttle.change(7)
    assert throttle.next_at() == 10.3
    assert throttle.take(10.2) == []
    assert throttle.take(10.3) == [7]
    assert throttle.next_at() == math.inf


def test_one_campaign_does_not_hold_up_another() -> None:
    throttle = Throttle(0.3)
    throttle.change(7)
    throttle.take(10.0)
    throttle.change(7)
    throttle.change(8)
    assert throttle.take(10.1) == [8]


@given(st.lists(st.tuples(st.integers(1, 3), st.floats(0, 0.5)), max_size=40))
@settings(deadline=None, max_examples=100)
def test_no_change_is_lost_and_none_told_too_often(changes: list[tuple[int, float]]) -> None:
    throttle = Throttle(0.3)
    now, told = 0.0, []
    for campaign, wait_s in changes:
        now += wait_s
        throttle.change(campaign)
        told += [(one, now) for one in throttle.take(now)]
    while (at := throttle.next_at()) < math.inf:
        now = max(now, at)
        told += [(one, now) for one in throttle.take(now)]
    for campaign in {campaign for campaign, _ in changes}:
        instants = [at for one, at in told if one == campaign]
        last_change = max(
            sum(wait for _, wait in changes[: place + 1]) for place, (one, _) in enumerate(changes) if one == campaign
        )
        assert instants[-1] >= last_change - 1e-9
        assert all(later - earlier >= 0.3 - 1e-9 for earlier, later in pairwise(instants))
