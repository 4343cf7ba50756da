"""What every `Vad` and every `Ears` must do: the fakes always, Silero and Vosk with the models that ship."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from models.manifest import SHIPPED
from robot.asr.silero import Silero
from robot.asr.vosk_ears import VoskEars
from robot.dialog.flow import Language, VoiceSex
from robot.ports import Ears, Vad
from robot.tts.espeak import EspeakVoice
from tests.fakes.speech import FakeEars, FakeVad, quiet, sound


class Heard(NamedTuple):
    """Ears with the audio of something they know."""

    ears: Ears
    known: bytes
    text: str


@pytest.fixture(scope="module")
def vosk_ears() -> VoskEars:
    return VoskEars(SHIPPED / "vosk-standin-ru-mini", Language.RU)


@pytest.fixture(scope="module")
def spoken() -> bytes:
    return EspeakVoice().say("согласен", language=Language.RU, sex=VoiceSex.MALE)


@pytest.fixture(params=["fake", "silero"])
def vad(request: pytest.FixtureRequest) -> Vad:
    return FakeVad() if request.param == "fake" else Silero(SHIPPED / "silero-vad" / "silero_vad.onnx").open()


@pytest.fixture(params=["fake", "vosk"])
def heard(request: pytest.FixtureRequest, vosk_ears: VoskEars, spoken: bytes) -> Heard:
    if request.param == "fake":
        return Heard(FakeEars({1000: "согласен"}), sound(1000, 600), "согласен")
    return Heard(vosk_ears, spoken, "согласен")


def test_silence_is_no_speech(vad: Vad) -> None:
    silence = bytes(vad.chunk_samples * 2)
    assert all(vad.probability(silence) < 0.2 for _ in range(60))


def test_speech_is_speech(vad: Vad, spoken: bytes) -> None:
    size = vad.chunk_samples * 2
    found = [vad.probability(spoken[i : i + size]) for i in range(0, len(spoken) - size, size)]
    assert max(found) > 0.8
    assert all(0 <= probability <= 1 for probability in found)


def test_a_chunk_of_another_size_is_refused(vad: Vad) -> None:
    for size in (0, 1, 160, vad.chunk_samples - 1, vad.chunk_samples + 1):
        with pytest.raises(ValueError, match="256"):
            vad.probability(bytes(size * 2))


def test_two_calls_do_not_hear_each_other() -> None:
    network = Silero(SHIPPED / "silero-vad" / "silero_vad.onnx")
    voice = EspeakVoice().say("да да да", language=Language.RU, sex=VoiceSex.FEMALE)
    chunks = [voice[i : i + 512] for i in range(0, len(voice) - 512, 512)]
    alone = network.open()
    expected = [alone.probability(chunk) for chunk in chunks]
    first, second = network.open(), network.open()
    mixed = []
    for chunk in chunks:
        mixed.append(first.probability(chunk))
        second.probability(bytes(512))
    assert mixed == expected


def test_an_expected_phrase_is_heard(heard: Heard) -> None:
    recogniser = heard.ears.listen([heard.text, "нет"])
    recogniser.accept(quiet(200) + heard.known + quiet(200))
    said = recogniser.finish()
    assert said.text == heard.text
    assert 0.5 < said.confidence <= 1


def test_the_same_audio_in_small_pieces_gives_the_same_text(heard: Heard) -> None:
    recogniser = heard.ears.listen([heard.text, "нет"])
    audio = quiet(200) + heard.known + quiet(200)
    for at in range(0, len(audio), 512):
        recogniser.accept(audio[at : at + 512])
    recogniser.accept(b"")
    assert recogniser.finish().text == heard.text


def test_silence_and_nothing_at_all_have_no_text(heard: Heard) -> None:
    for audio in (b"", quiet(1000)):
        recogniser = heard.ears.listen(["да", "нет"])
        assert recogniser.accept(audio) == ""
        assert recogniser.finish().text == ""


def test_two_turns_at_once_do_not_mix(heard: Heard) -> None:
    one, other = heard.ears.listen([heard.text]), heard.ears.listen([heard.text])
    one.accept(quiet(200) + heard.known)
    other.accept(quiet(600))
    assert one.finish().text == heard.text
    assert other.finish().text == ""


def test_noise_without_a_voice_is_never_an_answer(vosk_ears: VoskEars) -> None:
    random = np.random.default_rng(5)
    answers = {"да", "нет", "согласен"}
    for level in (100, 1000, 5000):
        noise = random.normal(0, level, 8000).astype("<i2").tobytes()
        recogniser = vosk_ears.listen(sorted(answers))
        recogniser.accept(noise)
        assert recogniser.finish().text not in answers


def test_a_broken_model_is_unavailable_with_its_path(tmp_path: Path) -> None:
    from core.errors import Unavailable

    (tmp_path / "silero.onnx").write_bytes(b"rubbish")
    with pytest.raises(Unavailable, match=r"silero\.onnx"):
        Silero(tmp_path / "silero.onnx")
    with pytest.raises(Unavailable, match="vosk-none"):
        VoskEars(tmp_path / "vosk-none", Language.RU)
