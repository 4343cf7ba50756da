"""The card of one lead: who it is, where it stands, its calls and what changed it from outside (SPEC R2.8, R2.12)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.buckets import LeadState, bucket
from campaigns.campaign import CampaignId
from campaigns.contacts.names import full_name
from campaigns.contacts.phones import number
from campaigns.leads import AttemptId, Bucket, LeadId
from core.errors import BadInput, NotFound
from core.phones import Phone
from core.results import CallResult
from services.accounts import UserId
from services.campaign_settings import LOWEST_PRIORITY
from services.campaigns import found_campaign, may_change
from services.phone_search import contacts_with
from storage.live import tell
from storage.tables import attempts, contacts, lead_changes, leads, users
from storage.vips import is_guest

MOST_HISTORY: Final = 200


@dataclass(frozen=True, slots=True)
class LeadCall:
    """One call of the lead; `result` and `ended_at` are None while it is in progress.

    `proof` says which rules of the company allowed it, with what counters.
    """

    attempt: AttemptId
    phone: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    result: CallResult | None
    cause: str | None
    proof: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class LeadChange:
    """What changed the lead other than its own calls; `by` is a user's name, None if it was no user."""

    what: str
    at: datetime
    by: str | None
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LeadCard:
    """All of one lead; `calls` and `changes` are the latest ones, the latest first.

    `next_call_at` is when it may be called, None when it never will or just is. `vip` is whether one of its numbers
    stands on a VIP list, `consent_at` since when its consent is on record.
    """

    lead: LeadId
    campaign: CampaignId
    contact: int
    name: str
    organisation: str
    position: str
    note: str
    email: str
    zone: str | None
    phones: tuple[str, ...]
    tags: tuple[str, ...]
    custom: Mapping[str, Any]
    vip: bool
    consent_at: datetime | None
    bucket: Bucket
    priority: int | None
    attempts: int
    last_result: CallResult | None
    added_at: datetime
    next_call_at: datetime | None
    callback_at: datetime | None
    calls: tuple[LeadCall, ...]
    changes: tuple[LeadChange, ...]


async def lead_card(tx: AsyncConnection, campaign: CampaignId, lead: LeadId) -> LeadCard:
    """All of one lead; `NotFound` if the campaign has no such lead."""
    row = await _found(tx, campaign, lead)
    waiting = row.state == LeadState.WAITING
    return LeadCard(
        lead=LeadId(row.id),
        campaign=CampaignId(row.campaign_id),
        contact=row.contact_id,
        name=full_name(row.last_name, row.first_name, row.middle_name),
        organisation=row.organisation,
        position=row.position,
        note=row.note,
        email=row.email,
        zone=row.zone,
        phones=tuple(row.phones),
        tags=tuple(row.tags),
        custom=row.custom,
        vip=row.vip,
        consent_at=row.consent_at,
        bucket=bucket(row.state, row.attempts),
        priority=row.priority,
        attempts=row.attempts,
        last_result=None if row.last_result is None else CallResult(row.last_result),
        added_at=row.added_at,
        next_call_at=row.due_at if waiting else None,
        callback_at=row.callback_at if waiting else None,
        calls=await _calls(tx, lead),
        changes=await _changes(tx, lead),
    )


async def lead_of_phone(tx: AsyncConnection, campaign: CampaignId, phone: str) -> tuple[LeadId, int]:
    """The campaign's lead with this number, and the number's place among its phones; `NotFound` if there is none."""
    known = number(phone)
    if not isinstance(known, Phone):
        raise BadInput("bad_phone", f"{phone.strip()[:40]!r} is no telephone number.", field="phone")
    await found_campaign(tx, campaign)
    people = await contacts_with(tx, known.e164)
    mine = (leads.c.campaign_id == campaign) & leads.c.contact_id.in_(list(people))
    query = select(leads.c.id, leads.c.contact_id).where(mine).order_by(leads.c.id).limit(1)
    row = (await tx.execute(query)).one_or_none()
    if row is None:
        raise NotFound("no_such_lead", "The campaign has no contact with this number.")
    return LeadId(row.id), people[row.contact_id].index(known.e164)


async def set_priority(
    tx: AsyncConnection,
    campaign: CampaignId,
    lead: LeadId,
    priority: int | None,
    *,
    by: UserId | None,
    now: datetime,
) -> None:
    """Gives the lead a priority among those of its campaign, or none; its next call follows it (SPEC R2.8)."""
    if priority is not None and not 1 <= priority <= LOWEST_PRIORITY:
        raise BadInput("out_of_range", f"A priority is 1 to {LOWEST_PRIORITY}, or none.", field="priority")
    await may_change(tx, campaign, now)
    was = (await _found(tx, campaign, lead)).priority
    if was == priority:
        return
    await tx.execute(update(leads).where(leads.c.id == lead).values(priority=priority))
    await note_change(tx, campaign, lead, "priority", {"from": was, "to": priority}, by=by, now=now)
    await tell(tx, campaign)


async def note_change(
    tx: AsyncConnection,
    campaign: CampaignId,
    lead: LeadId,
    what: str,
    details: Mapping[str, Any],
    *,
    by: UserId | None,
    now: datetime,
) -> None:
    """Writes into the lead's history what changed it other than its own calls."""
    row = {"campaign_id": campaign, "lead_id": lead, "what": what, "changed_at": now, "changed_by": by}
    await tx.execute(lead_changes.insert().values(**row, details=dict(details)))


async def _found(tx: AsyncConnection, campaign: CampaignId, lead: LeadId) -> Row[Any]:
    await found_campaign(tx, campaign)
    person = [column for column in contacts.c if column.name not in ("id", "company_id", "zone")]
    query = (
        select(leads, contacts.c.zone.label("own_zone"), is_guest().label("vip"), *person)
        .join(contacts, contacts.c.id == leads.c.contact_id)
        .where(leads.c.id == lead, leads.c.campaign_id == campaign)
    )
    row = (await tx.execute(query)).one_or_none()
    if row is None:
        raise NotFound("no_such_lead", "The campaign has no such contact.")
    return row


async def _calls(tx: AsyncConnection, lead: LeadId) -> tuple[LeadCall, ...]:
    query = select(attempts).where(attempts.c.lead_id == lead).order_by(attempts.c.id.desc()).limit(MOST_HISTORY)
    return tuple(
        LeadCall(
            attempt=AttemptId(row.id),
            phone=row.phone,
            started_at=row.started_at,
            answered_at=row.answered_at,
            ended_at=row.ended_at,
            result=None if row.result is None else CallResult(row.result),
            cause=row.cause,
            proof=row.proof,
        )
        for row in await tx.execute(query)
    )


async def _changes(tx: AsyncConnection, lead: LeadId) -> tuple[LeadChange, ...]:
    query = (
        select(lead_changes.c.what, lead_changes.c.changed_at, users.c.name, lead_changes.c.details)
        .outerjoin(users, users.c.id == lead_changes.c.changed_by)
        .where(lead_changes.c.lead_id == lead)
        .order_by(lead_changes.c.id.desc())
        .limit(MOST_HISTORY)
    )
    return tuple(LeadChange(*row) for row in await tx.execute(query))
