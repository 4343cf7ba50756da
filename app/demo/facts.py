"""What the database says of the demo's campaigns: how far they are, and what became of each person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.buckets import bucket
from campaigns.campaign import CampaignId, CampaignKind
from campaigns.leads import Bucket
from core.results import CallResult
from services import reports
from services.reports import CampaignReport
from storage.tables import answers, attempts, contacts, leads

SOON: Final = timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class Person:
    """One lead as it stands; `labels` are all stored answers in their order, `results` those of its ended calls."""

    phone: str
    bucket: Bucket
    results: tuple[CallResult, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """One campaign as it stands; `live` calls are going on."""

    kind: CampaignKind
    report: CampaignReport
    live: int


async def standings(tx: AsyncConnection, campaigns: Mapping[CampaignKind, CampaignId]) -> list[Standing]:
    """All campaigns in their order."""
    query = (
        select(attempts.c.campaign_id, func.count())
        .where(attempts.c.campaign_id.in_(campaigns.values()), attempts.c.result.is_(None))
        .group_by(attempts.c.campaign_id)
    )
    live = {row[0]: row[1] for row in await tx.execute(query)}
    return [
        Standing(kind, await reports.campaign_report(tx, campaign), live.get(campaign, 0))
        for kind, campaign in campaigns.items()
    ]


async def is_over(tx: AsyncConnection, campaigns: Sequence[CampaignId], now: datetime) -> bool:
    """Whether nobody is being called and nobody will be within `SOON`."""
    busy = or_(leads.c.state == "dialling", (leads.c.state == "waiting") & (leads.c.due_at < now + SOON))
    query = select(leads.c.id).where(leads.c.campaign_id.in_(campaigns), busy).limit(1)
    return (await tx.execute(query)).first() is None


async def people(tx: AsyncConnection, campaign: CampaignId) -> list[Person]:
    """Everybody of a campaign with what was stored of them."""
    calls: dict[int, list[CallResult]] = defaultdict(list)
    query = select(attempts.c.lead_id, attempts.c.result).where(attempts.c.campaign_id == campaign)
    for row in await tx.execute(query.order_by(attempts.c.id)):
        calls[row.lead_id].append(CallResult(row.result))
    labels: dict[int, list[str]] = defaultdict(list)
    said = select(answers.c.lead_id, answers.c.label).where(answers.c.campaign_id == campaign)
    for row in await tx.execute(said.order_by(answers.c.id)):
        labels[row.lead_id].append(row.label)
    who = (
        select(leads.c.id, leads.c.state, leads.c.attempts, contacts.c.phones)
        .join(contacts, contacts.c.id == leads.c.contact_id)
        .where(leads.c.campaign_id == campaign)
    )
    return [
        Person(row.phones[0], bucket(row.state, row.attempts), tuple(calls[row.id]), tuple(labels[row.id]))
        for row in await tx.execute(who)
    ]
