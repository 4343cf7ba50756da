"""SPEC R6.11: how sure a counted share and a difference of two are."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.proportions import difference, share

COUNTS = st.integers(0, 500).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))


def rounded(*values: float | None) -> list[float]:
    return [round(value, 4) for value in values if value is not None]


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_wilsons_as_newcombe_1998_tables_it(count: int, of: int, low: float, high: float) -> None:
    found = share(count, of)
    assert rounded(found.low, found.high) == [low, high]


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [((48, 80), (56, 70), 0.0524, 0.3339), ((3, 10), (9, 10), 0.1705, 0.8090), ((0, 10), (10, 10), 0.6075, 1.0)],
)
def test_the_differences_interval_is_newcombes_method_10(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    found = difference(share(*first), share(*second))
    assert found is not None
    assert rounded(found.low, found.high) == [low, high]


@given(COUNTS)
def test_an_interval_holds_its_share_and_stays_within_what_a_share_can_be(counted: tuple[int, int]) -> None:
    found = share(*counted)
    if counted[1] == 0:
        assert (found.share, found.low, found.high) == (None, None, None)
        return
    assert found.low is not None
    assert found.high is not None
    assert found.share is not None
    assert 0 <= found.low <= found.share <= found.high <= 1
    assert found.low < found.high


@given(COUNTS, COUNTS)
def test_a_difference_the_other_way_round_is_the_opposite(first: tuple[int, int], second: tuple[int, int]) -> None:
    one, other = difference(share(*first), share(*second)), difference(share(*second), share(*first))
    if one is None or other is None:
        assert 0 in (first[1], second[1])
        return
    assert rounded(one.difference, one.low, one.high) == pytest.approx(
        rounded(-other.difference, -other.high, -other.low)
    )
    assert -1 <= one.low <= one.difference <= one.high <= 1


def test_the_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    dice = random.Random(1)
    held = 0
    for _ in range(2_000):
        mine = sum(dice.random() < 0.3 for _ in range(60))
        theirs = sum(dice.random() < 0.45 for _ in range(40))
        found = difference(share(mine, 60), share(theirs, 40))
        assert found is not None
        held += found.low <= 0.15 <= found.high
    assert 0.93 <= held / 2_000 <= 0.975


def test_more_than_all_cannot_be_counted() -> None:
    with pytest.raises(ValueError, match="3 of 2"):
        share(3, 2)
