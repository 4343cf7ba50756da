"""Talking to a robot over the WebSocket: who may, what is refused and how, and a talk by keys to its end."""

from __future__ import annotations

import asyncio
import json
import socket
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest
import websockets
from prometheus_client import CollectorRegistry
from sqlalchemy import update
from websockets.asyncio.client import ClientConnection, connect

from api.app import create_app
from api.microphone import SEND_WITHIN_S, TOO_SLOW, _Talk
from app.web import WebServer
from core.audio import FRAME_BYTES, FRAME_MS, SILENCE
from robot.dialog.flow import Flow, Language, flow_from_json
from robot.dialog.intents import Trained
from robot.dialog.source.understanding import trained_for
from robot.microphone import Talks
from robot.senses import Senses
from robot.workers import Workers
from services import accounts
from services.scenarios import flow_of, publish, trained_of
from storage.tables import scenario_versions
from tests.api.conftest import OURS, PASSWORD, Api
from tests.conftest import EPOCH, make_company
from tests.fakes.speech import FakeEars, sound
from tests.robot.side_by_side import fake_senses, question
from tests.virtual_time import run_virtual

PATIENCE_S = 10.0

pytestmark = pytest.mark.postgres


class TrueClock:
    """The tests' date with real seconds."""

    def now(self) -> Any:  # noqa: ANN401
        return EPOCH

    def monotonic(self) -> float:
        return monotonic()


@dataclass(frozen=True, slots=True)
class Studio:
    """A running server, a signed-in user's cookie, a scenario of the user's company and one of another."""

    port: int
    token: str
    version: int
    foreign: int

    @asynccontextmanager
    async def socket(self, *, token: str | None = None, origin: str | None = None) -> AsyncIterator[ClientConnection]:
        cookie = {"Cookie": f"zvonar_session={self.token if token is None else token}"}
        here = f"http://127.0.0.1:{self.port}" if origin is None else origin
        address = f"ws://127.0.0.1:{self.port}/api/v1/talk"
        async with connect(address, additional_headers=cookie | {"Origin": here}, open_timeout=PATIENCE_S) as made:
            yield made

    def start(self, **changes: object) -> str:
        return json.dumps({"type": "start", "version": self.version} | changes)


@pytest.fixture
async def studio(api: Api, tmp_path: Path) -> AsyncIterator[Studio]:
    database, made = api.deps.database, fake_senses(tmp_path, Workers.inline())

    async def senses(language: Language) -> Senses:
        return made

    deps = replace(api.deps, registry=CollectorRegistry(), clock=TrueClock(), talks=Talks(senses))
    async with database.transaction(api.company) as tx:
        version = await publish(tx, name="Вопрос", flow=question(), script=None, now=EPOCH)
    other = await make_company(database, "Вектор")
    async with database.transaction(other) as tx:
        foreign = await publish(tx, name="Вопрос", flow=question(), script=None, now=EPOCH)
    signed = await accounts.sign_in(database, login="anna", password=PASSWORD, now=EPOCH)
    listener = socket.create_server(("127.0.0.1", 0))
    server = WebServer(create_app(deps), listener)
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(server.run())
        port = listener.getsockname()[1]
        async with asyncio.timeout(PATIENCE_S), httpx.AsyncClient() as client:
            assert (await client.get(f"http://127.0.0.1:{port}/api/v1/me", headers=OURS)).status_code == 401
        yield Studio(port, signed.token, version, foreign)
        server.stop()
        await serving


async def told(socket: ClientConnection) -> dict[str, Any]:
    """The next message that is no frame."""
    async with asyncio.timeout(PATIENCE_S):
        while isinstance(message := await socket.recv(), bytes):
            pass
    found: dict[str, Any] = json.loads(message)
    return found


async def closed(socket: ClientConnection) -> int | None:
    async with asyncio.timeout(PATIENCE_S):
        try:
            while True:
                await socket.recv()
        except websockets.ConnectionClosed as end:
            return end.rcvd.code if end.rcvd else None


async def test_a_talk_by_keys_comes_to_the_end_of_the_scenario(studio: Studio) -> None:
    async with studio.socket() as page, asyncio.TaskGroup() as group:
        await page.send(studio.start())
        assert await told(page) == {"type": "ready"}
        speaking = group.create_task(_microphone(page, press="2", after_frames=10))
        lines, frames = [], 0
        async for message in page:
            if isinstance(message, bytes):
                frames += 1
                assert len(message) == len(SILENCE)
            else:
                lines.append(json.loads(message))
        speaking.cancel()
    assert [line.get("text") for line in lines[:-1]] == ["2", "Вы придёте?", "Ждём вас"]
    assert lines[1]["interrupted"]
    assert lines[-1]["result"] == "completed"
    assert lines[-1]["answers"] == [{"question": "Придёт", "label": "нет", "how": "key", "said": "2"}]
    assert frames >= 20
    assert page.close_code == 1000


PRICE = "это слишком дорого для меня"


def objecting() -> Flow:
    """A question at which the price may be objected to; the objection is known by the library's examples."""
    answers = [{"id": "yes", "label": "да", "key": "1", "phrases": ["да"], "then": "bye"}]
    answer = {"text": "Можно в рассрочку"}
    return flow_from_json(
        {
            "name": "x",
            "start": "offer",
            "intents": {"price": {"library": "expensive"}, "who": {"library": "who"}},
            "handlers": [
                {"id": "price", "kind": "objection", "intent": "price", "reply": answer},
                {"id": "who", "kind": "who", "intent": "who", "reply": {"text": "Ромашка"}},
            ],
            "steps": {
                "offer": {
                    **{"type": "ask", "id": "offer", "prompt": {"text": "Купите?"}, "answers": answers},
                    **{"otherwise": "when", "repeats": 0},
                },
                "when": {
                    **{"type": "listen", "id": "when", "prompt": {"text": "Когда позвонить?"}, "kind": "date_time"},
                    **{"variable": "call_at", "then": "bye", "otherwise": "bye"},
                },
                "bye": {"type": "end", "id": "bye", "prompt": {"text": "Сегодня {today}, позвоним {call_at}"}},
            },
        }
    )


@pytest.fixture
async def published(api: Api) -> int:
    """Such a scenario with its classifier."""
    flow = objecting()
    trained = trained_for(flow)
    assert trained is not None
    async with api.deps.database.transaction(api.company) as tx:
        version = await publish(tx, name="Возражение", flow=flow, script=None, now=EPOCH)
        stored = update(scenario_versions).where(scenario_versions.c.id == version)
        await tx.execute(stored.values(trained=trained.to_bytes()))
    return version


class Speaker:
    """A page whose user says one thing after each prompt."""

    def __init__(self, *amplitudes: int) -> None:
        self._frames = deque[bytes]()
        self._said = list(amplitudes)
        self._quiet = 0
        self.told: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, object]:
        await asyncio.sleep(FRAME_MS / 1000)
        if not self._frames and self._said and self._quiet > 100:
            self._quiet = 0
            pcm = sound(self._said.pop(0), 500)
            self._frames.extend(pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm), FRAME_BYTES))
        return {"type": "websocket.receive", "bytes": self._frames.popleft() if self._frames else SILENCE}

    async def send_bytes(self, data: bytes) -> None:
        self._quiet = self._quiet + 1 if not any(data) and not self._frames else 0

    async def send_json(self, data: dict[str, Any]) -> None:
        self.told.append(data)


async def test_intents_and_times_are_understood_in_a_talk_from_the_page(
    api: Api, published: int, tmp_path: Path
) -> None:
    async with api.deps.database.transaction(api.company) as tx:
        flow, trained = await flow_of(tx, published), await trained_of(tx, published)

    def held(classifier: Trained | None, when: str = "завтра в три", zone: str = "Europe/Moscow") -> list[str]:
        ears = FakeEars({1000: PRICE, 1200: "м", 1400: when})
        page = Speaker(1000, 1200, 1400)
        talk = _Talk(page, LoopClock()).hold(  # type: ignore[arg-type]
            flow, {}, replace(fake_senses(tmp_path, Workers.inline()), ears=ears), classifier, zone=zone
        )
        assert run_virtual(talk) == 1000
        return [line["text"] for line in page.told if line["type"] == "line" and line["speaker"] == "robot"]

    with_intents = await asyncio.to_thread(held, trained)
    assert "Можно в рассрочку" in with_intents
    assert with_intents[-1].startswith("Сегодня")
    assert with_intents[-1].endswith("позвоним двадцать четвёртого ноября в пятнадцать ноль ноль")
    assert "Можно в рассрочку" not in await asyncio.to_thread(held, None)
    noon = await asyncio.to_thread(held, trained, "в три")
    evening = await asyncio.to_thread(held, trained, "в три", "Asia/Vladivostok")
    assert noon[-1].endswith("позвоним двадцать третьего ноября в пятнадцать ноль ноль")
    assert evening[-1].endswith("позвоним двадцать четвёртого ноября в пятнадцать ноль ноль")


async def _microphone(page: ClientConnection, *, press: str, after_frames: int) -> None:
    """Silence in real time, with one key in it."""
    for frame in range(2000):
        if frame == after_frames:
            await page.send(json.dumps({"type": "key", "key": press}))
        await page.send(SILENCE)
        await asyncio.sleep(FRAME_MS / 1000)


async def test_a_hang_up_ends_the_talk_with_its_result(studio: Studio) -> None:
    async with studio.socket() as page:
        await page.send(studio.start())
        assert await told(page) == {"type": "ready"}
        await page.send(SILENCE)
        await page.send(json.dumps({"type": "hang_up"}))
        end = await told(page)
        while end["type"] == "line":
            end = await told(page)
        assert end["type"] == "end"
        assert await closed(page) == 1000


@pytest.mark.parametrize("token", ["", "nonsense"])
async def test_nobody_talks_unasked(studio: Studio, token: str) -> None:
    async with studio.socket(token=token) as page:
        assert await closed(page) == 4401


async def test_a_foreign_page_does_not_talk(studio: Studio) -> None:
    async with studio.socket(origin="https://evil.example") as page:
        assert await closed(page) == 4403


async def test_another_companys_scenario_does_not_exist(studio: Studio) -> None:
    async with studio.socket() as page:
        await page.send(studio.start(version=studio.foreign))
        assert (await told(page))["code"] == "no_such_scenario"
        assert await closed(page) == 4400


@pytest.mark.parametrize(
    ("first", "code"),
    [
        (SILENCE, "no_start"),
        ("{", "bad_message"),
        ('{"type":"key","key":"1"}', "no_start"),
        ('{"type":"start","version":"1"}', "bad_message"),
        ('{"type":"start","version":1,"surprise":1}', "bad_message"),
        ('{"type":"start","version":0}', "bad_version"),
        ('{"type":"start","version":99999999999999999999}', "bad_version"),
        (
            json.dumps({"type": "start", "version": 1, "variables": {str(n): "" for n in range(51)}}),
            "too_many_variables",
        ),
        (" " * 20_001, "too_long"),
    ],
)
async def test_a_bad_beginning_is_refused_by_name(studio: Studio, first: bytes | str, code: str) -> None:
    async with studio.socket() as page:
        await page.send(first)
        refused = await told(page)
        assert (refused["type"], refused["code"]) == ("error", code)
        assert await closed(page) == 4400


@pytest.mark.parametrize(
    ("later", "code"),
    [
        ([b"\0" * 100], "bad_frame"),
        ([b""], "bad_frame"),
        (['{"type":"key","key":"A1"}'], "bad_key"),
        (['{"type":"start","version":1}'], "started"),
        ([SILENCE] * 200, "too_fast"),
    ],
)
async def test_a_page_that_misbehaves_in_a_talk_is_refused_by_name(
    studio: Studio, later: list[bytes | str], code: str
) -> None:
    async with studio.socket() as page:
        await page.send(studio.start())
        assert await told(page) == {"type": "ready"}
        for message in later:
            await page.send(message)
        found = await told(page)
        while found["type"] in ("line", "end"):
            found = await told(page)
        assert (found["type"], found["code"]) == ("error", code)
        assert await closed(page) == 4400


async def test_a_session_has_one_talk_at_a_time_and_may_have_the_next(studio: Studio) -> None:
    async with studio.socket() as page:
        await page.send(studio.start())
        assert await told(page) == {"type": "ready"}
        async with studio.socket() as second:
            assert (await told(second))["code"] == "talk_in_progress"
            assert await closed(second) == 4400
        await page.send(SILENCE)
        await page.send(json.dumps({"type": "hang_up"}))
        assert await closed(page) == 1000
    async with studio.socket() as page:
        await page.send(studio.start())
        assert await told(page) == {"type": "ready"}


class LoopClock:
    """The tests' date with the loop's seconds."""

    def now(self) -> datetime:
        return EPOCH

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


class DeafPage:
    """A page that speaks and never reads, as the talk sees its socket."""

    def __init__(self) -> None:
        self.sent = 0

    async def receive(self) -> dict[str, object]:
        await asyncio.sleep(FRAME_MS / 1000)
        self.sent += 1
        return {"type": "websocket.receive", "bytes": SILENCE}

    async def send_bytes(self, data: bytes) -> None:
        await asyncio.Event().wait()

    async def send_json(self, data: object) -> None:
        await asyncio.Event().wait()


def test_a_page_that_does_not_read_is_parted_with(tmp_path: Path) -> None:
    page = DeafPage()

    async def talk() -> int:
        held = _Talk(page, LoopClock())  # type: ignore[arg-type]
        return await held.hold(question(), {}, fake_senses(tmp_path, Workers.inline()))

    assert run_virtual(talk()) == TOO_SLOW
    assert page.sent * FRAME_MS <= (SEND_WITHIN_S + 1) * 1000


async def test_a_server_without_ears_says_so(api: Api, studio: Studio) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    server = WebServer(create_app(replace(api.deps, registry=CollectorRegistry(), clock=TrueClock())), listener)
    deaf = replace(studio, port=listener.getsockname()[1])
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(server.run())
        async with deaf.socket() as page:
            assert (await told(page))["code"] == "no_talks"
        server.stop()
        await serving
