from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.results import NOT_PLACED, REACHED, CallResult
from telephony_esl.causes import BY_CAUSE, BY_CAUSE_AND_STATUS, BY_STATUS, result_of

# what FreeSWITCH 1.10 made of each SIP answer: cause, status, and the result it means
MEASURED = [
    ("USER_BUSY", 486, CallResult.BUSY),
    ("USER_BUSY", 600, CallResult.BUSY),
    ("CALL_REJECTED", 603, CallResult.REJECTED),
    ("CALL_REJECTED", 608, CallResult.REJECTED),
    ("UNALLOCATED_NUMBER", 404, CallResult.NONEXISTENT_NUMBER),
    ("INVALID_NUMBER_FORMAT", 484, CallResult.NONEXISTENT_NUMBER),
    ("NUMBER_CHANGED", 410, CallResult.NONEXISTENT_NUMBER),
    ("NO_USER_RESPONSE", 480, CallResult.NO_ANSWER),
    ("SUBSCRIBER_ABSENT", 480, CallResult.NO_ANSWER),
    ("NO_ANSWER", None, CallResult.NO_ANSWER),
    ("ORIGINATOR_CANCEL", None, CallResult.NO_ANSWER),
    ("RECOVERY_ON_TIMER_EXPIRE", 408, CallResult.UNKNOWN_ERROR),
    ("INCOMPATIBLE_DESTINATION", 488, CallResult.UNKNOWN_ERROR),
    ("NORMAL_TEMPORARY_FAILURE", 500, CallResult.UNKNOWN_ERROR),
    ("NORMAL_TEMPORARY_FAILURE", 503, CallResult.UNKNOWN_ERROR),
    ("NORMAL_CIRCUIT_CONGESTION", 503, CallResult.UNKNOWN_ERROR),
    ("NORMAL_TEMPORARY_FAILURE", None, CallResult.UNKNOWN_ERROR),
    ("REQUESTED_CHAN_UNAVAIL", None, CallResult.UNKNOWN_ERROR),
    ("INVALID_GATEWAY", None, CallResult.SYSTEM_ERROR),
    ("CHAN_NOT_IMPLEMENTED", None, CallResult.SYSTEM_ERROR),
    ("CONNECTION_LOST", None, CallResult.SYSTEM_ERROR),
]


@pytest.mark.parametrize(("cause", "status", "result"), MEASURED)
def test_R5_a_cause_of_freeswitch_means_this_result(cause: str, status: int | None, result: CallResult) -> None:
    assert result_of(cause, status) is result


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (401, CallResult.SYSTEM_ERROR),
        (407, CallResult.SYSTEM_ERROR),
        (402, CallResult.UNKNOWN_ERROR),
        (403, CallResult.UNKNOWN_ERROR),
        (603, CallResult.REJECTED),
        (None, CallResult.REJECTED),
    ],
)
def test_R5_a_refusal_by_the_carrier_is_no_refusal_by_the_person(status: int | None, result: CallResult) -> None:
    assert result_of("CALL_REJECTED", status) is result


def test_R5_a_timer_that_ran_out_after_ringing_is_no_answer() -> None:
    assert result_of("RECOVERY_ON_TIMER_EXPIRE", 408, rang=True) is CallResult.NO_ANSWER


def test_R5_a_number_that_exists_nowhere_does_not_exist_whatever_freeswitch_calls_it() -> None:
    assert result_of("NO_ROUTE_DESTINATION", 604) is CallResult.NONEXISTENT_NUMBER
    assert result_of("NO_ROUTE_DESTINATION", 485) is CallResult.UNKNOWN_ERROR


@pytest.mark.parametrize("status", BY_STATUS)
def test_R5_an_unknown_cause_goes_by_its_sip_status(status: int) -> None:
    assert result_of("SOMETHING_NEW", status) is BY_STATUS[status]


@given(st.text().filter(lambda cause: cause not in BY_CAUSE), st.none() | st.integers(0, 999), st.booleans())
def test_R5_an_unknown_cause_is_an_unknown_error(cause: str, status: int | None, rang: bool) -> None:
    if status not in BY_STATUS:
        assert result_of(cause, status, rang=rang) is CallResult.UNKNOWN_ERROR


def test_R5_no_cause_makes_an_unanswered_leg_a_talk() -> None:
    unanswered = NOT_PLACED | {
        CallResult.BUSY,
        CallResult.NO_ANSWER,
        CallResult.REJECTED,
        CallResult.NONEXISTENT_NUMBER,
    }
    told = {*BY_CAUSE.values(), *BY_CAUSE_AND_STATUS.values(), *BY_STATUS.values()}
    assert told <= unanswered - {CallResult.BLACKLISTED}
    assert not told & REACHED
