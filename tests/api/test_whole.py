"""A campaign from its list to its report over HTTP, dialled by the real queue with made-up conversations."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import msgspec
import pytest

from campaigns.leads import Ending, PastCall, WorkerId
from campaigns.retry import next_call
from core.results import CallResult
from robot.dialog.events import GivenAnswer, How
from robot.dialog.flow import Ask
from robot.outcome import Latency, Outcome, Speaker, Utterance
from services.scenarios import flow_of
from storage.leads import PostgresLeads
from tests.api.conftest import Api, create, load
from tests.conftest import EPOCH

DEMO = Path(__file__).resolve().parents[2] / "app" / "demo" / "contacts.csv"
WORKER = WorkerId(UUID(int=1))
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.postgres


def conversation(question: Ask, number: int) -> Outcome:
    """Even calls say or press the first answer, odd ones are hung up on."""
    if number % 2:
        return Outcome(result=CallResult.HUNG_UP_EARLY, path=(question.id,), audio_ms=1000)
    chosen = question.answers[0]
    how = How.KEY if number % 4 else How.PHRASE
    given = GivenAnswer(question.id, question.question or "", chosen.id, chosen.label, how, "да", 0.9)
    return Outcome(
        result=CallResult.COMPLETED,
        answers=(given,),
        transcript=(Utterance(Speaker.ROBOT, "Довольны?", 0, 900), Utterance(Speaker.CALLER, "да", 950, 1200, 0.9)),
        path=(question.id, "end"),
        latencies=(Latency(1, 120),),
        audio_ms=2000,
    )


async def dial_all(api: Api, at_minute: int) -> Counter[CallResult]:
    """Calls every lead that is due, as the dialler would, and returns the results."""
    store = PostgresLeads(api.deps.database)
    now = EPOCH + at_minute * MINUTE
    results: Counter[CallResult] = Counter()
    (campaign,) = await store.campaigns()
    assert campaign.scenario is not None
    async with api.deps.database.transaction(api.company) as tx:
        flow = await flow_of(tx, campaign.scenario)
    question = next(step for step in flow.steps.values() if isinstance(step, Ask) and step.question)
    while calls := await store.lease(campaign, 7, worker=WORKER, now=now):
        for call in calls:
            outcome = conversation(question, sum(results.values()))
            details: dict[str, object] = msgspec.to_builtins(outcome, enc_hook=str)
            ending = Ending(
                outcome.result,
                now + 12 * timedelta(seconds=1),
                answered_at=now,
                cause="NORMAL_CLEARING",
                details=details,
            )
            past = (*call.past, PastCall(call.phone_index, ending.result, ending.ended_at))
            assert await store.finish(call, ending, next_call(past, len(call.phones), campaign.retry))
            results[outcome.result] += 1
    return results


async def test_R10_1_the_numbers_of_a_dialled_campaign_add_up(api: Api, anna: httpx.AsyncClient) -> None:
    made = await create(anna)
    assert (await load(anna, made, DEMO.read_text("utf-8")))["loaded"] == 60
    await anna.post(f"/api/v1/campaigns/{made}/start")
    results: Counter[CallResult] = Counter()
    for minute in (0, 30, 60):
        results += await dial_all(api, minute)
    shown = (await anna.get(f"/api/v1/campaigns/{made}")).json()
    report = (await anna.get(f"/api/v1/campaigns/{made}/report")).json()
    assert report["results"] == {str(result): count for result, count in results.items()}
    assert report["attempts"] == results.total()
    assert report["talk_seconds"] == 12.0 * results.total()
    assert report["buckets"] == shown["buckets"]
    assert sum(shown["buckets"].values()) == shown["leads"] == 60
    assert shown["buckets"]["reached"] == results[CallResult.COMPLETED]
    assert shown["live_calls"] == 0
    (question,) = report["questions"]
    first = question["answers"][0]
    assert first["count"] == first["by_key"] + first["by_phrase"] == results[CallResult.COMPLETED]
    assert min(first["by_key"], first["by_phrase"]) > 0

    for bucket, count in shown["buckets"].items():
        page = (await anna.get(f"/api/v1/campaigns/{made}/leads?limit=200&bucket={bucket}")).json()
        assert (len(page["items"]), page["next"]) == (count, None)
    calls, after = [], None
    while True:
        query = {"limit": 50} | ({"after": after} if after else {})
        page = (await anna.get(f"/api/v1/campaigns/{made}/calls", params=query)).json()
        calls += page["items"]
        after = page["next"]
        if after is None:
            break
    assert len({call["attempt"] for call in calls}) == len(calls) == results.total()
    for call in calls[:4]:
        card = (await anna.get(f"/api/v1/calls/{call['attempt']}")).json()
        assert card["result"] == call["result"]
        assert bool(card["answers"]) == (call["result"] == "completed")
        assert card["path"]
