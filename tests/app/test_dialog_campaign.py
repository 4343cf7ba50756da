"""A dialog campaign through the real loop: pacer, dialler, wire, conversation and database, with all its errands."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import select, update

from app.desk import Desk
from app.errands import open_doers
from app.flows import Flows
from app.lines import TrunkLines
from app.measured import MeasuredLeads
from app.robot_calls import RobotCalls
from app.rules import RecentRules
from app.settings import read_settings
from campaigns.answers import Answers
from campaigns.campaign import CampaignKind, CompanyId, LocalTime, Period, WeeklySchedule
from campaigns.dialler import Dialler
from campaigns.leads import WorkerId
from campaigns.pacer import Pacer
from robot.dialog.flow import Flow, Language
from robot.dialog.source import read
from robot.dialog.source.understanding import trained_for
from robot.senses import Senses
from services import campaigns, contact_lists, message_templates, scenarios
from services.campaigns import NewCampaign
from services.outside_calls import note_campaign_calls
from storage import tables
from storage.database import Database
from storage.pacing import PostgresLeaders
from storage.pacing_store import PostgresPacing
from telephony_esl.simulator import Answer as Act
from telephony_esl.simulator import Person
from telephony_esl.switch import SwitchSettings
from telephony_esl.trunks import Trunk
from tests.conftest import EPOCH, ROOT, Fresh
from tests.fakes.http_server import Asked, Said, http_server, said_json
from tests.fakes.jobs import Orders
from tests.fakes.speech import FakeEars
from tests.robot.side_by_side import TRUNK, RealClock, Town, fake_senses, says, town

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

WEEKDAYS = WeeklySchedule("Europe/Moscow", MappingProxyType({day: (Period(time(9), time(20)),) for day in range(5)}))
# Loud enough not to be made louder for the ears.
YES, PRICEY, STOP, LATER, NIGHT = 2000, 2200, 2400, 2600, 2800
WORDS = {
    YES: "да",
    PRICEY: "слишком уж дорого у вас",
    STOP: "больше не звоните мне",
    LATER: "потом",
    NIGHT: "завтра в девять вечера",
}
AGREES, OBJECTS, FORBIDS, POSTPONES = "+79001110001", "+79001110002", "+79001110003", "+79001110004"
SCENARIO = """
name: Заказ
language: ru
intents:
  price:
    examples: [дорого, очень дорого, слишком дорого, дороговато, высокая цена, цены кусаются, почему так дорого,
      дороже чем везде, это дорого для меня, цена не устраивает]
  stop:
    phrases: [больше не звоните]
handlers:
  price: {kind: objection, intent: price, reply: Везём даром.}
  stop: {kind: do_not_call, intent: stop, reply: Уберём.}
steps:
  order:
    fetch: "SHOP/orders/{order}"
    save: {/order/sum: sum}
    failed: broken
  ask:
    ask: "Везём на {sum}?"
    question: Везём
    answers:
      Да: {key: 1, phrases: да, then: mark}
      Потом: {key: 2, phrases: потом, then: when}
    otherwise: bye
  mark: {tag: ждёт заказ}
  day: {act: order_status, then: sms, failed: broken}
  sms: {message: "", template: Заказ, then: bye}
  bye: {end: Ждите., disposition: Согласие}
  when:
    listen: at
    kind: date_time
    prompt: Когда?
    then: promise
    otherwise: bye
  promise: {callback: , variable: at}
  later: {end: Хорошо.}
  broken: {end: Ой., disposition: Сбой}
"""


def person(folder: Path, *amplitudes: int) -> Person:
    """Says these words, one at each turn."""
    turns = tuple(Act(say=says(folder, one), wait_s=0.1) for one in amplitudes)
    return Person(turns, greeting=None, after_ring_s=0.1, turn_silence_s=0.3)


def shop(asked: Asked) -> Said:
    return said_json({"order": {"sum": 500}}) if asked.target == "/orders/17" else Said(404)


async def set_up(database: Database, company: CompanyId, flow: Flow) -> int:
    """The campaign with four contacts, the first of them in Yekaterinburg."""
    async with database.transaction(company) as tx:
        await message_templates.save_template(
            tx, name="Заказ", subject="", text="{first_name}, заказ {order} приедет {delivery_day}.", now=EPOCH
        )
        version = await scenarios.publish(tx, name=flow.name, flow=flow, script=None, now=EPOCH)
        trained = trained_for(flow)
        assert trained is not None
        stored = update(tables.scenario_versions).where(tables.scenario_versions.c.id == version)
        await tx.execute(stored.values(trained=trained.to_bytes()))
        new = NewCampaign(
            name="Заказы",
            kind=CampaignKind.DIALOG,
            scenario=version,
            trunk=TRUNK,
            schedule=WEEKDAYS,
            local_time=LocalTime.CONTACTS_ONLY,
            detect_machines=False,
        )
        campaign = await campaigns.create_campaign(tx, new, EPOCH)
        rows = "".join(f"Анна;{phone};17\n" for phone in (AGREES, OBJECTS, FORBIDS, POSTPONES))
        await contact_lists.load_contacts(
            tx,
            campaign=campaign,
            data=f"Имя;Телефон;order\n{rows}".encode(),
            mapping=None,
            now=EPOCH,
            randomness=random.Random(1),
        )
        await tx.execute(update(tables.leads).values(zone="Asia/Yekaterinburg"))
        await tx.execute(update(tables.campaigns).values(switched_on=True, switched_on_at=EPOCH))
        return int(campaign)


@asynccontextmanager
async def dialling(
    there: Town, fresh: Fresh, database: Database, orders: Orders, *, allowed: str
) -> AsyncIterator[Dialler]:
    """A worker and a pacer at work, with everything of the product but its ears and voice."""
    clock = RealClock()
    settings = read_settings(
        var=there.folder, outside={"allowed_hosts": [allowed]}, actions={"packages": ["order_actions"]}
    )
    senses = fake_senses(there.folder, there.senses.workers, ears=FakeEars(WORDS))

    async def senses_of(language: Language) -> Senses:
        return senses

    async def rendered(flow: Flow) -> None:
        return

    trunk = Trunk(TRUNK, "sofia/gateway/simulator", lines=10, calls_per_second=1000)
    wire = SwitchSettings("town", "127.0.0.1", there.network.port, "ClueCon", "127.0.0.1", (trunk,))
    lines = TrunkLines([(wire, there.switch)], clock)
    store = MeasuredLeads(database, registry=CollectorRegistry(), clock=clock, host="here", after=note_campaign_calls)
    answers = Answers(store)
    async with open_doers(settings, clock, database, orders.message) as doers:
        calls = RobotCalls(
            lines=lines,
            desk=Desk.__new__(Desk),  # nobody is transferred
            note_answer=answers.note,
            flow=Flows(database, rendered).get,
            senses=senses_of,
            recordings=there.folder / "recordings",
            rules=RecentRules(database, clock).get,
            terms={},
            clock=clock,
            doers=doers,
        )
        pacing = PostgresPacing(database)
        dialler = Dialler(
            store=store,
            quotas=pacing,
            calls=calls,
            lines=lines,
            clock=clock,
            worker=WorkerId(UUID(int=1)),
            calls_at_once=10,
            silent_for=settings.silent_for,
        )
        pacer = Pacer(store=pacing, leaders=PostgresLeaders(fresh.app_url), clock=clock, silent_for=settings.silent_for)
        async with asyncio.TaskGroup() as group:
            beside = (group.create_task(pacer.run()), group.create_task(answers.run()))
            group.create_task(dialler.run())
            yield dialler
            await dialler.drain(20)
            for task in beside:
                task.cancel()


async def ended(database: Database, company: CompanyId) -> Mapping[str, Any]:
    """The four attempts by their phones, once all have their results."""
    while True:
        async with database.transaction(company) as tx:
            rows = (await tx.execute(select(tables.attempts).where(tables.attempts.c.result.is_not(None)))).all()
        if len(rows) >= 4:
            return {row.phone: row for row in rows}
        await asyncio.sleep(0.2)


async def test_R6_6_a_dialog_campaign_does_all_that_its_scenario_wants(
    fresh: Fresh, database: Database, company: CompanyId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "examples" / "actions"))
    people = {
        AGREES: person(tmp_path, YES),
        OBJECTS: person(tmp_path, PRICEY, YES),
        FORBIDS: person(tmp_path, STOP),
        POSTPONES: person(tmp_path, LATER, NIGHT),
    }
    orders = Orders()
    async with http_server(shop) as server, town(tmp_path, people) as there:
        found = read(SCENARIO.replace("SHOP", server.url("")))
        assert found.flow is not None, found.findings
        await set_up(database, company, found.flow)
        async with asyncio.timeout(60), dialling(there, fresh, database, orders, allowed="127.0.0.1"):
            attempts = await ended(database, company)
    assert {asked.target for asked in server.asked} == {"/orders/17"}
    told = {phone: (row.result, row.details["disposition"], row.path) for phone, row in attempts.items()}
    agreed = ["ask", "mark", "day", "sms", "bye"]
    assert told == {
        AGREES: ("completed", "Согласие", ["order", *agreed]),
        OBJECTS: ("completed", "Согласие", ["order", "ask", "@price", *agreed[1:]]),
        FORBIDS: ("completed", None, ["order", "ask", "@stop"]),
        POSTPONES: ("callback_requested", None, ["order", "ask", "when", "promise", "later"]),
    }
    assert "500" not in str(attempts[AGREES].details["transcript"])  # sums are said in words
    assert "Везём на пятьсот?" in str(attempts[AGREES].details["transcript"])
    assert "Доставим в город Казань в пятницу." in str(attempts[AGREES].details["transcript"])
    await assert_what_is_stored(database, company, orders)


async def assert_what_is_stored(database: Database, company: CompanyId, orders: Orders) -> None:
    async with database.transaction(company) as tx:
        tagged = select(tables.contacts.c.phones, tables.contacts.c.tags)
        tags = {row.phones[0]: row.tags for row in await tx.execute(tagged)}
        barred = (await tx.execute(select(tables.number_list_phones.c.phone))).scalars().all()
        lists = (await tx.execute(select(tables.number_lists.c.name, tables.number_lists.c.kind))).all()
        given = (await tx.execute(select(tables.answers.c.label, tables.answers.c.how))).all()
        sent = (await tx.execute(select(tables.messages).order_by(tables.messages.c.id))).all()
        people = select(tables.leads, tables.contacts.c.phones).join(
            tables.contacts, tables.contacts.c.id == tables.leads.c.contact_id
        )
        leads = {row.phones[0]: row for row in await tx.execute(people)}
    assert tags == {AGREES: ["ждёт заказ"], OBJECTS: ["ждёт заказ"], FORBIDS: [], POSTPONES: []}
    assert (list(barred), [tuple(one) for one in lists]) == (
        [FORBIDS],
        [("Просили не звонить", "blacklist")],
    )
    assert sorted(tuple(one) for one in given if one.label in ("Да", "Потом")) == [
        ("Да", "phrase"),
        ("Да", "phrase"),
        ("Потом", "phrase"),
    ]
    assert {one.recipient for one in sent} == {AGREES, OBJECTS}
    assert {(one.text, one.state, one.step) for one in sent} == {
        ("Анна, заказ 17 приедет в пятницу.", "waiting", "sms")
    }
    assert orders.messages == [(company, one.id) for one in sent]
    assert {phone: row.state for phone, row in leads.items()} == {
        AGREES: "reached",
        OBJECTS: "reached",
        FORBIDS: "reached",
        POSTPONES: "waiting",
    }
    # Nine in the evening is past the contact's hours: nine in the morning of Wednesday in Yekaterinburg.
    promised = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
    assert (leads[POSTPONES].due_at, leads[POSTPONES].callback_at) == (promised, promised)
