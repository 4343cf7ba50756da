"""A company's sounds: stored for it alone, played as prompts, and texts heard beforehand."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np
import pytest

from campaigns.campaign import CompanyId
from core.errors import BadInput, NotFound
from robot.dialog.flow import End, Flow, Language, Prompt, Say, StepId, VoiceSex
from robot.prompts import Prompts
from robot.tts.espeak import EspeakVoice
from robot.tts.sounds import wav_of
from robot.tts.voices import NamedVoice, Voices
from robot.workers import Workers
from services.sounds import check_sounds, preview, sound_path, store_sound

OURS, THEIRS = CompanyId(7), CompanyId(8)
TONE = wav_of(np.round(8000 * np.sin(np.arange(16000) / 3)).astype("<i2").tobytes())


def prompts_in(folder: Path) -> Prompts:
    voices = Voices({sex: NamedVoice("espeak-ng", EspeakVoice()) for sex in VoiceSex})
    return Prompts(voices, Language.RU, cache=folder / "cache", sounds=folder / "sounds", workers=Workers.inline())


def flow_with(*audios: str | None) -> Flow:
    end = StepId("z")
    says = [Say(id=StepId(f"s{n}"), prompt=Prompt(text="а", audio=audio), then=end) for n, audio in enumerate(audios)]
    return Flow(name="f", start=end, steps={end: End(id=end), **{step.id: step for step in says}})


async def test_a_stored_sound_is_played_by_its_name(tmp_path: Path) -> None:
    stored = await store_sound(tmp_path / "sounds", OURS, TONE)
    assert stored.seconds == 2.0
    path = sound_path(tmp_path / "sounds", OURS, stored.audio)
    assert path.parent == tmp_path / "sounds" / "7"
    pcm = await prompts_in(tmp_path).sound(stored.audio)
    assert wav_of(pcm) == path.read_bytes()
    heard = await preview(prompts_in(tmp_path), Prompt(audio=stored.audio), Language.RU, {})
    assert heard == path.read_bytes()


async def test_what_cannot_be_used_is_not_stored(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        await store_sound(tmp_path, OURS, b"rubbish")
    assert not list(tmp_path.iterdir())


async def test_a_sound_belongs_to_its_company_alone(tmp_path: Path) -> None:
    stored = await store_sound(tmp_path, OURS, TONE)
    name = stored.audio.removeprefix("7/")
    (tmp_path / "7" / "plain.wav").write_bytes(TONE)
    check_sounds(flow_with(None, stored.audio), tmp_path, OURS)
    for company, audio in (
        (THEIRS, stored.audio),
        (THEIRS, f"8/{name}"),
        (OURS, f"8/{name}"),
        (OURS, name),
        (OURS, "7/plain.wav"),
        (OURS, f"7/../7/{name}"),
        (OURS, f"7/{'0' * 32}.wav"),
        (OURS, "7/"),
        (OURS, ""),
    ):
        with pytest.raises(NotFound):
            sound_path(tmp_path, company, audio)
        if audio:
            with pytest.raises(BadInput, match="There is no sound file"):
                check_sounds(flow_with(stored.audio, audio), tmp_path, company)


async def test_a_preview_is_a_telephone_wav_of_the_text_with_its_hints_and_variables(tmp_path: Path) -> None:
    prompts = prompts_in(tmp_path)

    async def seconds(text: str) -> float:
        with wave.open(
            io.BytesIO(await preview(prompts, Prompt(text=text), Language.RU, {"first_name": "Анна"}))
        ) as heard:
            assert (heard.getframerate(), heard.getnchannels(), heard.getsampwidth()) == (8000, 1, 2)
            return float(heard.getnframes() / 8000)

    plain = await seconds("Здравствуйте, {first_name}!")
    assert await seconds("Здравствуйте, {first_name}![pause 2s]") == pytest.approx(plain + 2, abs=0.05)
    assert await seconds("[slow]Здравствуйте, {first_name}![/slow]") > plain * 1.1
    assert await seconds("Здравствуйте, {middle_name}!") < plain


@pytest.mark.parametrize("text", ["", "[slow]а", "{b", "а" * 501, "{note}"])
async def test_a_text_that_cannot_be_said_has_no_preview(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput):
        await preview(prompts_in(tmp_path), Prompt(text=text), Language.RU, {})
