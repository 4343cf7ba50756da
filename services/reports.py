"""What campaigns achieved (SPEC R2.7, R10): sums, leads by bucket, calls, and the card of one call.

Pages go on after the last number seen, so a page costs the same wherever it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Row, Select, Text, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.buckets import LeadState, bucket
from campaigns.campaign import CampaignId, CampaignKind
from campaigns.contacts.names import full_name
from campaigns.leads import AttemptId, Bucket, LeadId
from core.errors import NotFound
from core.results import CallResult
from robot.dialog.events import GivenAnswer
from robot.outcome import Latency, Outcome, Utterance
from services.answer_report import QuestionCounts, question_counts
from services.campaigns import ALIVE, found_campaign
from services.scenarios import flow_of
from storage.counts import counts
from storage.tables import BUCKET, attempts, campaigns, contacts, leads

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items, and the number to go on after; None on the last page."""

    items: tuple[Item, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class CampaignReport:
    """The sum of one campaign; `attempts` counts those in progress too, `results` those that ended."""

    name: str
    kind: CampaignKind
    buckets: Mapping[Bucket, int]
    attempts: int
    results: Mapping[CallResult, int]
    answers: tuple[QuestionCounts, ...]
    talk_seconds: float
    spent: Decimal

    @property
    def leads(self) -> int:
        """All leads: the buckets partition them."""
        return sum(self.buckets.values())


@dataclass(frozen=True, slots=True)
class LeadRow:
    """One lead in a list; `next_call_at` is when it may be called, None when it never will or just is."""

    lead: LeadId
    contact: int
    name: str
    phones: tuple[str, ...]
    bucket: Bucket
    attempts: int
    last_result: CallResult | None
    next_call_at: datetime | None


@dataclass(frozen=True, slots=True)
class CallRow:
    """One attempt in a list; `result` and `ended_at` are None while it is in progress, `lead` once that was deleted."""

    attempt: AttemptId
    lead: LeadId | None
    name: str
    phone: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    result: CallResult | None


@dataclass(frozen=True, slots=True)
class CallCard:
    """All that is kept of one attempt; `recording` is a path below the folder of recordings."""

    attempt: AttemptId
    campaign: CampaignId
    lead: LeadId | None
    name: str
    phone: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    result: CallResult | None
    cause: str | None
    sip_status: int | None
    recording: str | None
    answers: tuple[GivenAnswer, ...] = ()
    transcript: tuple[Utterance, ...] = ()
    path: tuple[str, ...] = ()
    latencies: tuple[Latency, ...] = ()


_NAME: Final = (contacts.c.last_name, contacts.c.first_name, contacts.c.middle_name)
_CALL: Final = (
    attempts.c.id,
    attempts.c.lead_id,
    attempts.c.phone,
    attempts.c.started_at,
    attempts.c.answered_at,
    attempts.c.ended_at,
    attempts.c.result,
)


async def campaign_report(tx: AsyncConnection, campaign: CampaignId) -> CampaignReport:
    """Counts leads, results and answers; `NotFound` if the company has no such campaign."""
    row = await found_campaign(tx, campaign)
    counted = (await counts(tx, campaign))[campaign]
    flow = None if row.scenario_version_id is None else await flow_of(tx, row.scenario_version_id)
    return CampaignReport(
        name=row.name,
        kind=CampaignKind(row.kind),
        buckets=counted.buckets,
        attempts=counted.attempts,
        results=counted.results,
        answers=await question_counts(tx, campaign, flow),
        talk_seconds=counted.talk_s,
        spent=counted.spent,
    )


async def leads_page(
    tx: AsyncConnection,
    campaign: CampaignId,
    *,
    bucket: Bucket | None = None,
    after: int | None = None,
    limit: int = 50,
) -> Page[LeadRow]:
    """The campaign's leads in the order of their numbers, those of one bucket or all."""
    await found_campaign(tx, campaign)
    query = (
        select(leads, contacts.c.phones, *_NAME)
        .join(contacts, contacts.c.id == leads.c.contact_id)
        .where(leads.c.campaign_id == campaign, leads.c.id > (after or 0))
        .order_by(leads.c.id)
    )
    if bucket is not None:
        query = query.where(in_bucket(bucket))
    return await _page(tx, query, _lead, limit)


async def calls_page(
    tx: AsyncConnection, campaign: CampaignId, *, after: int | None = None, limit: int = 50
) -> Page[CallRow]:
    """The campaign's calls, the latest first."""
    await found_campaign(tx, campaign)
    query = (
        select(*_CALL, *_NAME)
        .outerjoin(leads, leads.c.id == attempts.c.lead_id)
        .outerjoin(contacts, contacts.c.id == leads.c.contact_id)
        .where(attempts.c.campaign_id == campaign)
        .order_by(attempts.c.id.desc())
    )
    if after is not None:
        query = query.where(attempts.c.id < after)
    return await _page(tx, query, _call, limit)


async def call_card(tx: AsyncConnection, attempt: AttemptId) -> CallCard:
    """All of one call; `NotFound` if the company has no such call, or its campaign was deleted."""
    query = (
        select(attempts, *_NAME)
        .join(campaigns, campaigns.c.id == attempts.c.campaign_id)
        .outerjoin(leads, leads.c.id == attempts.c.lead_id)
        .outerjoin(contacts, contacts.c.id == leads.c.contact_id)
        .where(attempts.c.id == attempt, ALIVE)
    )
    row = (await tx.execute(query)).one_or_none()
    if row is None:
        raise NotFound("no_such_call", "There is no such call.")
    kept = None if row.details is None else _outcome(row.details)
    return CallCard(
        attempt=AttemptId(row.id),
        campaign=CampaignId(row.campaign_id),
        lead=None if row.lead_id is None else LeadId(row.lead_id),
        name=full_name(row.last_name, row.first_name, row.middle_name),
        phone=row.phone,
        started_at=row.started_at,
        answered_at=row.answered_at,
        ended_at=row.ended_at,
        result=_result(row.result),
        cause=row.cause,
        sip_status=row.sip_status,
        recording=row.recording,
        answers=kept.answers if kept else (),
        transcript=kept.transcript if kept else (),
        path=kept.path if kept else (),
        latencies=kept.latencies if kept else (),
    )


def in_bucket(wanted: Bucket) -> ColumnElement[bool]:
    """The rule of `campaigns.buckets` as a condition on `leads`, as the index of buckets holds it."""
    return literal_column(f"({BUCKET})", Text) == str(wanted)


async def _page(tx: AsyncConnection, query: Select[Any], read: Any, limit: int) -> Page[Any]:  # noqa: ANN401
    rows = (await tx.execute(query.limit(limit + 1))).all()
    shown: Sequence[Row[Any]] = rows[:limit]
    return Page(tuple(read(row) for row in shown), shown[-1].id if len(rows) > limit else None)


def _lead(row: Row[Any]) -> LeadRow:
    return LeadRow(
        lead=LeadId(row.id),
        contact=row.contact_id,
        name=full_name(row.last_name, row.first_name, row.middle_name),
        phones=tuple(row.phones),
        bucket=bucket(row.state, row.attempts),
        attempts=row.attempts,
        last_result=_result(row.last_result),
        next_call_at=row.due_at if row.state == LeadState.WAITING else None,
    )


def _call(row: Row[Any]) -> CallRow:
    return CallRow(
        attempt=AttemptId(row.id),
        lead=None if row.lead_id is None else LeadId(row.lead_id),
        name=full_name(row.last_name, row.first_name, row.middle_name),
        phone=row.phone,
        started_at=row.started_at,
        answered_at=row.answered_at,
        ended_at=row.ended_at,
        result=_result(row.result),
    )


def _result(stored: str | None) -> CallResult | None:
    return None if stored is None else CallResult(stored)


def _outcome(details: object) -> Outcome:
    """The robot's outcome as it was stored."""
    return msgspec.convert(details, Outcome, dec_hook=lambda kind, value: Path(value) if kind is Path else value)
