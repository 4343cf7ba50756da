"""Deleting campaigns (SPEC R2.4): a small one goes at once, a big one is hidden at once and its rows go by and by.

So nobody waits for a million rows, and what is deleted is gone for everybody at the same instant either way.

That a phone was called is kept for as long as any rule of the company may count the call (SPEC R3.7), or deleting a
campaign would allow calls that break it; what was said in it, its answers and its recording are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import CampaignId
from campaigns.compliance import looks_back
from core.errors import Conflict
from services.campaigns import found_campaign, hold_load
from storage.company_rules import company_rules
from storage.counts import counts
from storage.live import tell
from storage.tables import answers, attempts, campaigns, imports, leads

AT_ONCE: Final = 10_000
BATCH: Final = 5_000
LONGEST_WINDOW: Final = timedelta(days=33)
"""A company that takes up a rule by the month finds the calls that it counts."""


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
    await tx.execute(delete(imports).where(imports.c.campaign_id == campaign))
    found = (await counts(tx, campaign))[campaign]
    if found.leads + found.attempts > AT_ONCE:
        _refuse_live(found.live)
        hidden = {"deleted_at": now, "switched_on": False}
        await tx.execute(update(campaigns).where(campaigns.c.id == campaign).values(hidden))
        await tell(tx, campaign)
        return ()
    return await _delete_whole(tx, campaign, now)


async def remove_deleted(tx: AsyncConnection, now: datetime, most: int = BATCH) -> Removed:
    """Removes up to `most` calls and as many leads of campaigns that are hidden; those in progress are left.

    Of calls that a rule may still count nothing stays but when and to whom they were placed, and their result.
    """
    hidden = select(campaigns.c.id).where(campaigns.c.deleted_at.is_not(None))
    theirs = attempts.c.campaign_id.in_(hidden)
    recordings = await _emptied(tx, theirs, most)
    over = select(attempts.c.id).where(theirs, attempts.c.result.is_not(None), await _uncounted(tx, now)).limit(most)
    calls = (await tx.execute(delete(attempts).where(attempts.c.id.in_(over)).returning(attempts.c.id))).all()
    idle = select(leads.c.id).where(leads.c.campaign_id.in_(hidden), leads.c.state != "dialling").limit(most)
    gone = (await tx.execute(delete(leads).where(leads.c.id.in_(idle)).returning(leads.c.id))).all()
    if recordings or calls or gone:
        return Removed(_kept(recordings), more=True)
    empty = (
        campaigns.c.deleted_at.is_not(None)
        & ~exists().where(leads.c.campaign_id == campaigns.c.id)
        & ~exists().where(attempts.c.campaign_id == campaigns.c.id)
    )
    await tx.execute(delete(campaigns).where(empty))
    return Removed((), more=False)


async def _delete_whole(tx: AsyncConnection, campaign: CampaignId, now: datetime) -> tuple[str, ...]:
    """The leads are locked first: a worker that is just leasing them is waited for, a later one finds none."""
    mine, calls = leads.c.campaign_id == campaign, attempts.c.campaign_id == campaign
    await tx.execute(select(func.count()).select_from(select(leads.c.id).where(mine).with_for_update().subquery()))
    _refuse_live((await counts(tx, campaign))[campaign].live)
    recordings = await _emptied(tx, calls, AT_ONCE)
    await tx.execute(delete(attempts).where(calls, await _uncounted(tx, now)))
    await tx.execute(delete(leads).where(mine))
    hidden = {"deleted_at": now, "switched_on": False}
    await tx.execute(update(campaigns).where(campaigns.c.id == campaign).values(hidden))
    await tx.execute(delete(campaigns).where(campaigns.c.id == campaign, ~exists().where(calls)))
    await tell(tx, campaign)
    return _kept(recordings)


async def _uncounted(tx: AsyncConnection, now: datetime) -> ColumnElement[bool]:
    """The calls that are too old for every rule."""
    window = max(looks_back((await company_rules(tx)).compliance), LONGEST_WINDOW)
    return attempts.c.started_at < now - window


async def _emptied(tx: AsyncConnection, which: ColumnElement[bool], most: int) -> Sequence[str | None]:
    """Takes out of up to `most` ended calls what was said in them; their recordings."""
    answered = exists().where(answers.c.attempt_id == attempts.c.id)
    said = attempts.c.details.is_not(None) | attempts.c.recording.is_not(None) | attempts.c.path.is_not(None)
    query = (
        select(attempts.c.id, attempts.c.recording)
        .where(which, attempts.c.result.is_not(None), said | answered)
        .limit(most)
    )
    rows = (await tx.execute(query.with_for_update(of=attempts))).all()
    ids = [row.id for row in rows]
    await tx.execute(delete(answers).where(answers.c.attempt_id.in_(ids)))
    await tx.execute(update(attempts).where(attempts.c.id.in_(ids)).values(details=None, recording=None, path=None))
    return [row.recording for row in rows]


def _refuse_live(calls: int) -> None:
    if calls:
        hint = "Switch it off, wait for its calls to end, and delete it then."
        raise Conflict("calls_in_progress", "Calls of this campaign are in progress.", hint=hint)


def _kept(recordings: Sequence[str | None]) -> tuple[str, ...]:
    return tuple(recording for recording in recordings if recording is not None)
