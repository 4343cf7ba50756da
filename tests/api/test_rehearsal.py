"""SPEC R6.9: a scenario is rehearsed over the API, without anybody being called."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.conftest import problem

pytestmark = pytest.mark.postgres

SCENARIOS = "/api/v1/scenarios"
SOURCE = """\
name: Скидка
steps:
  offer:
    ask: Соединить вас?
    question: Интерес
    answers:
      Да: {key: 1, phrases: да, then: yes}
      Нет: {key: 2, phrases: нет, then: bye}
    otherwise: bye
  yes: {end: Отлично}
  bye: {end: До свидания}
"""
BROKEN = SOURCE.replace("  bye: {end", "  round: {say: Ещё раз., then: round}\n  bye: {end")


async def imported(client: httpx.AsyncClient, source: str) -> dict[str, Any]:
    made: dict[str, Any] = (await client.post(SCENARIOS, json={"source": source})).json()
    return made


async def test_R6_9_a_draft_and_a_version_are_rehearsed(anna: httpx.AsyncClient) -> None:
    made = await imported(anna, SOURCE)
    place = f"{SCENARIOS}/{made['id']}/rehearsal"
    answer = await anna.post(place, json={"dialogs": 150})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["dialogs"], told["coverage"], told["broken"], told["unreached"]) == (150, 1.0, 0, [])
    assert sum(told["results"].values()) == 150
    assert problem(await anna.post(place, json={"version": 1}))[0] == 404
    published = await anna.post(f"{SCENARIOS}/{made['id']}/publish", json={"revision": made["revision"]})
    assert published.status_code == 201, published.text
    assert (await anna.post(place, json={"dialogs": 150, "version": 1})).json() == told


async def test_the_report_comes_as_a_page_too(anna: httpx.AsyncClient) -> None:
    made = await imported(anna, SOURCE)
    page = await anna.post(f"{SCENARIOS}/{made['id']}/rehearsal/page", json={"dialogs": 50})
    assert page.headers["content-type"].startswith("text/html")
    assert "Репетиция: Скидка" in page.text


async def test_what_could_not_be_published_is_not_rehearsed_and_nobody_rehearses_for_ever(
    anna: httpx.AsyncClient,
) -> None:
    broken = await imported(anna, BROKEN)
    assert problem(await anna.post(f"{SCENARIOS}/{broken['id']}/rehearsal", json={}))[:2] == (422, "scenario_errors")
    endless = await anna.post(f"{SCENARIOS}/{broken['id']}/rehearsal", json={"dialogs": 1_000_000})
    assert problem(endless)[2] == "dialogs"


async def test_nobody_rehearses_another_companys_scenario(anna: httpx.AsyncClient, boris: httpx.AsyncClient) -> None:
    made = await imported(anna, SOURCE)
    assert (await boris.post(f"{SCENARIOS}/{made['id']}/rehearsal", json={})).status_code == 404
