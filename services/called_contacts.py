"""Of whom a call is: the contact behind a lead, and the clock that it lives by."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.leads import LeadId
from core.errors import NotFound
from storage.tables import leads


@dataclass(frozen=True, slots=True)
class CalledContact:
    """The contact's number, and its zone where one is known."""

    id: int
    zone: str | None


async def called_contact(tx: AsyncConnection, lead: LeadId) -> CalledContact:
    """The contact of a lead; `NotFound` where the lead was deleted meanwhile."""
    row = (await tx.execute(select(leads.c.contact_id, leads.c.zone).where(leads.c.id == lead))).one_or_none()
    if row is None:
        raise NotFound("no_such_lead", "There is no such lead.")
    return CalledContact(row.contact_id, row.zone)
