"""SPEC R3: the worked examples, the rules one by one, and what holds for every history and every policy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.campaign import RetryPolicy
from campaigns.leads import CallAt, Exhausted, Next, PastCall, Reached, Returned
from campaigns.retry import exhausted_phones, next_call
from core.results import REACHED, RETRIED, CallResult

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TALK = timedelta(seconds=40)
TEN = timedelta(minutes=10)
GAP = timedelta(seconds=60)
BUSY, REJECTED, NO_ANSWER, SYSTEM = (
    CallResult.BUSY,
    CallResult.REJECTED,
    CallResult.NO_ANSWER,
    CallResult.SYSTEM_ERROR,
)
CALLBACK = CallResult.CALLBACK_REQUESTED


def policy(
    limit: int = 2, max_calls: int = 4, wait: timedelta = TEN, gap: timedelta = timedelta(seconds=60)
) -> RetryPolicy:
    return RetryPolicy(
        limits=MappingProxyType(dict.fromkeys(RETRIED, limit)),
        waits=MappingProxyType(dict.fromkeys(RETRIED, wait)),
        max_calls=max_calls,
        phone_gap=gap,
    )


def dial(results: list[CallResult], rules: RetryPolicy, phones: int = 1) -> tuple[list[PastCall], Next]:
    """Calls as the rules say, with these results in turn, until they are used up or the lead ends."""
    past: list[PastCall] = []
    following = next_call(past, phones, rules, added_at=START)
    for result in results:
        if not isinstance(following, CallAt):
            break
        past.append(PastCall(following.phone, result, following.at + TALK))
        following = next_call(past, phones, rules)
    return past, following


def test_R3_2_example_a_busy_rejected_rejected_ends_after_the_third_call() -> None:
    past, following = dial([BUSY, REJECTED, REJECTED, BUSY], policy())
    assert len(past) == 3
    assert following == Exhausted()
    assert [call.ended_at for call in past] == [START + TALK, START + TEN + 2 * TALK, START + 2 * TEN + 3 * TALK]


def test_R3_2_example_b_busy_rejected_busy_no_answer_ends_after_the_fourth_call() -> None:
    past, following = dial([BUSY, REJECTED, BUSY, NO_ANSWER, BUSY], policy())
    assert len(past) == 4
    assert following == Exhausted()
    assert isinstance(dial([BUSY, REJECTED, BUSY], policy())[1], CallAt)


def test_R3_2_another_result_resets_the_row() -> None:
    past, _ = dial([BUSY, REJECTED] * 10, policy(limit=2, max_calls=9))
    assert len(past) == 9


def test_R3_2_a_system_error_neither_counts_for_nor_breaks_a_row() -> None:
    past, following = dial([BUSY, SYSTEM, BUSY, BUSY], policy())
    assert [call.result for call in past] == [BUSY, SYSTEM, BUSY]
    assert following == Exhausted()


def test_R3_5_system_errors_have_their_own_limit_and_no_share_in_the_maximum() -> None:
    past, following = dial([SYSTEM, SYSTEM, SYSTEM], policy())
    assert (len(past), following) == (2, Exhausted())
    past, following = dial([SYSTEM, BUSY, SYSTEM, REJECTED, SYSTEM, BUSY], policy(max_calls=3))
    assert (len(past), following) == (6, Exhausted())


def test_R3_1_a_result_without_a_limit_ends_its_phone_at_once() -> None:
    rules = RetryPolicy(limits={BUSY: 2}, waits={BUSY: TEN})
    assert dial([NO_ANSWER], rules)[1] == Exhausted()
    assert dial([BUSY], RetryPolicy(limits={BUSY: 0}))[1] == Exhausted()


def test_R3_1_each_result_has_its_own_wait() -> None:
    rules = RetryPolicy(waits={BUSY: TEN, NO_ANSWER: timedelta(hours=3)})
    for result, wait in rules.waits.items():
        assert dial([result], rules)[1] == CallAt(0, START + TALK + wait)


def test_R3_3_phones_are_dialled_in_their_order_and_none_twice_in_a_row() -> None:
    past, following = dial([BUSY, NO_ANSWER] * 10, policy(max_calls=2), phones=3)
    assert [call.phone for call in past] == [0, 1, 2, 0, 1, 2]
    assert following == Exhausted()


def test_R3_3_an_exhausted_phone_is_skipped_and_the_last_one_is_called_again_and_again() -> None:
    past, _ = dial([CallResult.NONEXISTENT_NUMBER, BUSY, NO_ANSWER, BUSY, NO_ANSWER, BUSY], policy(), phones=2)
    assert [call.phone for call in past] == [0, 1, 1, 1, 1]


def test_R3_4_another_phone_waits_for_the_gap_only_and_the_same_one_for_its_own_wait() -> None:
    _, second = dial([BUSY], policy(), phones=2)
    assert second == CallAt(1, START + TALK + GAP)
    _, third = dial([BUSY, BUSY], policy(), phones=2)
    assert third == CallAt(0, START + TALK + TEN)
    _, slow = dial([BUSY, BUSY], policy(gap=timedelta(hours=1)), phones=2)
    assert slow == CallAt(0, START + 2 * TALK + timedelta(hours=2))


@pytest.mark.parametrize("result", sorted(REACHED))
def test_R3_5_reached_ends_the_lead_whatever_phones_are_left(result: CallResult) -> None:
    assert dial([BUSY, result], policy(), phones=5)[1] == Reached()


def test_R3_5_a_nonexistent_number_exhausts_its_phone_at_once() -> None:
    assert dial([CallResult.NONEXISTENT_NUMBER], policy())[1] == Exhausted()
    assert dial([CallResult.NONEXISTENT_NUMBER], policy(), phones=2)[1] == CallAt(1, START + TALK + GAP)


def test_R3_5_a_blacklisted_phone_is_never_dialled() -> None:
    assert next_call([], 3, policy(), blacklisted=frozenset({0}), added_at=START) == CallAt(1, START)
    assert next_call([], 2, policy(), blacklisted=frozenset({0, 1}), added_at=START) == Exhausted()
    refused = [PastCall(0, CallResult.BLACKLISTED, START)]
    assert next_call(refused, 2, policy()) == CallAt(1, START), "nothing rang, so no gap is owed"
    assert next_call(refused, 1, policy()) == Exhausted()


def test_R3_6_a_wait_is_a_duration_even_over_a_change_of_the_clocks() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    ended = datetime(2026, 10, 25, 2, 55, tzinfo=berlin)  # five minutes later clocks go back one hour
    following = next_call([PastCall(0, BUSY, ended)], 1, policy())
    assert following == CallAt(0, datetime(2026, 10, 25, 1, 5, tzinfo=UTC))
    assert isinstance(following, CallAt)
    assert following.at.tzinfo is UTC


def test_R3_6_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        next_call([PastCall(0, BUSY, datetime(2026, 1, 1))], 1, policy())  # noqa: DTZ001
    with pytest.raises(ValueError, match="added_at"):
        next_call([], 1, policy())


def test_a_callback_goes_to_the_phone_and_the_instant_that_were_asked_for() -> None:
    asked = [PastCall(0, CALLBACK, START)]
    at = START + timedelta(hours=5)
    assert next_call(asked, 3, policy(), callback_at=at) == CallAt(0, at)
    assert next_call(asked, 3, policy()) == CallAt(1, START + GAP)


def test_R2_7_a_promised_callback_outlives_the_maximum_of_calls_but_not_its_own_limit() -> None:
    past = [PastCall(0, BUSY, START), PastCall(0, CALLBACK, START + TEN)]
    at = START + timedelta(hours=5)
    assert next_call(past, 1, policy(max_calls=2), callback_at=at) == CallAt(0, at)
    failed = [*past, PastCall(0, SYSTEM, at)]
    assert next_call(failed, 1, policy(max_calls=2)) == CallAt(0, at + TEN)
    assert next_call([*past, PastCall(0, NO_ANSWER, at)], 1, policy(max_calls=2)) == Exhausted()
    assert next_call([*past, PastCall(0, CALLBACK, at)], 1, policy(max_calls=2), callback_at=at + TEN) == Exhausted()


def test_a_callback_asked_on_a_phone_that_is_used_up_goes_to_the_next_one() -> None:
    asked = [PastCall(0, CALLBACK, START)]
    at = START + timedelta(hours=5)
    assert next_call(asked, 2, policy(limit=1), callback_at=at) == CallAt(1, at)


durations = st.integers(0, 5_000).map(lambda seconds: timedelta(seconds=seconds))
policies = st.builds(
    RetryPolicy,
    limits=st.dictionaries(st.sampled_from(sorted(RETRIED)), st.integers(0, 10)),
    waits=st.dictionaries(st.sampled_from(sorted(RETRIED)), durations),
    max_calls=st.integers(1, 12),
    phone_gap=durations,
)
likely = st.sampled_from([BUSY, NO_ANSWER, REJECTED, SYSTEM])
histories = st.lists(likely | st.sampled_from(sorted(CallResult)), max_size=60)


@given(policies, histories, st.integers(0, 5), st.frozensets(st.integers(0, 4)))
@settings(deadline=None, max_examples=300)
def test_R3_every_history_obeys_every_policy(
    rules: RetryPolicy, results: list[CallResult], phones: int, blacklisted: frozenset[int]
) -> None:
    past: list[PastCall] = []
    following = next_call(past, phones, rules, blacklisted=blacklisted, added_at=START)
    for result in results:
        if not isinstance(following, CallAt):
            break
        assert 0 <= following.phone < phones
        assert following.phone not in blacklisted
        if past:
            assert following.at >= past[-1].ended_at, "time runs backwards"
            _the_phone_may_be_called(following, past, rules, phones, blacklisted)
        past.append(PastCall(following.phone, result, following.at + TALK))
        following = next_call(past, phones, rules, blacklisted=blacklisted)
    if past and past[-1].result in REACHED:
        assert following == Reached()
    for call in past[:-1]:
        assert call.result not in REACHED


def _the_phone_may_be_called(
    following: CallAt, past: list[PastCall], rules: RetryPolicy, phones: int, blacklisted: frozenset[int]
) -> None:
    own = [call for call in past if call.phone == following.phone]
    counted = [call.result for call in own if call.result is not SYSTEM]
    assert CallResult.NONEXISTENT_NUMBER not in counted
    assert CallResult.BLACKLISTED not in counted
    assert len(counted) < rules.max_calls or counted[-1] is CALLBACK
    if own:
        last = own[-1]
        assert following.at >= last.ended_at + rules.waits.get(last.result, timedelta())
    if past[-1].result is CallResult.BLACKLISTED:
        return
    if past[-1].phone == following.phone:
        others = frozenset(range(phones)) - {following.phone}
        alone = next_call(past, phones, rules, blacklisted=blacklisted | {following.phone})
        assert not isinstance(alone, CallAt), f"twice in a row although one of {others} has attempts left"
    else:
        assert following.at >= past[-1].ended_at + rules.phone_gap


@given(policies, st.integers(1, 5), st.data())
@settings(deadline=None, max_examples=60)
def test_R3_every_lead_ends_within_a_bounded_number_of_calls(
    rules: RetryPolicy, phones: int, data: st.DataObject
) -> None:
    unhappy = st.sampled_from(sorted(frozenset(CallResult) - REACHED)) | likely
    counted_most = rules.max_calls + 10
    bound = phones * (counted_most + (counted_most + 1) * 10)
    past: list[PastCall] = []
    following = next_call(past, phones, rules, added_at=START)
    cycle = data.draw(st.lists(unhappy, min_size=1, max_size=6))
    while isinstance(following, CallAt):
        assert len(past) <= bound
        past.append(PastCall(following.phone, cycle[len(past) % len(cycle)], following.at + TALK))
        following = next_call(past, phones, rules)
    assert following == Exhausted()


def row(*results: CallResult, phone: int = 0) -> list[PastCall]:
    """Calls to one phone, ten minutes apart, the last one ending at START."""
    return [PastCall(phone, result, START - (len(results) - 1 - n) * TEN) for n, result in enumerate(results)]


NOW = START + timedelta(hours=3)


def test_R2_6_a_lead_returned_as_new_is_called_as_if_it_had_never_been() -> None:
    failed = row(BUSY, BUSY)
    assert next_call(failed, 1, policy()) == Exhausted()
    anew = Returned(counted_from=2)
    assert next_call(failed, 1, policy(), added_at=NOW, returned=anew) == CallAt(0, NOW)
    again = [*failed, PastCall(0, BUSY, NOW)]
    assert next_call(again, 1, policy(), returned=anew) == CallAt(0, NOW + TEN)
    assert next_call([*again, PastCall(0, BUSY, NOW + TEN)], 1, policy(), returned=anew) == Exhausted()


def test_R2_6_a_lead_that_was_reached_may_be_returned_and_is_reached_anew() -> None:
    reached = row(BUSY, CallResult.COMPLETED)
    for how in (Returned(counted_from=2), Returned(extra_from=2, extra_calls=1)):
        assert isinstance(next_call(reached, 1, policy(), added_at=NOW, returned=how), CallAt)
        again = [*reached, PastCall(0, CallResult.COMPLETED, NOW)]
        assert next_call(again, 1, policy(), returned=how) == Reached()


def test_R2_6_a_lead_that_keeps_its_counters_gets_n_calls_more() -> None:
    past, more = row(BUSY, BUSY), Returned(extra_from=2, extra_calls=3)
    for n, result in enumerate([BUSY, NO_ANSWER, BUSY]):
        assert next_call(past, 1, policy(), returned=more) == CallAt(0, START + n * TEN + TEN)
        past.append(PastCall(0, result, START + n * TEN + TEN))
    assert next_call(past, 1, policy(), returned=more) == Exhausted(), "five calls of at most four"


def test_R2_6_what_the_rules_still_allow_is_not_taken_away_by_a_return() -> None:
    once, more = row(BUSY), Returned(extra_from=1, extra_calls=1)
    twice = [*once, PastCall(0, NO_ANSWER, NOW)]
    assert isinstance(next_call(twice, 1, policy(), returned=more), CallAt)


def test_R2_6_calls_more_go_round_all_phones_but_never_to_a_nonexistent_or_blacklisted_number() -> None:
    past = [
        *row(CallResult.NONEXISTENT_NUMBER, phone=1),
        *[PastCall(phone, BUSY, START + n * TEN) for n, phone in enumerate([0, 2, 0, 2])],
    ]
    assert next_call(past, 3, policy()) == Exhausted()
    more = Returned(extra_from=5, extra_calls=2)
    assert exhausted_phones(past, 3, policy(), returned=more) == {1}
    following = next_call(past, 3, policy(), returned=more)
    assert isinstance(following, CallAt)
    assert following.phone == 0
    barred = next_call(past, 3, policy(), returned=more, blacklisted=frozenset({0}))
    assert isinstance(barred, CallAt)
    assert barred.phone == 2
    assert next_call(past, 3, policy(), returned=more, blacklisted=frozenset({0, 2})) == Exhausted()


def test_R2_6_errors_on_our_side_use_up_calls_more_so_that_they_end() -> None:
    more = Returned(extra_from=2, extra_calls=2)
    assert next_call([*row(BUSY, BUSY), *row(SYSTEM, SYSTEM)], 1, policy(), returned=more) == Exhausted()


def test_R2_6_a_lead_returned_as_new_and_later_with_calls_more_counts_from_the_first_return() -> None:
    past = row(BUSY, BUSY, BUSY, REJECTED, BUSY)
    how = Returned(counted_from=2, extra_from=5, extra_calls=0)
    assert next_call(past, 1, policy(max_calls=4), returned=how) == CallAt(0, START + TEN), "three of four calls"
    assert next_call(past, 1, policy(max_calls=3), returned=how) == Exhausted()


@given(policies, histories, st.integers(1, 4), st.integers(1, 6))
@settings(deadline=None, max_examples=200)
def test_R2_6_calls_more_are_as_many_as_were_given_where_the_rules_allow_none(
    rules: RetryPolicy, results: list[CallResult], phones: int, more: int
) -> None:
    unhappy = [result for result in results if result not in REACHED]
    past, following = dial([*unhappy, *[BUSY] * 400], rules, phones)
    if following != Exhausted() or len(exhausted_phones(past, phones, rules)) < phones:
        return
    given_from = len(past)
    how = Returned(extra_from=given_from, extra_calls=more)
    following = next_call(past, phones, rules, added_at=START, returned=how)
    nonexistent = {call.phone for call in past if call.result is CallResult.NONEXISTENT_NUMBER}
    barred = {call.phone for call in past if call.result is CallResult.BLACKLISTED}
    if nonexistent | barred >= set(range(phones)):
        assert following == Exhausted()
        return
    while isinstance(following, CallAt):
        assert following.phone not in nonexistent | barred
        assert following.at >= past[-1].ended_at
        past.append(PastCall(following.phone, in_turn(len(past)), following.at + TALK))
        assert len(past) - given_from <= more + 60 * phones
        following = next_call(past, phones, rules, returned=how)
    assert len(past) - given_from >= more


def in_turn(number: int) -> CallResult:
    """Results in turn, without chance."""
    return (BUSY, NO_ANSWER, REJECTED)[number % 3]


@given(policies, histories, st.integers(1, 4))
@settings(deadline=None, max_examples=200)
def test_R2_6_as_new_means_that_nothing_before_matters(
    rules: RetryPolicy, results: list[CallResult], phones: int
) -> None:
    before = row(*results)
    how = Returned(counted_from=len(before))
    old, new = [*before], list[PastCall]()
    following = next_call(old, phones, rules, added_at=START, returned=how)
    for n in range(40):
        assert following == next_call(new, phones, rules, added_at=START)
        if not isinstance(following, CallAt):
            return
        call = PastCall(following.phone, in_turn(n), following.at + TALK)
        old.append(call)
        new.append(call)
        following = next_call(old, phones, rules, added_at=START, returned=how)
