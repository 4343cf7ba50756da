"""Finding contacts by any of their phones, so that the index of each place serves."""

from __future__ import annotations

from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import contacts

MOST_PHONES: Final = 5


async def contacts_with(tx: AsyncConnection, e164: str) -> dict[int, tuple[str, ...]]:
    """The contacts that have this phone, each with all of its phones.

    Asked by itself, for joined with leads it may be answered by reading all leads of a campaign.
    """
    same = or_(*(contacts.c.phones[place] == e164 for place in range(1, MOST_PHONES + 1)))
    rows = await tx.execute(select(contacts.c.id, contacts.c.phones).where(same))
    return {row.id: tuple(row.phones) for row in rows}
