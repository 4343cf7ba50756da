"""Campaigns: made, listed, switched, finished, copied, deleted (SPEC R2.2–R2.4)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Row, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import Campaign, CampaignId, CampaignKind, CampaignStatus
from campaigns.leads import Bucket
from campaigns.schedule import local_date
from campaigns.status import finishes_at, status_of
from core.errors import Conflict, NotFound
from services.campaign_settings import NewCampaign, checked, settings_of, settings_row
from storage.campaign_rows import campaign_of
from storage.counts import Counts, counts
from storage.live import tell
from storage.tables import campaigns

__all__ = ["CampaignRow", "NewCampaign"]

_LOADING: Final = text("SELECT pg_try_advisory_xact_lock(hashtextextended('zvonar load ' || :campaign, 0))")

ALIVE: Final = campaigns.c.deleted_at.is_(None)
"""What is shown of a company's campaigns: the rest is deleted, and may only be counted by its rules."""


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A campaign with how far it is; `live_calls` are in progress now, `spent` is the cost of the ended ones.

    `finishes_at` is when it finishes by itself unless something happens in it; None if it never does.
    """

    campaign: Campaign
    status: CampaignStatus
    created_at: datetime
    buckets: Mapping[Bucket, int]
    live_calls: int
    spent: Decimal
    finishes_at: datetime | None

    @property
    def leads(self) -> int:
        """All leads: the buckets partition them."""
        return sum(self.buckets.values())

    @property
    def reached_percent(self) -> float:
        """Reached leads in percent of all, to one decimal; 0 without leads."""
        return round(100 * self.buckets[Bucket.REACHED] / self.leads, 1) if self.leads else 0.0


async def list_campaigns(
    tx: AsyncConnection,
    *,
    now: datetime,
    kinds: Collection[CampaignKind] = tuple(CampaignKind),
    status: CampaignStatus | None = None,
    text: str | None = None,
) -> list[CampaignRow]:
    """The company's campaigns of these kinds, newest first, with `text` somewhere in the name whatever its case."""
    wanted = select(campaigns).where(ALIVE, campaigns.c.kind.in_([str(kind) for kind in kinds]))
    found = (await tx.execute(wanted.order_by(campaigns.c.id.desc()))).all()
    counted = await counts(tx)
    rows = [_row(row, now, counted.get(CampaignId(row.id), Counts())) for row in found]
    said = (text or "").strip().casefold()
    return [row for row in rows if status in (None, row.status) and said in row.campaign.name.casefold()]


async def one_campaign(tx: AsyncConnection, campaign: CampaignId, now: datetime) -> CampaignRow:
    """One campaign with how far it is; `NotFound` if the company has no such campaign."""
    row = await found_campaign(tx, campaign)
    return _row(row, now, (await counts(tx, campaign))[campaign])


async def create_campaign(tx: AsyncConnection, new: NewCampaign, now: datetime) -> CampaignId:
    """Adds a campaign, switched off; BadInput names the setting that cannot be."""
    values = settings_row(checked(new, now)) | {"created_at": now, "last_activity_at": now}
    made = (await tx.execute(campaigns.insert().values(values).returning(campaigns.c.id))).scalar_one()
    await tell(tx, CampaignId(made))
    return CampaignId(made)


async def edit_campaign(
    tx: AsyncConnection, campaign: CampaignId, change: Callable[[NewCampaign], NewCampaign], now: datetime
) -> None:
    """Gives the campaign the settings that `change` makes of its present ones; its next calls follow them.

    Its kind stays. `Conflict` once finished; BadInput names the setting that cannot be.
    """
    await lock_campaign(tx, campaign)
    was = settings_of(await may_change(tx, campaign, now))
    new = checked(change(was), now)
    before, after = settings_row(was), settings_row(replace(new, kind=was.kind))
    changed = {name: value for name, value in after.items() if value != before[name]}
    if changed:
        await tx.execute(update(campaigns).where(campaigns.c.id == campaign).values(changed))
        await tell(tx, campaign)


async def switch(tx: AsyncConnection, campaign: CampaignId, *, on: bool, now: datetime) -> None:
    """Switches dialling on or off; on also takes back why it had stopped by itself. `Conflict` once finished."""
    await may_change(tx, campaign, now)
    values: dict[str, object] = {"switched_on": on}
    if on:
        values |= {"error": None, "breaker_open": None, "switched_on_at": now}
    await tx.execute(update(campaigns).where(campaigns.c.id == campaign).values(values))
    await tell(tx, campaign)


async def finish_campaign(tx: AsyncConnection, campaign: CampaignId, now: datetime) -> None:
    """Ends the campaign for good; calls in progress go on to their end. Does nothing to a finished one."""
    await found_campaign(tx, campaign)
    still = (campaigns.c.id == campaign) & campaigns.c.finished_at.is_(None)
    await tx.execute(update(campaigns).where(still).values(finished_at=now, switched_on=False))
    await tell(tx, campaign)


async def copy_campaign(tx: AsyncConnection, campaign: CampaignId, *, name: str, now: datetime) -> CampaignId:
    """Makes a campaign with the same settings and no leads, switched off; days that are over are left out."""
    was = settings_of(campaign_of(await found_campaign(tx, campaign)))
    over = was.ends_on is not None and was.ends_on < local_date(was.schedule, now)
    new = replace(was, name=name, starts_on=None, ends_on=None) if over else replace(was, name=name)
    return await create_campaign(tx, new, now)


async def may_change(tx: AsyncConnection, campaign: CampaignId, now: datetime) -> Campaign:
    """The campaign, unless it is finished: then `Conflict` (SPEC R2.4)."""
    found = campaign_of(await found_campaign(tx, campaign))
    if status_of(found, now) is not CampaignStatus.FINISHED:
        return found
    message = "The campaign is finished." if found.finished else f"The campaign's last day was {found.ends_on}."
    raise Conflict("campaign_finished", message, hint="Copy it to go on with the same settings.")


async def hold_load(tx: AsyncConnection, campaign: CampaignId) -> None:
    """Takes the right to load contacts into the campaign until the transaction ends; `Conflict` if another has it."""
    if not (await tx.execute(_LOADING, {"campaign": str(int(campaign))})).scalar_one():
        hint = "Wait until it is done."
        raise Conflict("load_in_progress", "Contacts are being loaded into this campaign.", hint=hint)


async def lock_campaign(tx: AsyncConnection, campaign: CampaignId) -> None:
    """Lets nobody else change the campaign until the transaction ends."""
    await tx.execute(select(campaigns.c.id).where(campaigns.c.id == campaign).with_for_update(key_share=True))


async def found_campaign(tx: AsyncConnection, campaign: CampaignId) -> Row[Any]:
    """The campaign's row; `NotFound` if the company has no such campaign."""
    row = (await tx.execute(select(campaigns).where(campaigns.c.id == campaign, ALIVE))).one_or_none()
    if row is None:
        raise NotFound("no_such_campaign", "There is no such campaign.")
    return row


def _row(row: Row[Any], now: datetime, counted: Counts) -> CampaignRow:
    campaign = campaign_of(row)
    active = row.last_activity_at
    return CampaignRow(
        campaign=campaign,
        status=status_of(campaign, now),
        created_at=row.created_at,
        buckets=counted.buckets,
        live_calls=counted.live,
        spent=counted.spent,
        finishes_at=finishes_at(campaign, created_at=row.created_at, called_at=active, added_at=active),
    )
