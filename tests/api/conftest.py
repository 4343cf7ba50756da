"""The whole API over a real database, asked in process by two companies' users."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from api.app import Deps, create_app
from campaigns.campaign import CompanyId
from campaigns.trunk_terms import TrunkTerms
from robot.dialog.flow import Language, VoiceSex
from robot.prompts import Prompts
from robot.tts.espeak import EspeakVoice
from robot.tts.voices import NamedVoice, Voices
from robot.workers import Workers
from services import accounts
from services.speaking import Speaking
from storage.database import Database
from storage.live import LiveFeed
from tests.conftest import EPOCH, Fresh, make_company
from tests.fakes.jobs import Orders

PASSWORD = "correct horse battery"
OURS = {"X-Requested-With": "zvonar"}
SCHEDULE = {"zone": "Europe/Moscow", "week": [[{"start": "00:00", "end": "00:00"}]] * 7}
SURVEY = {
    "kind": "survey",
    "language": "ru",
    "questions": [
        {
            "title": "Оценка",
            "prompt": {"text": "Довольны?"},
            "answers": [{"label": "Доволен", "key": "1"}, {"label": "Недоволен", "phrases": "нет, не очень"}],
        }
    ],
}


@dataclass(slots=True)
class HandClock:
    """A clock that tests move."""

    at: datetime = EPOCH
    seconds: float = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds


@dataclass(slots=True)
class Api:
    """The application with what tests look at: how often it woke the dialler, what it asked of the background."""

    app: FastAPI
    deps: Deps
    clock: HandClock
    company: CompanyId
    woken: list[None]
    jobs: Orders
    terms: dict[str, TrunkTerms]


def speaking_in(folder: Path) -> Speaking:
    """Previews by the voice that needs no download."""
    voices = Voices({sex: NamedVoice("espeak-ng", EspeakVoice()) for sex in VoiceSex})
    cache, sounds, workers = folder / "prompts", folder / "sounds", Workers.inline()

    async def of(language: Language) -> Prompts:
        return Prompts(voices, language, cache=cache, sounds=sounds, workers=workers)

    return Speaking(of)


@pytest.fixture
async def api(database: Database, fresh: Fresh, company: CompanyId, tmp_path: Path) -> Api:
    """The application; its user is `anna`, of the company `Ромашка`."""
    woken: list[None] = []
    terms: dict[str, TrunkTerms] = {}
    clock, jobs = HandClock(), Orders()
    deps = Deps(
        database=database,
        clock=clock,
        live=LiveFeed(fresh.app_url),
        randomness=random.Random(1),
        web_dist=None,
        recordings=tmp_path / "recordings",
        wake=lambda: woken.append(None),
        trunks=lambda: ("simulator", "provider"),
        jobs=jobs,
        folder=tmp_path,
        version="1.2.3",
        registry=CollectorRegistry(),
        terms=terms,
        speaking=speaking_in(tmp_path),
    )
    await accounts.add_user(database, company, login="anna", password=PASSWORD, now=EPOCH, name="Анна")
    return Api(create_app(deps), deps, clock, company, woken, jobs, terms)


Client = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def client(api: Api) -> AsyncIterator[Client]:
    """Makes a client: of nobody, or of a user who is signed in."""
    async with AsyncExitStack() as stack:

        async def make(login: str | None = None, headers: dict[str, str] | None = None) -> httpx.AsyncClient:
            transport = httpx.ASGITransport(api.app, raise_app_exceptions=False)
            made = httpx.AsyncClient(
                transport=transport, base_url="http://zvonar.test", headers=OURS if headers is None else headers
            )
            await stack.enter_async_context(made)
            if login is not None:
                answer = await made.post("/api/v1/session", json={"login": login, "password": PASSWORD}, headers=OURS)
                assert answer.status_code == 200, answer.text
            return made

        yield make


@pytest.fixture
async def anna(client: Client) -> httpx.AsyncClient:
    """A user of the company."""
    return await client("anna")


@pytest.fixture
async def boris(api: Api, client: Client) -> httpx.AsyncClient:
    """A user of another company."""
    other = await make_company(api.deps.database, "Вектор")
    await accounts.add_user(api.deps.database, other, login="boris", password=PASSWORD, now=EPOCH)
    return await client("boris")


def new_campaign(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """A survey as it is given."""
    return {"name": "Опрос", "script": SURVEY, "schedule": SCHEDULE, "trunk": "simulator"} | changes


async def create(client: httpx.AsyncClient, **changes: Any) -> int:  # noqa: ANN401
    answer = await client.post("/api/v1/campaigns", json=new_campaign(**changes))
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def load(client: httpx.AsyncClient, campaign: int, text: str, **form: str) -> dict[str, Any]:
    files = {"file": ("list.csv", text.encode(), "text/csv")}
    answer = await client.post(f"/api/v1/campaigns/{campaign}/contacts", files=files, data=form)
    assert answer.status_code == 201, answer.text
    report: dict[str, Any] = answer.json()
    return report


def problem(answer: httpx.Response) -> tuple[int, str, str | None]:
    """The status, code and field of a refusal, whose form is checked."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["type"] == "about:blank"
    assert body["title"]
    assert body["message"].endswith((".", "!", "?")), body
    return answer.status_code, body["code"], body.get("field")


HOUR = timedelta(hours=1)
