"""Tones: beeps are told, the exchange's tones, speech and music are not."""

from __future__ import annotations

import csv
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot.amd.tones import CHUNK, HeardTone, ToneKind, Tones, measure, tones_in
from tests.robot.amd.calls import hiss, sine, still

SIT = (950.0, 1400.0, 1800.0)


def kinds(*parts: np.ndarray[tuple[int], np.dtype[np.int16]]) -> list[ToneKind]:
    return [tone.kind for tone in tones_in(np.concatenate([still(500), *parts, still(600)]))]


@pytest.mark.parametrize("ms", [110, 200, 500, 1000, 1400])
@pytest.mark.parametrize("hertz", [660, 850, 1000, 1400, 2000])
def test_a_sine_is_a_beep(hertz: float, ms: float) -> None:
    assert kinds(sine(hertz, ms)) == [ToneKind.BEEP]


@pytest.mark.parametrize("hertz", [400, 440, 480, 620])
def test_a_low_beep_must_last_longer_because_vowels_are_as_pure(hertz: float) -> None:
    assert kinds(sine(hertz, 200)) == [ToneKind.BEEP]


@pytest.mark.parametrize("gap_ms", [60, 150, 200])
def test_a_double_beep_is_one(gap_ms: float) -> None:
    found = list(tones_in(np.concatenate([still(500), sine(1000, 150), still(gap_ms), sine(1000, 150), still(600)])))
    assert [tone.kind for tone in found] == [ToneKind.BEEP]
    assert (found[0].end - found[0].start) / 8 == pytest.approx(300 + gap_ms, abs=70)


@pytest.mark.parametrize("pair", [(440, 480), (480, 620), (350, 440), (697, 1209), (941, 1477)])
@pytest.mark.parametrize("ms", [200, 500, 2000])
def test_two_tones_at_once_are_ringback_busy_or_a_key_and_no_beep(pair: tuple[float, float], ms: float) -> None:
    assert kinds(sine(pair[0], ms, 5000) + sine(pair[1], ms, 5000)) == []


@pytest.mark.parametrize("ms", [350, 1000, 3000])
def test_ringback_and_busy_of_425_hertz_are_no_beep(ms: float) -> None:
    assert kinds(sine(425, ms)) == []


def test_a_tone_without_end_is_no_beep() -> None:
    assert kinds(sine(1000, 4000)) == []


def test_special_information_tones_are_told_by_their_order() -> None:
    assert kinds(*(sine(hertz, 330) for hertz in SIT)) == [ToneKind.SIT]
    assert ToneKind.SIT not in kinds(*(sine(hertz, 330) for hertz in reversed(SIT)))


def test_a_fax_answers_with_2100_hertz_and_calls_with_1100_again_and_again() -> None:
    assert kinds(sine(2100, 2600)) == [ToneKind.FAX]
    assert kinds(sine(1100, 500), still(3000), sine(1100, 500)) == [ToneKind.BEEP, ToneKind.FAX]


@given(hertz=st.floats(660, 2000), ms=st.integers(140, 1300), level=st.floats(600, 16000), seed=st.integers(0, 99))
def test_a_beep_over_hiss_is_told_where_it_lies(hertz: float, ms: int, level: float, seed: int) -> None:
    beep = sine(hertz, ms, level)
    audio = np.concatenate([still(400), beep, still(500)]) + hiss(900 + ms, 20, seed)[: 7200 + len(beep)]
    found = list(tones_in(audio.astype(np.int16)))
    assert [tone.kind for tone in found if not 1062 <= tone.hertz <= 1138] in ([ToneKind.BEEP], [])
    assert len(found) == 1
    assert found[0].hertz == pytest.approx(hertz, abs=8)
    assert found[0].start == pytest.approx(3200, abs=2 * CHUNK)


def test_noise_is_no_tone() -> None:
    assert kinds(hiss(20_000, 2000)) == []


def test_a_beep_is_told_soon_after_it_is_over() -> None:
    tones, heard = Tones(), None
    audio = np.concatenate([still(512), sine(1000, 512), still(1024)])
    for number, measured in enumerate(measure(audio)):
        if (heard := tones.take(measured)) is not None:
            assert (number + 1) * CHUNK / 8 - 1024 <= 300
            break
    assert isinstance(heard, HeardTone)


@pytest.mark.shared
def test_recorded_speech_and_music_hold_no_beeps_to_speak_of(shared: Path) -> None:
    found, seconds = [], 0.0
    with (shared / "amd" / "manifest.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["class"] in ("prompt", "digit word", "music on hold")]
    for row in rows:
        with wave.open(str(shared / "amd" / row["path"])) as file:
            audio = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        seconds += len(audio) / 8000
        found += [(row["path"], tone) for tone in tones_in(audio)]
    assert len(found) <= seconds / 200, found
    assert not [name for name, _ in found if "machine/" in name]


@pytest.mark.shared
@pytest.mark.parametrize("name", ["beep", "ascending-2tone", "descending-2tone"])
def test_recorded_beeps_are_told(shared: Path, name: str) -> None:
    for source in ("asterisk-en", "asterisk-es", "asterisk-it"):
        with wave.open(str(shared / "amd" / "tones" / source / f"{name}.wav")) as file:
            audio = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        assert [tone.kind for tone in tones_in(audio)] == [ToneKind.BEEP]
