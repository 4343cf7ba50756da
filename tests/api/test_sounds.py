"""Sound files: uploaded, listed, heard, deleted unless used; a script may play the company's own and no others."""

from __future__ import annotations

import io
import wave
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile

from robot.tts.sounds import MOST_BYTES
from tests.api.conftest import Api, create, new_campaign, problem

pytestmark = pytest.mark.postgres

SOUNDS = "/api/v1/sounds"


def tone(seconds: float = 1.0, *, hz: float = 440, kind: str = "WAV", rate: int = 16000) -> bytes:
    """A tone as a file of the kind, louder than prompts are."""
    out = io.BytesIO()
    wave_ = 0.7 * np.sin(np.arange(round(seconds * rate)) * hz * 2 * np.pi / rate)
    soundfile.write(out, wave_, rate, format=kind)
    return out.getvalue()


def saying(audio: str) -> dict[str, object]:
    return {"kind": "notification", "message": {"text": "", "audio": audio}}


async def stored(client: httpx.AsyncClient, content: bytes, *, file: str = "тон.wav", **form: str) -> dict[str, Any]:
    answer = await client.post(SOUNDS, files={"file": (file, content)}, data=form)
    assert answer.status_code == 201, answer.text
    sound: dict[str, Any] = answer.json()
    return sound


@pytest.mark.parametrize("kind", ["WAV", "MP3", "OGG", "FLAC"])
async def test_R6_1_a_sound_of_any_kind_is_stored_as_telephone_audio(
    api: Api, anna: httpx.AsyncClient, kind: str
) -> None:
    sound = await stored(anna, tone(2, kind=kind), file=f"Приветствие.{kind.lower()}")
    assert sound["name"] == "Приветствие"
    assert sound["seconds"] == pytest.approx(2, abs=0.1)
    assert (await anna.get(SOUNDS)).json() == [sound]
    assert (await anna.get(f"{SOUNDS}/{sound['id']}")).json() == sound
    heard = await anna.get(f"{SOUNDS}/{sound['id']}/audio")
    assert (heard.status_code, heard.headers["content-type"]) == (200, "audio/wav")
    assert len(heard.content) == sound["size_bytes"]
    with wave.open(io.BytesIO(heard.content)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    assert 20 * np.log10(np.sqrt(np.mean(pcm**2))) == pytest.approx(-20, abs=0.5)


async def test_a_part_of_a_sound_is_sent_where_it_is_asked_for(anna: httpx.AsyncClient) -> None:
    sound = await stored(anna, tone())
    whole = (await anna.get(f"{SOUNDS}/{sound['id']}/audio")).content
    part = await anna.get(f"{SOUNDS}/{sound['id']}/audio", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole)}"
    beyond = await anna.get(f"{SOUNDS}/{sound['id']}/audio", headers={"Range": "bytes=999999999-"})
    assert beyond.status_code == 416


async def test_the_same_sound_is_stored_once_and_takes_the_new_name(anna: httpx.AsyncClient) -> None:
    first = await stored(anna, tone(), name="Старое")
    second = await stored(anna, tone(), name="Новое")
    assert second == first | {"name": "Новое"}
    assert (await anna.get(SOUNDS)).json() == [second]


async def test_what_is_no_sound_is_refused_with_its_reason(api: Api, anna: httpx.AsyncClient) -> None:
    for content, code in (
        (b"rubbish", "sound_unreadable"),
        (b"", "sound_unreadable"),
        (tone(301), "sound_too_long"),
        (tone(0.01), "sound_too_short"),
    ):
        answer = await anna.post(SOUNDS, files={"file": ("a.wav", content)})
        assert problem(answer) == (422, code, "file"), answer.text
    empty = await anna.post(SOUNDS, files={"file": ("a.wav", tone())}, data={"name": " "})
    assert problem(empty) == (422, "empty", "name")
    too_big = await anna.post(SOUNDS, content=b"", headers={"Content-Length": str(2 * MOST_BYTES)})
    assert too_big.status_code == 413
    assert (await anna.get(SOUNDS)).json() == []
    assert list((api.deps.folder / "sounds").rglob("*.wav")) == []


async def test_a_disk_without_room_is_told_and_nothing_is_listed(api: Api, anna: httpx.AsyncClient) -> None:
    (api.deps.folder / "sounds").write_text("in the way")
    assert problem(await anna.post(SOUNDS, files={"file": ("a.wav", tone())}))[:2] == (503, "sound_not_stored")
    assert (await anna.get(SOUNDS)).json() == []


async def test_a_file_that_vanished_is_gone_and_comes_back_by_an_upload(api: Api, anna: httpx.AsyncClient) -> None:
    sound = await stored(anna, tone())
    (api.deps.folder / "sounds" / sound["audio"]).unlink()
    assert problem(await anna.get(f"{SOUNDS}/{sound['id']}/audio"))[:2] == (410, "sound_gone")
    assert problem(await anna.post("/api/v1/campaigns", json=new_campaign(script=saying(sound["audio"]))))[:2] == (
        422,
        "sound_gone",
    )
    assert (await stored(anna, tone()))["id"] == sound["id"]
    assert (await anna.get(f"{SOUNDS}/{sound['id']}/audio")).status_code == 200


async def test_a_sound_is_deleted_unless_a_scenario_plays_it(api: Api, anna: httpx.AsyncClient) -> None:
    sound = await stored(anna, tone())
    campaign = await create(anna, script=saying(sound["audio"]))
    refused = await anna.delete(f"{SOUNDS}/{sound['id']}")
    assert problem(refused)[:2] == (409, "sound_in_use")
    assert "Опрос" in refused.json()["message"]
    assert (await anna.get(f"{SOUNDS}/{sound['id']}/audio")).status_code == 200
    assert (await anna.delete(f"/api/v1/campaigns/{campaign}")).status_code == 204
    assert (await anna.delete(f"{SOUNDS}/{sound['id']}")).status_code == 204
    assert problem(await anna.get(f"{SOUNDS}/{sound['id']}/audio"))[:2] == (404, "no_such_sound")
    assert list((api.deps.folder / "sounds").rglob("*.wav")) == []


async def test_a_sound_that_a_script_no_longer_plays_may_go(anna: httpx.AsyncClient) -> None:
    sound = await stored(anna, tone())
    campaign = await create(anna, script=saying(sound["audio"]))
    other = {"script": {"kind": "notification", "message": {"text": "Здравствуйте!"}}}
    assert (await anna.patch(f"/api/v1/campaigns/{campaign}", json=other)).status_code == 200
    assert (await anna.delete(f"{SOUNDS}/{sound['id']}")).status_code == 204


async def test_R2_4_a_sound_that_only_campaigns_play_which_are_over_may_go(anna: httpx.AsyncClient) -> None:
    sound = await stored(anna, tone())
    campaign = await create(anna, script=saying(sound["audio"]))
    address, audio = f"/api/v1/campaigns/{campaign}", f"{SOUNDS}/{sound['id']}"
    copy = await anna.post(f"{address}/copy", json={"name": "Копия"})
    for one in (campaign, copy.json()["id"]):
        assert problem(await anna.delete(audio))[:2] == (409, "sound_in_use")
        assert (await anna.post(f"/api/v1/campaigns/{one}/finish")).status_code == 200
    assert (await anna.delete(audio)).status_code == 204
    assert (await anna.get(address)).status_code == 200
    again = await anna.post(f"{address}/copy", json={"name": "Ещё одна"})
    assert problem(again) == (422, "sound_gone", "audio")
    assert len((await anna.get("/api/v1/campaigns")).json()) == 2


async def test_R11_4_sounds_of_another_company_do_not_exist(anna: httpx.AsyncClient, boris: httpx.AsyncClient) -> None:
    sound = await stored(anna, tone())
    assert (await boris.get(SOUNDS)).json() == []
    for answer in (
        await boris.get(f"{SOUNDS}/{sound['id']}"),
        await boris.get(f"{SOUNDS}/{sound['id']}/audio"),
        await boris.delete(f"{SOUNDS}/{sound['id']}"),
    ):
        assert problem(answer)[:2] == (404, "no_such_sound")
    theirs = await stored(boris, tone())
    assert theirs["audio"] != sound["audio"]
    assert (await anna.get(f"{SOUNDS}/{sound['id']}/audio")).status_code == 200


async def test_R6_1_the_companys_own_sound_is_taken(api: Api, anna: httpx.AsyncClient) -> None:
    sound = await stored(anna, tone())
    campaign = await create(anna, script=saying(sound["audio"]))
    changed = await anna.patch(f"/api/v1/campaigns/{campaign}", json={"script": saying(sound["audio"])})
    assert changed.status_code == 200, changed.text


@pytest.mark.parametrize("wrong", ["../../../etc/passwd", "1/../2/x.wav", "nothing.wav"])
async def test_R11_4_what_is_no_sound_of_the_company_is_refused(
    anna: httpx.AsyncClient, boris: httpx.AsyncClient, wrong: str
) -> None:
    other = (await stored(boris, tone()))["audio"]
    for audio in (wrong, other):
        answer = await anna.post("/api/v1/campaigns", json=new_campaign(script=saying(audio)))
        assert problem(answer)[:2] == (422, "no_such_sound"), answer.text
    campaign = await create(anna, script={"kind": "notification", "message": {"text": "Здравствуйте!"}})
    answer = await anna.patch(f"/api/v1/campaigns/{campaign}", json={"script": saying(other)})
    assert problem(answer)[:2] == (422, "no_such_sound"), answer.text


async def test_publishing_asks_the_background_to_render_what_is_said(api: Api, anna: httpx.AsyncClient) -> None:
    campaign = await create(anna)
    assert [company for company, _ in api.jobs.rendered] == [api.company]
    changed = await anna.patch(f"/api/v1/campaigns/{campaign}", json={"lines": 3})
    assert changed.status_code == 200
    assert len(api.jobs.rendered) == 1, "nothing new is said"
    script = {"kind": "survey", "questions": new_campaign()["script"]["questions"], "closing": {"text": "Спасибо!"}}
    assert (await anna.patch(f"/api/v1/campaigns/{campaign}", json={"script": script})).status_code == 200
    assert len({version for _, version in api.jobs.rendered}) == 2
