"""SPEC R2.6–R2.8 over HTTP: the lead's card, its priority, and what is done to many leads at once."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from campaigns.campaign import CampaignId
from core.results import CallResult
from tests.api.conftest import Api, create, load, problem
from tests.services.things import add_attempt, lead_ids, set_lead

LIST = "Имя;Телефон\n" + "".join(f"Контакт{place};8900000000{place}\n" for place in range(6))

pytestmark = pytest.mark.postgres


async def loaded(api: Api, client: httpx.AsyncClient) -> tuple[int, list[int]]:
    """A campaign with six leads: reached, failed (busy, no answer), called once, and two not called yet."""
    made = await create(client)
    await load(client, made, LIST)
    async with api.deps.database.transaction(api.company) as tx:
        leads = list(await lead_ids(tx, CampaignId(made)))
        await set_lead(tx, leads[0], state="reached", attempts=1, last_result="completed")
        await set_lead(tx, leads[1], state="failed", attempts=2, last_result="busy")
        await set_lead(tx, leads[2], state="failed", attempts=4, last_result="no_answer")
        await set_lead(tx, leads[3], attempts=1, last_result="busy")
        await add_attempt(tx, CampaignId(made), leads[1], CallResult.BUSY)
    return made, leads


async def bulk(client: httpx.AsyncClient, of: int, selection: dict[str, Any], **action: Any) -> httpx.Response:  # noqa: ANN401
    asked = {"selection": selection, "action": action}
    return await client.post(f"/api/v1/campaigns/{of}/leads/bulk", json=asked)


async def buckets(client: httpx.AsyncClient, campaign: int) -> list[int]:
    shown = (await client.get(f"/api/v1/campaigns/{campaign}")).json()["buckets"]
    return [shown[name] for name in ("not_called", "will_call_again", "reached", "failed")]


async def test_the_card_of_a_lead_tells_who_it_is_and_how_it_went(api: Api, anna: httpx.AsyncClient) -> None:
    made, leads = await loaded(api, anna)
    card = (await anna.get(f"/api/v1/campaigns/{made}/leads/{leads[1]}")).json()
    assert (card["name"], card["phones"], card["bucket"]) == ("Контакт1", ["+79000000001"], "failed")
    assert (card["attempts"], card["last_result"], card["next_call_at"]) == (2, "busy", None)
    (call,) = card["calls"]
    assert (call["result"], call["phone"], call["proof"]) == ("busy", "+79000000001", None)
    assert card["changes"] == []
    missing = await anna.get(f"/api/v1/campaigns/{made}/leads/999999")
    assert problem(missing) == (404, "no_such_lead", None)
    other = await create(anna)
    assert problem(await anna.get(f"/api/v1/campaigns/{other}/leads/{leads[1]}")) == (404, "no_such_lead", None)


async def test_R2_8_a_leads_priority_is_changed_and_the_change_is_kept(api: Api, anna: httpx.AsyncClient) -> None:
    made, leads = await loaded(api, anna)
    address = f"/api/v1/campaigns/{made}/leads/{leads[4]}"
    for priority in (2, 2, None):
        card = (await anna.patch(address, json={"priority": priority})).json()
        assert card["priority"] == priority
    assert [(one["what"], one["by"]) for one in card["changes"]] == [("priority", "Анна")] * 2
    for wrong, code in ((0, "invalid_greater_than_equal"), (10**6, "invalid_less_than_equal")):
        assert problem(await anna.patch(address, json={"priority": wrong})) == (422, code, "priority")
    assert problem(await anna.patch(address, json={})) == (422, "invalid_missing", "priority")


@pytest.mark.parametrize(
    ("selection", "chosen"),
    [
        ({"all": True}, {0, 1, 2, 3, 4, 5}),
        ({"bucket": "failed"}, {1, 2}),
        ({"bucket": "not_called"}, {4, 5}),
        ({"result": "busy"}, {1, 3}),
        ({"bucket": "failed", "result": "busy"}, {1}),
        ({"text": "контакт2"}, {2}),
        ({"text": "+79000000003"}, {3}),
        ({"text": "Пётр"}, set()),
        ({"tag": "вип"}, set()),
    ],
)
async def test_R2_7_what_is_chosen_is_tagged(
    api: Api, anna: httpx.AsyncClient, selection: dict[str, Any], chosen: set[int]
) -> None:
    made, leads = await loaded(api, anna)
    assert (await bulk(anna, made, selection, kind="tag", add=["Важно"])).json() == {"done": len(chosen)}
    cards = [(await anna.get(f"/api/v1/campaigns/{made}/leads/{lead}")).json() for lead in leads]
    assert {place for place, card in enumerate(cards) if card["tags"]} == chosen
    tags = (await anna.get("/api/v1/tags")).json()
    assert [tag["contacts"] for tag in tags] == ([len(chosen)] if chosen else [])
    if chosen:
        again = {"tag": tags[0]["tag"]}
        assert (await bulk(anna, made, again, kind="tag", remove=[tags[0]["tag"]])).json() == {"done": len(chosen)}
        assert (await anna.get("/api/v1/tags")).json() == []


async def test_R2_7_leads_are_chosen_by_their_numbers(api: Api, anna: httpx.AsyncClient) -> None:
    made, leads = await loaded(api, anna)
    asked = {"ids": [leads[0], leads[5], 999_999]}
    assert (await bulk(anna, made, asked, kind="priority", priority=1)).json() == {"done": 2}
    cards = [(await anna.get(f"/api/v1/campaigns/{made}/leads/{lead}")).json()["priority"] for lead in leads]
    assert cards == [1, None, None, None, None, 1]


async def test_R2_4_leads_are_deleted_but_not_those_being_called_and_calls_stay(
    api: Api, anna: httpx.AsyncClient
) -> None:
    made, leads = await loaded(api, anna)
    async with api.deps.database.transaction(api.company) as tx:
        await set_lead(tx, leads[5], state="dialling")
    assert (await bulk(anna, made, {"all": True}, kind="delete")).json() == {"done": 5}
    assert await buckets(anna, made) == [1, 0, 0, 0]
    (call,) = (await anna.get(f"/api/v1/campaigns/{made}/calls")).json()["items"]
    assert (call["result"], call["lead"], call["name"]) == ("busy", None, "")
    card = (await anna.get(f"/api/v1/calls/{call['attempt']}")).json()
    assert (card["lead"], card["phone"]) == (None, "+79000000001")


async def test_R2_7_leads_are_added_to_another_campaign_once(api: Api, anna: httpx.AsyncClient) -> None:
    made, _ = await loaded(api, anna)
    other = await create(anna, name="Ещё раз")
    for done in (2, 0):
        answer = await bulk(anna, made, {"bucket": "failed"}, kind="add_to_campaign", campaign=other)
        assert answer.json() == {"done": done}
    assert await buckets(anna, other) == [2, 0, 0, 0]
    assert await buckets(anna, made) == [2, 1, 1, 2]
    refused = await bulk(anna, made, {"all": True}, kind="add_to_campaign", campaign=made)
    assert problem(refused) == (422, "same_campaign", "action.campaign")
    await anna.post(f"/api/v1/campaigns/{other}/finish")
    refused = await bulk(anna, made, {"all": True}, kind="add_to_campaign", campaign=other)
    assert problem(refused) == (409, "campaign_finished", None)


async def test_R2_6_leads_return_to_dialling_as_new_or_with_more_calls(api: Api, anna: httpx.AsyncClient) -> None:
    made, leads = await loaded(api, anna)
    one = await bulk(anna, made, {"ids": [leads[1]]}, kind="return_to_dialling")
    more = await bulk(anna, made, {"ids": [leads[2]]}, kind="return_to_dialling", extra_calls=2)
    assert (one.json(), more.json()) == ({"done": 1}, {"done": 1})
    assert await buckets(anna, made) == [3, 2, 1, 0]
    card = (await anna.get(f"/api/v1/campaigns/{made}/leads/{leads[1]}")).json()
    assert (card["bucket"], card["attempts"], len(card["calls"])) == ("not_called", 0, 1)
    assert [(change["what"], change["by"]) for change in card["changes"]] == [("returned", "Анна")]
    card = (await anna.get(f"/api/v1/campaigns/{made}/leads/{leads[2]}")).json()
    assert (card["bucket"], card["changes"][0]["details"]) == ("will_call_again", {"extra_calls": 2})
    await anna.post(f"/api/v1/campaigns/{made}/finish")
    refused = await bulk(anna, made, {"all": True}, kind="return_to_dialling")
    assert problem(refused) == (409, "campaign_finished", None)


@pytest.mark.parametrize(
    ("selection", "action", "refusal"),
    [
        ({}, {"kind": "delete"}, ("empty_selection", "selection")),
        ({"all": False}, {"kind": "delete"}, ("empty_selection", "selection")),
        ({"all": True, "bucket": "failed"}, {"kind": "delete"}, ("odd_selection", "selection.all")),
        ({"buckets": "failed"}, {"kind": "delete"}, ("unknown_field", "selection.buckets")),
        ({"bucket": "lost"}, {"kind": "delete"}, ("invalid_enum", "selection.bucket")),
        ({"all": True}, {"kind": "call"}, ("invalid_union_tag_invalid", "action")),
        ({"all": True}, {"kind": "tag"}, ("empty", "action.add")),
        ({"all": True}, {"kind": "tag", "add": [""]}, ("invalid_string_too_short", "action.add.0")),
        ({"all": True}, {"kind": "tag", "add": ["а\u0000"]}, ("bad_tag", "action.add")),
        (
            {"all": True},
            {"kind": "return_to_dialling", "extra_calls": 0},
            ("invalid_greater_than_equal", "action.extra_calls"),
        ),
        ({"all": True}, {"kind": "priority"}, ("invalid_missing", "action.priority")),
        ({"ids": [0]}, {"kind": "delete"}, ("invalid_greater_than_equal", "selection.ids.0")),
    ],
)
async def test_R2_7_a_bulk_operation_that_cannot_be_names_its_field(
    api: Api,
    anna: httpx.AsyncClient,
    selection: dict[str, Any],
    action: dict[str, Any],
    refusal: tuple[str, str],
) -> None:
    made, _ = await loaded(api, anna)
    assert problem(await bulk(anna, made, selection, **action)) == (422, *refusal)
    assert await buckets(anna, made) == [2, 1, 1, 2]
