"""A script may play the company's own sound files and no others."""

from __future__ import annotations

import io
import wave

import httpx
import numpy as np
import pytest

from campaigns.campaign import CompanyId
from services.sounds import store_sound
from tests.api.conftest import Api, create, new_campaign, problem

pytestmark = pytest.mark.postgres


def tone() -> bytes:
    """A second of 440 Hz as a WAV file."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes((8000 * np.sin(np.arange(8000) * 440 * 2 * np.pi / 8000)).astype("<i2").tobytes())
    return out.getvalue()


def saying(audio: str) -> dict[str, object]:
    return {"kind": "notification", "message": {"text": "", "audio": audio}}


async def test_R6_1_the_companys_own_sound_is_taken(api: Api, anna: httpx.AsyncClient) -> None:
    stored = await store_sound(api.deps.folder / "sounds", api.company, tone())
    campaign = await create(anna, script=saying(stored.audio))
    changed = await anna.patch(f"/api/v1/campaigns/{campaign}", json={"script": saying(stored.audio)})
    assert changed.status_code == 200, changed.text


@pytest.mark.parametrize("wrong", ["../../../etc/passwd", "1/../2/x.wav", "nothing.wav"])
async def test_R11_4_what_is_no_sound_of_the_company_is_refused(api: Api, anna: httpx.AsyncClient, wrong: str) -> None:
    other = await store_sound(api.deps.folder / "sounds", CompanyId(api.company + 1), tone())
    for audio in (wrong, other.audio):
        answer = await anna.post("/api/v1/campaigns", json=new_campaign(script=saying(audio)))
        assert problem(answer)[:2] == (422, "no_such_sound"), answer.text
    campaign = await create(anna, script={"kind": "notification", "message": {"text": "Здравствуйте!"}})
    answer = await anna.patch(f"/api/v1/campaigns/{campaign}", json={"script": saying(other.audio)})
    assert problem(answer)[:2] == (422, "no_such_sound"), answer.text
