"""Predictive pacing: what one decision weighs, and what whole simulated days come to (SPEC R8.3)."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.operators.learning import Learned
from campaigns.operators.pace import MOST_RISK, Pace, Reason, Situation
from campaigns.operators.simulation import (
    AdaptivePace,
    FixedRatio,
    History,
    Market,
    Outcome,
    Progressive,
    best_fixed,
    drifting,
    fates_of,
    simulate,
)

LIMIT = 0.03


def experienced(*, answered: int = 200, failed: int = 450, calls: int = 3000) -> Pace:
    """A pace that has seen answers after 12 s, talks of two minutes, wrap-ups of 15 s, and lost nobody."""
    random, pace = Random(7), Pace(limit=LIMIT)
    for number in range(answered + failed):
        if number % (answered + failed) * answered % (answered + failed) < answered:
            pace.learned.answered(random.gauss(12, 4))
        else:
            pace.learned.failed(3.0 if number % 2 else 30.0)
    for _ in range(200):
        pace.learned.talked(random.lognormvariate(4.6, 0.63))
        pace.learned.wrapped_up(15.0)
    for number in range(calls):
        pace.lost.answer(float(number))
        if number % 66 == 65:
            pace.lost.lose(float(number))
    return pace


def situation(free: int, *, talking: int = 0, wrapping: tuple[float, ...] = (), ringing: int = 0) -> Situation:
    return Situation(free, [60.0] * talking, wrapping, dict.fromkeys(range(ringing), 1.0))


def test_R8_3_knowing_too_little_it_dials_one_call_for_each_free_operator() -> None:
    decision = Pace(limit=LIMIT).decide(0.0, situation(4, talking=6, ringing=1))
    assert (decision.calls, decision.reason) == (3, Reason.LEARNING)


def test_R8_3_without_operators_nobody_is_called() -> None:
    decision = experienced().decide(3000.0, Situation(0, (), (), {}))
    assert (decision.calls, decision.reason) == (0, Reason.NO_OPERATORS)


def test_R8_3_while_a_caller_waits_nobody_else_is_called() -> None:
    decision = experienced().decide(3000.0, Situation(0, [10.0] * 9, (), {}, waiting=1))
    assert (decision.calls, decision.reason) == (0, Reason.CALLERS_WAIT)


def test_R8_3_operators_in_wrap_up_are_dialled_for_before_they_are_free() -> None:
    idle = experienced().decide(3000.0, situation(0, talking=10))
    soon = experienced().decide(3000.0, situation(0, talking=4, wrapping=(12.0,) * 6))
    assert soon.calls > idle.calls
    assert soon.free_soon > idle.free_soon + 4


def test_R8_3_more_are_called_than_operators_are_free_when_few_answer() -> None:
    decision = experienced().decide(3000.0, situation(8, talking=4, wrapping=(12.0,) * 2))
    assert decision.calls > 12
    assert decision.answer_rate == pytest.approx(0.31, abs=0.05)
    assert decision.free_soon > 9
    assert decision.lost_share == pytest.approx(0.015)


def test_R8_3_the_trunks_lines_are_a_bound() -> None:
    pace = experienced()
    decision = pace.decide(3000.0, Situation(20, (), (), dict.fromkeys(range(3), 1.0), lines=5))
    assert (decision.calls, decision.reason) == (2, Reason.LINES)


def test_R8_3_once_the_limit_is_used_up_only_calls_without_risk_are_placed() -> None:
    pace = experienced()
    for _ in range(60):
        pace.lost.lose(3000.0)
    busy = situation(2, talking=10, wrapping=(3.0, 8.0))
    calm, at_limit = experienced().decide(3000.0, busy), pace.decide(3000.0, busy)
    assert at_limit.reason is Reason.LIMIT
    assert at_limit.calls < calm.calls


@given(
    free=st.integers(0, 40),
    talking=st.lists(st.floats(0, 2000), max_size=40),
    wrapping=st.lists(st.floats(0, 300), max_size=20),
    ringing=st.lists(st.floats(0, 90), max_size=60),
    lines=st.none() | st.integers(0, 50),
    rings=st.lists(st.tuples(st.booleans(), st.floats(0, 60)), max_size=60),
)
def test_R8_3_any_situation_gets_a_bounded_finite_decision(
    free: int, talking: list[float], wrapping: list[float], ringing: list[float], lines: int | None,
    rings: list[tuple[bool, float]],
) -> None:  # fmt: skip
    pace = Pace(limit=LIMIT, learned=Learned())
    for number, (answered, age) in enumerate(rings):
        (pace.learned.answered if answered else pace.learned.failed)(age)
        pace.lost.answer(float(number))
    decision = pace.decide(100.0, Situation(free, talking, wrapping, dict(enumerate(ringing)), lines=lines))
    operators = free + len(talking) + len(wrapping)
    assert 0 <= decision.calls <= max(3 * operators, 10)
    assert lines is None or decision.calls <= max(lines - len(ringing), 0)
    assert math.isfinite(decision.risk)
    assert 0 <= decision.afforded <= MOST_RISK


def market(operators: int, *, hours: float = 2.0, seed: int = 1) -> Market:
    phase = Random(seed).uniform(0, 6.28)
    draw = fates_of(talk_s=120, wrap_s=15)
    return Market(drifting(0.15, 0.45, 7200, phase), lambda _: operators, draw, hours)


def played(operators: int, seed: int, **more: float) -> Outcome:
    return simulate(market(operators, seed=seed, **more), AdaptivePace(LIMIT, 2.0), Random(seed))


@pytest.mark.parametrize(("operators", "occupancy"), [(5, 0.74), (40, 0.88)])
def test_R8_3_a_drifting_day_keeps_the_limit_and_the_operators_busy(operators: int, occupancy: float) -> None:
    got = played(operators, seed=11)
    progressive = simulate(market(operators, seed=11), Progressive(), Random(11))
    assert got.lost_share <= LIMIT
    assert got.occupancy >= occupancy
    assert got.occupancy >= progressive.occupancy + 0.05


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000), operators=st.integers(3, 8))
def test_R8_3_the_limit_holds_in_every_seed(seed: int, operators: int) -> None:
    assert played(operators, seed, hours=0.75).lost_share <= LIMIT


def test_R8_3_when_operators_leave_and_come_back_the_limit_holds() -> None:
    draw = fates_of(talk_s=120, wrap_s=15)
    crew = (20, 6, 30)
    day = Market(lambda _: 0.3, lambda now: crew[int(now // 1800) % 3], draw, 1.5)
    got = simulate(day, AdaptivePace(LIMIT, 2.0), Random(5))
    assert got.lost_share <= LIMIT
    assert got.occupancy > 0.75


def test_R8_3_it_beats_the_best_fixed_ratio_known_with_hindsight() -> None:
    day = market(8, seed=4, hours=1.5)
    ratio, fixed = best_fixed(day, LIMIT, lambda: Random(4))
    got = simulate(day, AdaptivePace(LIMIT, 2.0), Random(4))
    assert ratio > 1
    assert fixed.lost_share <= LIMIT
    assert got.occupancy > fixed.occupancy


def test_the_same_seed_meets_the_same_people() -> None:
    assert played(8, seed=3, hours=0.5) == played(8, seed=3, hours=0.5)


def test_a_greedy_ratio_loses_callers_and_a_progressive_one_nobody() -> None:
    day = market(10, seed=2)
    assert simulate(day, FixedRatio(3.0), Random(2)).lost_share > 0.05
    assert simulate(day, Progressive(), Random(2)).lost_share == 0


def test_a_campaigns_own_history_can_be_played() -> None:
    history = History([8.0, 12.0], [3.0, 30.0, 30.0], [60.0, 90.0], [10.0])
    day = Market(lambda _: history.answer_rate, lambda _: 8, history.fate, 0.5)
    got = simulate(day, AdaptivePace(LIMIT, 2.0), Random(1))
    assert got.lost_share <= LIMIT
    assert got.calls_per_operator_hour > simulate(day, Progressive(), Random(1)).calls_per_operator_hour
