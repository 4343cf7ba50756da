"""What the tests of use cases put into the database."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, time
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import CampaignId, CampaignKind, Period, WeeklySchedule
from campaigns.leads import AttemptId
from core.results import CallResult
from robot.dialog.flow import Answer, Ask, End, Flow, Prompt, StepId, Transfer
from services import campaigns, contact_lists, scenarios
from services.campaigns import NewCampaign
from services.contact_lists import LoadReport
from storage import tables
from tests.conftest import EPOCH

ALWAYS = WeeklySchedule("Europe/Moscow", MappingProxyType({day: (Period(time(0), time(0)),) for day in range(7)}))
WORKER = UUID(int=7)


def flow(name: str = "Опрос") -> Flow:
    """One question with two answers, by key and by phrase."""
    ask, end = StepId("q1"), StepId("end")
    answers = (
        Answer(id="a1", label="Доволен", then=end, key="1", phrases=("да",)),
        Answer(id="a2", label="Недоволен", then=end, key="2", phrases=("нет",)),
    )
    question = Ask(id=ask, prompt=Prompt(text="Довольны?"), answers=answers, otherwise=end, question="Оценка")
    return Flow(name=name, start=ask, steps={ask: question, end: End(id=end)})


def transferring(group: str) -> Flow:
    """Puts everybody through to `group`."""
    one, end = StepId("one"), StepId("end")
    return Flow(name="Перевод", start=one, steps={one: Transfer(id=one, group=group, otherwise=end), end: End(id=end)})


async def make_campaign(tx: AsyncConnection, name: str = "Опрос", **settings: object) -> CampaignId:
    """A survey with its scenario, switched off."""
    version = await scenarios.publish(tx, name=name, flow=flow(name), script=None, now=EPOCH)
    plain: dict[str, Any] = {
        "name": name,
        "kind": CampaignKind.SURVEY,
        "scenario": version,
        "trunk": "simulator",
        "schedule": ALWAYS,
    }
    return await campaigns.create_campaign(tx, NewCampaign(**(plain | settings)), EPOCH)


async def load(
    tx: AsyncConnection, campaign: CampaignId, text: str, mapping: dict[str, str] | None = None, now: datetime = EPOCH
) -> LoadReport:
    """Loads a list given as text."""
    return await contact_lists.load_contacts(
        tx, campaign=campaign, data=text.encode(), mapping=mapping, now=now, randomness=random.Random(1)
    )


async def load_phones(tx: AsyncConnection, campaign: CampaignId, count: int, *, first: int = 0) -> None:
    """Loads so many contacts with nothing but a phone."""
    rows = "".join(f"8900{first + number:07}\n" for number in range(count))
    report = await load(tx, campaign, "Телефон\n" + rows)
    assert report.loaded == count


async def lead_ids(tx: AsyncConnection, campaign: CampaignId) -> Sequence[int]:
    query = select(tables.leads.c.id).where(tables.leads.c.campaign_id == campaign).order_by(tables.leads.c.id)
    return (await tx.execute(query)).scalars().all()


async def set_lead(tx: AsyncConnection, lead: int, **values: object) -> None:
    await tx.execute(update(tables.leads).where(tables.leads.c.id == lead).values(values))


async def add_attempt(
    tx: AsyncConnection, campaign: CampaignId, lead: int, result: CallResult | None = None, **values: object
) -> AttemptId:
    """An attempt that ended with `result`, or is in progress."""
    version = select(tables.campaigns.c.scenario_version_id).where(tables.campaigns.c.id == campaign)
    row = {
        "campaign_id": campaign,
        "lead_id": lead,
        "leg_id": uuid4(),
        "worker_id": WORKER,
        "phone_index": 0,
        "phone": "+79000000001",
        "started_at": EPOCH,
        "result": result,
        "ended_at": EPOCH if result else None,
        "scenario_version_id": (await tx.execute(version)).scalar_one(),
    }
    made = tables.attempts.insert().values(row | values).returning(tables.attempts.c.id)
    return AttemptId((await tx.execute(made)).scalar_one())


async def add_answer(
    tx: AsyncConnection,
    attempt: AttemptId,
    campaign: CampaignId,
    lead: int,
    answer: str,
    label: str,
    how: str,
    **more: object,
) -> None:
    row = {
        "attempt_id": attempt,
        "campaign_id": campaign,
        "lead_id": lead,
        "step": "q1",
        "question": "Оценка",
        "answer": answer,
        "label": label,
        "how": how,
        "said": "да",
        "confidence": 0.9,
    }
    await tx.execute(tables.answers.insert().values(row | more))
