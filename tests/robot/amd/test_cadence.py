"""Person or machine by cadence: the rule at its borders, for any timing, and on recorded greetings."""

from __future__ import annotations

import csv
import wave
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audio import SAMPLE_RATE, Samples, ms
from models.manifest import SHIPPED
from robot.amd.cadence import BEEP, LONG_SPEECH, LONGEST, PATIENCE, WAITING, Cadence, Greeted, Verdict, cadence_after
from robot.amd.sound import Tone, level_db, tone_of
from robot.asr.silero import Silero
from robot.listener import Listener
from robot.pauses import Attention
from robot.turns import Moment
from tests.fakes.speech import quiet

CHUNK = 256
CHUNK_MS = 32
NO_TONE = Tone(0.0, 0.0)


def judged(*parts: tuple[float, int], tone: Tone = NO_TONE) -> Greeted | None:
    """The verdict on a row of (speech probability, length in ms)."""
    heard, at = Cadence(), 0
    for speech, length_ms in parts:
        for _ in range(length_ms // CHUNK_MS):
            moment = Moment(Samples(at), Samples(at + CHUNK), speech, -20.0)
            heard = cadence_after(heard, moment, tone if speech == 0.0 else NO_TONE)
            at += CHUNK
    return heard.verdict


def verdict(*parts: tuple[float, int]) -> Verdict | None:
    greeted = judged(*parts)
    return greeted.verdict if greeted else None


def test_a_short_word_and_silence_is_a_person() -> None:
    greeted = judged((0.01, 512), (0.9, 512), (0.01, 2000))
    assert greeted is not None
    assert greeted.verdict is Verdict.HUMAN
    assert greeted.score < 0.1
    assert ms(WAITING) <= ms(greeted.at) - 1024 <= ms(WAITING) + CHUNK_MS
    assert ms(greeted.spoken_until) == 1024


def test_two_words_with_a_breath_between_are_one_greeting() -> None:
    assert verdict((0.01, 320), (0.9, 640), (0.01, 320), (0.9, 640), (0.01, 1000)) is Verdict.HUMAN


def test_long_unbroken_speech_is_a_machine_while_it_still_talks() -> None:
    greeted = judged((0.01, 320), (0.9, 9000))
    assert greeted is not None
    assert greeted.verdict is Verdict.MACHINE
    assert ms(greeted.at) - 320 <= ms(LONG_SPEECH) + CHUNK_MS


def test_silence_is_taken_for_a_person_after_a_while() -> None:
    greeted = judged((0.01, 5000))
    assert greeted is not None
    assert greeted.verdict is Verdict.UNCERTAIN
    assert ms(greeted.at) <= ms(PATIENCE) + CHUNK_MS


def test_a_click_is_no_greeting() -> None:
    assert verdict((0.01, 320), (0.9, 32), (0.01, 5000)) is Verdict.UNCERTAIN


@pytest.mark.parametrize(("hertz", "machine"), [(1000.0, True), (690.0, True), (425.0, False), (440.0, False)])
def test_a_beep_is_a_machine_but_ringback_is_not(hertz: float, machine: bool) -> None:
    greeted = judged((0.0, 1000), tone=Tone(hertz, 0.99))
    assert (greeted is not None and greeted.verdict is Verdict.MACHINE) is machine


def test_a_beep_must_last() -> None:
    tone = Tone(1000.0, 0.99)
    assert judged((0.0, int(ms(BEEP)) - CHUNK_MS * 2), (0.01, 640), tone=tone) is None


PARTS = st.lists(st.tuples(st.sampled_from([0.01, 0.2, 0.4, 0.6, 0.95]), st.integers(32, 4000)), max_size=12)


@given(PARTS)
def test_a_verdict_comes_in_time_and_is_never_taken_back(parts: list[tuple[float, int]]) -> None:
    greeted = judged(*parts, (0.01, 9000))
    assert greeted is not None
    assert greeted.at <= LONGEST + CHUNK
    assert 0 <= greeted.score <= 1
    assert judged(*parts, (0.01, 9000), (0.95, 3000)) == greeted


@given(before=st.integers(0, 1600), word=st.integers(96, 2400), after=st.integers(700, 3000))
def test_whoever_says_something_short_and_waits_is_never_a_machine(before: int, word: int, after: int) -> None:
    assert verdict((0.01, before), (0.95, word), (0.01, after)) is not Verdict.MACHINE


@given(before=st.integers(0, 1600), speech=st.integers(2700, 9000))
def test_whoever_talks_on_without_a_pause_is_a_machine(before: int, speech: int) -> None:
    assert verdict((0.01, before), (0.95, speech)) is Verdict.MACHINE


@given(PARTS)
def test_the_score_agrees_with_the_verdict(parts: list[tuple[float, int]]) -> None:
    greeted = judged(*parts, (0.01, 9000))
    assert greeted is not None
    if greeted.verdict is Verdict.MACHINE:
        assert greeted.score >= 0.5
    if greeted.verdict is Verdict.HUMAN:
        assert greeted.score < 0.5


def sine(hertz: float, length_ms: int = 32) -> bytes:
    time = np.arange(SAMPLE_RATE * length_ms // 1000) / SAMPLE_RATE
    return np.round(8000 * np.sin(2 * np.pi * hertz * time)).astype("<i2").tobytes()


@pytest.mark.parametrize("hertz", [425.0, 690.0, 1000.0, 1400.0, 2100.0])
def test_a_sine_is_a_tone_and_noise_is_none(hertz: float) -> None:
    tone = tone_of(sine(hertz))
    assert tone.share > 0.98
    assert tone.hertz == pytest.approx(hertz, abs=20)
    noise = np.random.default_rng(1).normal(0, 2000, 256).astype("<i2").tobytes()
    assert tone_of(noise).share < 0.5
    assert tone_of(bytes(512)) == NO_TONE
    assert tone_of(b"") == NO_TONE


def test_level_is_dbfs() -> None:
    assert level_db(sine(1000.0, 1000)) == pytest.approx(20 * np.log10(8000 / 32768 / np.sqrt(2)), abs=0.05)
    assert level_db(b"") == level_db(bytes(320)) == -120.0


@pytest.fixture(scope="module")
def silero() -> Silero:
    return Silero(SHIPPED / "silero-vad" / "silero_vad.onnx")


def judge_audio(silero: Silero, pcm: bytes) -> Verdict:
    listener = Listener(silero.open(), None, greeting=True)
    events = listener.hear(pcm, Attention())
    return next(event.verdict for event in events if isinstance(event, Greeted))


@pytest.mark.shared
@pytest.mark.parametrize("pause_ms", [200, 1000])
@pytest.mark.parametrize("noise_db", [None, -50, -40])
def test_no_person_is_taken_for_a_machine_and_no_machine_for_a_person(
    shared: Path, silero: Silero, pause_ms: int, noise_db: int | None
) -> None:
    random = np.random.default_rng(3)
    folder, found = shared / "audio" / "ru-callers", Counter[tuple[str, Verdict]]()
    with (folder / "manifest.csv").open(encoding="utf-8") as file:
        clips = [c for c in csv.DictReader(file) if c["kind"] in ("greeting", "yes", "voicemail", "screening")]
    for clip in clips:
        with wave.open(str(folder / clip["path"])) as file:
            pcm = quiet(pause_ms) + file.readframes(file.getnframes()) + quiet(2500)
        if noise_db is not None:
            samples = np.frombuffer(pcm, dtype="<i2") + random.normal(0, 32768 * 10 ** (noise_db / 20), len(pcm) // 2)
            pcm = np.clip(samples, -32768, 32767).astype("<i2").tobytes()
        found[clip["kind"], judge_audio(silero, pcm)] += 1
    assert {key for key in found if key[0] in ("greeting", "yes")} == {
        ("greeting", Verdict.HUMAN),
        ("yes", Verdict.HUMAN),
    }
    assert {key for key in found if key[0] in ("voicemail", "screening")} == {
        ("voicemail", Verdict.MACHINE),
        ("screening", Verdict.MACHINE),
    }


@pytest.mark.shared
def test_real_single_words_in_other_languages_are_people(shared: Path, silero: Silero) -> None:
    folder = shared / "amd"
    with (folder / "manifest.csv").open(encoding="utf-8") as file:
        words = [row for row in csv.DictReader(file) if row["class"] in ("digit word", "prompt-voice short word")][::8]
    for row in words:
        with wave.open(str(folder / row["path"])) as file:
            assert (
                judge_audio(silero, quiet(400) + file.readframes(file.getnframes()) + quiet(2500))
                is not Verdict.MACHINE
            )
