"""SPEC R2.13: a campaign stops itself when most of its latest calls fail on our side or on the carrier's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.breaker import told, tripped
from core.results import CallResult

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
OURS, CARRIERS, BUSY = CallResult.SYSTEM_ERROR, CallResult.UNKNOWN_ERROR, CallResult.BUSY

Ends = list[tuple[datetime, CallResult]]


def ends(*counts: tuple[int, CallResult], at: datetime = NOW - MINUTE) -> Ends:
    return [(at, result) for count, result in counts for _ in range(count)]


@pytest.mark.parametrize(
    ("results", "reason"),
    [
        (ends((11, OURS), (9, BUSY)), "system_error:11/20"),
        (ends((10, OURS), (10, BUSY)), None),  # half is not more than half
        (ends((10, OURS), (9, BUSY)), None),  # only 19 calls
        (ends((19, OURS)), None),
        (ends((20, OURS)), "system_error:20/20"),
        (ends((5, OURS), (6, CARRIERS), (9, BUSY)), "unknown_error:11/20"),
        (ends((8, OURS), (8, CARRIERS), (9, BUSY)), "system_error:16/25"),  # a tie is told by name
        (ends((15, OURS), (5, CallResult.BLACKLISTED)), None),  # a number on the blacklist was no call
        (ends((20, BUSY)), None),
        (ends((20, CallResult.LOST)), None),
        ([], None),
    ],
)
def test_R2_13_more_than_half_of_at_least_twenty_calls(results: Ends, reason: str | None) -> None:
    assert tripped(results, NOW) == reason


def test_R2_13_only_the_last_two_minutes_count() -> None:
    old = ends((50, OURS), at=NOW - 2 * MINUTE)
    assert tripped(old, NOW) is None
    assert tripped(old, NOW - timedelta(microseconds=1)) == "system_error:50/50"
    assert tripped(ends((50, OURS), at=NOW + MINUTE), NOW) is None


def test_R2_13_what_failed_before_somebody_switched_it_on_again_is_forgiven() -> None:
    results = ends((30, OURS))
    assert tripped(results, NOW, since=NOW - MINUTE) is None
    assert tripped(results, NOW, since=NOW - 2 * MINUTE) == "system_error:30/30"
    assert tripped(results, NOW, since=NOW - timedelta(days=1)) == "system_error:30/30"


moments = st.integers(0, 300).map(lambda age: NOW - timedelta(seconds=age))
many = st.lists(st.tuples(moments, st.sampled_from(CallResult)), max_size=80)


@given(results=many, extra=st.integers(1, 30))
def test_R2_13_calls_that_succeed_never_trip_it_and_the_order_is_no_matter(results: Ends, extra: int) -> None:
    why = tripped(results, NOW)
    assert tripped(results[::-1], NOW) == why
    assert tripped(results + ends((len(results) + 20, CallResult.COMPLETED)), NOW) is None
    if why is not None:
        assert tripped(results + ends((extra, OURS)), NOW) is not None


def test_R2_13_the_reason_is_told_in_its_parts() -> None:
    why = tripped(ends((15, OURS), (7, BUSY)), NOW)
    assert why is not None
    assert told(why) == {"result": "system_error", "failed": "15", "calls": "22"}
    assert told("the trunk was taken away") == {"reason": "the trunk was taken away"}
