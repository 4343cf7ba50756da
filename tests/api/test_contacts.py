"""SPEC R9.1 over HTTP: looking into a list, and loading it."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.api.conftest import Api, create, load, problem

DEMO = Path(__file__).resolve().parents[2] / "app" / "demo" / "contacts.csv"

pytestmark = pytest.mark.postgres


async def test_R9_1_a_list_is_looked_into_without_being_loaded(anna: httpx.AsyncClient) -> None:
    answer = await anna.post("/api/v1/contacts/preview", files={"file": ("list.csv", DEMO.read_bytes())})
    seen = answer.json()
    assert answer.status_code == 200
    assert seen["columns"][1:3] == ["Фамилия", "Имя"]
    assert seen["suggested_mapping"]["Сумма"] == "custom:Сумма"
    assert (seen["encoding"], seen["delimiter"], len(seen["sample_rows"])) == ("utf-8", ";", 20)


async def test_R9_1_good_rows_load_and_bad_ones_are_reported(api: Api, anna: httpx.AsyncClient) -> None:
    made = await create(anna)
    report = await load(anna, made, DEMO.read_text("utf-8"))
    assert (report["rows"], report["loaded"], report["duplicates"], len(report["bad"])) == (65, 60, 1, 4)
    assert report["rows"] == report["loaded"] + report["duplicates"] + len(report["bad"])
    assert report["zone_unknown"] == 60
    assert report["bad"][1] == {
        "line": 18,
        "column": "Телефон",
        "value": "восемь-девятьсот",
        "reason_code": "phone_not_a_number",
        "reason": "This is not a telephone number.",
    }
    assert len(api.woken) == 1
    page = (await anna.get(f"/api/v1/campaigns/{made}/leads?limit=2")).json()
    assert page["items"][1]["name"] == 'Иван"; DROP}|,\nтабл Роберт Иванович'
    assert (await anna.get(f"/api/v1/campaigns/{made}")).json()["buckets"]["not_called"] == 60


async def test_R9_1_a_mapping_is_a_json_object(anna: httpx.AsyncClient) -> None:
    made = await create(anna)
    report = await load(anna, made, "Кто;Куда\nАнна;89001112233\n", mapping=json.dumps({"Куда": "phone"}))
    assert report["loaded"] == 1
    for mapping in ("[]", "{", '{"Куда": 1}', "null"):
        files = {"file": "Кто;Куда\nАнна;89001112244\n".encode()}
        refused = await anna.post(f"/api/v1/campaigns/{made}/contacts", files=files, data={"mapping": mapping})
        assert problem(refused) == (422, "bad_mapping", "mapping")


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "empty_file"), (b"PK\x03\x04", "bad_workbook"), (b"\x00\x01\x02", "not_text"), (b'a\n"b', "unclosed_quote")],
)
async def test_R9_1_what_is_no_list_is_refused(anna: httpx.AsyncClient, content: bytes, code: str) -> None:
    made = await create(anna)
    for path in ("/api/v1/contacts/preview", f"/api/v1/campaigns/{made}/contacts"):
        assert problem(await anna.post(path, files={"file": ("list.csv", content)})) == (422, code, "file")


async def test_R9_1_a_form_without_a_file_names_it(anna: httpx.AsyncClient) -> None:
    assert problem(await anna.post("/api/v1/contacts/preview", data={"x": "y"}))[::2] == (422, "file")
    broken = {"content": b"--x\r\nrubbish", "headers": {"content-type": "multipart/form-data; boundary=x"}}
    assert problem(await anna.post("/api/v1/contacts/preview", **broken))[0] in {400, 422}  # type: ignore[arg-type]
