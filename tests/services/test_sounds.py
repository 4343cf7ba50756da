"""A company's sounds: stored for it alone, played as prompts, kept as long as a scenario plays them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from campaigns.campaign import CompanyId
from core.errors import BadInput, Conflict, Gone, NotFound
from robot.dialog.flow import End, Flow, Language, Prompt, Say, StepId, VoiceSex
from robot.prompts import Prompts
from robot.tts.espeak import EspeakVoice
from robot.tts.sounds import wav_of
from robot.tts.voices import NamedVoice, Voices
from robot.workers import Workers
from services import scenarios
from services.sounds import (
    StoredSound,
    check_sounds,
    delete_sound,
    known_sounds,
    list_sounds,
    sound_path,
    store_sound,
)
from storage.database import Database
from tests.conftest import EPOCH, make_company

pytestmark = pytest.mark.postgres

TONE = wav_of(np.round(8000 * np.sin(np.arange(16000) / 3)).astype("<i2").tobytes())


def flow_with(*audios: str | None) -> Flow:
    end = StepId("z")
    says = [Say(id=StepId(f"s{n}"), prompt=Prompt(text="а", audio=audio), then=end) for n, audio in enumerate(audios)]
    return Flow(name="f", start=end, steps={end: End(id=end), **{step.id: step for step in says}})


async def stored(database: Database, company: CompanyId, folder: Path, *, name: str = "тон") -> StoredSound:
    async with database.transaction(company) as tx:
        return await store_sound(tx, folder, company, TONE, name=name, now=EPOCH)


async def test_a_stored_sound_is_played_by_its_name(database: Database, company: CompanyId, tmp_path: Path) -> None:
    sound = await stored(database, company, tmp_path)
    assert sound.seconds == 2.0
    path = sound_path(tmp_path, company, sound.audio)
    assert path.parent == tmp_path / str(company)
    assert path.stat().st_size == sound.size_bytes
    voices = Voices({sex: NamedVoice("espeak-ng", EspeakVoice()) for sex in VoiceSex})
    prompts = Prompts(voices, Language.RU, cache=tmp_path / "c", sounds=tmp_path, workers=Workers.inline())
    assert wav_of(await prompts.sound(sound.audio)) == path.read_bytes()


async def test_what_cannot_be_used_is_not_stored(database: Database, company: CompanyId, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        async with database.transaction(company) as tx:
            await store_sound(tx, tmp_path, company, b"rubbish", name="a", now=EPOCH)
    assert not list(tmp_path.iterdir())


async def test_R11_4_a_sound_belongs_to_its_company_alone(
    database: Database, company: CompanyId, tmp_path: Path
) -> None:
    other = await make_company(database, "Вектор")
    sound = await stored(database, company, tmp_path)
    name = sound.audio.partition("/")[2]
    (tmp_path / str(company) / "plain.wav").write_bytes(TONE)
    async with database.transaction(company) as tx:
        await check_sounds(tx, flow_with(None, sound.audio), tmp_path, company)
        assert await known_sounds(tx) == {sound.audio}
    for asker, audio in (
        (other, sound.audio),
        (other, f"{other}/{name}"),
        (company, f"{other}/{name}"),
        (company, name),
        (company, f"{company}/plain.wav"),
        (company, f"{company}/../{company}/{name}"),
        (company, f"{company}/{'0' * 32}.wav"),
        (company, f"{company}/"),
        (company, ""),
    ):
        with pytest.raises(NotFound):
            sound_path(tmp_path, asker, audio)
        if audio:
            async with database.transaction(asker) as tx:
                with pytest.raises(BadInput):
                    await check_sounds(tx, flow_with(audio), tmp_path, asker)


async def test_a_file_without_its_row_is_no_sound(database: Database, company: CompanyId, tmp_path: Path) -> None:
    sound = await stored(database, company, tmp_path)
    kept = sound_path(tmp_path, company, sound.audio).read_bytes()
    async with database.transaction(company) as tx:
        await delete_sound(tx, tmp_path, company, sound.id, now=EPOCH)
    (tmp_path / sound.audio).write_bytes(kept)
    async with database.transaction(company) as tx:
        with pytest.raises(BadInput, match="There is no sound file"):
            await check_sounds(tx, flow_with(sound.audio), tmp_path, company)


async def test_a_drawn_scenario_keeps_what_its_newest_version_plays(
    database: Database, company: CompanyId, tmp_path: Path
) -> None:
    sound = await stored(database, company, tmp_path)
    for flow, keeps in ((flow_with(sound.audio), True), (flow_with(None), False)):
        async with database.transaction(company) as tx:
            await scenarios.publish(tx, name="Сценарий", flow=flow, script=None, now=EPOCH)
        async with database.transaction(company) as tx:
            if keeps:
                with pytest.raises(Conflict, match="Сценарий"):
                    await delete_sound(tx, tmp_path, company, sound.id, now=EPOCH)
                assert sound_path(tmp_path, company, sound.audio).is_file()
            else:
                await delete_sound(tx, tmp_path, company, sound.id, now=EPOCH)
    with pytest.raises(Gone):
        sound_path(tmp_path, company, sound.audio)


async def test_who_deletes_waits_for_who_publishes(database: Database, company: CompanyId, tmp_path: Path) -> None:
    sound = await stored(database, company, tmp_path)
    checked = asyncio.Event()

    async def publish() -> None:
        async with database.transaction(company) as tx:
            await check_sounds(tx, flow_with(sound.audio), tmp_path, company)
            checked.set()
            await scenarios.publish(tx, name="Сценарий", flow=flow_with(sound.audio), script=None, now=EPOCH)

    async def delete() -> None:
        await checked.wait()
        with pytest.raises(Conflict):
            async with database.transaction(company) as tx:
                await delete_sound(tx, tmp_path, company, sound.id, now=EPOCH)

    async with asyncio.TaskGroup() as group:
        group.create_task(publish())
        group.create_task(delete())
    assert sound_path(tmp_path, company, sound.audio).is_file()


async def test_an_upload_while_the_same_sound_is_deleted_ends_with_its_file(
    database: Database, company: CompanyId, tmp_path: Path
) -> None:
    sound = await stored(database, company, tmp_path)

    async def delete() -> None:
        async with database.transaction(company) as tx:
            await delete_sound(tx, tmp_path, company, sound.id, now=EPOCH)

    async with asyncio.TaskGroup() as group:
        group.create_task(delete())
        group.create_task(stored(database, company, tmp_path, name="снова"))
    async with database.transaction(company) as tx:
        left = await list_sounds(tx)
    files = list((tmp_path / str(company)).glob("*.wav"))
    assert len(files) == len(left)
