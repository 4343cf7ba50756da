"""When a turn begins and ends: the rules one by one, and what holds for any audio however it is cut."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audio import Samples, from_ms, ms
from robot.dialog.phrases import words_of
from robot.listener import Listener, ListenerEvent
from robot.noise import Floor
from robot.pauses import (
    COMPLETE_PAUSE,
    HALFWAY_PAUSE,
    LONGEST_TURN,
    OPEN_PAUSE,
    Attend,
    Attention,
    attention,
    is_backchannel,
    pause_after,
)
from robot.ports import Recognised
from robot.turns import (
    LATE,
    Ending,
    Moment,
    SilenceLasted,
    SpeechDismissed,
    SpeechStarted,
    StillSpeaking,
    TurnEnded,
    TurnEvent,
    TurnState,
    Want,
    advance,
    stops_prompt,
    told,
)
from tests.fakes.speech import FakeEars, FakeVad, quiet, sound

CHUNK = 256
YES, NO, YES_SURE, WELL, UHUH, LONG = 1000, 1200, 1400, 1600, 1800, 2000
KNOWN = {YES: "да", NO: "нет", YES_SURE: "да конечно", WELL: "не знаю", UHUH: "угу", LONG: "пять шесть"}
SERIAL = 7


def awaiting(*phrases: str, wait_ms: int | None = None, attend: Attend = Attend.ANSWER) -> Attention:
    return attention(SERIAL, attend, phrases=phrases, wait=None if wait_ms is None else from_ms(wait_ms))


def replay(pieces: Iterable[bytes], wanted: Attention) -> list[ListenerEvent]:
    listener = Listener(FakeVad(), FakeEars(KNOWN), greeting=False)
    return [event for piece in pieces for event in listener.hear(piece, wanted)]


def hear(*audio: bytes, wanted: Attention) -> list[ListenerEvent]:
    return replay([b"".join(audio)], wanted)


def only_turn(events: Sequence[ListenerEvent]) -> TurnEnded:
    turns = [event for event in events if isinstance(event, TurnEnded)]
    assert len(turns) == 1, events
    return turns[0]


def said(text: str) -> Recognised:
    return Recognised(text, 0.9)


def a_turn(text: str, spoken_ms: int = 600) -> TurnEnded:
    return TurnEnded(from_ms(100), from_ms(100 + spoken_ms), said(text))


def decided_ms(*audio: bytes, wanted: Attention) -> float:
    """How much audio had been heard when the turn was known to be over."""
    listener = Listener(FakeVad(), FakeEars(KNOWN), greeting=False)
    stream = b"".join(audio)
    for at in range(0, len(stream), CHUNK * 2):
        if any(isinstance(event, TurnEnded) for event in listener.hear(stream[at : at + CHUNK * 2], wanted)):
            return ms(Samples(at // 2 + CHUNK))
    raise AssertionError("the turn never ended")


def test_an_expected_answer_ends_the_turn_at_once() -> None:
    over = decided_ms(quiet(512), sound(YES, 384), quiet(3000), wanted=awaiting("да", "нет"))
    assert over - 512 - 384 <= ms(COMPLETE_PAUSE) + 32


def test_an_answer_that_may_go_on_is_given_more_time() -> None:
    over = decided_ms(quiet(512), sound(YES, 384), quiet(3000), wanted=awaiting("да", "да конечно"))
    assert ms(HALFWAY_PAUSE) <= over - 512 - 384 <= ms(HALFWAY_PAUSE) + 32


def test_anything_else_ends_after_the_long_pause() -> None:
    over = decided_ms(quiet(512), sound(WELL, 384), quiet(3000), wanted=awaiting("да"))
    assert ms(OPEN_PAUSE) <= over - 512 - 384 <= ms(OPEN_PAUSE) + 32


def test_speech_that_goes_on_after_a_short_pause_is_one_turn() -> None:
    turn = only_turn(
        hear(quiet(320), sound(WELL, 640), quiet(320), sound(LONG, 640), quiet(2000), wanted=awaiting("да"))
    )
    assert turn.said.text == "пять шесть"  # the later reading, of the whole turn
    assert ms(Samples(turn.end - turn.start)) == pytest.approx(1600, abs=64)


def test_a_turn_is_known_by_where_it_was_audible() -> None:
    turn = only_turn(hear(quiet(1024), sound(NO, 512), quiet(2000), wanted=awaiting("нет")))
    assert ms(turn.start) == pytest.approx(1024, abs=32)
    assert ms(turn.end) == pytest.approx(1536, abs=32)


def test_a_click_is_no_speech() -> None:
    assert hear(quiet(320), sound(YES, 32), quiet(2000), wanted=awaiting("да")) == []


def test_a_short_noise_without_words_is_dismissed() -> None:
    events = hear(quiet(320), sound(500, 192), quiet(2000), wanted=awaiting("да"))
    assert [type(event) for event in events] == [SpeechStarted, SpeechDismissed]


def test_long_speech_that_is_not_understood_is_a_turn_without_text() -> None:
    assert only_turn(hear(quiet(320), sound(500, 800), quiet(2000), wanted=awaiting("да"))).said.text == ""


def test_an_answer_in_lasting_noise_ends_when_it_stands_unchanged() -> None:
    turn = only_turn(hear(quiet(320), sound(YES, 2000), wanted=awaiting("да")))
    assert turn.why is Ending.STABLE


def test_endless_talk_is_cut() -> None:
    turn = only_turn(hear(quiet(320), sound(WELL, 16_000), quiet(100), wanted=awaiting("да"))[:2])
    assert turn.why is Ending.TOO_LONG
    assert turn.end - turn.start < LONGEST_TURN + CHUNK


def test_silence_is_told_once_and_names_its_question() -> None:
    events = hear(quiet(9000), wanted=awaiting("да", wait_ms=3000))
    assert [event.serial for event in events if isinstance(event, SilenceLasted)] == [SERIAL]
    assert [ms(event.at) for event in events if isinstance(event, SilenceLasted)] == [pytest.approx(3000, abs=32)]


def test_speech_breaks_the_silence_but_not_where_only_keys_can_answer() -> None:
    audio = (quiet(1000), sound(WELL, 2500), quiet(200))
    assert not any(isinstance(event, SilenceLasted) for event in hear(*audio, wanted=awaiting("да", wait_ms=3000)))
    assert any(isinstance(event, SilenceLasted) for event in hear(*audio, wanted=awaiting(wait_ms=3000)))


def test_where_only_keys_can_answer_speech_makes_no_turn() -> None:
    assert not any(isinstance(e, TurnEnded) for e in hear(quiet(320), sound(YES, 640), quiet(2000), wanted=awaiting()))


def test_words_into_a_prompt_that_are_no_backchannel_are_told_at_the_first_pause() -> None:
    wanted = awaiting("да", attend=Attend.INTERRUPTION)
    events = hear(quiet(320), sound(WELL, 512), quiet(2000), wanted=wanted)
    assert [type(event) for event in events] == [SpeechStarted, StillSpeaking, TurnEnded]


def test_long_speech_into_a_prompt_is_told_before_it_ends() -> None:
    events = hear(quiet(320), sound(WELL, 1500), wanted=awaiting("да", attend=Attend.INTERRUPTION))
    assert [type(event) for event in events] == [SpeechStarted, StillSpeaking]


def test_a_backchannel_into_a_prompt_is_over_at_once() -> None:
    over = decided_ms(quiet(320), sound(UHUH, 480), quiet(2000), wanted=awaiting("да", attend=Attend.INTERRUPTION))
    assert over - 320 - 480 <= ms(COMPLETE_PAUSE) + 32


@pytest.mark.parametrize("text", ["угу", "ага", "да-да", "Да, да!", "да, угу", "мгм", "uh-huh", "mhm", "yeah right"])
def test_R6_7_a_backchannel_does_not_stop_a_prompt(text: str) -> None:
    assert is_backchannel(words_of(text))
    assert not stops_prompt(a_turn(text), awaiting("да", "нет", text), Samples(LATE + 1))


@pytest.mark.parametrize("text", ["да", "нет", "yes", "не надо", "угу не надо", "хочу"])
def test_R6_7_an_answer_stops_a_prompt(text: str) -> None:
    assert stops_prompt(a_turn(text), awaiting("да"), from_ms(9000))


def test_R6_7_an_expected_backchannel_answers_a_question_that_is_as_good_as_asked() -> None:
    assert stops_prompt(a_turn("ага"), awaiting("да", "ага"), LATE)
    assert not stops_prompt(a_turn("угу"), awaiting("да", "ага"), LATE)


def test_R6_7_a_single_short_word_that_is_no_answer_does_not_stop_a_prompt() -> None:
    assert not stops_prompt(a_turn("алло", 400), awaiting("да"), from_ms(3000))
    assert stops_prompt(a_turn("алло", 800), awaiting("да"), from_ms(3000))
    assert stops_prompt(a_turn("алло алло", 400), awaiting("да"), from_ms(3000))
    assert stops_prompt(a_turn("алло", 400), awaiting("алло"), from_ms(3000))


def test_nothing_understood_does_not_stop_a_prompt() -> None:
    assert not stops_prompt(a_turn(""), awaiting("да"), Samples(0))


def test_a_filler_before_an_answer_does_not_make_it_open() -> None:
    assert pause_after(said("ну да"), from_ms(900), awaiting("да")) == COMPLETE_PAUSE


def test_yo_and_ye_are_the_same_letter() -> None:
    assert pause_after(said("за рулём"), from_ms(900), awaiting("за рулем")) == COMPLETE_PAUSE


def test_a_glance_never_ends_a_turn_by_itself() -> None:
    state = TurnState(now=from_ms(2000), speaking=True, start=from_ms(100), voiced_until=from_ms(2000))
    for _ in range(2):
        step = told(state, Want.GLANCE, said("да"), awaiting("да"))
        assert step.want is None
        assert step.events == ()
        state = step.state
    assert told(state, Want.GLANCE, said("да"), awaiting("да")).want is Want.READING


AUDIO = st.lists(
    st.tuples(st.sampled_from([0, 0, 500, *KNOWN]), st.integers(20, 1500)).map(
        lambda part: sound(part[0], part[1]) if part[0] else quiet(part[1])
    ),
    max_size=8,
).map(b"".join)
ATTENTIONS = st.builds(
    lambda attend, phrases, wait: attention(
        SERIAL, attend, phrases=phrases, wait=None if wait is None else from_ms(wait)
    ),
    st.sampled_from(Attend),
    st.lists(st.sampled_from(["да", "нет", "да конечно", "пять"]), max_size=3),
    st.none() | st.integers(100, 5000),
)


@given(audio=AUDIO, cuts=st.lists(st.integers(1, 4000), max_size=40), wanted=ATTENTIONS)
def test_a_recording_replays_to_the_same_turns_however_it_is_cut(
    audio: bytes, cuts: list[int], wanted: Attention
) -> None:
    pieces, at = [], 0
    for cut in cuts:
        pieces.append(audio[at : at + cut * 2])
        at += cut * 2
    pieces.append(audio[at:])
    frames = [audio[i : i + 320] for i in range(0, len(audio), 320)]
    assert replay(pieces, wanted) == replay(frames, wanted) == replay([audio], wanted)


@given(audio=AUDIO, wanted=ATTENTIONS)
def test_each_beginning_has_one_end_and_times_never_run_back(audio: bytes, wanted: Attention) -> None:
    speaking, last = False, Samples(0)
    for event in hear(audio, quiet(2000), wanted=wanted):
        match event:
            case SpeechStarted(at=at):
                assert not speaking
                speaking, last = True, max(last, at)
            case TurnEnded(start=start, end=end):
                assert speaking
                assert start < end
                assert end >= last
                speaking = False
            case SpeechDismissed():
                assert speaking
                speaking = False
            case StillSpeaking():
                assert speaking
                assert wanted.attend is Attend.INTERRUPTION
    assert not speaking, "two seconds of silence end every turn"


@given(
    probabilities=st.lists(st.floats(0, 1), max_size=400),
    wanted=ATTENTIONS,
    texts=st.lists(st.sampled_from(["", "да", "нет", "угу", "не знаю"]), min_size=1, max_size=5),
)
def test_no_audio_makes_a_turn_longer_than_allowed(
    probabilities: list[float], wanted: Attention, texts: list[str]
) -> None:
    state, events = TurnState(), list[TurnEvent]()
    for number, speech in enumerate(probabilities * 2):
        moment = Moment(Samples(number * CHUNK), Samples((number + 1) * CHUNK), speech, -20.0)
        step = advance(state, moment, wanted)
        events += step.events
        while step.want is not None:
            step = told(step.state, step.want, said(texts[number % len(texts)]), wanted)
            events += step.events
        state = step.state
        assert not state.speaking or state.now - state.start < LONGEST_TURN + OPEN_PAUSE + CHUNK
    assert sum(isinstance(event, SilenceLasted) for event in events) <= 1


def test_sound_without_words_stops_no_prompt_until_it_has_surely_been_speech_for_two_seconds() -> None:
    wanted = awaiting("да", attend=Attend.INTERRUPTION)
    assert not any(isinstance(e, StillSpeaking) for e in hear(quiet(320), sound(500, 1700), quiet(900), wanted=wanted))
    still = [e for e in hear(quiet(320), sound(500, 4000), quiet(900), wanted=wanted) if isinstance(e, StillSpeaking)]
    assert len(still) == 1


def spoken_into_a_prompt(level_db: float, *, voice_db: float | None, speech: float = 0.95) -> list[TurnEvent]:
    state, found = TurnState(voice_db=voice_db), list[TurnEvent]()
    for number in range(120):
        moment = Moment(Samples(number * CHUNK), Samples((number + 1) * CHUNK), speech, level_db)
        step = advance(state, moment, awaiting("да", attend=Attend.INTERRUPTION))
        while step.want is not None:
            found += step.events
            step = told(step.state, step.want, said(""), awaiting("да", attend=Attend.INTERRUPTION))
        found += step.events
        state = step.state
    return found


def test_a_voice_in_the_background_stops_no_prompt() -> None:
    def stopped(level_db: float, **known: float | None) -> bool:
        return any(isinstance(event, StillSpeaking) for event in spoken_into_a_prompt(level_db, voice_db=known["v"]))

    assert stopped(-25.0, v=-22.0)
    assert stopped(-45.0, v=None)
    assert not stopped(-45.0, v=-22.0)


def test_what_is_hardly_louder_than_the_line_begins_a_turn_only_if_it_is_surely_speech() -> None:
    floor = Floor(-40.0, -40.0, Samples(0))
    wanted = awaiting("да")
    for speech, level_db, begins in [(0.6, -38.0, False), (0.6, -30.0, True), (0.9, -38.0, True), (0.4, -20.0, False)]:
        state = TurnState(floor=floor)
        for number in range(2):
            moment = Moment(Samples(number * CHUNK), Samples((number + 1) * CHUNK), speech, level_db)
            state = advance(state, moment, wanted).state
        assert state.speaking is begins


def test_in_noise_the_pause_is_what_is_no_louder_than_the_line() -> None:
    """The detector's doubt lingers after the last word; the level does not."""
    state = TurnState(speaking=True, voiced_until=from_ms(640), now=from_ms(640), floor=Floor(-40.0, -40.0, Samples(0)))
    for number in range(20, 30):
        moment = Moment(Samples(number * CHUNK), Samples((number + 1) * CHUNK), 0.6, -39.0)
        step = advance(state, moment, awaiting("да"))
        if step.want is Want.READING:
            break
        state = step.state
    assert step.want is Want.READING
    assert state.voiced_until == from_ms(640)
