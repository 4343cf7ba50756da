"""Prompts heard before they are published, and how far a campaign's are rendered."""

from __future__ import annotations

import asyncio
import io
import wave
from typing import Any

import httpx
import pytest

from robot.dialog.flow import Language, Prompt
from robot.prompts import Prompts
from services import scenarios
from services.speaking import LONGEST_PAUSES_MS, MOST_VARIABLES_TEXT, Speaking
from tests.api.conftest import Api, create, problem, speaking_in
from tests.api.things import TONE

pytestmark = pytest.mark.postgres

PREVIEW = "/api/v1/voices/preview"


async def seconds(client: httpx.AsyncClient, text: str, **more: Any) -> float:  # noqa: ANN401
    answer = await client.post(PREVIEW, json={"text": text, **more})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/wav"), answer.text
    with wave.open(io.BytesIO(answer.content)) as heard:
        assert (heard.getframerate(), heard.getnchannels(), heard.getsampwidth()) == (8000, 1, 2)
        return float(heard.getnframes() / 8000)


async def test_R6_4_a_text_is_heard_with_its_hints_and_variables(anna: httpx.AsyncClient) -> None:
    named = {"variables": {"first_name": "Анна"}}
    plain = await seconds(anna, "Здравствуйте, {first_name}!", **named)
    assert await seconds(anna, "Здравствуйте, {first_name}![pause 2s]", **named) == pytest.approx(plain + 2, abs=0.05)
    assert await seconds(anna, "[slow]Здравствуйте, {first_name}![/slow]", **named) > plain * 1.1
    assert await seconds(anna, "Здравствуйте, {first_name}!") < plain
    assert await seconds(anna, "Good morning", language="en", voice="male") > 0.3


async def test_a_sound_is_heard_as_it_is_stored(anna: httpx.AsyncClient, boris: httpx.AsyncClient) -> None:
    sound = (await anna.post("/api/v1/sounds", files={"file": ("a.wav", TONE)})).json()
    assert await seconds(anna, "", audio=sound["audio"]) == 1.0
    assert problem(await boris.post(PREVIEW, json={"audio": sound["audio"]}))[:2] == (404, "no_such_sound")


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"text": "а" * 501}, "text_too_long", "text"),
        ({"text": "[громко]Да[/громко]"}, "bad_hint", "text"),
        ({"text": ""}, "no_text", "text"),
        ({"text": "{first_name}"}, "no_text", "text"),
        ({"text": "Да" + "[pause 10s]" * (LONGEST_PAUSES_MS // 10_000 + 1)}, "pauses_too_long", "text"),
        (
            {"text": "Да", "variables": {"a": "а" * 600, "b": "б" * (MOST_VARIABLES_TEXT - 599)}},
            "too_long",
            "variables",
        ),
        ({"text": "Да", "variables": {str(n): "" for n in range(51)}}, "invalid_too_long", "variables"),
        ({"text": "[пауза]" * 1000}, "invalid_string_too_long", "text"),
        ({"text": "Да", "speed": 2}, "unknown_field", "speed"),
    ],
)
async def test_what_cannot_be_heard_is_refused_by_its_field(
    anna: httpx.AsyncClient, given: dict[str, Any], code: str, field: str
) -> None:
    assert problem(await anna.post(PREVIEW, json=given)) == (422, code, field)


async def test_nobody_hears_anything_without_signing_in(api: Api, client: Any) -> None:  # noqa: ANN401
    assert problem(await (await client()).post(PREVIEW, json={"text": "Да"}))[:2] == (401, "not_signed_in")


async def test_an_asker_hears_one_prompt_at_a_time_and_all_together_few(api: Api) -> None:
    waiting: list[asyncio.Event] = []
    voices = speaking_in(api.deps.folder)
    go_on = asyncio.Event()

    async def of(language: Language) -> Prompts:
        waiting.append(go_on)
        await go_on.wait()
        return await voices._prompts(language)

    speaking = Speaking(of)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(speaking.preview(1, Prompt(text="Да"), Language.RU, {}))
        while not waiting:
            await asyncio.sleep(0)
        with pytest.raises(Exception, match="still being spoken"):
            await speaking.preview(1, Prompt(text="Нет"), Language.RU, {})
        second = group.create_task(speaking.preview(2, Prompt(text="Нет"), Language.RU, {}))
        go_on.set()
    assert len(first.result()) > 44
    assert len(second.result()) > 44
    assert await speaking.preview(1, Prompt(text="Нет"), Language.RU, {}) == second.result()


async def test_R6_4_it_is_told_how_far_the_fixed_prompts_are(api: Api, anna: httpx.AsyncClient) -> None:
    campaign = await create(anna)
    address = f"/api/v1/campaigns/{campaign}/prompts"
    before = (await anna.get(address)).json()
    assert before["ready"] == 0
    assert before["total"] > 0
    ((company, version),) = api.jobs.rendered
    async with api.deps.database.transaction(company) as tx:
        flow = await scenarios.flow_of(tx, version)
    assert api.deps.speaking is not None
    await (await api.deps.speaking._prompts(flow.language)).render_fixed(flow)
    assert (await anna.get(address)).json() == {"total": before["total"], "ready": before["total"]}


async def test_a_campaign_without_a_scenario_has_no_prompts(anna: httpx.AsyncClient) -> None:
    campaign = await create(anna, script=None, kind="operator")
    assert (await anna.get(f"/api/v1/campaigns/{campaign}/prompts")).json() == {"total": 0, "ready": 0}
