"""SPEC R11, R12: foreign pages, long bodies, headers, pages, health, errors and the description."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from api.app import create_app
from api.body_limit import OTHER_BYTES, UPLOAD_BYTES
from api.pages import NONCE
from storage.database import Database
from tests.api.conftest import OURS, Api, Client, create, new_campaign, problem

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, False),
        ({"Origin": "http://evil.test"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://zvonar.test.evil.test"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"X-Requested-With": "XMLHttpRequest"}, False),
        ({"Origin": "http://zvonar.test"}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"X-Requested-With": "zvonar"}, True),
    ],
)
async def test_a_change_must_come_from_our_own_pages(client: Client, headers: dict[str, str], allowed: bool) -> None:
    browser = await client("anna", headers={})
    answer = await browser.post("/api/v1/campaigns", json=new_campaign(), headers=headers)
    if allowed:
        assert answer.status_code == 201
    else:
        assert problem(answer) == (403, "cross_site", None)
    assert len((await browser.get("/api/v1/campaigns")).json()) == allowed


async def test_signing_in_must_come_from_our_own_pages_too(client: Client) -> None:
    foreign = await client(headers={"Origin": "http://evil.test"})
    answer = await foreign.post("/api/v1/session", json={"login": "anna", "password": "x"})
    assert problem(answer) == (403, "cross_site", None)


async def test_a_body_that_is_announced_too_long_is_not_read(anna: httpx.AsyncClient) -> None:
    answer = await anna.post("/api/v1/campaigns", content=b"x" * (OTHER_BYTES + 1))
    assert problem(answer) == (413, "too_large", None)
    form = {"content-type": "multipart/form-data; boundary=x", "content-length": str(UPLOAD_BYTES * 2)}
    answer = await anna.post("/api/v1/contacts/preview", content=b"x", headers=form)
    assert problem(answer) == (413, "too_large", None)


async def test_a_body_that_grows_too_long_is_cut_off(anna: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 20 * OTHER_BYTES:
            sent += 65536
            yield b'"' + b"x" * 65535

    answer = await anna.post("/api/v1/campaigns", content=endless(), headers={"content-type": "application/json"})
    assert problem(answer) == (413, "too_large", None)
    assert sent <= OTHER_BYTES + 2 * 65536


async def test_every_answer_tells_the_browser_what_it_may_do(anna: httpx.AsyncClient) -> None:
    for path in ("/api/v1/me", "/api/v1/nothing", "/", "/api/v1/campaigns/0"):
        headers = (await anna.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
    assert (await anna.get("/api/v1/me")).headers["cache-control"] == "no-store"


async def test_an_address_without_anything_is_a_problem(anna: httpx.AsyncClient) -> None:
    assert problem(await anna.get("/api/v1/nothing")) == (404, "no_such_address", None)
    assert problem(await anna.get("/api/v2/campaigns")) == (404, "no_such_address", None)
    assert problem(await anna.put("/api/v1/me", json={})) == (405, "method_not_allowed", None)


async def test_an_error_of_ours_tells_nothing_of_the_inside(api: Api, client: Client) -> None:
    broken = create_app(replace(api.deps, registry=CollectorRegistry(), trunks=lambda: 1 / 0))  # type: ignore[arg-type,return-value]
    transport = httpx.ASGITransport(broken, raise_app_exceptions=False)
    token = (await client("anna")).cookies["zvonar_session"]
    async with httpx.AsyncClient(
        transport=transport, base_url="http://zvonar.test", headers=OURS, cookies={"zvonar_session": token}
    ) as anna:
        with capture_logs() as logs:  # and none is printed, which takes rich long
            answer = await anna.get("/api/v1/trunks")
    assert problem(answer) == (500, "internal", None)
    assert [(log["event"], log["path"]) for log in logs] == [("api.unexpected", "/api/v1/trunks")]
    assert "ZeroDivision" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_health_and_metrics_need_no_session_and_tell_of_nobody(client: Client) -> None:
    nobody = await client()
    assert (await nobody.get("/api/v1/health")).json() == {"status": "ok", "version": "1.2.3"}
    anna = await client("anna")
    made = await create(anna)
    await anna.get(f"/api/v1/campaigns/{made}")
    text = (await nobody.get("/api/v1/metrics")).text
    assert 'route="/campaigns/{campaign}",status="200"' in text
    assert f"/campaigns/{made}" not in text


async def test_health_says_when_the_database_is_away(api: Api) -> None:
    away = Database("postgresql://zvonar_app:x@127.0.0.1:1/zvonar")
    app = create_app(replace(api.deps, registry=CollectorRegistry(), database=away))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://zvonar.test") as nobody:
        answer = await nobody.get("/api/v1/health")
    assert problem(answer) == (503, "database_unreachable", None)
    assert "zvonar_app:x" not in answer.text


async def test_without_an_interface_the_page_says_so(client: Client) -> None:
    nobody = await client()
    page = await nobody.get("/")
    assert "its web interface is not built" in page.text
    assert (await nobody.get("/campaigns")).status_code == 404


@pytest.fixture
async def built(api: Api, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application with a small interface, and a secret beside it."""
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text(f'<script nonce="{NONCE}" src="/assets/app-1.js"></script>')
    (dist / "assets" / "app-1.js").write_text("hello()")
    (dist / "bell.svg").write_text("<svg/>")
    (dist / ".env").write_text("secret")
    (tmp_path / "secret.txt").write_text("secret")
    transport = httpx.ASGITransport(create_app(replace(api.deps, registry=CollectorRegistry(), web_dist=dist)))
    async with httpx.AsyncClient(transport=transport, base_url="http://zvonar.test") as made:
        yield made


async def test_every_page_has_a_nonce_of_its_own(built: httpx.AsyncClient) -> None:
    nonces = set()
    for path in ("/", "/campaigns", "/campaigns/7", "/index.html"):
        page = await built.get(path)
        (nonce,) = re.findall(r'nonce="([^"]+)"', page.text)
        assert f"script-src 'self' 'nonce-{nonce}'" in page.headers["content-security-policy"], path
        assert page.headers["cache-control"] == "no-cache"
        nonces.add(nonce)
    assert len(nonces) == 4
    assert NONCE not in nonces


async def test_assets_are_kept_for_ever_and_other_files_served(built: httpx.AsyncClient) -> None:
    asset = await built.get("/assets/app-1.js")
    assert (asset.text, "immutable" in asset.headers["cache-control"]) == ("hello()", True)
    assert (await built.get("/bell.svg")).headers["content-type"].startswith("image/svg")
    missing = await built.get("/assets/app-2.js")
    assert missing.status_code == 404
    assert "immutable" not in missing.headers.get("cache-control", "")


OUTWARDS = (
    "/../secret.txt /..%2fsecret.txt /%2e%2e/secret.txt /assets/../../secret.txt /assets/..%2f..%2fsecret.txt "
    "/.env /%00 //etc/passwd /..%5csecret.txt /assets/%00"
)


@pytest.mark.parametrize("path", OUTWARDS.split())
async def test_no_address_leads_out_of_the_interface(built: httpx.AsyncClient, path: str) -> None:
    answer = await built.get(httpx.URL("http://zvonar.test").copy_with(raw_path=path.encode()))
    assert "secret" not in answer.text
    assert "root:" not in answer.text
    assert answer.status_code in {200, 404}


async def test_R12_the_description_is_openapi_3_1_and_explains_everything(anna: httpx.AsyncClient) -> None:
    described = (await anna.get("/api/v1/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    assert json.dumps(described) == json.dumps((await anna.get("/api/v1/openapi.json")).json())
    ids = []
    for path, methods in described["paths"].items():
        for method, route in methods.items():
            where = f"{method} {path}"
            ids.append(route["operationId"])
            assert route["summary"], where
            assert len(route["description"]) > 20, where
            assert route["tags"], where
            assert "default" in route["responses"], where
            for parameter in route.get("parameters", []):
                assert parameter.get("description"), f"{where}: {parameter['name']}"
    assert len(ids) == len(set(ids))


async def test_R12_every_reference_of_the_description_leads_somewhere(anna: httpx.AsyncClient) -> None:
    described = (await anna.get("/api/v1/openapi.json")).json()
    found: list[str] = []

    def look(part: Any) -> None:  # noqa: ANN401
        if isinstance(part, dict):
            found.extend(value for key, value in part.items() if key == "$ref")
            for value in part.values():
                look(value)
        elif isinstance(part, list):
            for value in part:
                look(value)

    look(described)
    assert found
    for reference in set(found):
        place: Any = described
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
