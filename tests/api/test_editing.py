"""SPEC R2.4, R2.8, R2.9 over HTTP: a campaign is changed while it runs, and only what is given."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import httpx
import pytest

from tests.api.conftest import SCHEDULE, SURVEY, Api, create, new_campaign, problem

NOTICE = {"kind": "notification", "message": {"text": "Здравствуйте!"}}

pytestmark = pytest.mark.postgres


async def change(client: httpx.AsyncClient, campaign: int, **given: Any) -> httpx.Response:  # noqa: ANN401
    return await client.patch(f"/api/v1/campaigns/{campaign}", json=given)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({}, {}),
        ({"name": " Другой   опрос "}, {"name": "Другой опрос"}),
        ({"order": "newest"}, {"order": "newest"}),
        ({"priority": 1}, {"priority": 1}),
        ({"priority": None}, {"priority": None}),
        ({"budget": "1500.5"}, {"budget": "1500.5"}),
        ({"budget": 20}, {"budget": "20"}),
        ({"budget": None}, {"budget": None}),
        ({"local_time": "contacts_only"}, {"local_time": "contacts_only"}),
        ({"count_manual_calls": True, "auto_finish_days": 0}, {"count_manual_calls": True, "finishes_at": None}),
        ({"trunk": "provider", "lines": 50}, {"trunk": "provider", "lines": 50}),
        ({"ring_timeout_s": 15, "detect_machines": False}, {"ring_timeout_s": 15, "detect_machines": False}),
        ({"caller_number": "8 (495) 123-45-67"}, {"caller_number": "84951234567"}),
        ({"caller_number": None}, {"caller_number": None}),
        ({"ends_on": "2026-12-31"}, {"ends_on": "2026-12-31"}),
        ({"starts_on": None}, {"starts_on": None}),
    ],
)
async def test_R2_4_a_running_campaign_takes_what_is_given_and_keeps_the_rest(
    api: Api, anna: httpx.AsyncClient, given: dict[str, Any], shown: dict[str, Any]
) -> None:
    made = await create(anna, priority=7, budget="10.00", caller_number="+74951234567", starts_on="2026-11-23")
    before = (await anna.post(f"/api/v1/campaigns/{made}/start")).json()
    assert before["status"] == "running"
    woken = len(api.woken)
    answer = await change(anna, made, **given)
    if "auto_finish_days" in given:
        before["auto_finish_days"] = given["auto_finish_days"]
    assert (answer.status_code, answer.json()) == (200, before | shown)
    assert (await anna.get(f"/api/v1/campaigns/{made}")).json() == before | shown
    assert len(api.woken) == woken + 1


async def test_R4_1_a_new_schedule_and_new_rules_of_retrying_replace_the_old_ones(anna: httpx.AsyncClient) -> None:
    made = await create(anna)
    week = [[{"start": "09:00", "end": "18:00"}], [], [], [], [], [], []]
    retry = {"limits": {"busy": 5}, "waits_s": {"busy": 60}, "max_calls": 9, "phone_gap_s": 0}
    changed = (await change(anna, made, schedule={"zone": "Asia/Omsk", "week": week}, retry=retry)).json()
    assert (changed["schedule"]["zone"], changed["schedule"]["week"][1]) == ("Asia/Omsk", [])
    assert changed["schedule"]["week"][0] == [{"start": "09:00:00", "end": "18:00:00"}]
    assert changed["retry"] == retry


async def test_R6_8_a_new_script_is_the_next_version_of_the_same_scenario(api: Api, anna: httpx.AsyncClient) -> None:
    from campaigns.campaign import CampaignId
    from services import campaigns
    from tests.conftest import EPOCH

    made = await create(anna)
    copied = (await anna.post(f"/api/v1/campaigns/{made}/copy", json={"name": "Копия"})).json()
    assert copied["script"]["questions"][0]["title"] == "Оценка"
    script = deepcopy(SURVEY)
    script["questions"][0]["title"] = "Рекомендация"  # type: ignore[index]
    changed = (await change(anna, made, script=script)).json()
    assert changed["script"]["questions"][0]["title"] == "Рекомендация"
    assert (await anna.get(f"/api/v1/campaigns/{copied['id']}")).json() == copied
    async with api.deps.database.transaction(api.company) as tx:
        rows = [await campaigns.one_campaign(tx, CampaignId(one), EPOCH) for one in (made, copied["id"])]
    versions = [row.campaign.scenario for row in rows]
    assert versions[0] != versions[1]


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"colour": "red"}, ("unknown_field", "colour")),
        ({"kind": "offer"}, ("unknown_field", "kind")),
        ({"schedule": SCHEDULE | {"week_": []}}, ("unknown_field", "schedule.week_")),
        ({"script": NOTICE}, ("other_kind", "script.kind")),
        ({"script": SURVEY | {"music": "on"}}, ("unknown_field", "script.music")),
        ({"trunk": "unknown"}, ("no_such_trunk", "trunk")),
        ({"ends_on": "2026-01-01"}, ("ends_in_the_past", "ends_on")),
        ({"starts_on": "2026-12-31", "ends_on": "2026-12-30"}, ("ends_before_start", "ends_on")),
        ({"schedule": SCHEDULE | {"week": [[]] * 7}}, ("never_open", "schedule.week")),
        ({"name": None}, ("invalid_string_type", "name")),
        ({"lines": None}, ("invalid_int_type", "lines")),
        ({"lines": 10**9}, ("out_of_range", "lines")),
        ({"priority": 0}, ("invalid_greater_than_equal", "priority")),
        ({"budget": "-1"}, ("invalid_greater_than_equal", "budget")),
        ({"budget": "NaN"}, ("invalid_finite_number", "budget")),
        ({"budget": "1.005"}, ("invalid_decimal_max_places", "budget")),
        ({"auto_finish_days": -1}, ("invalid_greater_than_equal", "auto_finish_days")),
        ({"local_time": "moon"}, ("invalid_enum", "local_time")),
    ],
)
async def test_R2_4_a_change_that_cannot_be_names_its_field_and_changes_nothing(
    anna: httpx.AsyncClient, given: dict[str, Any], refusal: tuple[str, str]
) -> None:
    made = await create(anna)
    before = (await anna.get(f"/api/v1/campaigns/{made}")).json()
    assert problem(await change(anna, made, lines=3) if not given else await change(anna, made, **given)) == (
        422,
        *refusal,
    )
    assert (await anna.get(f"/api/v1/campaigns/{made}")).json() == before


async def test_R2_4_a_finished_campaign_refuses_changes(anna: httpx.AsyncClient) -> None:
    made = await create(anna)
    await anna.post(f"/api/v1/campaigns/{made}/finish")
    for given in ({"lines": 3}, {"script": SURVEY}, {}):
        assert problem(await change(anna, made, **given)) == (409, "campaign_finished", None)


async def test_R2_1_operators_need_no_script_and_robots_do(anna: httpx.AsyncClient) -> None:
    bare = {name: value for name, value in new_campaign().items() if name != "script"}
    made = (await anna.post("/api/v1/campaigns", json=bare | {"kind": "operator"})).json()
    assert (made["kind"], made["script"]) == ("operator", None)
    assert problem(await anna.post("/api/v1/campaigns", json=bare)) == (422, "no_script", "script")
    assert problem(await anna.post("/api/v1/campaigns", json=bare | {"kind": "survey"})) == (422, "no_script", "script")
    both = await anna.post("/api/v1/campaigns", json=new_campaign(kind="operator"))
    assert problem(both) == (422, "other_kind", "kind")
    assert (await anna.get("/api/v1/campaigns?tab=operator")).json()[0]["id"] == made["id"]


async def test_R2_2_the_list_is_filtered_by_tab(anna: httpx.AsyncClient) -> None:
    survey = await create(anna)
    notice = await create(anna, script=NOTICE)

    async def ids(query: str) -> list[int]:
        return [row["id"] for row in (await anna.get(f"/api/v1/campaigns?{query}")).json()]

    assert await ids("tab=autoinformer") == [notice, survey]
    assert await ids("tab=autoinformer&kind=survey&kind=operator") == [survey]
    assert await ids("tab=dialog") == []
    assert problem(await anna.get("/api/v1/campaigns?tab=other"))[2] == "tab"


async def test_an_unknown_field_of_a_new_campaign_is_refused_by_name(anna: httpx.AsyncClient) -> None:
    answer = await anna.post("/api/v1/campaigns", json=new_campaign(speed=9))
    assert problem(answer) == (422, "unknown_field", "speed")
    assert answer.json()["message"] == "There is no field 'speed' here."
    assert (await anna.get("/api/v1/campaigns")).json() == []
