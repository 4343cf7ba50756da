"""One frame out per frame in: start, end, stop, hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.audio import FRAME_BYTES, SILENCE, samples
from robot.playout import REWIND_FRAMES, Playout
from tests.fakes.speech import quiet, sound


class Ear:
    """Counts what the playout reports."""

    def __init__(self) -> None:
        self.starts = self.ends = 0
        self.playout = Playout(on_start=self.started, on_end=self.ended)

    def started(self) -> None:
        self.starts += 1

    def ended(self) -> None:
        self.ends += 1

    def frames(self, count: int) -> list[bytes]:
        return [self.playout.frame() for _ in range(count)]


@given(st.integers(1, 5000))
def test_a_prompt_goes_out_whole_in_frames_of_one_size(length: int) -> None:
    ear, pcm = Ear(), bytes([1, 2]) * length
    ear.playout.say(pcm)
    out = ear.frames(-(-len(pcm) // FRAME_BYTES))
    assert all(len(frame) == FRAME_BYTES for frame in out)
    assert b"".join(out)[: len(pcm)] == pcm
    assert (ear.starts, ear.ends, ear.playout.playing) == (1, 1, False)
    assert ear.frames(2) == [SILENCE, SILENCE]
    assert ear.ends == 1


def test_an_empty_prompt_ends_with_the_next_frame() -> None:
    ear = Ear()
    ear.playout.say(b"")
    assert ear.frames(1) == [SILENCE]
    assert (ear.starts, ear.ends) == (1, 1)


def test_a_stopped_prompt_is_silent_with_the_next_frame_and_its_end_is_not_told() -> None:
    ear = Ear()
    ear.playout.say(sound(1000, 1000))
    ear.frames(10)
    assert ear.playout.stop() == 200
    assert ear.frames(1) == [SILENCE]
    assert ear.ends == 0


def test_heard_left_and_share_add_up() -> None:
    ear, pcm = Ear(), sound(1000, 1000)
    ear.playout.say(pcm)
    ear.frames(13)
    assert ear.playout.heard_ms == 260
    assert ear.playout.left == samples(pcm) - 260 * 8
    assert ear.playout.share == 0.26


def test_a_held_prompt_is_silent_and_goes_on_from_a_quiet_spot_near_by() -> None:
    ear = Ear()
    ear.playout.say(sound(1000, 400) + quiet(20) + sound(1200, 1000))
    ear.frames(30)
    ear.playout.hold()
    assert ear.frames(5) == [SILENCE] * 5
    ear.playout.go_on()
    assert ear.frames(1) == [SILENCE]  # the gap between the two words
    assert ear.frames(1) == [sound(1200, 20)]
    assert ear.ends == 0


@given(st.integers(1, 60), st.integers(0, 20))
def test_a_hold_loses_nothing_of_the_prompt(before: int, held: int) -> None:
    ear, pcm = Ear(), b"".join(bytes([n, n]) * 160 for n in range(1, 61))
    ear.playout.say(pcm)
    first = ear.frames(before)
    ear.playout.hold()
    ear.frames(held)
    ear.playout.go_on()
    rest = ear.frames(60 + REWIND_FRAMES)
    said = {frame for frame in first + rest if frame != SILENCE}
    assert len(said) == 60
    assert ear.ends == 1


def test_a_new_prompt_takes_the_place_of_a_held_one() -> None:
    ear = Ear()
    ear.playout.say(sound(1000, 400))
    ear.frames(5)
    ear.playout.hold()
    ear.playout.say(sound(900, 40))
    assert ear.frames(2) == [sound(900, 20)] * 2
    assert ear.ends == 1
