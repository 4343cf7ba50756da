"""SPEC R11.4: every address wants a session, and shows nothing of another company."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.conftest import Api, Client, create, problem
from tests.api.things import EXAMPLE, PREFIX, things_of

OPEN = {"/api/v1/session", "/api/v1/health", "/api/v1/metrics"}

pytestmark = pytest.mark.postgres


def routes(api: Api) -> list[tuple[str, str]]:
    """Each method and address that wants a session."""
    paths: dict[str, dict[str, Any]] = api.app.openapi()["paths"]
    found = [(method.upper(), path) for path, methods in paths.items() if path not in OPEN for method in methods]
    assert len(found) >= 50
    return found


async def ask(client: httpx.AsyncClient, method: str, path: str, known: dict[str, int]) -> httpx.Response:
    given = EXAMPLE.get((method, path.removeprefix(PREFIX)), {})
    return await client.request(method, path.format(**known), **given)


async def test_R11_4_who_is_not_signed_in_sees_nothing(api: Api, client: Client) -> None:
    nobody = await client()
    one = dict.fromkeys(
        (
            "campaign",
            "lead",
            "attempt",
            "field",
            "list",
            "import",
            "export",
            "sound",
            "scenario",
            "version",
            "message",
            "template",
        ),
        1,
    )
    for method, path in routes(api):
        answer = await ask(nobody, method, path, one)
        assert problem(answer) == (401, "not_signed_in", None), (method, path)


async def test_R11_4_what_is_anothers_does_not_exist(
    api: Api, anna: httpx.AsyncClient, boris: httpx.AsyncClient
) -> None:
    known = await things_of(api, anna)
    nothing = dict.fromkeys(known, 999_999)
    shown = [
        path
        for method, path in routes(api)
        if method == "GET" and not path.endswith(("/errors", "/file", "/export", "/audio", "ing"))
    ]
    before = {path: (await ask(anna, "GET", path, known)).json() for path in shown}
    asked = 0
    for method, path in routes(api):
        if "{" not in path:
            continue
        theirs = await ask(boris, method, path, known)
        missing = await ask(boris, method, path, nothing)
        assert problem(theirs)[0] == 404, (method, path)
        assert theirs.json() == missing.json(), (method, path)
        asked += 1
    assert asked >= 30
    for path in ("campaigns", "operator-groups", "imports", "exports", "contact-fields", "number-lists", "tags"):
        assert (await boris.get(f"{PREFIX}/{path}")).json() == [], path
    assert {path: (await ask(anna, "GET", path, known)).json() for path in shown} == before


async def test_R11_4_a_bulk_operation_reaches_into_no_other_company(
    api: Api, anna: httpx.AsyncClient, boris: httpx.AsyncClient
) -> None:
    known = await things_of(api, anna)
    mine = await create(boris)
    for action in (
        {"kind": "add_to_campaign", "campaign": known["campaign"]},
        {"kind": "add_to_campaign", "campaign": 999_999},
    ):
        asked = {"selection": {"all": True}, "action": action}
        answer = await boris.post(f"{PREFIX}/campaigns/{mine}/leads/bulk", json=asked)
        assert problem(answer) == (404, "no_such_campaign", None)
    asked = {"selection": {"ids": [known["lead"]]}, "action": {"kind": "delete"}}
    assert (await boris.post(f"{PREFIX}/campaigns/{mine}/leads/bulk", json=asked)).json() == {"done": 0}
    tagged = await boris.post(f"{PREFIX}/contacts/tags", json={"contacts": list(range(1, 50)), "add": ["чужой"]})
    assert tagged.json() == {"contacts": 0}
    assert (await anna.get(f"{PREFIX}/tags")).json() == []
    assert (await anna.get(f"{PREFIX}/campaigns/{known['campaign']}")).json()["leads"] == 1


@pytest.mark.parametrize("number", ["0", "-1", "9223372036854775808", "x", "1e3", "%00", "1;drop"])
async def test_numbers_that_cannot_be_are_refused(anna: httpx.AsyncClient, number: str) -> None:
    for path in (f"/api/v1/campaigns/{number}", f"/api/v1/calls/{number}", f"/api/v1/calls/{number}/recording"):
        assert problem(await anna.get(path))[0] == 422
