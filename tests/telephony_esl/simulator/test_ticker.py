from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from telephony_esl.simulator.ticker import MOST_CATCH_UP, PHASES, TICK_S, due_ticks


def test_the_first_tick_is_due_at_once() -> None:
    assert due_ticks(0, 0.0) == (1, 0)


def test_nothing_is_due_before_the_time() -> None:
    assert due_ticks(1, TICK_S * 0.5) == (0, 0)


def test_a_short_stall_is_made_up_for() -> None:
    assert due_ticks(10, TICK_S * 29.5) == (20, 0)


def test_a_long_stall_is_given_up_beyond_the_limit() -> None:
    assert due_ticks(0, TICK_S * 999.5) == (MOST_CATCH_UP, 1000 - MOST_CATCH_UP)


def test_ten_frames_may_be_made_up_for() -> None:
    assert MOST_CATCH_UP == 10 * PHASES


@given(st.lists(st.floats(0, 5, allow_nan=False), max_size=50))
def test_over_any_time_the_number_of_ticks_never_drifts(stalls: list[float]) -> None:
    done = elapsed = 0.0
    for stall in stalls:
        elapsed += stall
        due, skipped = due_ticks(int(done), elapsed)
        assert 0 <= due <= MOST_CATCH_UP
        done += due + skipped
        assert done == int(elapsed / TICK_S) + 1
