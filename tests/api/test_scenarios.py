"""SPEC R6.8, R6.11: scenarios over the API, from YAML to a dialog campaign that tries two versions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import jsonschema_rs
import pytest
from prometheus_client import CollectorRegistry

from api.app import create_app
from robot.dialog.finding import Offer, Speech
from robot.dialog.flow import Language
from services import groups
from tests.api.conftest import OURS, PASSWORD, SCHEDULE, SURVEY, Api, create, new_campaign, problem

pytestmark = pytest.mark.postgres

SCENARIOS = "/api/v1/scenarios"
SOURCE = """\
name: Скидка
steps:
  offer:
    ask: Соединить вас?   # главный вопрос
    question: Интерес
    answers:
      Да: {key: 1, phrases: да, then: talk}
      Нет: {key: 2, phrases: нет, then: bye}
    otherwise: bye
  talk: {transfer: Продажи, otherwise: bye}
  bye: {end: До свидания}
"""
TESTS = "согласие:\n  caller: [press: 1]\n  expect: {result: transferred}\n"
RED = "отказ:\n  caller: [press: 2]\n  expect: {result: transferred}\n"


@pytest.fixture
async def group(api: Api) -> None:
    async with api.deps.database.transaction(api.company) as tx:
        await groups.save_group(tx, name="Продажи", phones=["101"])


async def done(answer: httpx.Response) -> Any:  # noqa: ANN401
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


async def imported(client: httpx.AsyncClient, **given: object) -> dict[str, Any]:
    scenario: dict[str, Any] = await done(await client.post(SCENARIOS, json={"source": SOURCE, **given}))
    return scenario


async def published(client: httpx.AsyncClient, scenario: int, revision: int, **given: object) -> dict[str, Any]:
    asked = await client.post(f"{SCENARIOS}/{scenario}/publish", json={"revision": revision, **given})
    version: dict[str, Any] = await done(asked)
    return version


@pytest.mark.usefixtures("group")
async def test_R6_8_a_scenario_comes_in_as_yaml_and_goes_out_with_its_comments(anna: httpx.AsyncClient) -> None:
    made = await imported(anna, tests=TESTS)
    assert (made["name"], made["source"], made["tests"], made["version"]) == ("Скидка", SOURCE, TESTS, None)
    assert made["draft"]["steps"]["bye"]["prompt"]["text"] == "До свидания"
    exported = await anna.get(f"{SCENARIOS}/{made['id']}/export")
    assert exported.headers["content-type"].startswith("application/yaml")
    assert exported.text == SOURCE
    listed = await done(await anna.get(SCENARIOS))
    assert [(one["id"], one["name"]) for one in listed] == [(made["id"], "Скидка")]


@pytest.mark.usefixtures("group")
async def test_R6_8_a_draft_drawn_as_a_flow_keeps_the_comments_of_the_file(anna: httpx.AsyncClient) -> None:
    made = await imported(anna)
    flow = made["draft"]
    flow["steps"]["bye"]["prompt"]["text"] = "Всего доброго"
    saved = await done(
        await anna.put(f"{SCENARIOS}/{made['id']}/draft", json={"revision": made["revision"], "flow": flow})
    )
    assert saved["source"] == SOURCE.replace("До свидания", "Всего доброго")
    again = await anna.put(f"{SCENARIOS}/{made['id']}/draft", json={"revision": made["revision"], "flow": flow})
    assert problem(again) == (409, "draft_changed", "revision")


async def test_R6_8_everything_that_is_wrong_is_told_with_its_place(anna: httpx.AsyncClient) -> None:
    text = SOURCE.replace("otherwise: bye\n", "otherwies: bye\n", 1).replace("bye: {end", "bye: {edn")
    checked = await done(await anna.post(f"{SCENARIOS}/check", json={"source": text}))
    assert not checked["publishable"]
    assert [(one["line"], one["column"], one["code"]) for one in checked["findings"]] == [
        (3, 3, "missing_key"),
        (9, 5, "unknown_key"),
        (11, 3, "no_kind"),
    ]
    checked = await done(await anna.post(f"{SCENARIOS}/check", json={"source": SOURCE}))
    assert [(one["line"], one["code"]) for one in checked["findings"] if one["severity"] == "error"] == [
        (10, "no_such_group")
    ]
    refused = await anna.post(SCENARIOS, json={"source": text})
    assert problem(refused) == (422, "bad_scenario", "source")


@pytest.mark.usefixtures("group")
async def test_R6_9_a_red_set_refuses_to_be_published_unless_forced(api: Api, anna: httpx.AsyncClient) -> None:
    made = await imported(anna, tests=RED)
    checked = await done(await anna.post(f"{SCENARIOS}/{made['id']}/check"))
    assert [(one["name"], one["green"]) for one in checked["dialogs"]] == [("отказ", False)]
    path = f"{SCENARIOS}/{made['id']}/publish"
    assert problem(await anna.post(path, json={"revision": made["revision"]})) == (409, "regression_red", None)
    version = await published(anna, made["id"], made["revision"], force=True, note="Срочно")
    assert (version["version"], version["forced"], version["note"], version["published_by"]) == (
        1,
        ["отказ"],
        "Срочно",
        "anna",
    )
    assert api.woken


@pytest.mark.usefixtures("group")
async def test_R6_8_versions_are_listed_compared_and_rolled_back(anna: httpx.AsyncClient) -> None:
    made = await imported(anna)
    await published(anna, made["id"], made["revision"])
    changed = {"revision": made["revision"], "source": SOURCE.replace("До свидания", "Всего доброго")}
    saved = await done(await anna.put(f"{SCENARIOS}/{made['id']}/draft", json=changed))
    await published(anna, made["id"], saved["revision"])
    (change,) = await done(await anna.get(f"{SCENARIOS}/{made['id']}/compare?before=1&after=2"))
    assert (change["path"], change["before"], change["after"]) == (
        "steps.bye.prompt.text",
        "«До свидания»",
        "«Всего доброго»",
    )
    back = await done(await anna.post(f"{SCENARIOS}/{made['id']}/roll-back", json={"version": 1}))
    assert back["version"] == 3
    versions = await done(await anna.get(f"{SCENARIOS}/{made['id']}/versions"))
    assert [one["version"] for one in versions] == [3, 2, 1]
    flow = await done(await anna.get(f"{SCENARIOS}/{made['id']}/versions/3"))
    assert flow["steps"]["bye"]["prompt"]["text"] == "До свидания"
    assert (await anna.get(f"{SCENARIOS}/{made['id']}/export?version=2")).text == changed["source"]


async def test_the_schema_is_one_that_editors_can_use(anna: httpx.AsyncClient) -> None:
    jsonschema_rs.meta.validate(await done(await anna.get(f"{SCENARIOS}/schema")))


@pytest.mark.usefixtures("group")
async def test_R6_11_a_dialog_campaign_runs_a_published_scenario_or_tries_several_versions(
    api: Api, anna: httpx.AsyncClient
) -> None:
    made = await imported(anna)
    for _ in range(2):
        await published(anna, made["id"], made["revision"])
    new = {"name": "Диалог", "schedule": SCHEDULE, "trunk": "simulator"}
    campaign = await done(await anna.post("/api/v1/campaigns", json=new | {"scenario": {"id": made["id"]}}))
    assert campaign["kind"] == "dialog"
    assert campaign["scenario"] == {"id": made["id"], "name": "Скидка", "version": 2, "variants": []}
    variants = [{"version": 1, "share": 30}, {"version": 2, "share": 70}]
    changed = {"scenario": {"id": made["id"], "variants": variants}}
    shown = await done(await anna.patch(f"/api/v1/campaigns/{campaign['id']}", json=changed))
    assert shown["scenario"] == {"id": made["id"], "name": "Скидка", "version": 1, "variants": variants}
    copied = await done(await anna.post(f"/api/v1/campaigns/{campaign['id']}/copy", json={"name": "Второй"}))
    assert copied["scenario"]["variants"] == variants
    one = {"scenario": {"id": made["id"], "version": 2}}
    shown = await done(await anna.patch(f"/api/v1/campaigns/{campaign['id']}", json=one))
    assert shown["scenario"]["variants"] == []


@pytest.mark.usefixtures("group")
async def test_what_a_campaign_cannot_run_is_refused(anna: httpx.AsyncClient) -> None:
    made = await imported(anna)
    new = {"name": "Диалог", "schedule": SCHEDULE, "trunk": "simulator"}
    never = await anna.post("/api/v1/campaigns", json=new | {"scenario": {"id": made["id"]}})
    assert problem(never) == (404, "no_such_version", "version")
    await published(anna, made["id"], made["revision"])
    alone = {"id": made["id"], "variants": [{"version": 1, "share": 100}]}
    assert problem(await anna.post("/api/v1/campaigns", json=new | {"scenario": alone})) == (
        422,
        "bad_variants",
        "variants",
    )
    survey = await create(anna)
    other = await anna.patch(f"/api/v1/campaigns/{survey}", json={"scenario": {"id": made["id"]}})
    assert problem(other) == (422, "other_kind", "scenario")


@pytest.mark.usefixtures("group")
async def test_R11_4_scenarios_of_another_company_do_not_exist(
    anna: httpx.AsyncClient, boris: httpx.AsyncClient
) -> None:
    made = await imported(anna)
    await published(anna, made["id"], made["revision"])
    place = f"{SCENARIOS}/{made['id']}"
    assert await done(await boris.get(SCENARIOS)) == []
    asked = [
        await boris.get(place),
        await boris.get(f"{place}/versions"),
        await boris.get(f"{place}/versions/1"),
        await boris.get(f"{place}/export?version=1"),
        await boris.get(f"{place}/compare?before=1&after=1"),
        await boris.post(f"{place}/check"),
        await boris.post(f"{place}/publish", json={"revision": made["revision"]}),
        await boris.post(f"{place}/roll-back", json={"version": 1}),
        await boris.put(f"{place}/draft", json={"revision": made["revision"], "source": SOURCE}),
    ]
    assert [answer.status_code for answer in asked] == [404] * len(asked)


async def test_R10_5_a_campaign_shows_how_far_its_callers_come(
    anna: httpx.AsyncClient, boris: httpx.AsyncClient
) -> None:
    campaign = await create(anna)
    assert await done(await anna.get(f"/api/v1/campaigns/{campaign}/funnel")) == {"versions": [], "differences": []}
    assert problem(await boris.get(f"/api/v1/campaigns/{campaign}/funnel"))[:2] == (404, "no_such_campaign")


class Here:
    """An installation where nothing hears English, and an action server is away."""

    def speech(self, language: Language) -> Speech:
        known = {"соединить", "да", "нет"}
        return Speech(hears=language is Language.RU, words=known, mend_ears="./zvonar models fetch x brings x.")

    async def offer(self) -> Offer:
        return Offer({"known"}, unasked="The action server does not answer.")


DEAF = SOURCE.replace("steps:", "language: en\nsteps:").replace("key: 1, ", "")
ACTS = SOURCE.replace("talk: {transfer: Продажи,", "talk: {act: somewhere, failed: bye, then: bye} #")


@pytest.fixture
async def there(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    deps = replace(api.deps, surroundings=Here(), registry=CollectorRegistry())
    transport = httpx.ASGITransport(create_app(deps))
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=OURS) as asking:
        await asking.post("/api/v1/session", json={"login": "anna", "password": PASSWORD})
        yield asking


@pytest.mark.usefixtures("group")
async def test_R6_8_what_nothing_here_hears_keeps_a_scenario_from_being_published(there: httpx.AsyncClient) -> None:
    made = await imported(there, source=DEAF)
    checked = await done(await there.post(f"{SCENARIOS}/{made['id']}/check"))
    assert not checked["publishable"]
    assert {one["code"] for one in checked["findings"]} == {"no_recogniser"}
    refused = await there.post(f"{SCENARIOS}/{made['id']}/publish", json={"revision": made["revision"]})
    assert problem(refused) == (422, "scenario_errors", "steps.offer.answers.0.phrases")
    assert "./zvonar models fetch x" in refused.json()["hint"]


@pytest.mark.usefixtures("group")
async def test_R6_8_an_unknown_word_and_a_doubtful_action_are_warnings(
    there: httpx.AsyncClient,
) -> None:
    source = ACTS.replace("phrases: нет", "phrases: абвгд")
    checked = await done(await there.post(f"{SCENARIOS}/check", json={"source": source}))
    found = {one["code"]: (one["severity"], one["line"]) for one in checked["findings"]}
    assert (found["unsayable_phrase"], found["action_unknown"]) == (("warning", 8), ("warning", 10))
    assert checked["publishable"]


async def test_R6_8_a_script_that_nobody_could_answer_is_refused(there: httpx.AsyncClient) -> None:
    script = {**SURVEY, "language": "en"}
    refused = await there.post("/api/v1/campaigns", json=new_campaign(script=script))
    assert problem(refused) == (422, "no_recogniser", "script")
