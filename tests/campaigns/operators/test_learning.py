"""Hazards are estimated fairly from ends and from what still lasts; the outlook follows them."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.operators.learning import ENOUGH_RINGS, HORIZON_S, Hazards, Learned

ENDS = st.lists(st.tuples(st.booleans(), st.floats(0, 200)), min_size=1, max_size=300)


def test_hazards_find_the_rate_that_made_the_ends() -> None:
    random, hazards = Random(1), Hazards(30, 10, (1 / 60,), 0.1)
    for _ in range(20_000):
        hazards.see(random.expovariate(1 / 90))
    assert hazards.rates()[:15] == pytest.approx(np.full(15, 1 / 90), rel=0.15)


def test_what_is_older_than_the_last_bin_stays_in_it() -> None:
    hazards = Hazards(3, 10, (0.0,), 1.0)
    hazards.see(1000.0)
    assert hazards.ended[0].tolist() == [0, 0, 1]
    assert hazards.bin_of([0.0, 29.9, 5000.0, -1.0]).tolist() == [0, 2, 2, 0]


@given(ENDS)
def test_chances_are_chances_and_grow_with_the_horizon(ends: list[tuple[bool, float]]) -> None:
    learned = Learned()
    for answered, age in ends:
        (learned.answered if answered else learned.failed)(age)
        learned.talked(age)
        learned.wrapped_up(age)
    outlook = learned.outlook(2.0)
    assert outlook.weights.sum() == pytest.approx(1)
    assert (np.diff(outlook.horizons) > 0).all()
    assert outlook.horizons[-1] <= HORIZON_S
    for table in (outlook.answers, outlook.talks, outlook.wraps):
        assert np.isfinite(table).all()
        assert (table >= 0).all()
        assert (table <= 1 + 1e-9).all()
        assert (np.diff(table, axis=1) >= -1e-9).all()
    assert 0 <= outlook.answer_rate <= 1


def test_the_answer_rate_follows_a_day_that_turns() -> None:
    random, learned = Random(2), Learned()

    def rate_after(rings: int, share: float) -> float:
        for _ in range(rings):
            if random.random() < share:
                learned.answered(random.gauss(12, 4))
            else:
                learned.failed(3.0 if random.random() < 0.5 else 30.0)
        return learned.outlook(2.0).answer_rate

    assert rate_after(2000, 0.15) == pytest.approx(0.15, abs=0.05)
    assert rate_after(2000, 0.45) == pytest.approx(0.45, abs=0.06)


def test_a_call_that_has_rung_past_all_answers_is_not_waited_for() -> None:
    learned = Learned()
    for _ in range(500):
        learned.answered(10.5)
        learned.failed(30.5)
    outlook = learned.outlook(2.0)
    assert outlook.answers[0, -1] > 0.4
    assert outlook.answers[20, -1] < 0.05


def test_an_operator_at_the_end_of_a_wrap_up_is_as_good_as_free() -> None:
    learned = Learned()
    for _ in range(500):
        learned.wrapped_up(15.0)
    outlook = learned.outlook(2.0)
    assert (outlook.wraps[14] > 0.95).all()
    assert outlook.wraps[1, 0] < 0.5


def test_nothing_is_foreseen_from_a_handful() -> None:
    learned = Learned()
    for _ in range(ENOUGH_RINGS - 1):
        learned.failed(3.0)
    assert not learned.knows_enough
    learned.answered(9.0)
    assert learned.knows_enough
