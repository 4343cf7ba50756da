"""A good body for every address that wants one, and one of each thing that an address can name."""

from __future__ import annotations

from typing import Any

import httpx

from campaigns.campaign import CampaignId
from core.results import CallResult
from tests.api.conftest import Api, create, load, new_campaign
from tests.services.things import add_attempt, lead_ids

LIST = "Имя;Телефон\nСекретова;89001112233\n".encode()
PREFIX = "/api/v1"
EXAMPLE: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/campaigns"): {"json": new_campaign()},
    ("PATCH", "/campaigns/{campaign}"): {"json": {"lines": 5}},
    ("POST", "/campaigns/{campaign}/copy"): {"json": {"name": "Копия"}},
    ("POST", "/campaigns/{campaign}/contacts"): {"files": {"file": LIST}},
    ("POST", "/campaigns/{campaign}/leads/bulk"): {"json": {"selection": {"all": True}, "action": {"kind": "delete"}}},
    ("PATCH", "/campaigns/{campaign}/leads/{lead}"): {"json": {"priority": 1}},
    ("POST", "/contacts/preview"): {"files": {"file": b"x"}},
    ("POST", "/contacts/tags"): {"json": {"contacts": [1], "add": ["вип"]}},
    ("POST", "/contact-fields"): {"json": {"name": "Договор"}},
    ("PATCH", "/contact-fields/{field}"): {"json": {"name": "Договор"}},
    ("POST", "/number-lists"): {"json": {"name": "Гости", "kind": "vip"}},
    ("PATCH", "/number-lists/{list}"): {"json": {"name": "Другие"}},
    ("POST", "/number-lists/{list}/numbers"): {"json": {"numbers": ["89001112233"]}},
    ("POST", "/number-lists/{list}/numbers/remove"): {"json": {"numbers": ["89001112233"]}},
    ("POST", "/number-lists/{list}/file"): {"files": {"file": LIST}},
    ("POST", "/imports"): {"content": LIST, "params": {"name": "list.csv"}},
    ("POST", "/imports/{import}/start"): {"json": {}},
    ("POST", "/exports"): {"json": {"what": "contacts"}},
    ("POST", "/operator-groups"): {"json": {"name": "Продажи", "phones": ["101"]}},
    ("PUT", "/company/rules"): {"json": {}},
    ("POST", "/outside-calls"): {"json": {"kind": "manual", "phone": "89001112233", "seconds": 5}},
}


async def things_of(api: Api, client: httpx.AsyncClient) -> dict[str, int]:
    """One of each thing that an address can name."""
    campaign = await create(client)
    await load(client, campaign, LIST.decode())
    async with api.deps.database.transaction(api.company) as tx:
        (lead,) = await lead_ids(tx, CampaignId(campaign))
        attempt = await add_attempt(tx, CampaignId(campaign), lead, CallResult.BUSY)

    async def made(path: str, **changes: Any) -> int:  # noqa: ANN401
        answer = await client.post(PREFIX + path, **(EXAMPLE["POST", path] | changes))
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    return {
        "campaign": campaign,
        "lead": lead,
        "attempt": attempt,
        "field": await made("/contact-fields", json={"name": f"Поле {campaign}"}),
        "list": await made("/number-lists", json={"name": f"Список {campaign}", "kind": "vip"}),
        "import": await made("/imports"),
        "export": await made("/exports"),
    }
