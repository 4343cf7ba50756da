"""SPEC R9 over HTTP: imports, exports, custom fields, tags and lists of numbers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from api import body_limit
from services.export_run import Exporter
from services.import_run import Loader
from tests.api.conftest import Api, create, load, problem

LIST = "Имя;Телефон\nАнна;89001112233\nИван;кто\nАнна ещё раз;89001112233\n".encode("cp1251")

pytestmark = pytest.mark.postgres


async def upload(client: httpx.AsyncClient, data: bytes = LIST, **query: Any) -> httpx.Response:  # noqa: ANN401
    return await client.post("/api/v1/imports", params={"name": "list.csv"} | query, content=data)


async def work(api: Api) -> None:
    """Does what was asked of the background."""
    loader = Loader(api.deps.database, api.deps.folder, api.clock)
    exporter = Exporter(api.deps.database, api.deps.folder, api.clock)
    while api.jobs.imports:
        await loader.run(*api.jobs.imports.pop(0))
    while api.jobs.exports:
        await exporter.run(*api.jobs.exports.pop(0))


async def test_R9_1_a_file_is_uploaded_looked_into_tried_out_and_loaded(api: Api, anna: httpx.AsyncClient) -> None:
    made = await create(anna)
    answer = await upload(anna, campaign=made)
    id_ = answer.json()["id"]
    assert (answer.status_code, answer.json()["state"], answer.json()["campaign"]) == (201, "checking", made)
    await work(api)
    shown = (await anna.get(f"/api/v1/imports/{id_}")).json()
    assert (shown["state"], shown["columns"], shown["delimiter"]) == ("mapping", ["Имя", "Телефон"], ";")
    assert shown["suggested_mapping"] == {"Имя": "first_name", "Телефон": "phone"}
    assert shown["sample_rows"][0] == ["Анна", "89001112233"]

    for dry_run, leads in ((True, 0), (False, 1)):
        started = await anna.post(f"/api/v1/imports/{id_}/start", json={"dry_run": dry_run, "priority": 2})
        assert (started.status_code, started.json()["state"]) == (200, "running")
        await work(api)
        done = (await anna.get(f"/api/v1/imports/{id_}")).json()
        assert (done["state"], done["rows_done"], done["loaded"], done["bad"]) == ("done", 3, 1, 1)
        assert (await anna.get(f"/api/v1/campaigns/{made}")).json()["leads"] == leads
    errors = await anna.get(f"/api/v1/imports/{id_}/errors")
    assert errors.headers["content-type"].startswith("text/csv")
    assert "кто" in errors.text
    again = await anna.post(f"/api/v1/imports/{id_}/start", json={})
    assert problem(again) == (409, "import_state", None)
    assert [one["id"] for one in (await anna.get(f"/api/v1/imports?campaign={made}")).json()] == [id_]


async def test_R9_1_an_import_is_cancelled(api: Api, anna: httpx.AsyncClient) -> None:
    id_ = (await upload(anna)).json()["id"]
    await work(api)
    assert (await anna.post(f"/api/v1/imports/{id_}/cancel")).json()["state"] == "cancelled"
    assert problem(await anna.post(f"/api/v1/imports/{id_}/start", json={})) == (409, "import_state", None)
    assert (await anna.post(f"/api/v1/imports/{id_}/cancel")).json()["state"] == "cancelled"


async def test_R9_1_an_upload_that_cannot_be_leaves_no_file(
    api: Api, anna: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await create(anna)
    await anna.post(f"/api/v1/campaigns/{made}/finish")
    assert problem(await upload(anna, campaign=made)) == (409, "campaign_finished", None)
    assert problem(await upload(anna, campaign=999)) == (404, "no_such_campaign", None)
    assert problem(await upload(anna, name="")) == (422, "invalid_string_too_short", "name")
    monkeypatch.setattr(body_limit, "IMPORT_BYTES", 1000)

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 100

    answer = await anna.post("/api/v1/imports?name=x", content=endless())
    assert problem(answer) == (413, "too_large", None)
    assert [path for path in api.deps.folder.rglob("*") if path.is_file()] == []
    assert (await anna.get("/api/v1/imports")).json() == []
    assert api.jobs.imports == []


async def test_R9_1_what_is_no_list_fails_and_says_why(api: Api, anna: httpx.AsyncClient) -> None:
    id_ = (await upload(anna, b"\x00\x01\x02" * 100)).json()["id"]
    await work(api)
    shown = (await anna.get(f"/api/v1/imports/{id_}")).json()
    assert shown["state"] == "failed"
    assert shown["error"]
    assert shown["error_message"].endswith(".")


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"mapping": {"Телефон": "fax"}}, ("no_such_field", "mapping")),
        ({"mapping": {"Имя": "first_name"}}, ("no_phone_column", "mapping")),
        ({"duplicates": "twice"}, ("invalid_enum", "duplicates")),
        ({"priority": 0}, ("invalid_greater_than_equal", "priority")),
        ({"elsewhere": {"within_days": 0}}, ("invalid_greater_than_equal", "elsewhere.within_days")),
        ({"tags": ["а\u0000"]}, ("bad_tag", "tags")),
        ({"speed": 1}, ("unknown_field", "speed")),
    ],
)
async def test_R9_1_a_start_that_cannot_be_names_its_field(
    api: Api, anna: httpx.AsyncClient, given: dict[str, Any], refusal: tuple[str, str]
) -> None:
    id_ = (await upload(anna)).json()["id"]
    await work(api)
    status, code, field = problem(await anna.post(f"/api/v1/imports/{id_}/start", json=given))
    assert (status, code) == (422, refusal[0])
    assert field is not None
    assert field.startswith(refusal[1])
    assert (await anna.get(f"/api/v1/imports/{id_}")).json()["state"] == "mapping"


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_R9_4_leads_are_written_to_a_file(api: Api, anna: httpx.AsyncClient, form: str) -> None:
    made = await create(anna)
    await load(anna, made, "Имя;Телефон\nАнна;89001112233\n=cmd;89001112244\n")
    asked = {"what": "leads", "campaign": made, "bucket": "not_called", "format": form}
    answer = await anna.post("/api/v1/exports", json=asked)
    id_ = answer.json()["id"]
    assert (answer.status_code, answer.json()["state"]) == (201, "waiting")
    early = await anna.get(f"/api/v1/exports/{id_}/file")
    assert problem(early) == (404, "no_export_file", None)
    await work(api)
    done = (await anna.get(f"/api/v1/exports/{id_}")).json()
    assert (done["state"], done["rows_done"]) == ("done", 2)
    file = await anna.get(f"/api/v1/exports/{id_}/file")
    assert len(file.content) == done["size_bytes"]
    assert done["name"].endswith(form)
    if form == "csv":
        assert "+79001112233" in file.content.decode("utf-8-sig")
    assert (await anna.get("/api/v1/exports")).json() == [done]
    assert problem(await anna.post(f"/api/v1/exports/{id_}/cancel")) == (409, "export_over", None)


async def test_R9_4_an_export_that_cannot_be_is_refused(anna: httpx.AsyncClient) -> None:
    wrong: list[tuple[dict[str, Any], int, str, str | None]] = [
        ({"what": "leads"}, 422, "no_campaign", "campaign"),
        ({"what": "leads", "campaign": 999}, 404, "no_such_campaign", None),
        ({"what": "calls"}, 422, "invalid_literal_error", "what"),
        ({"what": "contacts", "format": "pdf"}, 422, "invalid_literal_error", "format"),
        ({"what": "contacts", "where": 1}, 422, "unknown_field", "where"),
    ]
    for given, *refusal in wrong:
        assert problem(await anna.post("/api/v1/exports", json=given)) == tuple(refusal)


async def test_R9_3_custom_fields_are_kept(anna: httpx.AsyncClient) -> None:
    given = {"name": "Тариф", "kind": "list", "options": ["Базовый", "Полный"]}
    made = (await anna.post("/api/v1/contact-fields", json=given)).json()
    assert made == given | {"id": made["id"]}
    address = f"/api/v1/contact-fields/{made['id']}"
    changed = (await anna.patch(address, json={"name": "План"})).json()
    assert changed == made | {"name": "План"}
    assert (await anna.get("/api/v1/contact-fields")).json() == [changed]
    assert problem(await anna.post("/api/v1/contact-fields", json={"name": "План"})) == (409, "field_exists", "name")
    assert problem(await anna.patch(address, json={"kind": "text"})) == (422, "unknown_field", "kind")
    assert (await anna.delete(address)).status_code == 204
    assert problem(await anna.delete(address)) == (404, "no_such_field", None)


async def test_R9_3_numbers_are_put_on_a_list_and_taken_off(api: Api, anna: httpx.AsyncClient) -> None:
    made = (await anna.post("/api/v1/number-lists", json={"name": "Не звонить", "kind": "blacklist"})).json()
    address = f"/api/v1/number-lists/{made['id']}"
    numbers = ["8 900 111-22-33", "+79001112244", "89001112233", "анна"]
    added = (await anna.post(f"{address}/numbers", json={"numbers": numbers})).json()
    assert (added["added"], added["known"], added["bad_count"]) == (2, 1, 1)
    assert (added["bad"][0]["line"], added["bad"][0]["reason_code"]) == (4, "phone_not_a_number")
    loaded = await anna.post(f"{address}/file", files={"file": b"phone\n89001112255\n89001112244\n"})
    assert (loaded.json()["added"], loaded.json()["known"]) == (1, 1)
    page = (await anna.get(f"{address}/numbers?limit=2")).json()
    rest = (await anna.get(f"{address}/numbers", params={"limit": 2, "after": page["next"]})).json()
    assert page["items"] + rest["items"] == ["+79001112233", "+79001112244", "+79001112255"]
    assert rest["next"] is None
    removed = await anna.post(f"{address}/numbers/remove", json={"numbers": ["89001112244", "89009999999"]})
    assert removed.json() == {"removed": 1}
    renamed = (await anna.patch(address, json={"name": "Отказы"})).json()
    assert renamed == {"id": made["id"], "name": "Отказы", "kind": "blacklist", "count": 2}
    assert (await anna.get("/api/v1/number-lists")).json() == [renamed]
    assert (await anna.delete(address)).status_code == 204
    assert problem(await anna.get(f"{address}/numbers")) == (404, "no_such_list", None)
