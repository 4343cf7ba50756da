"""SPEC R11.6: signing in and out over HTTP."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from services.accounts import MOST_FAILURES, SESSION
from tests.api.conftest import OURS, PASSWORD, Api, Client, problem

pytestmark = pytest.mark.postgres


async def test_R11_6_signing_in_sets_a_cookie_that_scripts_cannot_read(client: Client) -> None:
    nobody = await client()
    answer = await nobody.post("/api/v1/session", json={"login": "anna", "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.json() == {"login": "anna", "name": "Анна", "version": "1.2.3"}
    cookie = answer.headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=lax", "Path=/", "expires="):
        assert part in cookie
    assert "Secure" not in cookie
    assert PASSWORD not in answer.text
    assert (await nobody.get("/api/v1/me")).json()["login"] == "anna"


async def test_R11_6_over_https_the_cookie_is_for_https_alone(api: Api) -> None:
    transport = httpx.ASGITransport(api.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://zvonar.test", headers=OURS) as secure:
        answer = await secure.post("/api/v1/session", json={"login": "anna", "password": PASSWORD})
    assert "Secure" in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"]


async def test_R11_6_signing_out_ends_the_session_and_not_only_the_cookie(anna: httpx.AsyncClient) -> None:
    token = anna.cookies["zvonar_session"]
    answer = await anna.delete("/api/v1/session")
    assert answer.status_code == 204
    assert "zvonar_session" not in anna.cookies
    anna.cookies.set("zvonar_session", token)
    assert problem(await anna.get("/api/v1/me")) == (401, "not_signed_in", None)
    assert (await anna.delete("/api/v1/session")).status_code == 204


async def test_R11_6_a_session_expires(api: Api, anna: httpx.AsyncClient) -> None:
    api.clock.at += SESSION - timedelta(minutes=1)
    assert (await anna.get("/api/v1/me")).status_code == 200
    api.clock.at += timedelta(minutes=1)
    assert problem(await anna.get("/api/v1/me")) == (401, "not_signed_in", None)


@pytest.mark.parametrize(("login", "password"), [("anna", "wrong"), ("nobody", PASSWORD)])
async def test_R11_6_wrong_logins_and_wrong_passwords_look_alike(client: Client, login: str, password: str) -> None:
    nobody = await client()
    answer = await nobody.post("/api/v1/session", json={"login": login, "password": password})
    assert problem(answer) == (401, "wrong_login", None)
    assert "set-cookie" not in answer.headers


async def test_R11_6_tries_are_limited(api: Api, client: Client) -> None:
    nobody = await client()
    for _ in range(MOST_FAILURES):
        await nobody.post("/api/v1/session", json={"login": "anna", "password": "wrong"})
    answer = await nobody.post("/api/v1/session", json={"login": "anna", "password": PASSWORD})
    assert problem(answer) == (429, "too_many_attempts", None)
    api.clock.at += timedelta(minutes=16)
    answer = await nobody.post("/api/v1/session", json={"login": "anna", "password": PASSWORD})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("given", "field"),
    [({}, "login"), ({"login": "anna"}, "password"), ({"login": "", "password": "x"}, "login"), ([], None)],
)
async def test_what_is_no_login_names_its_field(client: Client, given: object, field: str | None) -> None:
    status, code, named = problem(await (await client()).post("/api/v1/session", json=given))
    assert (status, named) == (422, field)
    assert code.startswith("invalid_")


async def test_a_false_token_is_nobody(client: Client) -> None:
    nobody = await client()
    for token in ("x", "я" * 10, "a\0b", "x" * 4000):
        answer = await nobody.get("/api/v1/me", headers=[(b"cookie", b"zvonar_session=" + token.encode())])
        assert problem(answer) == (401, "not_signed_in", None)
