"""SPEC R6.8: what this installation has for scenarios, as checks of them are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.settings import Settings
from app.surroundings import Installed
from robot.dialog.finding import Offer
from robot.dialog.flow import Language
from tests.conftest import ROOT
from tests.fakes.http_server import Said, http_server, said_json


def installed(folder: Path, **actions: object) -> Installed:
    return Installed(Settings(var=folder, actions=actions))  # type: ignore[arg-type]


def test_what_is_heard_and_said_is_told_by_language(tmp_path: Path) -> None:
    here = installed(tmp_path)
    assert here.speech(Language.RU).hears
    assert not here.speech(Language.EN).hears


async def test_R6_6_without_packages_and_a_server_no_action_is_offered(tmp_path: Path) -> None:
    assert await installed(tmp_path).offer() == Offer(frozenset(), None)


async def test_R6_6_actions_of_packages_and_of_the_server_are_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "examples" / "actions"))
    async with http_server(lambda _: said_json([{"name": "price"}])) as server:
        offer = await installed(tmp_path, packages=("order_actions",), server=server.url("/webhook")).offer()
    assert {"order_status", "price"} <= set(offer.names)  # type: ignore[call-overload]
    assert offer.unasked is None
    assert [(one.method, one.target) for one in server.asked] == [("GET", "/actions")]


@pytest.mark.parametrize(
    "said",
    [Said(404), Said(body=b"<html>"), Said(500), Said(breaks=True), Said(after_s=30)],
    ids=["unknown", "no list", "broken", "away", "slow"],
)
async def test_R6_6_a_server_that_lists_nothing_leaves_the_offer_open(
    tmp_path: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.surroundings.ASKED_WITHIN_S", 0.3)
    async with http_server(lambda _: said) as server:
        offer = await installed(tmp_path, server=server.url("/webhook")).offer()
    assert offer.names == frozenset()
    assert offer.unasked


async def test_R6_6_a_package_that_cannot_be_imported_leaves_the_offer_open(tmp_path: Path) -> None:
    offer = await installed(tmp_path, packages=("no_such_package_of_actions",)).offer()
    assert "no_such_package_of_actions" in (offer.unasked or "")
