"""Deleting campaigns (SPEC R2.4): a small one goes at once, a big one is hidden at once and its rows go by and by.

So nobody waits for a million rows, and what is deleted is gone for everybody at the same instant either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import CampaignId
from core.errors import Conflict
from services.campaigns import found_campaign, hold_load
from storage.counts import counts
from storage.live import tell
from storage.tables import answers, attempts, campaigns, leads

AT_ONCE: Final = 10_000
BATCH: Final = 5_000


@dataclass(frozen=True, slots=True)
class Removed:
    """Some rows of deleted campaigns are gone; `recordings` belong to nothing any more. `more` rows may be left."""

    recordings: tuple[str, ...]
    more: bool


async def delete_campaign(tx: AsyncConnection, campaign: CampaignId, now: datetime) -> tuple[str, ...]:
    """Deletes a campaign with its leads and calls; contacts stay. `Conflict` while calls or a load are in progress.

    Returns the recordings that belong to nothing any more, as paths below the folder of recordings. The rows of a
    campaign of more than `AT_ONCE` leads and calls are left to `remove_deleted`.
    """
    await found_campaign(tx, campaign)
    await hold_load(tx, campaign)
    found = (await counts(tx, campaign))[campaign]
    if found.leads + found.attempts > AT_ONCE:
        _refuse_live(found.live)
        hidden = {"deleted_at": now, "switched_on": False}
        await tx.execute(update(campaigns).where(campaigns.c.id == campaign).values(hidden))
        await tell(tx, campaign)
        return ()
    return await _delete_whole(tx, campaign)


async def remove_deleted(tx: AsyncConnection, most: int = BATCH) -> Removed:
    """Removes up to `most` calls and as many leads of campaigns that are hidden; those in progress are left."""
    hidden = select(campaigns.c.id).where(campaigns.c.deleted_at.is_not(None))
    over = select(attempts.c.id).where(attempts.c.campaign_id.in_(hidden), attempts.c.result.is_not(None)).limit(most)
    calls = delete(attempts).where(attempts.c.id.in_(over)).returning(attempts.c.recording)
    recordings = (await tx.execute(calls)).scalars().all()
    idle = select(leads.c.id).where(leads.c.campaign_id.in_(hidden), leads.c.state != "dialling").limit(most)
    gone = (await tx.execute(delete(leads).where(leads.c.id.in_(idle)).returning(leads.c.id))).all()
    if recordings or gone:
        return Removed(_kept(recordings), more=True)
    empty = (
        campaigns.c.deleted_at.is_not(None)
        & ~exists().where(leads.c.campaign_id == campaigns.c.id)
        & ~exists().where(attempts.c.campaign_id == campaigns.c.id)
    )
    await tx.execute(delete(campaigns).where(empty))
    return Removed((), more=False)


async def _delete_whole(tx: AsyncConnection, campaign: CampaignId) -> tuple[str, ...]:
    """The leads are locked first: a worker that is just leasing them is waited for, a later one finds none."""
    mine = leads.c.campaign_id == campaign
    await tx.execute(select(func.count()).select_from(select(leads.c.id).where(mine).with_for_update().subquery()))
    _refuse_live((await counts(tx, campaign))[campaign].live)
    await tx.execute(delete(answers).where(answers.c.campaign_id == campaign))
    calls = delete(attempts).where(attempts.c.campaign_id == campaign).returning(attempts.c.recording)
    recordings = (await tx.execute(calls)).scalars().all()
    await tx.execute(delete(leads).where(mine))
    await tx.execute(delete(campaigns).where(campaigns.c.id == campaign))
    await tell(tx, campaign)
    return _kept(recordings)


def _refuse_live(calls: int) -> None:
    if calls:
        hint = "Switch it off, wait for its calls to end, and delete it then."
        raise Conflict("calls_in_progress", "Calls of this campaign are in progress.", hint=hint)


def _kept(recordings: Sequence[str | None]) -> tuple[str, ...]:
    return tuple(recording for recording in recordings if recording is not None)
