"""SPEC R12: messages of calls are seen with what came of them, and repeated; templates are kept."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from core.errors import BadInput
from robot.dialog.flow import Channel
from services.messages import NewMessage, add_message
from tests.api.conftest import Api, problem
from tests.conftest import EPOCH

pytestmark = pytest.mark.postgres

PATH = "/api/v1/messages"
TEMPLATES = "/api/v1/message-templates"


async def add(api: Api, count: int, *, failed: bool = False) -> list[int]:
    refused = BadInput("bad_recipient", "There is nobody to send it to.") if failed else None
    new = NewMessage(None, "send", Channel.EMAIL, "anna@example.com", "Заказ", "Готов.")
    async with api.deps.database.transaction(api.company) as tx:
        return [await add_message(tx, new, EPOCH, refused=refused) for _ in range(count)]


async def test_R12_messages_are_listed_page_by_page_and_by_their_state(api: Api, anna: httpx.AsyncClient) -> None:
    first, second, third = await add(api, 3)
    (failed,) = await add(api, 1, failed=True)
    page = (await anna.get(PATH, params={"limit": 2})).json()
    assert [one["id"] for one in page] == [failed, third]
    rest = (await anna.get(PATH, params={"limit": 2, "before": third})).json()
    assert [one["id"] for one in rest] == [second, first]
    (only,) = (await anna.get(PATH, params={"state": "failed"})).json()
    assert (only["id"], only["error"], only["tries"]) == (failed, "bad_recipient", 0)
    assert (await anna.get(f"{PATH}/{failed}")).json() == only
    assert (await anna.get(PATH, params={"attempt": 1})).json() == []


async def test_R12_a_message_is_repeated_by_hand(api: Api, anna: httpx.AsyncClient) -> None:
    (failed,) = await add(api, 1, failed=True)
    api.clock.at += timedelta(days=3)
    repeated = (await anna.post(f"{PATH}/{failed}/repeat")).json()
    assert (repeated["state"], repeated["error"]) == ("waiting", None)
    assert api.jobs.messages == [(api.company, failed)]
    assert problem(await anna.post(f"{PATH}/{failed}/repeat")) == (409, "message_is_due", None)
    assert problem(await anna.get(f"{PATH}/999999")) == (404, "no_such_message", None)


async def test_R12_templates_are_written_listed_and_deleted(anna: httpx.AsyncClient) -> None:
    given = {"name": "Адрес", "text": "Ждём вас, {first_name}.", "subject": "Адрес"}
    made = (await anna.put(TEMPLATES, json=given)).json()
    again = (await anna.put(TEMPLATES, json=given | {"text": "Ждём!"})).json()
    assert (again["id"], again["text"]) == (made["id"], "Ждём!")
    assert (await anna.get(TEMPLATES)).json() == [again]
    assert problem(await anna.put(TEMPLATES, json=given | {"text": " "})) == (422, "bad_message_text", "text")
    assert problem(await anna.put(TEMPLATES, json=given | {"subject": "a\nb"})) == (422, "bad_subject", "subject")
    assert (await anna.delete(f"{TEMPLATES}/{made['id']}")).status_code == 204
    assert problem(await anna.delete(f"{TEMPLATES}/{made['id']}")) == (404, "no_such_template", None)
