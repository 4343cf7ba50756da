"""Prompts are rendered once, kept in bounded memory and in shared files; stored sounds are prompts too."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import wave
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from core.errors import Unavailable
from robot.dialog.events import Speak
from robot.dialog.flow import End, Flow, Language, Prompt, Say, StepId, VoiceSex
from robot.dialog.hints import Piece
from robot.dialog.prompts import speak
from robot.prompts import CHECKSUM_BYTES, DISK_BYTES, FORGOTTEN_S, Prompts, read_sound, shrink
from robot.tts.voices import NamedVoice, Voices
from robot.workers import Workers
from tests.fakes.speech import FakeVoice, sound
from tests.virtual_time import run_virtual

FEMALE = VoiceSex.FEMALE


def prompts_over(
    voice: FakeVoice,
    folder: Path,
    *,
    memory_bytes: int = 10**6,
    disk_bytes: int = DISK_BYTES,
    workers: Workers | None = None,
) -> Prompts:
    return Prompts(
        Voices({sex: NamedVoice(f"fake-{sex}", voice) for sex in VoiceSex}),
        Language.RU,
        cache=folder / "cache",
        sounds=folder / "sounds",
        workers=workers or Workers.inline(),
        memory_bytes=memory_bytes,
        disk_bytes=disk_bytes,
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


def test_a_file_that_is_empty_cut_or_damaged_is_rendered_again(tmp_path: Path) -> None:
    voice = FakeVoice()
    whole = run_virtual(prompts_over(voice, tmp_path).get("Добрый день", sex=FEMALE))
    (path,) = (tmp_path / "cache").glob("*/*.pcm")
    kept = path.read_bytes()
    assert kept[CHECKSUM_BYTES:] == whole
    for broken in (b"", kept[:101], kept[:-2], kept[:200] + b"\1" + kept[201:], whole, bytes(len(kept))):
        path.write_bytes(broken)
        assert run_virtual(prompts_over(voice, tmp_path).get("Добрый день", sex=FEMALE)) == whole
        assert path.read_bytes() == kept
    assert len(voice.said) == 7


def test_a_folder_that_cannot_be_written_does_not_silence_the_robot(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    for name in range(256):  # a broken link in place of each folder
        (tmp_path / "cache" / f"{name:02x}").symlink_to(tmp_path / "nowhere" / "at" / "all")
    assert run_virtual(prompts_over(FakeVoice(), tmp_path).get("Добрый день", sex=FEMALE)) == sound(3000, 60 * 11)


def test_a_prompt_of_nothing_is_kept_too(tmp_path: Path) -> None:
    voice = FakeVoice()
    for _ in range(2):
        assert run_virtual(prompts_over(voice, tmp_path).get("...", sex=FEMALE)) == b""
    assert len(list((tmp_path / "cache").glob("*/*.pcm"))) == 1


def test_the_folder_shrinks_by_what_was_not_used_for_longest(tmp_path: Path) -> None:
    voice = FakeVoice()
    texts = [f"текст номер {n}" for n in range(6)]
    size = CHECKSUM_BYTES + len(sound(3000, 60 * len(texts[0])))
    for text in texts:
        before = set((tmp_path / "cache").glob("*/*.pcm"))
        run_virtual(prompts_over(voice, tmp_path).get(text, sex=FEMALE))
        (new,) = set((tmp_path / "cache").glob("*/*.pcm")) - before
        os.utime(new, (len(before), len(before)))
    run_virtual(prompts_over(voice, tmp_path).get(texts[0], sex=FEMALE))
    shrink(tmp_path / "cache", 3 * size)
    voice.said.clear()
    for text in texts[4:] + texts[:1]:
        run_virtual(prompts_over(voice, tmp_path).get(text, sex=FEMALE))
    assert voice.said == []
    run_virtual(prompts_over(voice, tmp_path).get(texts[1], sex=FEMALE))
    assert voice.said == [texts[1]]


def test_a_file_that_a_dead_process_left_half_written_goes_and_a_new_one_stays(tmp_path: Path) -> None:
    (tmp_path / "aa").mkdir()
    for name, used in (("1.pcm", 10_000), ("2.pcm.77.ab", 10_000 - FORGOTTEN_S - 1), ("3.pcm.78.cd", 9_000)):
        (tmp_path / "aa" / name).write_bytes(bytes(100))
        os.utime(tmp_path / "aa" / name, (used, used))
    shrink(tmp_path, 1000)
    assert sorted(path.name for path in tmp_path.glob("*/*")) == ["1.pcm", "3.pcm.78.cd"]


def test_the_folder_stays_bounded_while_prompts_are_rendered(tmp_path: Path) -> None:
    prompts = prompts_over(FakeVoice(), tmp_path, disk_bytes=200_000)
    for number in range(60):
        run_virtual(prompts.get(f"текст номер {number}", sex=FEMALE))
        assert sum(path.stat().st_size for path in (tmp_path / "cache").glob("*/*")) <= 230_000


def _render_in_another_process(folder: str, begin: int) -> int:
    """Renders the same texts as the others, in another order, and damages files now and then; counts wrong ones."""
    wrong = 0
    texts = [f"текст {number}" for number in range(20)]
    for number in range(60):
        text = texts[(begin + number * 7) % 20]
        pcm = run_virtual(prompts_over(FakeVoice(), Path(folder), disk_bytes=40_000).get(text, sex=FEMALE))
        wrong += pcm != sound(3000, 60 * len(text))
        if number % 10 == 5:
            for path in list((Path(folder) / "cache").glob("*/*.pcm"))[:2]:
                path.write_bytes(b"rubbish")
    return wrong


def test_processes_that_share_the_folder_never_hear_another_ones_half(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert sum(pool.map(_render_in_another_process, [str(tmp_path)] * 4, range(4))) == 0


def test_hints_change_the_delivery_and_not_the_text(tmp_path: Path) -> None:
    voice = FakeVoice()
    prompts = prompts_over(voice, tmp_path)
    speech = speak(Prompt(text="Код[pause 500ms][slow]{note}[/slow]."), {"note": "АБВ"}, Language.RU)
    assert speech is not None
    assert speech.text == "Код АБВ."
    pcm = run_virtual(prompts.spoken(speech))
    assert pcm == sound(3000, 180) + bytes(2 * 4000) + sound(3000, 225)
    assert voice.said == ["Код", "АБВ"]
    assert run_virtual(prompts.get("Код АБВ.", sex=FEMALE)) != pcm
    usual, fast = (
        run_virtual(prompts.get("Код", sex=FEMALE, delivery=(Piece("Код", rate, 100),))) for rate in (1.0, 2.0)
    )
    assert len(fast) < len(usual)


def test_the_folder_shrinks_by_its_oldest_files(tmp_path: Path) -> None:
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
    prompts = prompts_over(voice, tmp_path)
    run_virtual(prompts.render_fixed(flow))
    assert voice.said == ["До свидания."]
    run_virtual(prompts.prepare(flow, {"first_name": "Анна"}))
    assert voice.said == ["До свидания.", "Здравствуйте, Анна!"]


def test_a_telephone_wav_is_played_as_it_is(tmp_path: Path) -> None:
    write_wav(tmp_path / "sounds" / "hello.wav", sound(1000, 100))
    speech = Speak(text="", audio="hello.wav", voice=FEMALE, barge_in=False)
    assert run_virtual(prompts_over(FakeVoice(), tmp_path).spoken(speech)) == sound(1000, 100)


def test_sound_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    write_wav(tmp_path / "sounds" / "bytes.wav", bytes(100), width=1)
    write_wav(tmp_path / "sounds" / "rate.wav", bytes(100), rate=44100)
    write_wav(tmp_path / "sounds" / "stereo.wav", bytes(100), channels=2)
    (tmp_path / "sounds" / "no.wav").write_bytes(b"ID3 rubbish that is no wave file at all")
    (tmp_path / "secret.wav").write_bytes(b"")
    for name, code in (
        ("missing.wav", "sound_missing"),
        ("no.wav", "sound_unusable"),
        ("bytes.wav", "sound_unusable"),
        ("rate.wav", "sound_unusable"),
        ("stereo.wav", "sound_unusable"),
        (".", "sound_unusable"),
        ("../secret.wav", "sound_outside"),
    ):
        with pytest.raises(Unavailable) as caught:
            read_sound(tmp_path / "sounds", name)
        assert caught.value.code == code
        assert name in caught.value.message
