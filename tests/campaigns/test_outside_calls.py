"""SPEC R2.12, CHECKLIST C2: which leads a talk outside of their own calling ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.buckets import LeadState
from campaigns.campaign import CampaignId
from campaigns.leads import Ending, LeadId
from campaigns.outside_calls import (
    LEAVE_ALONE,
    Effect,
    Holding,
    Matrix,
    OutsideCall,
    OutsideKind,
    affected,
    campaign_talk,
)
from core.results import CallResult

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
LEAVE, LAST, ALL = Effect.LEAVE, Effect.LAST_CAMPAIGN, Effect.ALL_CAMPAIGNS
INBOUND = OutsideCall(OutsideKind.INBOUND, 40 * SECOND, answered_by_operator=True)
MANUAL = OutsideCall(OutsideKind.MANUAL, 40 * SECOND)
BY_CAMPAIGN_1 = OutsideCall(OutsideKind.CAMPAIGN, 40 * SECOND, campaign=CampaignId(1))


def holding(number: int, *, called: timedelta | None = None, **changes: object) -> Holding:
    """Campaign and lead `number`, which was called so long ago."""
    at = None if called is None else NOW - called
    plain = Holding(CampaignId(number), LeadId(number), LeadState.WAITING, at)
    return replace(plain, **changes)  # type: ignore[arg-type]


OFTEN = [holding(1, called=2 * HOUR), holding(2, called=HOUR), holding(3)]


def matrix(inbound: Effect = LEAVE, manual: Effect = LEAVE, campaign: Effect = LEAVE) -> Matrix:
    return {OutsideKind.INBOUND: inbound, OutsideKind.MANUAL: manual, OutsideKind.CAMPAIGN: campaign}


@pytest.mark.parametrize("call", [INBOUND, MANUAL, BY_CAMPAIGN_1], ids=lambda call: str(call.kind))
def test_R2_12_example_1_any_talk_closes_the_need_everywhere(call: OutsideCall) -> None:
    assert affected(call, matrix(ALL, ALL, ALL), OFTEN) == (1, 2, 3)


def test_R2_12_example_2_an_inbound_call_closes_the_last_campaign_alone_and_others_change_nothing() -> None:
    rules = matrix(inbound=LAST)
    assert affected(INBOUND, rules, OFTEN) == (2,)
    assert affected(MANUAL, rules, OFTEN) == ()
    assert affected(BY_CAMPAIGN_1, rules, OFTEN) == ()


ENDING = Ending(CallResult.HUNG_UP_EARLY, NOW, answered_at=NOW - 3 * SECOND)


@pytest.mark.parametrize(
    ("ending", "talked"),
    [
        (ENDING, 3 * SECOND),
        (replace(ENDING, answered_at=NOW - SECOND), SECOND),
        (replace(ENDING, answered_at=NOW - SECOND / 2), None),
        (replace(ENDING, answered_at=None, result=CallResult.NO_ANSWER), None),
        (replace(ENDING, result=CallResult.ANSWERING_MACHINE), None),
        (replace(ENDING, result=CallResult.FAX), None),
        (replace(ENDING, result=CallResult.LOST), None),
    ],
)
def test_R2_12_a_campaigns_call_counts_where_a_person_was_talked_with_for_a_second(
    ending: Ending, talked: timedelta | None
) -> None:
    call = campaign_talk(ending, campaign=CampaignId(1), lead=LeadId(1))
    assert (None if call is None else call.talked) == talked


def test_R2_12_a_promise_to_call_back_is_kept_though_the_talk_closes_the_need_elsewhere() -> None:
    call = campaign_talk(replace(ENDING, result=CallResult.CALLBACK_REQUESTED), campaign=CampaignId(1), lead=LeadId(1))
    assert call is not None
    assert affected(call, matrix(campaign=ALL), OFTEN) == (2, 3)
    assert affected(call, matrix(campaign=LAST), OFTEN) == ()
    other = campaign_talk(ENDING, campaign=CampaignId(1), lead=LeadId(1))
    assert other is not None
    assert affected(other, matrix(campaign=LAST), OFTEN) == (1,)


def test_R2_12_by_default_everything_is_left_alone() -> None:
    for call in (INBOUND, MANUAL, BY_CAMPAIGN_1):
        assert affected(call, LEAVE_ALONE, OFTEN) == ()
        assert affected(call, {}, OFTEN) == ()


@pytest.mark.parametrize(
    ("call", "counts"),
    [
        (replace(INBOUND, answered_by_operator=False), False),
        (replace(INBOUND, talked=SECOND / 2), False),
        (replace(MANUAL, talked=SECOND), True),
        (replace(MANUAL, talked=SECOND * 0.999), False),
        (replace(BY_CAMPAIGN_1, talked=SECOND), True),
        (replace(BY_CAMPAIGN_1, talked=timedelta(0)), False),
    ],
)
def test_R2_12_inbound_calls_that_an_operator_answered_and_other_calls_of_a_second_count(
    call: OutsideCall, counts: bool
) -> None:
    assert bool(affected(call, matrix(ALL, ALL, ALL), OFTEN)) is counts


def test_R2_12_the_last_campaign_is_the_one_that_called_last_and_none_where_none_did() -> None:
    assert affected(MANUAL, matrix(manual=LAST), OFTEN) == (2,)
    assert affected(MANUAL, matrix(manual=LAST), [holding(3), holding(4)]) == ()
    # A call of a campaign makes that campaign the last one, whatever is known of earlier calls.
    assert affected(BY_CAMPAIGN_1, matrix(campaign=LAST), OFTEN) == (1,)


def test_R2_12_a_campaign_that_counts_manual_calls_goes_by_those_of_any_length() -> None:
    counting = holding(3, count_manual_calls=True)
    short = replace(MANUAL, talked=SECOND / 10)
    assert affected(short, matrix(), [*OFTEN[:2], counting]) == (3,)
    assert affected(short, matrix(manual=ALL), [*OFTEN[:2], counting]) == (3,)
    assert affected(MANUAL, matrix(manual=LAST), [*OFTEN[:2], counting]) == (2, 3)
    assert affected(replace(MANUAL, talked=timedelta(0)), matrix(manual=ALL), [counting]) == ()
    assert affected(INBOUND, matrix(), [counting]) == ()
    assert affected(BY_CAMPAIGN_1, matrix(), [counting]) == ()


@pytest.mark.parametrize("state", LeadState)
def test_R2_12_a_lead_that_was_reached_stays_and_any_other_is_marked(state: LeadState) -> None:
    found = affected(MANUAL, matrix(manual=ALL), [holding(1, state=state)])
    assert found == (() if state is LeadState.REACHED else (1,))


effects = st.fixed_dictionaries({kind: st.sampled_from(Effect) for kind in OutsideKind})
calls = st.builds(
    OutsideCall,
    kind=st.sampled_from(OutsideKind),
    talked=st.timedeltas(timedelta(0), timedelta(seconds=3)),
    answered_by_operator=st.booleans(),
)
held = st.lists(st.tuples(st.sampled_from(LeadState), st.none() | st.integers(0, 9), st.booleans()), max_size=6).map(
    lambda given_: [
        holding(n, called=None if ago is None else ago * HOUR, state=state, count_manual_calls=counts)
        for n, (state, ago, counts) in enumerate(given_)
    ]
)


@given(call=calls, rules=effects, holdings=held)
def test_R2_12_wider_rules_never_affect_fewer(call: OutsideCall, rules: Matrix, holdings: list[Holding]) -> None:
    row = [
        set(affected(call, {**rules, call.kind: effect}, holdings))
        for effect in (Effect.LEAVE, Effect.LAST_CAMPAIGN, Effect.ALL_CAMPAIGNS)
    ]
    assert row[0] <= row[1] <= row[2] <= {one.lead for one in holdings if one.state is not LeadState.REACHED}
    assert len(row[1] - row[0]) <= 1
