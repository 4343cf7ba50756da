"""Special guests: the leads whose contact has a number of a VIP list go first in their campaigns (SPEC R9.3, R2.8).

A lead that was given a priority keeps it. What holds for everybody holds for them: schedule, caps, blacklists.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, exists, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import CampaignId
from storage.tables import contacts, number_list_phones, number_lists

FIRST: Final = 1

_LISTED: Final = """
    SELECT p.phone FROM number_lists s
    JOIN number_list_phones p ON p.company_id = s.company_id AND p.list_id = s.id WHERE s.kind = 'vip'
"""
_STAGED: Final = "SELECT s.phone FROM zvonar_staged_numbers s"
_RAISE: Final = """
    WITH guests AS MATERIALIZED (
        SELECT DISTINCT c.id FROM (<numbers>) AS given (phone)
        CROSS JOIN LATERAL (
            SELECT c.id FROM contacts c
            WHERE c.phones[1] = given.phone OR c.phones[2] = given.phone OR c.phones[3] = given.phone
               OR c.phones[4] = given.phone OR c.phones[5] = given.phone
            OFFSET 0
        ) AS c
    ), changed AS (
        UPDATE leads l SET priority = :first FROM guests g
        WHERE l.contact_id = g.id AND l.priority IS NULL AND l.state IN ('waiting', 'dialling') AND <which>
        RETURNING l.id, l.campaign_id
    )
    INSERT INTO lead_changes (campaign_id, lead_id, what, changed_at, details)
    SELECT campaign_id, id, 'priority', :now, jsonb_build_object('priority', CAST(:first AS integer), 'vip', true)
    FROM changed
"""
_OF_CAMPAIGN: Final = text(_RAISE.replace("<numbers>", _LISTED).replace("<which>", "l.campaign_id = :campaign"))
_OF_NUMBERS: Final = text(
    _RAISE.replace("<numbers>", _STAGED).replace(
        "<which>",
        "EXISTS (SELECT FROM campaigns k "
        "WHERE k.id = l.campaign_id AND k.finished_at IS NULL AND k.deleted_at IS NULL)",
    )
)


async def raise_guests(tx: AsyncConnection, campaign: CampaignId, now: datetime) -> None:
    """Lets the special guests among the leads of a campaign go first; whoever adds leads calls it."""
    await tx.execute(_OF_CAMPAIGN, {"campaign": campaign, "now": now, "first": FIRST})


async def raise_staged(tx: AsyncConnection, now: datetime) -> None:
    """The same in all campaigns, for the numbers that were staged to be added to a VIP list."""
    await tx.execute(_OF_NUMBERS, {"now": now, "first": FIRST})


def is_guest() -> ColumnElement[bool]:
    """Whether the contact of a row has a number of a VIP list, for queries that read contacts."""
    listed = number_lists.c.id == number_list_phones.c.list_id
    mine = number_list_phones.c.phone == func.any(contacts.c.phones)
    return exists(
        select(number_list_phones.c.phone)
        .select_from(number_list_phones.join(number_lists, listed))
        .where(mine, number_lists.c.kind == "vip")
        .correlate(contacts)
    )
