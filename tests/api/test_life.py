"""SPEC R2.4–R2.7 over HTTP: buckets and what is done to them, copies, the end by itself, deletion."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from campaigns.leads import Ending, PastCall, WorkerId
from campaigns.pacer import Pacer
from campaigns.retry import next_call
from core.results import CallResult
from storage.leads import PostgresLeads
from storage.pacing import PostgresLeaders
from storage.pacing_store import PostgresPacing
from tests.api.conftest import Api, Client, create, load, problem
from tests.conftest import Fresh

WORKER = WorkerId(UUID(int=1))
PHONES = "Телефон\n" + "".join(f"8900000000{n}\n" for n in range(4))
ONCE = {"limits": {"busy": 1, "no_answer": 2}, "waits_s": {"no_answer": 600}, "max_calls": 4, "phone_gap_s": 60}
DAY = timedelta(days=1)

pytestmark = pytest.mark.postgres


async def call_all(api: Api, results: Mapping[str, CallResult]) -> list[str]:
    """Calls every lead that is due in any campaign, busy where `results` say nothing else; which phones these were."""
    store, called = PostgresLeads(api.deps.database), []
    for campaign in await store.campaigns():
        for call in await store.lease(campaign, 100, worker=WORKER, now=api.clock.at):
            result = results.get(call.phone.e164[-1], CallResult.BUSY)
            past = (*call.past, PastCall(call.phone_index, result, api.clock.at))
            following = next_call(past, len(call.phones), campaign.retry, returned=call.returned)
            assert await store.finish(call, Ending(result, api.clock.at), following)
            called.append(call.phone.e164)
    return sorted(called)


async def buckets(client: httpx.AsyncClient, campaign: int) -> dict[str, int]:
    found: dict[str, int] = (await client.get(f"/api/v1/campaigns/{campaign}")).json()["buckets"]
    return {name: count for name, count in found.items() if count}


async def bulk(client: httpx.AsyncClient, of: int, selection: dict[str, Any], **action: Any) -> int:  # noqa: ANN401
    answer = await client.post(f"/api/v1/campaigns/{of}/leads/bulk", json={"selection": selection, "action": action})
    assert answer.status_code == 200, answer.text
    return int(answer.json()["done"])


async def dialled(api: Api, client: httpx.AsyncClient) -> int:
    """A campaign with a lead in each bucket but the first: 0 reached, 1 will be called again, 2 and 3 failed."""
    made = await create(client, retry=ONCE)
    await load(client, made, PHONES)
    await client.post(f"/api/v1/campaigns/{made}/start")
    results = {"0": CallResult.COMPLETED, "1": CallResult.NO_ANSWER}
    assert len(await call_all(api, results)) == 4
    assert await buckets(client, made) == {"reached": 1, "will_call_again": 1, "failed": 2}
    return made


async def test_R2_6_returned_as_new_they_are_called_as_often_as_the_rules_allow(
    api: Api, anna: httpx.AsyncClient
) -> None:
    made = await dialled(api, anna)
    assert await bulk(anna, made, {"bucket": "failed"}, kind="return_to_dialling") == 2
    assert await buckets(anna, made) == {"reached": 1, "will_call_again": 1, "not_called": 2}
    assert await call_all(api, {}) == ["+79000000002", "+79000000003"]
    assert await buckets(anna, made) == {"reached": 1, "will_call_again": 1, "failed": 2}
    api.clock.at += timedelta(minutes=10)
    assert await call_all(api, {}) == ["+79000000001"]


async def test_R2_6_returned_with_more_calls_they_keep_their_counters_and_their_history(
    api: Api, anna: httpx.AsyncClient
) -> None:
    made = await dialled(api, anna)
    selection = {"bucket": "failed", "result": "busy"}
    assert await bulk(anna, made, selection, kind="return_to_dialling", extra_calls=1) == 2
    assert await buckets(anna, made) == {"reached": 1, "will_call_again": 3}
    api.clock.at += timedelta(minutes=11)
    assert await call_all(api, {"2": CallResult.COMPLETED, "1": CallResult.COMPLETED}) == [
        "+79000000001",
        "+79000000002",
        "+79000000003",
    ]
    assert await buckets(anna, made) == {"reached": 3, "failed": 1}
    leads = (await anna.get(f"/api/v1/campaigns/{made}/leads?bucket=failed")).json()["items"]
    card = (await anna.get(f"/api/v1/campaigns/{made}/leads/{leads[0]['lead']}")).json()
    assert [call["result"] for call in card["calls"]] == ["busy", "busy"]
    assert [change["what"] for change in card["changes"]] == ["returned"]


async def test_R2_6_a_reached_lead_can_be_returned_by_hand(api: Api, anna: httpx.AsyncClient) -> None:
    made = await dialled(api, anna)
    (lead,) = (await anna.get(f"/api/v1/campaigns/{made}/leads?bucket=reached")).json()["items"]
    assert await bulk(anna, made, {"ids": [lead["lead"]]}, kind="return_to_dialling") == 1
    assert await call_all(api, {"0": CallResult.COMPLETED}) == ["+79000000000"]


async def test_R2_7_a_bucket_is_tagged_added_to_another_campaign_and_deleted(api: Api, anna: httpx.AsyncClient) -> None:
    made = await dialled(api, anna)
    other = await create(anna, name="Дозвон")
    assert await bulk(anna, made, {"bucket": "failed"}, kind="tag", add=["недозвон"]) == 2
    assert await bulk(anna, made, {"tag": "недозвон"}, kind="add_to_campaign", campaign=other) == 2
    assert await bulk(anna, made, {"tag": "недозвон"}, kind="add_to_campaign", campaign=other) == 0
    assert await bulk(anna, made, {"result": "busy"}, kind="delete") == 2
    assert await buckets(anna, made) == {"reached": 1, "will_call_again": 1}
    assert await buckets(anna, other) == {"not_called": 2}
    await anna.post(f"/api/v1/campaigns/{other}/start")
    assert await call_all(api, {}) == ["+79000000002", "+79000000003"]


async def test_R2_4_a_finished_campaign_takes_no_leads_and_cannot_be_begun_again(
    api: Api, anna: httpx.AsyncClient
) -> None:
    made = await dialled(api, anna)
    other = await create(anna, name="Другая")
    await load(anna, other, "Телефон\n89005550000\n")
    assert (await anna.post(f"/api/v1/campaigns/{made}/finish")).json()["status"] == "finished"
    base = f"/api/v1/campaigns/{made}"
    files = {"file": ("list.csv", b"1\n89001112233\n", "text/csv")}
    adding = {"selection": {"all": True}, "action": {"kind": "add_to_campaign", "campaign": made}}
    again = {"selection": {"all": True}, "action": {"kind": "return_to_dialling"}}
    for answer in (
        await anna.post(f"{base}/start"),
        await anna.post(f"{base}/contacts", files=files),
        await anna.post(f"/api/v1/campaigns/{other}/leads/bulk", json=adding),
        await anna.post(f"{base}/leads/bulk", json=again),
        await anna.patch(base, json={"lines": 3}),
    ):
        assert problem(answer)[:2] == (409, "campaign_finished")
    copied = (await anna.post(f"{base}/copy", json={"name": "Ещё раз"})).json()["id"]
    assert await bulk(anna, made, {"bucket": "failed"}, kind="add_to_campaign", campaign=copied) == 2
    assert await buckets(anna, made) == {"reached": 1, "will_call_again": 1, "failed": 2}


async def test_R2_4_a_deleted_campaign_leaves_its_contacts_to_others(api: Api, anna: httpx.AsyncClient) -> None:
    made = await dialled(api, anna)
    other = await create(anna, name="Другая")
    assert (await anna.delete(f"/api/v1/campaigns/{made}")).status_code == 204
    for path in ("", "/causes", "/leads"):
        assert problem(await anna.get(f"/api/v1/campaigns/{made}{path}"))[:2] == (404, "no_such_campaign")
    assert [one["id"] for one in (await anna.get("/api/v1/campaigns")).json()] == [other]
    assert await call_all(api, {}) == []
    report = await load(anna, other, PHONES)
    assert report["loaded"] == 4


async def test_R2_5_a_campaign_with_no_call_and_no_new_lead_for_14_days_finishes_by_itself(
    api: Api, anna: httpx.AsyncClient, client: Client, fresh: Fresh
) -> None:
    made = await dialled(api, anna)
    kept = await create(anna, name="Всегда", auto_finish_days=0)
    await anna.post(f"/api/v1/campaigns/{kept}/start")
    begun = api.clock.at
    for days, status in ((13, "running"), (15, "finished")):
        api.clock.at = begun + days * DAY
        await tidied(api, fresh)
        anna = await client("anna")
        assert (await anna.get(f"/api/v1/campaigns/{made}")).json()["status"] == status
    assert (await anna.get(f"/api/v1/campaigns/{kept}")).json()["status"] == "running"
    assert await buckets(anna, made) == {"reached": 1, "will_call_again": 1, "failed": 2}
    causes = (await anna.get(f"/api/v1/campaigns/{made}/causes")).json()["causes"]
    assert causes[0]["kind"] == "finished"


async def tidied(api: Api, fresh: Fresh) -> None:
    """A pacer leads for one look."""
    pacer = Pacer(
        store=PostgresPacing(api.deps.database),
        leaders=PostgresLeaders(fresh.app_url),
        clock=api.clock,
        silent_for=timedelta(seconds=10),
    )
    async with PostgresLeaders(fresh.app_url).candidate() as candidate:
        leadership = await candidate.elected()
        assert leadership is not None
        await pacer._tick(leadership)
