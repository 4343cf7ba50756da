from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from telephony_esl.simulator.listener import FRESH, Cue, Ear, Listening, hear

EAR = Ear(voice_frames=3, silence_frames=35)


def cues(frames: str, ear: Ear = EAR) -> list[tuple[int, Cue]]:
    """The cues of a line where `#` is a frame of voice and `.` one of silence, each with the frame it came at."""
    state, found = FRESH, []
    for at, frame in enumerate(frames):
        state, cue = hear(state, ear, loud=frame == "#")
        if cue is not None:
            found.append((at, cue))
    return found


def test_the_turn_comes_when_the_robot_has_been_silent_long_enough() -> None:
    assert cues("." * 10 + "#" * 50 + "." * 40) == [(12, Cue.STARTED), (94, Cue.MY_TURN)]


def test_a_pause_within_a_sentence_is_no_turn() -> None:
    assert cues("#" * 20 + "." * 34 + "#" * 20 + "." * 34) == [(2, Cue.STARTED)]


def test_a_click_is_no_speech() -> None:
    assert cues("." * 10 + "##" + "." * 100) == []


def test_silence_alone_gives_no_turn() -> None:
    assert cues("." * 5000) == []


def test_the_length_of_the_robots_speech_counts_from_its_first_frame() -> None:
    state = FRESH
    for _ in range(50):
        state, _ = hear(state, EAR, loud=True)
    assert state == Listening(speaking=True, spoken=50)


@given(st.text(alphabet="#.", max_size=400), st.integers(1, 8), st.integers(1, 60))
def test_cues_alternate_and_are_earned(frames: str, voice: int, silence: int) -> None:
    found = cues(frames, Ear(voice, silence))
    kinds = [cue for _, cue in found]
    assert kinds == ([Cue.STARTED, Cue.MY_TURN] * len(kinds))[: len(kinds)]
    for at, cue in found:
        needed = "#" * voice if cue is Cue.STARTED else "." * silence
        assert frames[: at + 1].endswith(needed)


@given(st.text(alphabet="#.", max_size=400))
def test_no_long_silence_after_speech_goes_unnoticed(frames: str) -> None:
    whole = "#" * EAR.voice_frames + frames + "." * EAR.silence_frames
    assert cues(whole)[-1][1] is Cue.MY_TURN
