"""SPEC R2.7, R10: sums, leads by bucket, calls, and the card of one call."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from campaigns.buckets import LeadState, bucket
from campaigns.campaign import CampaignId, CampaignKind, CompanyId
from campaigns.leads import AttemptId, Bucket
from core.errors import NotFound
from core.results import CallResult
from robot.dialog.events import GivenAnswer, How
from robot.dialog.flow import StepId
from robot.outcome import Latency, Outcome, Speaker, Utterance
from services import drafts, reports, scenarios
from services.answer_report import AnswerKind, FreeAnswer, NumberSum
from storage import tables
from storage.database import Database
from tests.conftest import EPOCH, make_company
from tests.services.things import add_answer, add_attempt, lead_ids, load, load_phones, make_campaign, set_lead

SECOND = timedelta(seconds=1)

pytestmark = pytest.mark.postgres


async def test_R10_1_a_report_sums_calls_results_and_talk(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
        await load_phones(tx, made, 4)
        one, two, three, _ = await lead_ids(tx, made)
        await set_lead(tx, one, state="reached", attempts=2)
        await set_lead(tx, two, state="failed", attempts=1)
        talked = {"answered_at": EPOCH - 10 * SECOND}
        await add_attempt(tx, made, one, CallResult.BUSY)
        await add_attempt(tx, made, one, CallResult.COMPLETED, **talked)
        await add_attempt(tx, made, two, CallResult.BUSY)
        await add_attempt(tx, made, three, CallResult.HUNG_UP_EARLY, answered_at=EPOCH - 2.5 * SECOND)
        await add_attempt(tx, made, three, answered_at=EPOCH)
        report = await reports.campaign_report(tx, made)
    assert (report.name, report.kind, report.leads) == ("Опрос", CampaignKind.SURVEY, 4)
    assert report.buckets == {
        Bucket.NOT_CALLED: 2,
        Bucket.WILL_CALL_AGAIN: 0,
        Bucket.REACHED: 1,
        Bucket.FAILED: 1,
    }
    assert report.attempts == 5
    assert report.results == {CallResult.BUSY: 2, CallResult.COMPLETED: 1, CallResult.HUNG_UP_EARLY: 1}
    assert report.talk_seconds == 12.5


async def test_R10_4_answers_are_counted_by_how_they_were_given(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made, other = await make_campaign(tx), await make_campaign(tx, "Другая")
        await load_phones(tx, made, 1)
        (lead,) = await lead_ids(tx, made)
        attempt = await add_attempt(tx, made, lead, CallResult.COMPLETED)
        for answer, label, how in (
            ("a2", "Недоволен", "phrase"),
            ("a2", "Недоволен", "key"),
            ("a2", "Недоволен", "key"),
            ("a9", "Был раньше", "phrase"),
        ):
            await add_answer(tx, attempt, made, lead, answer, label, how)
        (question,) = (await reports.campaign_report(tx, made)).answers
        (unasked,) = (await reports.campaign_report(tx, other)).answers
    assert (question.step, question.question) == ("q1", "Оценка")
    assert [(a.answer, a.label, a.count, a.by_key, a.by_phrase) for a in question.counts] == [
        ("a1", "Доволен", 0, 0, 0),
        ("a2", "Недоволен", 3, 2, 1),
        ("a9", "Был раньше", 1, 0, 1),
    ]
    assert [(a.label, a.count) for a in unasked.counts] == [("Доволен", 0), ("Недоволен", 0)]


LISTENING = """\
name: Оценка
steps:
  rate: {listen: rate, prompt: Оцените., kind: number, question: Оценка, otherwise: why}
  agree: {listen: agree, prompt: Согласны?, kind: yes_no, question: Согласие, otherwise: why}
  phone: {listen: phone, prompt: Какой телефон?, kind: phone, question: Телефон, otherwise: why}
  why: {listen: why, prompt: Почему?, question: Почему, otherwise: bye}
  bye: {end: }
"""


async def test_R10_4_what_was_listened_for_is_counted_summed_up_or_listed(
    database: Database, company: CompanyId
) -> None:
    listening = drafts.flow_of_source(LISTENING)
    async with database.transaction(company) as tx:
        version = await scenarios.publish(tx, name="Оценка", flow=listening, script=None, now=EPOCH)
        made = await make_campaign(tx, kind=CampaignKind.DIALOG, scenario=version)
        await load_phones(tx, made, 1)
        (lead,) = await lead_ids(tx, made)
        attempt = await add_attempt(tx, made, lead, CallResult.COMPLETED)

        async def said(step: str, question: str, label: str, words: str, how: str = "speech") -> None:
            of = {"step": step, "question": question, "said": words}
            await add_answer(tx, attempt, made, lead, "", label, how, **of)

        for mark, how in (("9", "speech"), ("9", "key"), ("10", "speech"), ("2", "speech"), ("7.5", "speech")):
            await said("rate", "Оценка", mark, f"ну {mark}", how)
        await said("agree", "Согласие", "yes", "да конечно")
        await said("phone", "Телефон", "+79001112233", "девятьсот один")
        for number in range(25):
            await said("why", "Почему", "", f"причина {number}")
        await said("gone", "Раньше", "", "было дело")
        rate, agree, phone, why, gone = (await reports.campaign_report(tx, made)).answers
    assert (rate.kind, rate.given, rate.numbers) == (AnswerKind.NUMBER, 5, NumberSum(5, 7.5, 9.0, 2.0, 10.0))
    counted = [(one.label, one.count, one.by_key) for one in rate.counts]
    assert counted[0] == ("9", 2, 1)
    assert sorted(counted[1:]) == [("10", 1, 0), ("2", 1, 0), ("7.5", 1, 0)]
    assert ([(one.label, one.count) for one in agree.counts], agree.numbers) == ([("yes", 1)], None)
    assert (phone.counts, phone.listed) == ((), (FreeAnswer(attempt, "девятьсот один", "+79001112233"),))
    assert (why.kind, why.given, len(why.listed), why.listed[0].said) == (AnswerKind.TEXT, 25, 20, "причина 24")
    assert (gone.kind, gone.question, gone.listed[0].said) == (AnswerKind.TEXT, "Раньше", "было дело")


async def test_R10_4_of_many_different_numbers_the_most_frequent_are_counted(
    database: Database, company: CompanyId
) -> None:
    async with database.transaction(company) as tx:
        flow = drafts.flow_of_source(LISTENING)
        version = await scenarios.publish(tx, name="Оценка", flow=flow, script=None, now=EPOCH)
        made = await make_campaign(tx, kind=CampaignKind.DIALOG, scenario=version)
        await load_phones(tx, made, 1)
        (lead,) = await lead_ids(tx, made)
        attempt = await add_attempt(tx, made, lead, CallResult.COMPLETED)
        for number in (*range(60), 7, 7, 8):
            await add_answer(tx, attempt, made, lead, "", str(number), "speech", step="rate", question="Оценка")
        rate = (await reports.campaign_report(tx, made)).answers[0]
    assert len(rate.counts) == 50
    assert [(one.label, one.count) for one in rate.counts[:2]] == [("7", 3), ("8", 2)]
    assert rate.given == 63


async def test_R2_7_the_condition_of_a_bucket_agrees_with_the_rule(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
        cases = [(state, attempts) for state in LeadState for attempts in (0, 1, 2, 7)]
        await load_phones(tx, made, len(cases))
        for lead, (state, attempts) in zip(await lead_ids(tx, made), cases, strict=True):
            await set_lead(tx, lead, state=str(state), attempts=attempts)
        for wanted in Bucket:
            query = select(tables.leads.c.state, tables.leads.c.attempts).where(reports.in_bucket(wanted))
            found = [(row.state, row.attempts) for row in await tx.execute(query.order_by(tables.leads.c.id))]
            assert found == [case for case in cases if bucket(*case) is wanted]


async def test_R2_7_leads_are_paged_whole_and_each_once(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
        await load_phones(tx, made, 7)
        ids = await lead_ids(tx, made)
        await set_lead(tx, ids[2], state="failed", attempts=3, last_result="busy")
        await set_lead(tx, ids[5], state="failed", attempts=3)
        seen, after = [], None
        while True:
            page = await reports.leads_page(tx, made, after=after, limit=3)
            assert len(page.items) <= 3
            seen += [row.lead for row in page.items]
            after = page.next
            if after is None:
                break
        failed = await reports.leads_page(tx, made, bucket=Bucket.FAILED, limit=1)
        rest = await reports.leads_page(tx, made, bucket=Bucket.FAILED, limit=1, after=failed.next)
    assert seen == list(ids)
    assert [row.lead for row in (*failed.items, *rest.items)] == [ids[2], ids[5]]
    assert (failed.next, rest.next) == (ids[2], None)
    (lead,) = failed.items
    assert (lead.bucket, lead.attempts, lead.last_result, lead.next_call_at) == (Bucket.FAILED, 3, "busy", None)


async def test_R2_7_a_lead_shows_name_phones_and_when_it_is_called_next(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
        await load(tx, made, "ФИО;Телефон\nИванов Пётр Ильич;89001112233, 89001112244\n")
        (lead,) = (await reports.leads_page(tx, made)).items
        await set_lead(tx, lead.lead, state="dialling")
        (dialled,) = (await reports.leads_page(tx, made)).items
    assert (lead.name, lead.phones) == ("Иванов Пётр Ильич", ("+79001112233", "+79001112244"))
    assert (lead.bucket, lead.next_call_at, dialled.next_call_at) == (Bucket.NOT_CALLED, EPOCH, None)


async def test_R10_2_calls_are_paged_the_latest_first(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
        await load_phones(tx, made, 1)
        (lead,) = await lead_ids(tx, made)
        ids = [await add_attempt(tx, made, lead, CallResult.BUSY) for _ in range(4)]
        ids.append(await add_attempt(tx, made, lead))
        first = await reports.calls_page(tx, made, limit=3)
        second = await reports.calls_page(tx, made, limit=3, after=first.next)
    assert [row.attempt for row in (*first.items, *second.items)] == ids[::-1]
    assert (first.next, second.next) == (ids[2], None)
    assert (first.items[0].result, first.items[1].result) == (None, CallResult.BUSY)


OUTCOME = Outcome(
    result=CallResult.COMPLETED,
    answers=(GivenAnswer(StepId("q1"), "Оценка", "a1", "Доволен", How.PHRASE, "да, очень", 0.93),),
    transcript=(
        Utterance(Speaker.ROBOT, "Довольны?", 0, 900, interrupted=True),
        Utterance(Speaker.CALLER, "да, очень", 950, 1700, confidence=0.93),
        Utterance(Speaker.CALLER, "1", 1900, 1900, key=True),
    ),
    path=("q1", "end"),
    latencies=(Latency(turn=1, reply_ms=140),),
    audio_ms=2400,
)


async def _stored_call(database: Database, company: CompanyId, **values: object) -> tuple[CampaignId, AttemptId]:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
        await load(tx, made, "ФИО;Телефон\nИванов Пётр;89001112233\n")
        (lead,) = await lead_ids(tx, made)
        return made, await add_attempt(tx, made, lead, CallResult.COMPLETED, **values)


async def test_R6_12_the_card_shows_all_that_is_kept(database: Database, company: CompanyId) -> None:
    details = msgspec.to_builtins(OUTCOME, enc_hook=str) | {"recording": "1/2026-11-23/7.wav"}
    values = {"details": details, "recording": "1/2026-11-23/7.wav", "cause": "NORMAL_CLEARING", "sip_status": 200}
    made, attempt = await _stored_call(database, company, answered_at=EPOCH, **values)
    async with database.transaction(company) as tx:
        card = await reports.call_card(tx, attempt)
    assert (card.campaign, card.name, card.result) == (made, "Иванов Пётр", CallResult.COMPLETED)
    assert (card.cause, card.sip_status, card.recording) == ("NORMAL_CLEARING", 200, "1/2026-11-23/7.wav")
    kept = (card.answers, card.transcript, card.path, card.latencies)
    assert kept == (OUTCOME.answers, OUTCOME.transcript, OUTCOME.path, OUTCOME.latencies)


async def test_R6_12_a_call_that_was_never_answered_has_an_empty_card(database: Database, company: CompanyId) -> None:
    _, attempt = await _stored_call(database, company)
    async with database.transaction(company) as tx:
        card = await reports.call_card(tx, attempt)
    assert (card.answers, card.transcript, card.path, card.recording) == ((), (), (), None)


@given(st.builds(Outcome, result=st.sampled_from(CallResult), path=st.lists(st.text()).map(tuple)))
@settings(deadline=None, max_examples=50)
def test_R6_12_an_outcome_survives_the_way_through_json(outcome: Outcome) -> None:
    stored = msgspec.json.decode(msgspec.json.encode(outcome, enc_hook=str))
    assert reports._outcome(stored) == outcome


async def test_R11_4_nothing_of_another_company_is_shown(database: Database, company: CompanyId) -> None:
    made, attempt = await _stored_call(database, company)
    other = await make_company(database, "Вектор")
    async with database.transaction(other) as tx:
        for look in (
            reports.campaign_report(tx, made),
            reports.leads_page(tx, made),
            reports.calls_page(tx, made),
            reports.call_card(tx, attempt),
        ):
            with pytest.raises(NotFound):
                await look
