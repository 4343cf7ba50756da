"""SPEC R2.11 over HTTP: why it is not calling, and until when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import delete

from campaigns.campaign import CampaignId
from campaigns.trunk_terms import TrunkTerms
from storage.tables import workers
from tests.api.conftest import Api, create, load, problem
from tests.conftest import make_company
from tests.services.things import WORKER, add_attempt, lead_ids, load_phones, make_campaign, set_lead

EVENINGS = {"zone": "Europe/Moscow", "week": [[{"start": "18:00", "end": "20:00"}]] * 7}

pytestmark = pytest.mark.postgres


async def why(client: httpx.AsyncClient, campaign: int, rest: str = "") -> dict[str, Any]:
    answer = await client.get(f"/api/v1/campaigns/{campaign}{rest or '/causes'}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def can_call(api: Api, **lines: int) -> None:
    """One process that places calls, and so many lines on each trunk that it reaches."""
    trunks = {name: {"lines": most, "calls_per_second": 10} for name, most in lines.items()}
    row = {"id": WORKER, "beat_at": api.clock.at, "started_at": api.clock.at, "slots": 5, "trunks": trunks}
    async with api.deps.database.system() as tx:
        await tx.execute(delete(workers))
        await tx.execute(workers.insert().values(row))


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
    trunks = {"simulator": {"lines": 5, "calls_per_second": 10}}
    worker = {"id": WORKER, "beat_at": api.clock.at, "started_at": api.clock.at, "slots": 5, "trunks": trunks}
    for age, callers in ((0, 1), (2, 0)):
        async with api.deps.database.system() as tx:
            await tx.execute(delete(workers))
            await tx.execute(workers.insert().values(worker | {"beat_at": api.clock.at - timedelta(minutes=age)}))
        found = await why(anna, made)
        assert (found["causes"], found["callers"], found["calls"]) == ([], callers, callers == 1)


async def test_R2_11_the_lines_that_other_campaigns_and_companies_hold_are_not_free(
    api: Api, anna: httpx.AsyncClient
) -> None:
    made, other = await create(anna), await create(anna, name="Другая")
    for campaign in (made, other):
        await load(anna, campaign, "Телефон\n89001112233\n89001112234\n")
        await anna.post(f"/api/v1/campaigns/{campaign}/start")
    await can_call(api, provider=1)
    (cause,) = (await why(anna, made))["causes"]
    assert (cause["kind"], cause["detail"]) == ("no_free_line", {"of": "trunk", "trunk": "simulator"})
    await can_call(api, simulator=2)
    assert (await why(anna, made))["calls"]
    async with api.deps.database.transaction(api.company) as tx:
        await add_attempt(tx, CampaignId(other), (await lead_ids(tx, CampaignId(other)))[0])
    theirs = await make_company(api.deps.database, "Вектор")
    async with api.deps.database.transaction(theirs) as tx:
        strange = await make_campaign(tx)
        await load_phones(tx, strange, 1)
        await add_attempt(tx, strange, (await lead_ids(tx, strange))[0])
    (cause,) = (await why(anna, made))["causes"]
    assert cause["message"] == "No line of the trunk is free (simulator)."
    await can_call(api, simulator=3)
    assert (await why(anna, made))["calls"]


async def test_R2_11_a_caller_number_that_the_carrier_does_not_know_or_knows_no_more_is_told(
    api: Api, anna: httpx.AsyncClient
) -> None:
    until = api.clock.at + timedelta(days=1)
    numbers = {"+74951234567": None, "+74951234568": until, "+74951234569": api.clock.at}
    api.terms["simulator"] = TrunkTerms(caller_numbers=numbers)
    made = await create(anna)
    await load(anna, made, "Телефон\n89001112233\n")
    await anna.post(f"/api/v1/campaigns/{made}/start")
    for number, kinds in (
        (None, []),
        ("+7 495 123-45-67", []),
        ("74951234568", []),
        ("+74951234569", ["caller_number_expired"]),
        ("+74950000000", ["caller_number_unverified"]),
    ):
        await anna.patch(f"/api/v1/campaigns/{made}", json={"caller_number": number})
        assert [cause["kind"] for cause in (await why(anna, made))["causes"]] == kinds


async def test_R3_7_where_the_rules_want_a_consent_and_nobody_gave_one_it_says_so_until_one_is_on_record(
    api: Api, anna: httpx.AsyncClient
) -> None:
    made = await create(anna)
    await load(anna, made, "Телефон\n89001112233\n89001112234\n")
    await anna.post(f"/api/v1/campaigns/{made}/start")
    await anna.put("/api/v1/company/rules", json={"overrides": {"consent_required": True}})
    (cause,) = (await why(anna, made))["causes"]
    assert (cause["kind"], cause["detail"]) == ("no_consent", {"leads": "2"})
    asked = "/causes?phone=89001112233"
    assert [one["kind"] for one in (await why(anna, made, asked))["lead_causes"]] == ["no_consent"]
    card = (await anna.get(f"/api/v1/campaigns/{made}/leads/1")).json()
    given = await anna.post("/api/v1/contacts/consent", json={"contacts": [card["contact"]], "given": True})
    assert given.json() == {"contacts": 1}
    assert (await why(anna, made))["causes"] == []
    assert (await why(anna, made, asked))["lead_causes"] == []
    everybody = {"selection": {"all": True}, "action": {"kind": "consent", "given": True, "at": "2026-01-01T00:00:00Z"}}
    assert (await anna.post(f"/api/v1/campaigns/{made}/leads/bulk", json=everybody)).json() == {"done": 2}
    assert (await anna.get(f"/api/v1/campaigns/{made}/leads/1")).json()["consent_at"] == "2026-01-01T00:00:00Z"
    taken = everybody | {"action": {"kind": "consent", "given": False}}
    assert (await anna.post(f"/api/v1/campaigns/{made}/leads/bulk", json=taken)).json() == {"done": 2}
    assert [one["kind"] for one in (await why(anna, made))["causes"]] == ["no_consent"]
    later = {"contacts": [card["contact"]], "given": True, "at": "2030-01-01T00:00:00Z"}
    assert problem(await anna.post("/api/v1/contacts/consent", json=later)) == (422, "in_the_future", "at")


async def test_R2_11_a_campaign_of_a_higher_priority_with_work_is_named(anna: httpx.AsyncClient) -> None:
    high, low = await create(anna, name="Первая", priority=1), await create(anna, priority=2)
    for campaign in (high, low):
        await load(anna, campaign, "Телефон\n89001112233\n")
        await anna.post(f"/api/v1/campaigns/{campaign}/start")
    (cause,) = (await why(anna, low))["causes"]
    assert (cause["kind"], cause["detail"]) == ("higher_priority", {"campaigns": "Первая"})
    assert (await why(anna, high))["causes"] == []
    await anna.post(f"/api/v1/campaigns/{high}/pause")
    assert (await why(anna, low))["causes"] == []


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
