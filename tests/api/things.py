"""A good body for every address that wants one, and one of each thing that an address can name."""

from __future__ import annotations

from typing import Any

import httpx
import numpy as np

from campaigns.campaign import CampaignId
from core.errors import BadInput
from core.results import CallResult
from robot.dialog.flow import Channel
from robot.tts.sounds import wav_of
from services.messages import NewMessage, add_message
from tests.api.conftest import Api, create, load, new_campaign
from tests.conftest import EPOCH
from tests.services.things import add_attempt, lead_ids

TONE = wav_of(np.round(8000 * np.sin(np.arange(8000) / 3)).astype("<i2").tobytes())
LIST = "Имя;Телефон\nСекретова;89001112233\n".encode()
SCENARIO = "name: Секрет\nsteps:\n  hello: {say: Здравствуйте!}\n  bye: {end: }\n"
PREFIX = "/api/v1"
EXAMPLE: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/campaigns"): {"json": new_campaign()},
    ("PATCH", "/campaigns/{campaign}"): {"json": {"lines": 5}},
    ("POST", "/campaigns/{campaign}/copy"): {"json": {"name": "Копия"}},
    ("POST", "/campaigns/{campaign}/contacts"): {"files": {"file": LIST}},
    ("POST", "/campaigns/{campaign}/leads/bulk"): {"json": {"selection": {"all": True}, "action": {"kind": "delete"}}},
    ("PATCH", "/campaigns/{campaign}/leads/{lead}"): {"json": {"priority": 1}},
    ("GET", "/campaigns/{campaign}/what-if"): {"params": {"operators": 5}},
    ("POST", "/contacts/preview"): {"files": {"file": b"x"}},
    ("POST", "/contacts/tags"): {"json": {"contacts": [1], "add": ["вип"]}},
    ("POST", "/contacts/consent"): {"json": {"contacts": [1], "given": True}},
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
    ("POST", "/scenarios/{scenario}/rehearsal"): {"json": {"dialogs": 5}},
    ("POST", "/scenarios/{scenario}/rehearsal/page"): {"json": {"dialogs": 5}},
    ("POST", "/scenarios"): {"json": {"source": SCENARIO}},
    ("POST", "/scenarios/check"): {"json": {"source": SCENARIO}},
    ("PUT", "/scenarios/{scenario}/draft"): {"json": {"revision": 1, "source": SCENARIO}},
    ("POST", "/scenarios/{scenario}/publish"): {"json": {"revision": 1}},
    ("POST", "/scenarios/{scenario}/roll-back"): {"json": {"version": 1}},
    ("POST", "/sounds"): {"files": {"file": TONE}},
    ("POST", "/voices/preview"): {"json": {"text": "Здравствуйте!"}},
    ("PUT", "/message-templates"): {"json": {"name": "Адрес", "text": "Ждём вас, {first_name}."}},
    ("POST", "/operator-groups"): {"json": {"name": "Продажи", "phones": ["101"]}},
    ("PUT", "/company/rules"): {"json": {}},
    ("POST", "/outside-calls"): {"json": {"kind": "manual", "phone": "89001112233", "seconds": 5}},
}


async def template(client: httpx.AsyncClient) -> int:
    """A template of messages."""
    answer = await client.put(f"{PREFIX}/message-templates", **EXAMPLE["PUT", "/message-templates"])
    assert answer.status_code == 200, answer.text
    return int(answer.json()["id"])


async def things_of(api: Api, client: httpx.AsyncClient) -> dict[str, int]:
    """One of each thing that an address can name."""
    campaign = await create(client)
    await load(client, campaign, LIST.decode())
    async with api.deps.database.transaction(api.company) as tx:
        (lead,) = await lead_ids(tx, CampaignId(campaign))
        attempt = await add_attempt(tx, CampaignId(campaign), lead, CallResult.BUSY)
        sent = NewMessage(attempt, "send", Channel.SMS, "+79001112233", "", "Секрет")
        message = await add_message(tx, sent, EPOCH, refused=BadInput("refused", "The gateway refused."))

    async def made(path: str, **changes: Any) -> int:  # noqa: ANN401
        answer = await client.post(PREFIX + path, **(EXAMPLE["POST", path] | changes))
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    return {
        "campaign": campaign,
        "lead": lead,
        "attempt": attempt,
        "message": message,
        "template": await template(client),
        "field": await made("/contact-fields", json={"name": f"Поле {campaign}"}),
        "list": await made("/number-lists", json={"name": f"Список {campaign}", "kind": "vip"}),
        "scenario": await made("/scenarios", json={"source": SCENARIO, "name": f"Сценарий {campaign}"}),
        "version": 1,
        "sound": await made("/sounds"),
        "import": await made("/imports"),
        "export": await made("/exports"),
    }
