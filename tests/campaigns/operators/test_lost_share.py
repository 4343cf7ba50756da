"""The limit on lost callers holds over the campaign and over sliding windows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from campaigns.operators.lost_share import CALLS_AT_LEAST, LostShare
from campaigns.operators.simulation import worst_window


def shut_after(share: LostShare, answers: int, *, every_s: float = 1.0) -> None:
    for number in range(answers):
        share.answer(number * every_s)
        share.slide(number * every_s)


def test_R8_3_nobody_may_be_lost_before_the_limit_leaves_room_for_one() -> None:
    share = LostShare(0.03)
    assert share.is_used_up(0.0)
    shut_after(share, 33)
    assert share.is_used_up(0.0)
    shut_after(share, 600)
    assert not share.is_used_up(0.0)


def test_R8_3_expected_losses_of_calls_that_ring_use_the_limit_up_too() -> None:
    share = LostShare(0.03)
    shut_after(share, 400)
    assert not share.is_used_up(0.0)
    assert share.is_used_up(12.0)


def test_R8_3_a_burst_shuts_although_the_whole_campaign_has_room() -> None:
    share = LostShare(0.03)
    shut_after(share, 100_000, every_s=1.0)
    for number in range(12):
        share.answer(100_000.0 + number)
        share.lose(100_000.0 + number)
    assert share.share < 0.001
    assert share.is_used_up(0.0)


def test_R8_3_a_window_forgets_after_its_hour_but_holds_enough_calls() -> None:
    share = LostShare(0.03)
    for number in range(10):
        share.answer(float(number))
        share.lose(float(number))
    shut_after(share, 200, every_s=100.0)
    assert share.window_share > 0, "few calls: the window reaches further back than an hour"
    for number in range(2 * CALLS_AT_LEAST):
        share.answer(50_000.0 + number)
    share.slide(60_000.0)
    assert share.window_share == 0


@given(st.lists(st.tuples(st.floats(0, 30), st.booleans()), max_size=1500))
def test_R8_3_gated_by_the_share_a_campaign_never_passes_its_limit(steps: list[tuple[float, bool]]) -> None:
    share, now, ends = LostShare(0.03), 0.0, list[tuple[float, bool]]()
    for passed, wants_to_lose in steps:
        now += passed
        share.answer(now)
        share.slide(now)
        lose = wants_to_lose and not share.is_used_up(0.0)
        if lose:
            share.lose(now)
        ends.append((now, lose))
        assert share.lost <= 0.03 * share.answered + 1e-9
    assert worst_window(ends) <= 0.03 + 1 / CALLS_AT_LEAST


def test_machines_hung_up_on_by_mistake_count_by_their_chance() -> None:
    share = LostShare(0.03)
    share.answer(0.0)
    share.lose(0.0, 0.25)
    assert share.lost == 0.25


def test_ease_is_more_the_less_was_lost() -> None:
    calm, strained = LostShare(0.03), LostShare(0.03)
    for share, lost in ((calm, 1), (strained, 40)):
        shut_after(share, 1000)
        for _ in range(lost):
            share.lose(1000.0)
    assert calm.ease(0.9) > 0 > strained.ease(0.9)
