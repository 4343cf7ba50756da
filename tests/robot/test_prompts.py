"""Prompts are rendered once, kept in bounded memory and in files; sound files of any rate are prompts too."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path

import numpy as np
import pytest

from core.errors import Unavailable
from robot.dialog.events import Speak
from robot.dialog.flow import End, Flow, Language, Prompt, Say, StepId, VoiceSex
from robot.prompts import Prompts, read_sound, shrink
from robot.tts.voices import NamedVoice, Voices
from robot.workers import Workers
from tests.fakes.speech import FakeVoice, sound
from tests.virtual_time import run_virtual

FEMALE = VoiceSex.FEMALE


def prompts_over(
    voice: FakeVoice, folder: Path, *, memory_bytes: int = 10**6, workers: Workers | None = None
) -> Prompts:
    return Prompts(
        Voices({sex: NamedVoice(f"fake-{sex}", voice) for sex in VoiceSex}),
        Language.RU,
        cache=folder / "cache",
        sounds=folder / "sounds",
        workers=workers or Workers.inline(),
        memory_bytes=memory_bytes,
    )


def write_wav(path: Path, pcm: bytes, *, rate: int = 8000, channels: int = 1, width: int = 2) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(pcm)


def test_a_prompt_is_rendered_once_and_found_again_by_another_process(tmp_path: Path) -> None:
    voice = FakeVoice()
    first = run_virtual(prompts_over(voice, tmp_path).get("Добрый день", sex=FEMALE))
    second = run_virtual(prompts_over(voice, tmp_path).get("Добрый день", sex=FEMALE))
    assert first == second
    assert voice.said == ["Добрый день"]


def test_each_sex_and_each_text_is_another_prompt(tmp_path: Path) -> None:
    voice = FakeVoice()
    prompts = prompts_over(voice, tmp_path)
    for text, sex in (("а", FEMALE), ("б", FEMALE), ("а", VoiceSex.MALE), ("а", FEMALE)):
        run_virtual(prompts.get(text, sex=sex))
    assert voice.said == ["а", "б", "а"]


async def test_what_is_asked_twice_at_once_is_rendered_once(tmp_path: Path) -> None:
    voice, workers = FakeVoice(), Workers(2)
    prompts = prompts_over(voice, tmp_path, workers=workers)
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(prompts.get("Здравствуйте", sex=FEMALE)) for _ in range(20)]
    workers.close()
    assert len({task.result() for task in asked}) == 1
    assert voice.said == ["Здравствуйте"]


async def test_when_the_one_who_renders_is_cancelled_the_next_one_renders(tmp_path: Path) -> None:
    voice, workers = FakeVoice(), Workers(1)
    prompts = prompts_over(voice, tmp_path, workers=workers)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(prompts.get("Здравствуйте", sex=FEMALE))
        second = group.create_task(prompts.get("Здравствуйте", sex=FEMALE))
        await asyncio.sleep(0)
        first.cancel()
    workers.close()
    assert second.result() == sound(3000, 60 * 12)


def test_memory_is_bounded_and_the_file_serves_afterwards(tmp_path: Path) -> None:
    voice = FakeVoice()
    prompts = prompts_over(voice, tmp_path, memory_bytes=30_000)
    texts = [f"текст номер {n}" for n in range(20)]
    for text in texts * 2:
        run_virtual(prompts.get(text, sex=FEMALE))
    assert voice.said == texts
    assert sum(len(pcm) for pcm in prompts._memory.values()) <= 30_000


def test_no_half_written_file_is_left(tmp_path: Path) -> None:
    run_virtual(prompts_over(FakeVoice(), tmp_path).get("Добрый день", sex=FEMALE))
    assert [path.suffix for path in (tmp_path / "cache").glob("*/*")] == [".pcm"]


def test_a_file_that_a_crash_left_empty_or_cut_is_rendered_again(tmp_path: Path) -> None:
    voice = FakeVoice()
    whole = run_virtual(prompts_over(voice, tmp_path).get("Добрый день", sex=FEMALE))
    (path,) = (tmp_path / "cache").glob("*/*.pcm")
    for broken in (b"", whole[:101]):
        path.write_bytes(broken)
        assert run_virtual(prompts_over(voice, tmp_path).get("Добрый день", sex=FEMALE)) == whole
    assert path.read_bytes() == whole


def test_a_folder_that_cannot_be_written_does_not_silence_the_robot(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    for name in range(256):  # a broken link in place of each folder
        (tmp_path / "cache" / f"{name:02x}").symlink_to(tmp_path / "nowhere" / "at" / "all")
    assert run_virtual(prompts_over(FakeVoice(), tmp_path).get("Добрый день", sex=FEMALE)) == sound(3000, 60 * 11)


def test_the_folder_shrinks_by_its_oldest_files(tmp_path: Path) -> None:
    import os

    for number in range(10):
        path = tmp_path / "aa" / f"{number}.pcm"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(100))
        os.utime(path, (number, number))
    shrink(tmp_path, 350)
    assert sorted(path.stem for path in tmp_path.glob("*/*.pcm")) == ["7", "8", "9"]


def test_prepare_renders_all_a_call_may_say(tmp_path: Path) -> None:
    voice = FakeVoice()
    flow = Flow(
        name="f",
        start=StepId("a"),
        steps={
            StepId("a"): Say(id=StepId("a"), prompt=Prompt(text="Здравствуйте, {first_name}!"), then=StepId("z")),
            StepId("z"): End(id=StepId("z"), prompt=Prompt(text="До свидания.")),
        },
    )
    run_virtual(prompts_over(voice, tmp_path).prepare(flow, {"first_name": "Анна"}))
    assert voice.said == ["Здравствуйте, Анна!", "До свидания."]


def test_a_telephone_wav_is_played_as_it_is(tmp_path: Path) -> None:
    write_wav(tmp_path / "sounds" / "hello.wav", sound(1000, 100))
    speech = Speak(text="", audio="hello.wav", voice=FEMALE, barge_in=False)
    assert run_virtual(prompts_over(FakeVoice(), tmp_path).spoken(speech)) == sound(1000, 100)


@pytest.mark.parametrize(("rate", "channels"), [(44100, 2), (16000, 1), (48000, 1), (8000, 2)])
def test_other_wavs_are_brought_to_telephone_audio(tmp_path: Path, rate: int, channels: int) -> None:
    time = np.arange(rate) / rate
    tone = np.round(8000 * np.sin(2 * np.pi * 440 * time)).astype("<i2")
    write_wav(tmp_path / "tone.wav", np.repeat(tone, channels).tobytes(), rate=rate, channels=channels)
    out = np.frombuffer(read_sound(tmp_path, "tone.wav"), dtype="<i2").astype(float)
    assert len(out) == pytest.approx(8000, abs=2)
    assert np.abs(np.fft.rfft(out)).argmax() == pytest.approx(440, abs=2)
    assert np.sqrt((out[400:-400] ** 2).mean()) == pytest.approx(8000 / np.sqrt(2), rel=0.02)


def test_sound_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    write_wav(tmp_path / "sounds" / "bytes.wav", bytes(100), width=1)
    (tmp_path / "sounds" / "no.wav").write_bytes(b"ID3 rubbish that is no wave file at all")
    (tmp_path / "secret.wav").write_bytes(b"")
    for name, code in (
        ("missing.wav", "sound_missing"),
        ("no.wav", "sound_unusable"),
        ("bytes.wav", "sound_unusable"),
        ("../secret.wav", "sound_outside"),
    ):
        with pytest.raises(Unavailable) as caught:
            read_sound(tmp_path / "sounds", name)
        assert caught.value.code == code
        assert name in caught.value.message
