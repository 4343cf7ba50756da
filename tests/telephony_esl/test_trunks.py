from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from telephony_esl.trunks import Trunk, TrunkGate


def gate(*, lines: int = 30, calls_per_second: float = 10) -> TrunkGate:
    return TrunkGate(Trunk("main", "sofia/gateway/x", lines=lines, calls_per_second=calls_per_second))


def test_lines_that_are_taken_are_not_free_until_they_are_given_back() -> None:
    books = gate(lines=3, calls_per_second=100)
    assert books.free(0) == 3
    for left in (2, 1, 0):
        books.take(0)
        assert books.free(0) == left
    assert books.free(1000) == 0
    books.give()
    assert books.free(1000) == 1
    assert books.taken == 2


def test_calls_per_second_hold_back_what_the_lines_would_allow() -> None:
    books = gate(lines=1000, calls_per_second=10)
    for _ in range(10):
        books.take(5.0)
    assert books.free(5.0) == 0
    assert books.free(5.05) == 0
    assert books.free(5.1) == 1
    assert books.free(6.0) == 10


def test_a_rest_saves_up_one_seconds_calls_at_most() -> None:
    assert gate(lines=1000, calls_per_second=7).free(10_000) == 7


def test_less_than_a_call_a_second_is_one_call_now_and_then() -> None:
    books = gate(calls_per_second=0.25)
    assert books.free(0) == 1
    books.take(0)
    assert [books.free(at) for at in (0, 1, 3.9, 4, 100)] == [0, 0, 0, 1, 1]


def test_many_small_refills_are_worth_as_much_as_one() -> None:
    books = gate(calls_per_second=1)
    books.take(0)
    frees = [books.free(step / 10) for step in range(1, 11)]
    assert frees == [0] * 9 + [1]


def test_a_clock_that_stands_still_or_is_read_late_gives_nothing_away() -> None:
    books = gate(calls_per_second=1)
    books.take(10)
    assert books.free(9) == 0
    assert books.free(10.5) == 0
    assert books.free(11) == 1


def test_giving_back_what_nobody_took_is_a_defect() -> None:
    with pytest.raises(ValueError, match="nobody took"):
        gate().give()


@pytest.mark.parametrize(("lines", "rate"), [(0, 1.0), (-1, 1.0), (1, 0.0), (1, -2.0), (1, math.inf), (1, math.nan)])
def test_a_trunk_without_lines_or_rate_is_refused(lines: int, rate: float) -> None:
    with pytest.raises(BadInput):
        Trunk("main", "sofia/gateway/x", lines=lines, calls_per_second=rate)


@given(
    st.integers(1, 20),
    st.floats(0.1, 50),
    st.lists(st.tuples(st.floats(0, 2), st.sampled_from(["call", "end"])), max_size=80),
)
def test_who_asks_first_never_passes_either_limit(lines: int, rate: float, steps: list[tuple[float, str]]) -> None:
    books, now, live, placed = gate(lines=lines, calls_per_second=rate), 0.0, 0, list[float]()
    for pause, what in steps:
        now += pause
        if what == "call" and books.free(now) > 0:
            books.take(now)
            live += 1
            placed.append(now)
        elif what == "end" and live:
            books.give()
            live -= 1
        assert live == books.taken <= lines
        for begin in placed:
            inside = sum(1 for at in placed if begin <= at <= now)
            assert inside <= max(1.0, rate) + rate * (now - begin) + 1e-6


def test_a_gate_that_is_paced_places_nothing_before_it_is_told_a_rate() -> None:
    books = TrunkGate(Trunk("main", "sofia/gateway/x", calls_per_second=10), rate=0.0)
    assert books.free(100) == 0
    books.pace(5, 100)
    assert books.free(100) == 0
    assert books.free(100.2) == 1
    assert books.free(200) == 5


def test_a_lower_rate_holds_at_once_and_takes_what_was_saved_up() -> None:
    books = gate(calls_per_second=10)
    assert books.free(0) == 10
    books.pace(2, 0)
    assert books.free(0) == 2
    books.pace(0, 1)
    assert books.free(100) == 0


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0, 10)), min_size=1, max_size=20))
def test_however_it_is_paced_no_more_are_placed_than_the_rates_add_up_to_and_one_second_saved_up(
    course: list[tuple[float, float]],
) -> None:
    books = TrunkGate(Trunk("main", "sofia/gateway/x", lines=1000, calls_per_second=10), rate=0.0)
    now = allowed = rate = 0.0
    placed = 0
    for pause, next_rate in course:
        now += pause
        allowed += pause * rate
        while books.free(now) > 0:
            books.take(now)
            placed += 1
        rate = next_rate
        books.pace(rate, now)
    assert placed <= allowed + 1e-6
