"""SPEC R2.14: what calls cost, and when the budget is spent."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.budget import cost, exhausted, left
from tests.storage.worlds import campaign

MINUTE = timedelta(minutes=1)
prices = st.decimals(0, 100, places=4)
talks = st.timedeltas(timedelta(0), timedelta(hours=2))


@pytest.mark.parametrize(
    ("talked", "price", "wanted"),
    [
        (MINUTE, "2.50", "2.50"),
        (timedelta(seconds=30), "2.50", "1.25"),
        (timedelta(seconds=1), "3", "0.05"),
        (timedelta(milliseconds=1), "3", "0.05"),  # a started second
        (timedelta(seconds=7), "1", "0.1167"),
        (timedelta(0), "3", "0"),
        (-MINUTE, "3", "0"),
        (2 * MINUTE, "0", "0"),
    ],
)
def test_R2_14_a_call_costs_its_started_seconds(talked: timedelta, price: str, wanted: str) -> None:
    assert cost(talked, Decimal(price)) == Decimal(wanted)


def test_R2_14_a_trunk_that_counts_by_the_minute_counts_every_started_one() -> None:
    assert cost(timedelta(seconds=61), Decimal("1.20"), step=MINUTE) == Decimal("2.40")
    assert cost(MINUTE, Decimal("1.20"), step=MINUTE) == Decimal("1.20")


@given(talked=talks, price=prices)
def test_R2_14_a_cost_is_never_negative_has_four_decimals_and_a_minute_step_is_never_cheaper(
    talked: timedelta, price: Decimal
) -> None:
    by_seconds, by_minutes = cost(talked, price), cost(talked, price, step=MINUTE)
    assert 0 <= by_seconds <= by_minutes
    assert by_seconds.as_tuple().exponent == -4


@given(short=talks, long=talks, price=prices)
def test_R2_14_a_longer_talk_is_never_cheaper(short: timedelta, long: timedelta, price: Decimal) -> None:
    assert cost(min(short, long), price) <= cost(max(short, long), price)


def test_R2_14_a_budget_is_spent_when_the_sum_has_reached_it() -> None:
    one = campaign(budget=Decimal("10.00"))
    assert not exhausted(one, Decimal("9.9999"))
    assert exhausted(one, Decimal("10.0000"))
    assert exhausted(campaign(budget=Decimal(0)), Decimal(0))
    assert not exhausted(campaign(), Decimal(10**9))


def test_R2_14_what_is_left_is_never_below_nothing() -> None:
    one = campaign(budget=Decimal(10))
    assert (left(one, Decimal(3)), left(one, Decimal(11))) == (Decimal(7), Decimal(0))
    assert left(campaign(), Decimal(3)) is None
