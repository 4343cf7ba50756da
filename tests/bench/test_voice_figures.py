"""The figures of `bench voice` on recordings whose waits are known to the sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.callers.measured import FIRST_FRAME, median, percentile, waits_of
from bench.callers.network import Overheard
from bench.callers.people import quieter
from bench.callers.waveform import Wave, falls_silent, first_loud, is_speaking, last_loud, loud_share
from core.audio import FRAME_SAMPLES, SAMPLE_RATE
from telephony_esl.simulator import Deed, DeedKind, EndedBy, SimulatedCall
from telephony_esl.simulator.audio import line_noise, sound

SAID = "да"
WORD: Wave = np.frombuffer(b"".join(sound(SAID)), dtype="<i2")
NOISE: Wave = np.frombuffer(b"".join(line_noise(1)), dtype="<i2")


def silence(seconds: float) -> Wave:
    return np.zeros(round(seconds * SAMPLE_RATE), dtype=np.int16)


def noise(seconds: float) -> Wave:
    return np.resize(NOISE, round(seconds * SAMPLE_RATE))


def tone(seconds: float) -> Wave:
    return np.full(round(seconds * SAMPLE_RATE), 3000, dtype=np.int16)


def overheard(caller: Wave, robot: Wave, *deeds: Deed, missed: int = FIRST_FRAME) -> Overheard:
    account = SimulatedCall("79000000000", 0, "person", EndedBy.SWITCH, "NORMAL_CLEARING", 0, 9000, deeds)
    length = max(len(caller), len(robot))
    both = [np.pad(side, (0, length - len(side))) for side in (caller, robot)]
    object.__setattr__(account, "frames_missed", missed)
    return Overheard(account, both[0], both[1])


def deed(kind: DeedKind, at_s: float, what: str = "") -> Deed:
    return Deed(round(at_s * 1000) + 20, 1, kind, what)  # the deed's own frame is the one that ends there


def test_the_lines_noise_is_no_sound() -> None:
    assert first_loud(noise(1), 0) is None
    assert last_loud(noise(1), 0, SAMPLE_RATE) is None
    assert loud_share(noise(1)) == 0


def test_a_word_is_loud_within_its_clip_and_its_faint_end_is_not() -> None:
    wave = np.concatenate((noise(1), WORD, noise(1)))
    first, last = first_loud(wave, 0), last_loud(wave, SAMPLE_RATE, SAMPLE_RATE + len(WORD))
    assert first is not None
    assert last is not None
    assert SAMPLE_RATE <= first < last < SAMPLE_RATE + len(WORD)


@pytest.mark.parametrize(("gap_s", "ends_s"), [(0.1, 1.1), (0.4, 0.5)])
def test_a_gap_between_words_is_no_end(gap_s: float, ends_s: float) -> None:
    wave = np.concatenate((tone(0.5), silence(gap_s), tone(0.5), silence(1)))
    assert falls_silent(wave, 100) == pytest.approx(ends_s * SAMPLE_RATE, abs=1)


def test_a_sound_that_the_recording_cuts_has_no_end() -> None:
    assert falls_silent(tone(1), 0) is None
    assert is_speaking(np.concatenate((tone(0.5), silence(0.2))), round(0.7 * SAMPLE_RATE))
    assert not is_speaking(np.concatenate((tone(0.5), silence(0.5))), SAMPLE_RATE)


@pytest.mark.parametrize("wait_s", [0.1, 0.3, 2.0])
def test_a_turns_wait_is_from_the_callers_last_loud_sample_to_the_robots_first(wait_s: float) -> None:
    end = last_loud(WORD, 0, len(WORD))
    assert end is not None
    caller = np.concatenate((noise(2), WORD, noise(4)))
    robot = np.concatenate((tone(1), silence(1 + end / SAMPLE_RATE + wait_s), tone(1)))
    waits = waits_of([overheard(caller, robot, deed(DeedKind.SAID, 2, SAID))])
    assert waits.turns == [pytest.approx(wait_s * 1000, abs=1)]
    assert (waits.barge_ins, waits.talked_over, waits.unanswered) == ([], 0, 0)


def test_an_interruption_is_measured_from_its_onset_to_the_robots_last_loud_sample() -> None:
    onset = first_loud(WORD, 0)
    assert onset is not None
    caller = np.concatenate((noise(1), WORD, noise(4)))
    robot = np.concatenate((tone(1 + onset / SAMPLE_RATE + 0.12), silence(2), tone(1)))
    call = overheard(caller, robot, deed(DeedKind.INTERRUPTED, 1), deed(DeedKind.SAID, 1, SAID))
    waits = waits_of([call])
    assert waits.barge_ins == [pytest.approx(120, abs=1)]
    assert len(waits.turns) == 1


def test_a_robot_that_talks_on_is_told_of_and_gives_no_turn() -> None:
    caller = np.concatenate((noise(1), WORD, noise(4)))
    call = overheard(caller, tone(5), deed(DeedKind.INTERRUPTED, 1), deed(DeedKind.SAID, 1, SAID))
    waits = waits_of([call])
    assert (waits.turns, waits.barge_ins, waits.talked_over) == ([], [], 1)


def test_silence_after_a_turn_is_told_of() -> None:
    call = overheard(np.concatenate((noise(1), WORD, noise(4))), silence(6), deed(DeedKind.SAID, 1, SAID))
    assert waits_of([call]).unanswered == 1


def test_the_frame_before_the_first_reply_is_not_late_and_each_further_one_is() -> None:
    calls = [overheard(noise(1), silence(1), missed=missed) for missed in (1, 1, 4)]
    assert waits_of(calls).late_frames == 3


def test_percentiles() -> None:
    assert percentile(range(1, 101), 0.95) == 96
    assert percentile([], 0.95) is None
    assert median([3, 1, 2]) == 2
    assert len(WORD) % FRAME_SAMPLES == 0


def test_a_quiet_callers_sounds_are_read_by_a_lower_edge(tmp_path: Path) -> None:
    """The same word 20 dB quieter begins and ends at the same samples."""
    quiet = np.frombuffer(b"".join(sound(quieter(tmp_path, 20)(SAID))), dtype="<i2")
    assert abs(int(np.abs(quiet).max()) - int(np.abs(WORD).max()) // 10) <= 1
    edges = [first_loud(WORD, 0), last_loud(WORD, 0, len(WORD))]
    found = [first_loud(quiet, 0, audible=20), last_loud(quiet, 0, len(quiet), audible=20)]
    for edge, one in zip(edges, found, strict=True):
        assert edge is not None
        assert one is not None
        assert abs(edge - one) <= 40
