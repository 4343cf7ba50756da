from __future__ import annotations

import math

import numpy as np
import pytest

from core.audio import FRAME_MS, SAMPLE_RATE, SILENCE, Pcm
from telephony_esl.simulator import DeedKind, OperatorPhone, Voicemail
from telephony_esl.simulator.audio import clips, is_loud, level_dbfs, line_noise, sound, tone
from telephony_esl.simulator.callee import Callee
from telephony_esl.simulator.machines import EchoOnPhone, OperatorOnPhone, VoicemailOnPhone

VOICE = tone(300.0, 1.0, -20.0)[5]
NOISE = line_noise(1)


def until_the_end(callee: Callee, heard: Pcm = SILENCE) -> list[Pcm]:
    said: list[Pcm] = []
    while len(said) < 10_000:
        uttered = callee.frame(heard)
        assert uttered.pcm is not None
        said.append(uttered.pcm)
        if uttered.hangs_up:
            return said
    raise AssertionError("the callee never hangs up")


def at(callee: Callee, kind: DeedKind) -> int:
    """The frame at which the callee began its first deed of this kind."""
    return next(deed.at_ms for deed in callee.deeds if deed.kind is kind) // FRAME_MS - 1


def loudest_hz(pcm: Pcm) -> float:
    samples = np.frombuffer(pcm, dtype="<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * SAMPLE_RATE / len(samples)


def test_a_voicemail_greets_beeps_and_records_silence() -> None:
    callee = VoicemailOnPhone(Voicemail(records_s=10.0), NOISE)
    said = until_the_end(callee)
    assert [deed.kind for deed in callee.deeds] == [DeedKind.GREETED, DeedKind.BEEPED, DeedKind.HUNG_UP]
    greeting, beep = at(callee, DeedKind.GREETED), at(callee, DeedKind.BEEPED)
    assert -30 < level_dbfs(b"".join(said[greeting : beep - 25])) < -15
    assert -62 < level_dbfs(b"".join(said[beep - 25 : beep])) < -58
    assert -10 < level_dbfs(b"".join(said[beep + 1 : beep + 19])) < -8
    assert -62 < level_dbfs(b"".join(said[beep + 20 :])) < -58
    assert len(said) - (beep + 20) == 10 * 50 + 1


@pytest.mark.parametrize("hz", [1000.0, 425.0, 1400.0])
def test_the_beep_has_its_frequency(hz: float) -> None:
    callee = VoicemailOnPhone(Voicemail(beep_hz=hz), NOISE)
    said = until_the_end(callee)
    beep = at(callee, DeedKind.BEEPED)
    assert abs(loudest_hz(b"".join(said[beep : beep + 20])) - hz) < 5


def test_a_voicemail_measures_only_what_is_left_after_the_beep() -> None:
    callee = VoicemailOnPhone(Voicemail(records_s=3.0), NOISE)
    until_the_end(callee, VOICE)
    assert callee.message_ms == 3000


def test_an_operator_greets_talks_and_hangs_up_in_time() -> None:
    callee = OperatorOnPhone(OperatorPhone(talks_s=7.0), NOISE)
    said = until_the_end(callee)
    assert len(said) == 7 * 50 + 1
    assert callee.deeds[0].what == "слушаю вас"
    assert [deed.what for deed in callee.deeds if deed.kind is DeedKind.SAID] == ["хорошо", "так"]


def test_the_echo_sends_back_each_frame() -> None:
    callee = EchoOnPhone()
    frames = [bytes([number]) * 320 for number in range(10)]
    assert [callee.frame(frame).pcm for frame in frames] == frames


def test_all_62_clips_are_there_and_sound_like_voices() -> None:
    assert len({clip.path for clip in clips().values()}) == 61, "one text, 'ага', is said by two clips"
    for text, clip in clips().items():
        assert clip.path.is_file(), text
        assert -35 < level_dbfs(b"".join(sound(text))) < -15, text
        assert any(map(is_loud, sound(text))), text


def test_line_noise_is_no_voice_and_differs_from_line_to_line() -> None:
    assert not any(map(is_loud, NOISE))
    assert line_noise(1) != line_noise(2)
    assert abs(level_dbfs(b"".join(NOISE)) + 60) < 0.5


def test_levels_are_in_decibels_of_full_scale() -> None:
    assert level_dbfs(SILENCE) == -math.inf
    assert abs(level_dbfs(b"".join(tone(1000.0, 1.0, -9.0))) + 9) < 0.1
    assert is_loud(VOICE)
    assert not is_loud(SILENCE)
