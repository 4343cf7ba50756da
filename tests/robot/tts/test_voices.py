"""What the robot's voice sounds like in figures, which voice is chosen, and that threads do not disturb each other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from piper import AudioChunk, SynthesisConfig

from core.errors import Unavailable
from robot.dialog.flow import Language, VoiceSex
from robot.dialog.hints import Piece
from robot.ports import Voice
from robot.tts.espeak import EspeakVoice
from robot.tts.level import PEAK_DB, TARGET_RMS_DB, limit, speech_rms_db, telephone, trim, true_peak_db
from robot.tts.piper import PiperVoice
from robot.tts.voices import choose_voices, deliver
from tests.fakes.speech import FakeVoice

TEXTS = {
    Language.RU: (
        "Здравствуйте, Анна! Ваш заказ готов.",
        "Да.",
        "Нажмите один, чтобы подтвердить, или два, чтобы отказаться.",
    ),
    Language.EN: ("Hello Anna! Your order is ready.", "Yes.", "Press one to confirm, or two to decline."),
}
CASES = [(language, sex, text) for language, texts in TEXTS.items() for sex in VoiceSex for text in texts]


def wave_of(pcm: bytes) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.frombuffer(pcm, dtype="<i2").astype(np.float64) / 32768


@pytest.fixture(params=["fake", "espeak"])
def voice(request: pytest.FixtureRequest) -> Voice:
    return FakeVoice() if request.param == "fake" else EspeakVoice()


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("sex", VoiceSex)
def test_a_voice_says_more_for_a_longer_text(voice: Voice, language: Language, sex: VoiceSex) -> None:
    short, long = (voice.say(text, language=language, sex=sex) for text in (TEXTS[language][1], TEXTS[language][2]))
    assert 0 < len(short) < len(long)
    assert len(long) % 2 == 0


def test_nothing_to_say_is_no_audio(voice: Voice) -> None:
    for text in ("", " ", "..."):
        assert voice.say(text, language=Language.RU, sex=VoiceSex.MALE) == b""


@pytest.mark.parametrize(("language", "sex", "text"), CASES)
def test_prompts_have_one_level_and_no_silence_around(language: Language, sex: VoiceSex, text: str) -> None:
    wave = wave_of(EspeakVoice().say(text, language=language, sex=sex))
    assert speech_rms_db(wave) == pytest.approx(TARGET_RMS_DB, abs=1.0)
    assert true_peak_db(wave) <= PEAK_DB
    assert len(trim(wave)) >= len(wave) - 320


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("sex", VoiceSex)
def test_rates_change_the_length_and_not_the_level(voice: Voice, language: Language, sex: VoiceSex) -> None:
    text = TEXTS[language][2]
    slow, usual, fast = (len(voice.say(text, language=language, sex=sex, rate=rate)) for rate in (0.7, 1.0, 1.4))
    assert slow > usual * 1.2
    assert fast < usual * 0.85
    if isinstance(voice, EspeakVoice):
        for rate in (0.5, 0.7, 1.4, 2.0):
            wave = wave_of(voice.say(text, language=language, sex=sex, rate=rate))
            assert speech_rms_db(wave) == pytest.approx(TARGET_RMS_DB, abs=1.0)


def test_a_rate_holds_for_its_piece_alone() -> None:
    voice = EspeakVoice()
    before = voice.say("Здравствуйте", language=Language.RU, sex=VoiceSex.MALE)
    voice.say("Здравствуйте", language=Language.RU, sex=VoiceSex.MALE, rate=0.5)
    after = voice.say("Здравствуйте", language=Language.RU, sex=VoiceSex.MALE)
    assert len(after) == pytest.approx(len(before), rel=0.05)


def test_a_pause_is_as_long_as_it_was_asked_for() -> None:
    pieces = (Piece("Код", 1.0, 700), Piece("два", 0.8))
    wave = wave_of(deliver(EspeakVoice(), pieces, language=Language.RU, sex=VoiceSex.FEMALE))
    powers = (wave[: len(wave) // 80 * 80].reshape(-1, 80) ** 2).mean(axis=1)
    quiet = "".join("q" if power < 1e-6 else "L" for power in powers)
    longest = max(len(run) for run in quiet.split("L")) * 10
    assert 700 <= longest <= 760


def test_a_piece_without_words_is_only_its_pause(voice: Voice) -> None:
    pieces = (Piece("...", 1.0, 500), Piece("", 1.0, 250))
    assert deliver(voice, pieces, language=Language.RU, sex=VoiceSex.MALE) == bytes(2 * 8 * 750)


def test_all_voices_are_equally_loud() -> None:
    levels = [
        speech_rms_db(wave_of(EspeakVoice().say(text, language=language, sex=sex))) for language, sex, text in CASES
    ]
    assert max(levels) - min(levels) < 1.0


def test_man_and_woman_sound_different() -> None:
    text = "Здравствуйте"
    male, female = (EspeakVoice().say(text, language=Language.RU, sex=sex) for sex in VoiceSex)
    assert male != female


def test_markup_and_odd_signs_are_said_not_obeyed() -> None:
    voice = EspeakVoice()
    for text in (
        '<audio src="/etc/passwd"/>да',
        "а\0б",
        "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
        "[[p'a]]",
    ):
        voice.say(text, language=Language.RU, sex=VoiceSex.MALE)
    assert voice.say("да", language=Language.RU, sex=VoiceSex.MALE)


def test_threads_get_each_their_own_words() -> None:
    voice = EspeakVoice()
    alone = [len(voice.say(text, language=language, sex=sex)) for language, sex, text in CASES]
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(voice.say, text, language=language, sex=sex) for language, sex, text in CASES * 5]
        lengths = [len(job.result()) for job in jobs]
    assert lengths == [pytest.approx(length, rel=0.05) for length in alone * 5]  # espeak's flutter varies them a little


@given(
    rate=st.sampled_from([8000, 16000, 22050, 44100]),
    gain=st.floats(0.01, 1.0),
    spikes=st.integers(0, 30),
    silence=st.integers(0, 8000),
)
def test_any_speech_comes_out_at_one_level_below_the_peak(rate: int, gain: float, spikes: int, silence: int) -> None:
    random = np.random.default_rng(spikes)
    speech = random.normal(0, 0.2, rate)
    speech[: spikes * 10 : 10] *= 20
    speech = np.clip(speech, -1, 1) * gain
    padded = np.concatenate((np.zeros(silence), speech, np.zeros(silence)))
    wave = wave_of(telephone(padded.astype(np.float32), rate))
    assert true_peak_db(wave) <= PEAK_DB
    assert speech_rms_db(wave) == pytest.approx(TARGET_RMS_DB, abs=1.5)


def test_silence_stays_silence() -> None:
    assert telephone(np.zeros(1000, dtype=np.int16), 22050) == b""
    assert limit(np.zeros(100)).max() == 0


def test_without_a_fetched_voice_espeak_serves_and_is_named(tmp_path: Path) -> None:
    voices = choose_voices(Language.EN, [tmp_path])
    assert {voices.name(sex) for sex in VoiceSex} == {"espeak-ng"}
    assert voices.say("Hello", language=Language.EN, sex=VoiceSex.FEMALE)


@pytest.mark.shared
@pytest.mark.parametrize("own_folder", [True, False])
def test_a_fetched_piper_voice_is_taken_first(shared: Path, tmp_path: Path, own_folder: bool) -> None:
    name, source = "ru_RU-irina-medium", shared / "models" / "piper-test-voice-silence"
    folder = tmp_path / name if own_folder else tmp_path
    folder.mkdir(exist_ok=True)
    shutil.copyfile(source / "test_voice.onnx", folder / f"{name}.onnx")
    config = json.loads((source / "test_voice.onnx.json").read_text())
    config["espeak"]["voice"] = "ru"
    (folder / f"{name}.onnx.json").write_text(json.dumps(config))
    voices = choose_voices(Language.RU, [tmp_path])
    assert (voices.name(VoiceSex.FEMALE), voices.name(VoiceSex.MALE)) == (name, "espeak-ng")
    assert (
        voices.say("Добрый день. Как дела?", language=Language.RU, sex=VoiceSex.FEMALE) == b""
    )  # it only says silence
    assert voices.say("Добрый день.", language=Language.RU, sex=VoiceSex.MALE)


@pytest.mark.shared
def test_a_piper_voice_takes_a_rate(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = shared / "models" / "piper-test-voice-silence"
    shutil.copyfile(source / "test_voice.onnx", tmp_path / "v.onnx")
    shutil.copyfile(source / "test_voice.onnx.json", tmp_path / "v.onnx.json")
    voice = PiperVoice(tmp_path / "v.onnx")
    usual = voice._engine.config.length_scale
    asked: list[float | None] = []
    spoken = voice._engine.synthesize

    def noted(text: str, settings: SynthesisConfig) -> Iterable[AudioChunk]:
        asked.append(settings.length_scale)
        return spoken(text, settings)

    monkeypatch.setattr(voice._engine, "synthesize", noted)
    for rate in (1.0, 0.8):
        voice.say("Hello.", language=Language.EN, sex=VoiceSex.MALE, rate=rate)
    assert asked == [usual, usual / 0.8]


def test_a_broken_piper_voice_is_unavailable_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "v.onnx").write_bytes(b"rubbish")
    (tmp_path / "v.onnx.json").write_text("{}")
    with pytest.raises(Unavailable, match=r"v\.onnx"):
        PiperVoice(tmp_path / "v.onnx")
