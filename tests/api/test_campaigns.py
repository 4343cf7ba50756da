"""SPEC R2.2–R2.4 over HTTP."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.api.conftest import SCHEDULE, SURVEY, Api, create, load, new_campaign, problem

pytestmark = pytest.mark.postgres


async def test_R2_4_a_campaign_is_created_with_defaults_and_shown(anna: httpx.AsyncClient) -> None:
    answer = await anna.post("/api/v1/campaigns", json=new_campaign())
    made = answer.json()
    assert answer.status_code == 201
    assert (made["name"], made["kind"], made["status"], made["switched_on"]) == ("Опрос", "survey", "paused", False)
    assert made["buckets"] == {"not_called": 0, "will_call_again": 0, "reached": 0, "failed": 0}
    assert (made["leads"], made["reached_percent"], made["live_calls"], made["error"]) == (0, 0.0, 0, None)
    assert (made["lines"], made["ring_timeout_s"], made["order"], made["trunk"]) == (10, 30, "random", "simulator")
    assert (made["retry"]["max_calls"], made["retry"]["limits"]["busy"]) == (4, 2)
    assert made["schedule"]["week"][6] == [{"start": "00:00:00", "end": "00:00:00"}]
    assert (await anna.get(f"/api/v1/campaigns/{made['id']}")).json() == made
    listed = (await anna.get("/api/v1/campaigns")).json()
    assert listed == [{name: made[name] for name in listed[0]}]


async def test_R2_4_all_settings_are_taken(anna: httpx.AsyncClient) -> None:
    settings: dict[str, Any] = {
        "caller_number": "+74951234567",
        "lines": 3,
        "ring_timeout_s": 15,
        "order": "oldest",
        "starts_on": "2026-11-23",
        "ends_on": "2026-12-31",
        "detect_machines": False,
        "retry": {"limits": {"busy": 5}, "waits_s": {"busy": 60}, "max_calls": 9, "phone_gap_s": 0},
    }
    made = (await anna.post("/api/v1/campaigns", json=new_campaign(**settings))).json()
    assert {name: made[name] for name in settings} == settings


async def test_R2_2_the_list_is_filtered(anna: httpx.AsyncClient) -> None:
    await create(anna, name="Весенний опрос")
    autumn = await create(anna, name="Осенний опрос")
    notice = {"kind": "notification", "message": {"text": "Здравствуйте!"}}
    await create(anna, name="Уведомление", script=notice)
    await anna.post(f"/api/v1/campaigns/{autumn}/start")

    async def names(query: str) -> list[str]:
        return [row["name"] for row in (await anna.get(f"/api/v1/campaigns?{query}")).json()]

    assert await names("") == ["Уведомление", "Осенний опрос", "Весенний опрос"]
    assert await names("kind=survey") == ["Осенний опрос", "Весенний опрос"]
    assert await names("kind=survey&kind=notification&text=опрос&status=paused") == ["Весенний опрос"]
    assert await names("status=running") == ["Осенний опрос"]
    assert problem(await anna.get("/api/v1/campaigns?status=asleep"))[::2] == (422, "status")


async def test_R2_3_starting_and_pausing_wake_the_dialler(api: Api, anna: httpx.AsyncClient) -> None:
    made = await create(anna)
    started = await anna.post(f"/api/v1/campaigns/{made}/start")
    assert (started.status_code, started.json()["status"]) == (200, "running")
    assert len(api.woken) == 1
    paused = await anna.post(f"/api/v1/campaigns/{made}/pause")
    assert (paused.status_code, paused.json()["status"]) == (200, "paused")
    assert len(api.woken) == 2


async def test_R2_4_finished_is_for_good_and_a_copy_begins_anew(anna: httpx.AsyncClient) -> None:
    made = await create(anna)
    await load(anna, made, "Телефон\n89001112233\n")
    assert (await anna.post(f"/api/v1/campaigns/{made}/finish")).json()["status"] == "finished"
    for change in ("start", "pause"):
        assert problem(await anna.post(f"/api/v1/campaigns/{made}/{change}")) == (409, "campaign_finished", None)
    refused = await anna.post(f"/api/v1/campaigns/{made}/contacts", files={"file": b"x"})
    assert problem(refused) == (409, "campaign_finished", None)
    copied = await anna.post(f"/api/v1/campaigns/{made}/copy", json={"name": "Копия"})
    assert (copied.status_code, copied.json()["name"], copied.json()["leads"]) == (201, "Копия", 0)
    assert copied.json()["status"] == "paused"
    assert problem(await anna.post(f"/api/v1/campaigns/{made}/copy", json={"name": " "})) == (422, "empty", "name")


async def test_R2_4_deleting_a_campaign_takes_it_away(anna: httpx.AsyncClient) -> None:
    made = await create(anna)
    assert (await anna.delete(f"/api/v1/campaigns/{made}")).status_code == 204
    assert problem(await anna.get(f"/api/v1/campaigns/{made}")) == (404, "no_such_campaign", None)
    assert problem(await anna.delete(f"/api/v1/campaigns/{made}")) == (404, "no_such_campaign", None)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "а\u0000б"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"script": {"kind": "song"}}, "script"),
        ({"script": {"kind": "survey", "questions": []}}, "script.questions"),
        ({"script": {"kind": "notification"}}, "script.message"),
        ({"script": {"kind": "notification", "message": {"text": "а\u0000"}}}, "script"),
        ({"schedule": SCHEDULE | {"zone": "Moscow"}}, "schedule.zone"),
        ({"schedule": SCHEDULE | {"zone": "../../etc/passwd"}}, "schedule.zone"),
        ({"schedule": SCHEDULE | {"week": [[]] * 7}}, "schedule.week"),
        ({"schedule": SCHEDULE | {"week": [[]] * 6}}, "schedule.week"),
        ({"schedule": SCHEDULE | {"week": [[{"start": "18:00", "end": "09:00"}]] * 7}}, "schedule.week.0"),
        ({"schedule": SCHEDULE | {"week": [[{"start": "soon", "end": "09:00"}]] * 7}}, "schedule.week.0.0.start"),
        ({"trunk": "unknown"}, "trunk"),
        ({"retry": {"limits": {"busy": 11}, "waits_s": {}}}, "retry.limits.busy"),
        ({"retry": {"limits": {"completed": 1}, "waits_s": {}}}, "retry.limits.completed"),
        ({"retry": {"limits": {"busy": 3}, "waits_s": {}}}, "retry.waits_s.busy"),
        ({"retry": {"limits": {}, "waits_s": {}, "max_calls": 10**12}}, "retry.max_calls"),
        ({"lines": 0}, "lines"),
        ({"lines": 10**12}, "lines"),
        ({"ring_timeout_s": 601}, "ring_timeout_s"),
        ({"caller_number": "reception"}, "caller_number"),
        ({"order": "alphabetic"}, "order"),
        ({"starts_on": "tomorrow"}, "starts_on"),
        ({"starts_on": "2026-12-02", "ends_on": "2026-12-01"}, "ends_on"),
        ({"ends_on": "2026-01-01"}, "ends_on"),
    ],
)
async def test_R2_4_a_setting_that_cannot_be_names_its_field(
    anna: httpx.AsyncClient, changes: dict[str, Any], field: str
) -> None:
    body = json.dumps(new_campaign(**changes)).encode()
    answer = await anna.post("/api/v1/campaigns", content=body, headers={"content-type": "application/json"})
    status, _, named = problem(answer)
    assert status == 422
    assert named is not None
    assert named == field or named.startswith(field + ".")
    assert (await anna.get("/api/v1/campaigns")).json() == []


async def test_a_transfer_to_nobody_is_refused_until_the_group_exists(anna: httpx.AsyncClient) -> None:
    answers = [{"label": "Да", "key": "1", "then": "transfer", "group": "Продажи"}]
    offer = {"kind": "offer", "prompt": {"text": "Соединить?"}, "answers": answers}
    refused = await anna.post("/api/v1/campaigns", json=new_campaign(script=offer))
    assert problem(refused) == (422, "no_such_group", "script")
    await anna.post("/api/v1/operator-groups", json={"name": "Продажи", "phones": ["101"]})
    await create(anna, script=offer)


async def test_bodies_that_are_no_json_are_refused(anna: httpx.AsyncClient) -> None:
    for body in (b"", b"{", b"[]", b"\xff", b'{"name": NaN}', b"[" * 5000):
        answer = await anna.post("/api/v1/campaigns", content=body, headers={"content-type": "application/json"})
        assert problem(answer)[0] in {400, 422}


async def test_trunks_are_listed(anna: httpx.AsyncClient) -> None:
    assert (await anna.get("/api/v1/trunks")).json() == [{"name": "simulator"}, {"name": "provider"}]


async def test_operator_groups_are_saved_and_listed(anna: httpx.AsyncClient) -> None:
    given = {"name": " Продажи ", "phones": ["8 900 111 22 33", "101"], "wait_s": 45}
    answer = await anna.post("/api/v1/operator-groups", json=given)
    saved = answer.json()
    assert answer.status_code == 201
    assert saved == {"id": saved["id"], "name": "Продажи", "phones": ["+79001112233", "101"], "wait_s": 45}
    assert (await anna.get("/api/v1/operator-groups")).json() == [saved]
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"name": "Продажи", "phones": []}, "phones"),
        ({"name": "Продажи", "phones": ["анна"]}, "phones.0"),
        ({"name": "Продажи", "phones": ["101"], "wait_s": 0}, "wait_s"),
    ]
    for bad, field in wrong:
        refused = problem(await anna.post("/api/v1/operator-groups", json=bad))
        assert (refused[0], refused[2]) == (422, field)


async def test_the_script_survives_as_it_was_given(api: Api, anna: httpx.AsyncClient) -> None:
    from campaigns.campaign import CampaignId
    from services import campaigns, scenarios
    from tests.conftest import EPOCH

    made = await create(anna)
    async with api.deps.database.transaction(api.company) as tx:
        row = await campaigns.one_campaign(tx, CampaignId(made), EPOCH)
        assert row.campaign.scenario is not None
        script = await scenarios.script_of(tx, row.campaign.scenario)
        flow = await scenarios.flow_of(tx, row.campaign.scenario)
    assert script is not None
    assert script["questions"][0]["title"] == SURVEY["questions"][0]["title"]  # type: ignore[index]
    assert flow.name == "Опрос"
