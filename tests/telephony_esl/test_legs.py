from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.legs import Answered, Bridged, EarlyMedia, HungUp, KeyPressed, LegEvent, LegId, Parked, Ringing, Unbridged
from core.results import CallResult
from telephony_esl import legs
from telephony_esl.legs import LegState

U, V = LegId("u"), LegId("v")


def event(name: str, **fields: str) -> dict[str, str]:
    return {"Event-Name": name, "Unique-ID": U, **{key.replace("_", "-"): value for key, value in fields.items()}}


def hangup(cause: str = "NORMAL_CLEARING", **variables: str) -> dict[str, str]:
    told = {f"variable_{name}": value for name, value in variables.items()}
    return {"Event-Name": "CHANNEL_HANGUP_COMPLETE", "Unique-ID": U, "Hangup-Cause": cause, **told}


def bridged(name: str = "CHANNEL_BRIDGE", *, fired_on: LegId = U) -> dict[str, str]:
    return {"Event-Name": name, "Unique-ID": fired_on, "Bridge-A-Unique-ID": U, "Bridge-B-Unique-ID": V}


def job(body: str) -> str:
    return body


Input = dict[str, str] | str


def run(inputs: Iterable[Input], state: LegState | None = None) -> tuple[LegState, list[LegEvent]]:
    state = state or LegState(U)
    told: list[LegEvent] = []
    for entry in inputs:
        state, events = legs.on_job(state, entry) if isinstance(entry, str) else legs.on_event(state, entry)
        told += events
    return state, told


def told(*inputs: Input) -> list[LegEvent]:
    return run(inputs)[1]


CREATED = [event("CHANNEL_OUTGOING"), event("CHANNEL_CREATE")]
ANSWERED = [*CREATED, event("CHANNEL_ANSWER")]


def test_a_call_that_is_answered_and_ends() -> None:
    assert told(
        *CREATED,
        event("CHANNEL_PROGRESS"),
        event("CHANNEL_ANSWER"),
        event("CHANNEL_PARK"),
        job("+OK u\n"),
        event("DTMF", DTMF_Digit="5"),
        event("CHANNEL_HANGUP"),
        event("CHANNEL_UNPARK"),
        hangup(sip_term_status="200", sip_hangup_disposition="recv_bye"),
    ) == [
        Ringing(),
        Answered(),
        Parked(),
        KeyPressed("5"),
        HungUp("NORMAL_CLEARING", CallResult.NO_ANSWER, sip_status=None, by_us=False),
    ]


def test_a_successful_originate_is_no_answer() -> None:
    assert told(*CREATED, event("CHANNEL_PROGRESS_MEDIA"), job("+OK u\n"), event("CHANNEL_PARK")) == [EarlyMedia()]


def test_a_park_before_the_answer_is_told_after_it() -> None:
    assert told(*CREATED, event("CHANNEL_PARK"), event("CHANNEL_ANSWER")) == [Answered(), Parked()]
    assert told(*CREATED, event("CHANNEL_PARK"), event("CHANNEL_UNPARK"), event("CHANNEL_ANSWER")) == [Answered()]


def test_a_refused_call_tells_the_carriers_status() -> None:
    refusal = hangup("USER_BUSY", sip_term_status="486", sip_hangup_disposition="recv_refuse")
    end = HungUp("USER_BUSY", CallResult.BUSY, sip_status=486, by_us=False)
    assert told(*CREATED, refusal, job("-ERR USER_BUSY\n")) == [end]
    assert told(*CREATED, job("-ERR USER_BUSY\n"), refusal) == [end]


@pytest.mark.parametrize("cause", ["INVALID_GATEWAY", "CHAN_NOT_IMPLEMENTED"])
def test_a_failure_without_a_channel_is_told_by_the_job_alone(cause: str) -> None:
    assert told(job(f"-ERR {cause}\n")) == [HungUp(cause, CallResult.SYSTEM_ERROR)]


def test_the_destruction_of_a_channel_that_never_was_is_no_end() -> None:
    state, events = run([event("CHANNEL_DESTROY")])
    assert (events, state.over) == ([], False)


@pytest.mark.parametrize("body", ["", "-USAGE: <call url>", "-ERR", "-ERR ", "-ERR two words", "what?"])
def test_a_job_that_says_no_cause_is_a_refused_originate(body: str) -> None:
    assert told(job(body)) == [HungUp("ORIGINATE_REFUSED", CallResult.SYSTEM_ERROR)]


def test_a_failed_job_whose_channel_stays_silent_ends_the_leg_by_the_jobs_cause() -> None:
    state, events = run([*CREATED, job("-ERR NO_ANSWER\n")])
    assert (events, state.over, state.failed) == ([], False, "NO_ANSWER")
    state, events_ = legs.on_silence(state)
    assert events_ == (HungUp("NO_ANSWER", CallResult.NO_ANSWER),)
    assert run([hangup()], state)[1] == []


def test_a_leg_that_never_ended_is_an_unknown_error() -> None:
    assert legs.on_silence(LegState(U))[1] == (HungUp("NO_END", CallResult.UNKNOWN_ERROR),)


@pytest.mark.parametrize(
    ("disposition", "asked", "by_us"),
    [
        ("send_bye", False, True),
        ("send_cancel", False, True),
        ("recv_bye", False, False),
        ("recv_bye", True, False),
        ("recv_refuse", True, False),
        ("", True, True),
        ("", False, False),
    ],
)
def test_who_ended_a_leg_is_told_by_the_switch_or_else_by_whether_we_asked(
    disposition: str, asked: bool, by_us: bool
) -> None:
    state, _ = run(ANSWERED)
    if asked:
        state = legs.on_hang_up(state)
    (end,) = run([hangup(sip_hangup_disposition=disposition)], state)[1]
    assert isinstance(end, HungUp)
    assert end.by_us is by_us


def test_a_defect_of_ours_ends_the_leg_at_once() -> None:
    state, _ = run(ANSWERED)
    state, events = legs.on_defect(state, "AUDIO_FAILED")
    assert events == (HungUp("AUDIO_FAILED", CallResult.SYSTEM_ERROR, by_us=True),)
    assert legs.on_defect(state, "AUDIO_FAILED")[1] == ()


def test_a_carrier_that_is_silent_after_ringing_is_no_answer() -> None:
    late = hangup("RECOVERY_ON_TIMER_EXPIRE", sip_term_status="408")
    assert told(*CREATED, late)[-1].result is CallResult.UNKNOWN_ERROR  # type: ignore[union-attr]
    assert told(*CREATED, event("CHANNEL_PROGRESS"), late)[-1].result is CallResult.NO_ANSWER  # type: ignore[union-attr]


@pytest.mark.parametrize("digit", list("0123456789*#ABCD"))
def test_every_key_is_told(digit: str) -> None:
    assert told(*ANSWERED, event("DTMF", DTMF_Digit=digit))[-1] == KeyPressed(digit)
    assert told(*ANSWERED, event("DTMF", DTMF_Digit=digit.lower()))[-1] == KeyPressed(digit)


@pytest.mark.parametrize("digit", ["", "F", "12", "w", "\n"])
def test_what_is_no_key_is_not_told(digit: str) -> None:
    assert told(*ANSWERED, event("DTMF", DTMF_Digit=digit)) == [Answered()]


def test_both_legs_learn_of_a_bridge_that_is_told_of_one() -> None:
    for fired_on in (U, V):
        assert legs.legs_of(bridged(fired_on=fired_on)) == ((U, V) if fired_on == U else (V, U))
    parked = [*ANSWERED, event("CHANNEL_PARK")]
    assert told(*parked, bridged(), bridged(fired_on=V))[2:] == [Bridged(V)]
    state, _ = run([*parked, bridged()])
    assert (state.parked, state.bridged_to) == (False, V)
    state, events = run([bridged("CHANNEL_UNBRIDGE"), event("CHANNEL_PARK")], state)
    assert events == [Unbridged(), Parked()]
    assert (state.parked, state.park) == (True, 2)


def test_a_leg_that_leaves_its_bridge_by_hanging_up_is_not_unbridged() -> None:
    talk = [*ANSWERED, bridged()]
    end = [event("CHANNEL_HANGUP"), bridged("CHANNEL_UNBRIDGE"), hangup()]
    assert [type(one) for one in told(*talk, *end)] == [Answered, Bridged, HungUp]


def test_an_unbridge_without_a_bridge_is_nothing() -> None:
    assert told(*ANSWERED, bridged("CHANNEL_UNBRIDGE")) == [Answered()]


def test_parks_are_told_apart_by_their_number() -> None:
    state, _ = run([*ANSWERED, event("CHANNEL_PARK"), event("CHANNEL_UNPARK")])
    assert (state.parked, state.park) == (False, 1)
    state, _ = run([event("CHANNEL_PARK")], state)
    assert (state.parked, state.park) == (True, 2)


def test_an_event_of_no_channel_concerns_no_leg() -> None:
    assert legs.legs_of({"Event-Name": "HEARTBEAT"}) == ()


# --- any order ---

inputs = st.one_of(
    st.sampled_from(
        [
            event("CHANNEL_OUTGOING"),
            event("CHANNEL_CREATE"),
            event("CHANNEL_PROGRESS"),
            event("CHANNEL_PROGRESS_MEDIA"),
            event("CHANNEL_ANSWER"),
            event("CHANNEL_PARK"),
            event("CHANNEL_UNPARK"),
            event("CHANNEL_HANGUP"),
            event("CHANNEL_DESTROY"),
            event("HEARTBEAT"),
            event("DTMF", DTMF_Digit="1"),
            bridged(),
            bridged("CHANNEL_UNBRIDGE"),
            {},
        ]
    ),
    st.sampled_from(["+OK u\n", "-ERR USER_BUSY\n"]),
    st.just(hangup("USER_BUSY", sip_term_status="486")),
)


@given(st.lists(inputs, max_size=25))
def test_in_any_order_of_events_the_leg_ends_once_and_last(stream: list[Input]) -> None:
    state, events = run(stream)
    ends = [at for at, one in enumerate(events) if isinstance(one, HungUp)]
    assert ends in ([], [len(events) - 1])
    assert state.over == bool(ends)
    if any(isinstance(entry, dict) and entry.get("Event-Name") == "CHANNEL_HANGUP_COMPLETE" for entry in stream):
        assert state.over
    if "-ERR USER_BUSY\n" in stream:
        assert state.over or state.failed


@given(st.lists(inputs, max_size=10), inputs)
def test_nothing_changes_a_leg_that_is_over(stream: list[Input], late: Input) -> None:
    state, _ = run([*stream, hangup()])
    assert run([late], state) == (state, [])


@given(st.lists(inputs, max_size=25))
def test_in_any_order_of_events_those_of_the_leg_keep_theirs(stream: list[Input]) -> None:
    kinds = [type(one) for one in run(stream)[1]]
    for once in (Ringing, EarlyMedia, Answered, HungUp):
        assert kinds.count(once) <= 1
    answered = kinds.index(Answered) if Answered in kinds else len(kinds)
    assert not set(kinds[:answered]) & {KeyPressed, Parked, Bridged, Unbridged}
    assert not set(kinds[answered:]) & {Ringing, EarlyMedia}
    if Ringing in kinds and EarlyMedia in kinds:
        assert kinds.index(Ringing) < kinds.index(EarlyMedia)
    talks = [kind for kind in kinds if kind in (Bridged, Unbridged)]
    assert all(first is not second for first, second in pairwise(talks) if first is Unbridged)


BUSY = [*CREATED, hangup("USER_BUSY", sip_term_status="486"), job("-ERR USER_BUSY\n")]


@given(st.permutations(BUSY))
def test_a_busy_call_is_busy_in_any_order(stream: list[Input]) -> None:
    state, events = run(stream)
    (end,) = events or legs.on_silence(state)[1]
    assert isinstance(end, HungUp)
    assert (end.cause, end.result) == ("USER_BUSY", CallResult.BUSY)
