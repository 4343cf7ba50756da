"""Calls outside of a campaign, and the leads that they close (SPEC R2.12).

A person who was just spoken with need not be called by campaigns any more: the company's 3×3 rules say in which, and a
campaign may count manual calls by itself. What changed a lead stands in its history. A campaign's own call is looked at
in the transaction that ends it, calls of other kinds when whoever placed them tells of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.buckets import LeadState
from campaigns.campaign import CampaignId
from campaigns.contacts.phones import number
from campaigns.leads import Finish, LeadId
from campaigns.outside_calls import Effect, Holding, Matrix, OutsideCall, OutsideKind, affected, campaign_talk
from core.errors import BadInput
from core.phones import Phone
from services.accounts import UserId
from services.phone_search import contacts_with
from storage.company_rules import company_rules
from storage.live import tell
from storage.tables import attempts, campaigns, lead_changes, leads

log = structlog.get_logger(__name__)

LONGEST_CALL: Final = timedelta(days=1)
CLOCKS_DIFFER: Final = timedelta(minutes=5)


async def note_outside_call(
    tx: AsyncConnection,
    call: OutsideCall,
    *,
    phone: str,
    ended_at: datetime,
    operator: str | None,
    by: UserId | None,
    now: datetime,
) -> tuple[LeadId, ...]:
    """Closes the leads that the call leaves nothing to do for, and says which; BadInput on a call that cannot be."""
    e164 = _checked(call, phone, ended_at, now)
    matrix = (await company_rules(tx)).outside
    return await _note(tx, call, matrix, e164, ended_at=ended_at, operator=operator, by=by, now=now)


async def note_campaign_calls(tx: AsyncConnection, ended: Sequence[Finish]) -> None:
    """Closes what the campaigns' own calls that have just ended leave nothing to do for."""
    talks = [
        (finish, call)
        for finish in ended
        if (call := campaign_talk(finish.ending, campaign=finish.call.campaign, lead=finish.call.lead)) is not None
    ]
    if not talks:
        return
    try:
        matrix = (await company_rules(tx)).outside
    except BadInput as error:
        # The call is over whatever the rules are; nothing is leased before somebody has mended them.
        log.error("rules.unreadable", company=talks[0][0].call.company, code=error.code, field=error.field)
        return
    if matrix.get(OutsideKind.CAMPAIGN, Effect.LEAVE) is Effect.LEAVE:
        return
    for finish, call in talks:
        at = finish.ending.ended_at
        await _note(tx, call, matrix, finish.call.phone.e164, ended_at=at, operator=None, by=None, now=at)


async def _note(
    tx: AsyncConnection,
    call: OutsideCall,
    matrix: Matrix,
    e164: str,
    *,
    ended_at: datetime,
    operator: str | None,
    by: UserId | None,
    now: datetime,
) -> tuple[LeadId, ...]:
    held = await _holdings(tx, e164)
    closed = affected(call, matrix, held)
    if closed:
        details = {
            "kind": str(call.kind),
            "seconds": round(call.talked.total_seconds(), 3),
            "ended_at": ended_at.isoformat(),
            "operator": operator,
            "campaign": call.campaign,
        }
        await _close(tx, [one for one in held if one.lead in closed], details, by, now)
    return closed


def _checked(call: OutsideCall, phone: str, ended_at: datetime, now: datetime) -> str:
    known = number(phone)
    if not isinstance(known, Phone):
        raise BadInput("bad_phone", f"{phone.strip()[:40]!r} is no telephone number.", field="phone")
    if not timedelta() <= call.talked <= LONGEST_CALL:
        raise BadInput("out_of_range", "A call lasts 0 to 86400 seconds.", field="seconds")
    if ended_at > now + CLOCKS_DIFFER:
        raise BadInput("in_the_future", "The call ends in the future.", field="at")
    return known.e164


async def _holdings(tx: AsyncConnection, e164: str) -> Sequence[Holding]:
    """The leads of campaigns that are not finished whose contact has this phone, locked."""
    people = list(await contacts_with(tx, e164))
    called_at = select(func.max(attempts.c.started_at)).where(attempts.c.lead_id == leads.c.id).scalar_subquery()
    query = (
        select(leads.c.campaign_id, leads.c.id, leads.c.state, called_at, campaigns.c.count_manual_calls)
        .join(campaigns, campaigns.c.id == leads.c.campaign_id)
        .where(leads.c.contact_id.in_(people), campaigns.c.finished_at.is_(None), campaigns.c.deleted_at.is_(None))
        .order_by(leads.c.id)
        .with_for_update(of=leads)
    )
    return [
        Holding(CampaignId(campaign), LeadId(lead), LeadState(state), called, manual)
        for campaign, lead, state, called, manual in await tx.execute(query)
    ]


async def _close(
    tx: AsyncConnection, closed: Sequence[Holding], details: dict[str, object], by: UserId | None, now: datetime
) -> None:
    ids = [one.lead for one in closed]
    await tx.execute(update(leads).where(leads.c.id.in_(ids)).values(state=str(LeadState.REACHED), callback_at=None))
    changes = [
        {
            "campaign_id": one.campaign,
            "lead_id": one.lead,
            "what": "outside_call",
            "changed_at": now,
            "changed_by": by,
            "details": details | {"was": str(one.state)},
        }
        for one in closed
    ]
    await tx.execute(lead_changes.insert(), changes)
    for campaign in dict.fromkeys(one.campaign for one in closed):
        await tell(tx, campaign)
