"""SPEC R11.4: every address wants a session, and shows nothing of another company."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from core.results import CallResult
from tests.api.conftest import Api, Client, create, load, new_campaign, problem
from tests.services.things import add_attempt, lead_ids

OPEN = {"/api/v1/session", "/api/v1/health", "/api/v1/metrics"}
EXAMPLE: dict[str, Any] = {
    "/api/v1/campaigns/{campaign}/copy": {"json": {"name": "Копия"}},
    "/api/v1/campaigns": {"json": new_campaign()},
    "/api/v1/operator-groups": {"json": {"name": "Продажи", "phones": ["101"]}},
    "/api/v1/contacts/preview": {"files": {"file": b"x"}},
    "/api/v1/campaigns/{campaign}/contacts": {"files": {"file": "Телефон\n89001112233\n".encode()}},
}

pytestmark = pytest.mark.postgres


def routes(api: Api) -> list[tuple[str, str]]:
    """Each method and address that wants a session."""
    paths: dict[str, dict[str, Any]] = api.app.openapi()["paths"]
    found = [(method.upper(), path) for path, methods in paths.items() if path not in OPEN for method in methods]
    assert len(found) >= 17
    return found


async def ask(client: httpx.AsyncClient, method: str, path: str, campaign: int, attempt: int) -> httpx.Response:
    given = EXAMPLE.get(path, {}) if method == "POST" else {}
    return await client.request(method, path.format(campaign=campaign, attempt=attempt), **given)


async def test_R11_4_who_is_not_signed_in_sees_nothing(api: Api, client: Client) -> None:
    nobody = await client()
    for method, path in routes(api):
        answer = await ask(nobody, method, path, 1, 1)
        assert problem(answer) == (401, "not_signed_in", None), (method, path)


async def test_R11_4_what_is_anothers_does_not_exist(
    api: Api, anna: httpx.AsyncClient, boris: httpx.AsyncClient
) -> None:
    campaign = await create(anna)
    await load(anna, campaign, "Имя;Телефон\nСекретова;89001112233\n")
    async with api.deps.database.transaction(api.company) as tx:
        (lead,) = await lead_ids(tx, campaign)  # type: ignore[arg-type]
        attempt = await add_attempt(tx, campaign, lead, CallResult.BUSY)  # type: ignore[arg-type]
    before = (await anna.get(f"/api/v1/campaigns/{campaign}")).json()
    asked = 0
    for method, path in routes(api):
        if "{" not in path:
            continue
        theirs = await ask(boris, method, path, campaign, attempt)
        missing = await ask(boris, method, path, 999_999, 999_999)
        assert problem(theirs)[0] == 404, (method, path)
        assert theirs.json() == missing.json(), (method, path)
        asked += 1
    assert asked >= 12
    assert (await boris.get("/api/v1/campaigns")).json() == []
    assert (await boris.get("/api/v1/operator-groups")).json() == []
    assert (await anna.get(f"/api/v1/campaigns/{campaign}")).json() == before


@pytest.mark.parametrize("number", ["0", "-1", "9223372036854775808", "x", "1e3", "%00", "1;drop"])
async def test_numbers_that_cannot_be_are_refused(anna: httpx.AsyncClient, number: str) -> None:
    for path in (f"/api/v1/campaigns/{number}", f"/api/v1/calls/{number}", f"/api/v1/calls/{number}/recording"):
        assert problem(await anna.get(path))[0] == 422
