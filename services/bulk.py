"""What is done to many leads of a campaign at once (SPEC R2.6–R2.8): the leads are chosen, one statement does it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random

from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import CampaignId, CompanyId
from core.errors import BadInput
from services import tags
from services.accounts import UserId
from services.campaign_settings import LOWEST_PRIORITY
from services.campaigns import found_campaign, hold_load, may_change
from services.consent import record_consent
from storage import bulk
from storage.bulk import Selection
from storage.database import Database
from storage.live import tell
from storage.vips import raise_guests

__all__ = ["Selection"]

MOST_IDS = 10_000
MOST_EXTRA_CALLS = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for something to be done to which leads of which campaign, and when."""

    campaign: CampaignId
    selection: Selection
    by: UserId
    now: datetime


async def in_parts(
    database: Database, company: CompanyId, asked: Asked, change: Callable[[AsyncConnection, Asked], Awaitable[int]]
) -> int:
    """Does `change` to the chosen leads part by part, each in a transaction of its own; says how many it changed.

    Leads that wait for their part are called meanwhile. What ends between two parts leaves the later ones unchanged.
    """
    done, rest = 0, asked.selection
    while True:
        async with database.transaction(company) as tx:
            part = await bulk.next_part(tx, asked.campaign, rest)
            if part is None and rest.after:
                return done
            done += await change(tx, asked if part is None else replace(asked, selection=part))
        if part is None or part.upto is None:
            return done
        rest = replace(rest, after=part.upto)


async def tag_selected(tx: AsyncConnection, asked: Asked, *, add: Sequence[str], remove: Sequence[str]) -> int:
    """Gives tags to the contacts of the leads and takes others away; says how many changed."""
    await found_campaign(tx, asked.campaign)
    if not add and not remove:
        raise BadInput("empty", "Say which tags to add or to remove.", field="action.add")
    added, removed = _tags(add, "action.add"), _tags(remove, "action.remove")
    return await bulk.tag_leads(tx, asked.campaign, checked(asked.selection), add=added, remove=removed)


async def delete_selected(tx: AsyncConnection, asked: Asked) -> int:
    """Takes the leads out of the campaign, but those that are being called; their contacts and calls stay."""
    await found_campaign(tx, asked.campaign)
    deleted = await bulk.delete_leads(tx, asked.campaign, checked(asked.selection))
    await tell(tx, asked.campaign)
    return deleted


async def add_selected(tx: AsyncConnection, asked: Asked, target: CampaignId, randomness: Random) -> int:
    """Adds the contacts of the leads to another campaign, those that it does not hold yet; says how many."""
    await found_campaign(tx, asked.campaign)
    if target == asked.campaign:
        raise BadInput("same_campaign", "The leads are in this campaign already.", field="action.campaign")
    await may_change(tx, target, asked.now)
    await hold_load(tx, target)
    chosen = checked(asked.selection)
    added = await bulk.add_to_campaign(tx, asked.campaign, chosen, target, now=asked.now, randomness=randomness)
    await raise_guests(tx, target, asked.now)
    await tell(tx, target)
    return added


async def return_selected(tx: AsyncConnection, asked: Asked, extra_calls: int | None) -> int:
    """Lets the leads be called again: as new ones, or with `extra_calls` more; their history stays."""
    if extra_calls is not None and not 1 <= extra_calls <= MOST_EXTRA_CALLS:
        message = f"A lead may get 1 to {MOST_EXTRA_CALLS} more calls."
        raise BadInput("out_of_range", message, field="action.extra_calls")
    await may_change(tx, asked.campaign, asked.now)
    done = await bulk.return_to_dialling(
        tx, asked.campaign, checked(asked.selection), extra_calls=extra_calls, now=asked.now, by=asked.by
    )
    await tell(tx, asked.campaign)
    return done


async def consent_selected(tx: AsyncConnection, asked: Asked, at: datetime | None) -> int:
    """Notes since when the contacts of the leads consent to calls, or that they do not; says how many changed."""
    await found_campaign(tx, asked.campaign)
    changed = 0
    async for rows in bulk.selected(tx, asked.campaign, checked(asked.selection)):
        people = [row.contact_id for row in rows]
        changed += await record_consent(tx, people, at=at, now=asked.now, field="action.at")
    await tell(tx, asked.campaign)
    return changed


async def prioritise_selected(tx: AsyncConnection, asked: Asked, priority: int | None) -> int:
    """Gives the leads a priority, or none; their next calls follow it."""
    if priority is not None and not 1 <= priority <= LOWEST_PRIORITY:
        raise BadInput("out_of_range", f"A priority is 1 to {LOWEST_PRIORITY}, or none.", field="action.priority")
    await may_change(tx, asked.campaign, asked.now)
    done = await bulk.set_priority(tx, asked.campaign, checked(asked.selection), priority, now=asked.now, by=asked.by)
    await tell(tx, asked.campaign)
    return done


def _tags(given: Sequence[str], field: str) -> tuple[str, ...]:
    try:
        return tags.checked_tags(given)
    except BadInput as error:
        raise BadInput(error.code, error.message, field=field, hint=error.hint) from error


def checked(selection: Selection) -> Selection:
    """The selection, unless it chooses nothing or everything by mistake."""
    if len(selection.ids) > MOST_IDS:
        message = f"At most {MOST_IDS} leads can be named at once; choose by bucket, result, tag or text instead."
        raise BadInput("too_many", message, field="selection.ids")
    narrowed = selection.ids or selection.bucket or selection.result or selection.tag or selection.text
    if not narrowed and not selection.all:
        hint = "Give ids, a bucket, a result, a tag or a text; or `all`: true for every lead."
        raise BadInput("empty_selection", "The selection chooses nothing.", field="selection", hint=hint)
    if narrowed and selection.all:
        raise BadInput("odd_selection", "`all` goes with no other condition.", field="selection.all")
    return selection
