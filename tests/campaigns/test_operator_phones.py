"""Whom to ring next in an operator group."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.operators.queue import OperatorPhones

GROUP = ("101", "102", "103")


def test_R8_4_the_longest_idle_operator_is_rung_first() -> None:
    phones = OperatorPhones()
    for instant, phone in enumerate(GROUP):
        phones.take(phone)
        phones.give(phone, 10.0 - instant)
    assert phones.choose(GROUP, 20.0) == "103"


def test_a_telephone_is_never_given_twice() -> None:
    phones = OperatorPhones()
    phones.take("101")
    assert phones.choose(("101",), 0.0) is None
    with pytest.raises(ValueError, match="taken already"):
        phones.take("101")


def test_R8_6_who_refused_is_left_alone_for_a_while() -> None:
    phones = OperatorPhones()
    phones.take("101")
    phones.give("101", 5.0, away_s=30.0)
    assert phones.choose(("101",), 6.0) is None
    assert phones.next_change(("101",), 6.0) == 35.0
    assert phones.choose(("101",), 35.0) == "101"
    assert phones.next_change(("101",), 35.0) is None


@given(st.lists(st.tuples(st.sampled_from(GROUP), st.booleans()), max_size=40))
def test_only_free_operators_are_chosen(moves: list[tuple[str, bool]]) -> None:
    phones, busy = OperatorPhones(), set()
    for now, (phone, wants) in enumerate(moves):
        if wants and phone not in busy:
            phones.take(phone)
            busy.add(phone)
        elif not wants and phone in busy:
            phones.give(phone, float(now))
            busy.discard(phone)
        chosen = phones.choose(GROUP, float(now))
        assert (chosen is None) == (busy == set(GROUP))
        assert chosen not in busy
