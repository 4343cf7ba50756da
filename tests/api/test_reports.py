"""SPEC R2.7, R6.12, R10 over HTTP: the report, pages of leads and calls, the card and its recording."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec
import pytest
from sqlalchemy import select

from campaigns.campaign import CampaignId
from core.results import CallResult
from storage.tables import attempts
from tests.api.conftest import Api, create, load, problem
from tests.conftest import EPOCH
from tests.services.test_reports import OUTCOME
from tests.services.things import add_answer, add_attempt, lead_ids, set_lead

WAV = b"RIFF" + bytes(range(256)) * 4

pytestmark = pytest.mark.postgres


@dataclass(frozen=True, slots=True)
class Talk:
    campaign: int
    attempt: int
    lead: int


@pytest.fixture
async def talk(api: Api, anna: httpx.AsyncClient) -> Talk:
    """A campaign with three leads and one call that is over, with all that is kept of it."""
    made = CampaignId(await create(anna))
    await load(anna, made, "ФИО;Телефон\nИванов Пётр;89001112233\nПетров Иван;89001112244\nСидоров Ян;89001112255\n")
    async with api.deps.database.transaction(api.company) as tx:
        lead = (await lead_ids(tx, made))[0]
        recording = f"{api.company}/2026-11-23/7.wav"
        attempt = await add_attempt(
            tx,
            made,
            lead,
            CallResult.COMPLETED,
            phone="+79001112233",
            answered_at=EPOCH,
            details=msgspec.to_builtins(OUTCOME, enc_hook=str) | {"recording": recording},
            recording=recording,
            cause="NORMAL_CLEARING",
        )
        await set_lead(tx, lead, state="reached", attempts=1, last_result="completed")
        await add_answer(tx, attempt, made, lead, "a1", "Доволен", "phrase")
    file = api.deps.recordings / recording
    file.parent.mkdir(parents=True)
    file.write_bytes(WAV)
    return Talk(made, attempt, lead)


async def test_R10_1_the_report(anna: httpx.AsyncClient, talk: Talk) -> None:
    report = (await anna.get(f"/api/v1/campaigns/{talk.campaign}/report")).json()
    assert (report["name"], report["kind"], report["leads"], report["attempts"]) == ("Опрос", "survey", 3, 1)
    assert report["buckets"] == {"not_called": 2, "will_call_again": 0, "reached": 1, "failed": 0}
    assert (report["results"], report["talk_seconds"]) == ({"completed": 1}, 0.0)
    counted = [a for question in report["questions"] for a in question["answers"] if a["count"]]
    assert counted == [{"answer": "a1", "label": "Доволен", "count": 1, "by_key": 0, "by_phrase": 1}]


async def test_R2_7_leads_by_bucket_and_page(anna: httpx.AsyncClient, talk: Talk) -> None:
    address = f"/api/v1/campaigns/{talk.campaign}/leads"
    first = (await anna.get(address, params={"limit": 2})).json()
    second = (await anna.get(address, params={"limit": 2, "after": first["next"]})).json()
    assert [lead["name"] for lead in first["items"] + second["items"]] == ["Иванов Пётр", "Петров Иван", "Сидоров Ян"]
    assert second["next"] is None
    (reached,) = (await anna.get(address, params={"bucket": "reached"})).json()["items"]
    assert (reached["lead"], reached["last_result"], reached["next_call_at"]) == (talk.lead, "completed", None)
    for query in ({"limit": 0}, {"limit": 201}, {"after": -1}, {"after": 2**63}, {"bucket": "lost"}):
        assert problem(await anna.get(address, params=query))[::2] == (422, next(iter(query)))


async def test_R10_2_calls(anna: httpx.AsyncClient, talk: Talk) -> None:
    page = (await anna.get(f"/api/v1/campaigns/{talk.campaign}/calls")).json()
    (call,) = page["items"]
    assert page["next"] is None
    assert (call["attempt"], call["name"], call["phone"]) == (talk.attempt, "Иванов Пётр", "+79001112233")
    assert (call["result"], call["started_at"]) == ("completed", "2026-11-23T09:00:00Z")


async def test_R6_12_the_card(anna: httpx.AsyncClient, talk: Talk) -> None:
    card = (await anna.get(f"/api/v1/calls/{talk.attempt}")).json()
    assert (card["campaign"], card["lead"], card["has_recording"]) == (talk.campaign, talk.lead, True)
    assert card["answers"][0] | {"confidence": 0} == {
        "step": "q1",
        "question": "Оценка",
        "answer": "a1",
        "label": "Доволен",
        "how": "phrase",
        "said": "да, очень",
        "confidence": 0,
    }
    assert [line["speaker"] for line in card["transcript"]] == ["robot", "caller", "caller"]
    assert (card["transcript"][0]["interrupted"], card["transcript"][2]["key"]) == (True, True)
    assert (card["path"], card["latencies"]) == (["q1", "end"], [{"turn": 1, "reply_ms": 140}])


async def test_R6_12_the_recording_is_sent_whole_and_in_parts(anna: httpx.AsyncClient, talk: Talk) -> None:
    address = f"/api/v1/calls/{talk.attempt}/recording"
    whole = await anna.get(address)
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, WAV, "audio/wav")
    assert whole.headers["content-disposition"] == f'inline; filename="call-{talk.attempt}.wav"'
    assert (whole.headers["accept-ranges"], whole.headers["cache-control"]) == ("bytes", "no-store")
    part = await anna.get(address, headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, WAV[4:8])
    assert part.headers["content-range"] == f"bytes 4-7/{len(WAV)}"
    end = await anna.get(address, headers={"Range": "bytes=-4"})
    assert (end.status_code, end.content) == (206, WAV[-4:])
    beyond = await anna.get(address, headers={"Range": "bytes=99999-"})
    assert beyond.status_code == 416


async def test_R6_12_a_recording_that_is_gone_is_said(api: Api, anna: httpx.AsyncClient, talk: Talk) -> None:
    next(api.deps.recordings.rglob("*.wav")).unlink()
    assert (await anna.get(f"/api/v1/calls/{talk.attempt}")).json()["has_recording"] is False
    assert problem(await anna.get(f"/api/v1/calls/{talk.attempt}/recording")) == (410, "recording_gone", None)
    async with api.deps.database.transaction(api.company) as tx:
        silent = await add_attempt(tx, CampaignId(talk.campaign), talk.lead, CallResult.BUSY)
    assert problem(await anna.get(f"/api/v1/calls/{silent}/recording")) == (404, "no_recording", None)


async def test_R2_4_deleting_a_campaign_deletes_its_recordings(api: Api, anna: httpx.AsyncClient, talk: Talk) -> None:
    other = api.deps.recordings / "other.wav"
    other.write_bytes(WAV)
    assert (await anna.delete(f"/api/v1/campaigns/{talk.campaign}")).status_code == 204
    assert list(api.deps.recordings.rglob("*.wav")) == [other]
    for part in ("", "/recording"):
        assert problem(await anna.get(f"/api/v1/calls/{talk.attempt}{part}")) == (404, "no_such_call", None)


async def test_R2_4_a_deleted_campaign_is_in_no_list_report_or_export(
    api: Api, anna: httpx.AsyncClient, talk: Talk
) -> None:
    of_it = {"params": {"name": "list.csv", "campaign": talk.campaign}}
    upload = await anna.post("/api/v1/imports", content=b"x;y\n1;89001112233\n", **of_it)  # type: ignore[arg-type]
    assert upload.status_code == 201, upload.text
    assert (await anna.delete(f"/api/v1/campaigns/{talk.campaign}")).status_code == 204
    async with api.deps.database.transaction(api.company) as tx:
        assert len((await tx.execute(select(attempts.c.id))).all()) == 1
    assert (await anna.get("/api/v1/imports")).json() == []
    assert (await anna.get("/api/v1/campaigns")).json() == []
    for path in ("", "/report", "/calls", "/leads", "/funnel", "/causes"):
        shown = await anna.get(f"/api/v1/campaigns/{talk.campaign}{path}")
        assert problem(shown) == (404, "no_such_campaign", None), path
    asked = await anna.post("/api/v1/exports", json={"what": "leads", "campaign": talk.campaign})
    assert problem(asked) == (404, "no_such_campaign", None)


@pytest.mark.parametrize("path", ["../secret.wav", "/etc/passwd", "1/../../secret.wav", "1/link.wav", "1", ""])
async def test_R11_4_no_path_leads_out_of_the_folder_of_recordings(
    api: Api, anna: httpx.AsyncClient, talk: Talk, path: str
) -> None:
    secret: Path = api.deps.recordings.parent / "secret.wav"
    secret.write_bytes(b"secret")
    (api.deps.recordings / "1").mkdir(exist_ok=True)
    (api.deps.recordings / "1" / "link.wav").symlink_to(secret)
    async with api.deps.database.transaction(api.company) as tx:
        attempt = await add_attempt(tx, CampaignId(talk.campaign), talk.lead, CallResult.COMPLETED, recording=path)
    assert (await anna.get(f"/api/v1/calls/{attempt}")).json()["has_recording"] is False
    assert problem(await anna.get(f"/api/v1/calls/{attempt}/recording")) == (410, "recording_gone", None)
