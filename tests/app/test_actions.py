"""SPEC R6.6: custom actions, the same ones inside the process and on an action server."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from app.action_protocol import asked, taken
from app.actions import Actions, PackageActions, Runner, ServerActions
from core.errors import BadInput, NotFound, Unavailable
from robot.dialog.events import Acted, ActThis
from robot.dialog.flow import StepId
from tests.conftest import ROOT
from tests.fakes.http_server import Asked, Said, http_server, said_json

STATUS = ActThis(step=StepId("act"), action="order_status", slots={"order": "17", "said": "где заказ"}, timeout_s=10.0)
DONE = Acted(
    {"state": "готов", "sum": "500", "city": "Казань", "delivery_day": "в пятницу"},
    ("Доставим в город Казань в пятницу.",),
)


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch) -> PackageActions:
    monkeypatch.syspath_prepend(str(ROOT / "examples" / "actions"))
    return PackageActions(["order_actions"])


@pytest.fixture(params=["package", "server"])
async def runner(request: pytest.FixtureRequest, packages: PackageActions) -> AsyncIterator[Runner]:
    """The example's actions: in this process, and behind a server that speaks the protocol."""
    if request.param == "package":
        yield packages
        packages.close()
        return

    async def serve(one: Asked) -> Said:
        assert (one.method, one.target) == ("POST", "/webhook")
        try:
            return said_json(await packages.run(json.loads(one.body)))
        except NotFound:
            return said_json({"error": "no action", "action_name": "x"}, 404)
        except BadInput:
            return said_json({"error": "rejected", "action_name": "x"}, 400)

    async with http_server(serve) as server, httpx.AsyncClient(trust_env=False) as client:
        yield ServerActions(client, server.url("/webhook"))
    packages.close()


async def test_R6_6_slots_and_replies_come_back_and_the_next_action_follows(runner: Runner) -> None:
    assert await Actions([runner]).act(STATUS, sender="7") == DONE


async def test_R6_6_an_action_empties_a_slot(runner: Runner) -> None:
    wanted = replace(STATUS, action="delivery_day", slots={"city": "Пермь", "delivery_day": "завтра"})
    assert await Actions([runner]).act(wanted, sender="7") == Acted({"delivery_day": None})


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (replace(STATUS, slots={"order": "99"}), "action_rejected"),
        (replace(STATUS, action="nothing"), "no_such_action"),
    ],
    ids=["refused", "unknown"],
)
async def test_R6_6_a_refusal_and_an_unknown_action_are_errors(runner: Runner, wanted: ActThis, error: str) -> None:
    assert await Actions([runner]).act(wanted, sender="7") == Acted(error=error)


async def test_R6_6_what_one_runner_does_not_know_another_may(packages: PackageActions) -> None:
    async with http_server(lambda _: Said(404)) as server, httpx.AsyncClient(trust_env=False) as client:
        runners: list[Runner] = [ServerActions(client, server.url()), packages]
        assert await Actions(runners).act(STATUS, sender="7") == DONE
    assert await Actions([]).act(STATUS, sender="7") == Acted(error="no_such_action")
    packages.close()


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (Said(400), "action_rejected"),
        (Said(404), "no_such_action"),
        (Said(449), "action_needs_domain"),
        (Said(500), "action_failed"),
        (Said(body=b"<html>"), "action_answer"),
        (Said(body=b'{"events": 5}'), "action_answer"),
        (Said(body=b"[]"), "action_answer"),
        (Said(body=b"x" * 2_000_000), "answer_too_large"),
        (Said(breaks=True), "action_server_away"),
        (Said(after_s=5), "timeout"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_R6_6_whatever_a_server_does_ends_in_time_with_its_error(said: Said, error: str) -> None:
    async with http_server(lambda _: said) as server, httpx.AsyncClient(trust_env=False) as client:
        actions = Actions([ServerActions(client, server.url())])
        assert await actions.act(replace(STATUS, timeout_s=0.5), sender="7") == Acted(error=error)


async def test_R6_6_a_server_is_told_who_asks_and_with_what() -> None:
    async with http_server(lambda _: said_json(None)) as server, httpx.AsyncClient(trust_env=False) as client:
        runner = ServerActions(client, server.url("/webhook"), {"Authorization": "Bearer secret"})
        assert await Actions([runner]).act(STATUS, sender="7") == Acted()
    body = json.loads(server.asked[0].body)
    assert server.asked[0].headers["authorization"] == "Bearer secret"
    assert (body["next_action"], body["sender_id"], body["tracker"]["slots"]) == ("order_status", "7", STATUS.slots)
    assert body["tracker"]["latest_message"]["text"] == "где заказ"


async def test_R6_6_actions_that_follow_each_other_for_ever_are_stopped() -> None:
    again = said_json({"events": [{"event": "followup", "name": "order_status"}], "responses": []})
    async with http_server(lambda _: again) as server, httpx.AsyncClient(trust_env=False) as client:
        actions = Actions([ServerActions(client, server.url())])
        assert await actions.act(STATUS, sender="7") == Acted(error="actions_in_a_circle")
    assert len(server.asked) == 4


# ---- packages


def package(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> PackageActions:
    (folder / f"{name}.py").write_text("from rasa_sdk import Action\nimport time\n" + text)
    monkeypatch.syspath_prepend(str(folder))
    return PackageActions([name])


async def test_R6_6_an_action_that_breaks_or_blocks_fails_its_own_step_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = """
class Broken(Action):
    def name(self): return "broken"
    def run(self, dispatcher, tracker, domain): raise KeyError("secret of the shop")
class Slow(Action):
    def name(self): return "slow"
    def run(self, dispatcher, tracker, domain): time.sleep(0.6)
class Wrong(Action):
    def name(self): return "wrong"
    def run(self, dispatcher, tracker, domain): return [5]
"""
    actions = Actions([runner := package(tmp_path, monkeypatch, "breaking_actions", text)])
    broken, slow, wrong = (replace(STATUS, action=name, timeout_s=0.2) for name in ("broken", "slow", "wrong"))
    assert await actions.act(replace(broken, timeout_s=10), sender="7") == Acted(error="action_failed")
    async with asyncio.timeout(0.5):
        assert await actions.act(slow, sender="7") == Acted(error="timeout")
    assert (await actions.act(replace(wrong, timeout_s=10), sender="7")).error in ("action_failed", None)
    runner.close()


async def test_R6_6_a_missing_package_is_told_with_what_to_do() -> None:
    runner = PackageActions(["no_such_package_anywhere"])
    with pytest.raises(Unavailable) as error:
        await runner.run(asked("x", "7", {}))
    assert (error.value.code, "PYTHONPATH" in (error.value.hint or "")) == ("action_package_missing", True)
    assert await Actions([runner]).act(STATUS, sender="7") == Acted(error="action_package_missing")
    runner.close()


async def test_R6_6_without_the_library_it_is_told_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rasa_sdk.executor", None)
    runner = PackageActions(["order_actions"])
    with pytest.raises(Unavailable, match="not installed") as error:
        await runner.run(asked("x", "7", {}))
    assert "pip install" in (error.value.hint or "")
    runner.close()


# ---- the protocol


def test_events_and_responses_mean_what_they_say() -> None:
    answer = {
        "events": [
            {"event": "slot", "name": "sum", "value": 500},
            {"event": "reset_slots"},
            {"event": "slot", "name": "city", "value": "Казань"},
            {"event": "bot", "text": "Минуту."},
            {"event": "reminder", "name": "x"},
            {"event": "followup", "name": "action_listen"},
        ],
        "responses": [{"text": " Ваш  заказ готов. ", "buttons": []}, {"image": "x.png", "text": None}],
    }
    got = taken(answer, {"order": "17"})
    assert got.slots == {"sum": "500", "order": None, "city": "Казань"}
    assert (got.replies, got.follow, got.rejected) == (("Ваш заказ готов.", "Минуту."), None, False)
    assert taken({"events": [{"event": "action_execution_rejected", "name": "x"}]}, {}).rejected
    assert taken(None, {}).slots == {}
