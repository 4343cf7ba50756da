"""SPEC R2.11 over HTTP: why it is not calling, and until when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import delete

from campaigns.campaign import CampaignId
from storage.tables import workers
from tests.api.conftest import Api, create, load, problem
from tests.services.things import WORKER, lead_ids, set_lead

EVENINGS = {"zone": "Europe/Moscow", "week": [[{"start": "18:00", "end": "20:00"}]] * 7}

pytestmark = pytest.mark.postgres


async def why(client: httpx.AsyncClient, campaign: int, rest: str = "") -> dict[str, Any]:
    answer = await client.get(f"/api/v1/campaigns/{campaign}{rest or '/causes'}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_R2_11_a_campaign_tells_everything_that_keeps_it_from_calling(anna: httpx.AsyncClient) -> None:
    made = await create(anna, schedule=EVENINGS)
    found = await why(anna, made)
    kinds = {cause["kind"]: cause for cause in found["causes"]}
    assert set(kinds) >= {"paused", "schedule_closed", "no_leads"}
    assert (found["status"], found["calls"], found["zone"]) == ("paused", False, "Europe/Moscow")
    assert kinds["paused"]["until"] is None
    assert kinds["schedule_closed"]["until"] == "2026-11-23T15:00:00Z"
    assert kinds["schedule_closed"]["message"].endswith("until Mon 23 Nov 2026, 18:00 (Europe/Moscow).")


async def test_R2_11_each_cause_goes_when_what_it_names_is_mended(api: Api, anna: httpx.AsyncClient) -> None:
    made = await create(anna, budget="5.00")
    await load(anna, made, "Телефон\n89001112233\n")
    await anna.post(f"/api/v1/campaigns/{made}/start")
    assert (await why(anna, made))["causes"] == []
    await anna.patch(f"/api/v1/campaigns/{made}", json={"budget": "0"})
    assert [cause["kind"] for cause in (await why(anna, made))["causes"]] == ["budget_spent"]
    await anna.patch(f"/api/v1/campaigns/{made}", json={"budget": None})
    later = api.clock.at + timedelta(minutes=10)
    async with api.deps.database.transaction(api.company) as tx:
        (lead,) = await lead_ids(tx, CampaignId(made))
        await set_lead(tx, lead, due_at=later, ready=False, attempts=1, last_result="busy")
    (cause,) = (await why(anna, made))["causes"]
    assert (cause["kind"], cause["until"]) == ("only_later", "2026-11-23T09:10:00Z")
    found = await why(anna, made, f"/leads/{lead}/causes")
    assert [cause["kind"] for cause in found["lead_causes"]] == ["waits"]
    assert (found["lead"], found["calls"]) == (lead, False)


async def test_R2_11_nothing_calls_where_no_process_places_calls(api: Api, anna: httpx.AsyncClient) -> None:
    made = await create(anna)
    await load(anna, made, "Телефон\n89001112233\n")
    await anna.post(f"/api/v1/campaigns/{made}/start")
    worker = {"id": WORKER, "beat_at": api.clock.at, "started_at": api.clock.at, "slots": 5}
    for age, callers in ((0, 1), (2, 0)):
        async with api.deps.database.system() as tx:
            await tx.execute(delete(workers))
            await tx.execute(workers.insert().values(worker | {"beat_at": api.clock.at - timedelta(minutes=age)}))
        found = await why(anna, made)
        assert (found["causes"], found["callers"], found["calls"]) == ([], callers, callers == 1)


async def test_R2_11_a_number_is_asked_about_as_people_write_it(anna: httpx.AsyncClient) -> None:
    made = await create(anna)
    await load(anna, made, "Телефон\n89001112233\n")
    await anna.post(f"/api/v1/campaigns/{made}/start")
    assert (await why(anna, made, "/causes?phone=8 900 111-22-33"))["lead_causes"] == []
    lists = (await anna.post("/api/v1/number-lists", json={"name": "Не звонить", "kind": "blacklist"})).json()
    await anna.post(f"/api/v1/number-lists/{lists['id']}/numbers", json={"numbers": ["89001112233"]})
    found = await why(anna, made, "/causes?phone=%2B79001112233")
    assert [cause["kind"] for cause in found["lead_causes"]] == ["blacklisted"]
    absent = await anna.get(f"/api/v1/campaigns/{made}/causes?phone=89005556677")
    assert problem(absent) == (404, "no_such_lead", None)
    wrong = await anna.get(f"/api/v1/campaigns/{made}/causes?phone=anna")
    assert problem(wrong) == (422, "bad_phone", "phone")


async def test_R2_11_the_companys_rules_explain_too(api: Api, anna: httpx.AsyncClient) -> None:
    made = await create(anna)
    await load(anna, made, "Телефон\n89001112233\n")
    await anna.post(f"/api/v1/campaigns/{made}/start")
    await anna.put("/api/v1/company/rules", json={"overrides": {"hours": ["18:00-20:00"] * 7}})
    found = await why(anna, made, "/causes?phone=89001112233")
    assert [(cause["kind"], cause["until"]) for cause in found["lead_causes"]] == [
        ("quiet_hours", "2026-11-23T15:00:00Z")
    ]
