"""Campaigns: made, listed, switched, finished, copied, deleted (SPEC R2.2–R2.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.buckets import bucket
from campaigns.campaign import Campaign, CampaignId, CampaignStatus
from campaigns.leads import Bucket
from campaigns.schedule import local_date
from campaigns.schedule_json import schedule_to_json
from campaigns.settings_json import retry_to_json
from campaigns.status import status_of
from core.errors import Conflict, NotFound
from services.campaign_settings import NewCampaign, checked
from storage.campaign_rows import campaign_of
from storage.live import tell
from storage.tables import answers, attempts, campaigns, leads

__all__ = ["CampaignRow", "NewCampaign"]

_LOADING: Final = text("SELECT pg_try_advisory_xact_lock(hashtextextended('zvonar load ' || :campaign, 0))")


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A campaign with how far it is; `live_calls` are in progress now."""

    campaign: Campaign
    status: CampaignStatus
    created_at: datetime
    buckets: Mapping[Bucket, int]
    live_calls: int

    @property
    def leads(self) -> int:
        """All leads: the buckets partition them."""
        return sum(self.buckets.values())

    @property
    def reached_percent(self) -> float:
        """Reached leads in percent of all, to one decimal; 0 without leads."""
        return round(100 * self.buckets[Bucket.REACHED] / self.leads, 1) if self.leads else 0.0


async def list_campaigns(
    tx: AsyncConnection, *, now: datetime, status: CampaignStatus | None = None, text: str | None = None
) -> list[CampaignRow]:
    """The company's campaigns, newest first, with `text` somewhere in the name whatever its case."""
    found = (await tx.execute(select(campaigns).order_by(campaigns.c.id.desc()))).all()
    counted, live = await lead_counts(tx, None), await _live(tx, None)
    rows = [_row(row, now, counted.get(row.id, {}), live.get(row.id, 0)) for row in found]
    wanted = (text or "").strip().casefold()
    return [row for row in rows if status in (None, row.status) and wanted in row.campaign.name.casefold()]


async def one_campaign(tx: AsyncConnection, campaign: CampaignId, now: datetime) -> CampaignRow:
    """One campaign with how far it is; `NotFound` if the company has no such campaign."""
    row = await _found(tx, campaign)
    counted = await lead_counts(tx, campaign)
    live = await _live(tx, campaign)
    return _row(row, now, counted.get(row.id, {}), live.get(row.id, 0))


async def create_campaign(tx: AsyncConnection, new: NewCampaign, now: datetime) -> CampaignId:
    """Adds a campaign, switched off; BadInput names the setting that cannot be."""
    new = checked(new, now)
    values = {
        "name": new.name,
        "kind": str(new.kind),
        "schedule": schedule_to_json(new.schedule),
        "retry": retry_to_json(new.retry),
        "trunk": new.trunk,
        "scenario_version_id": new.scenario,
        "caller_number": new.caller_number,
        "lines": new.lines,
        "ring_timeout_s": int(new.ring_timeout.total_seconds()),
        "dial_order": str(new.order),
        "starts_on": new.starts_on,
        "ends_on": new.ends_on,
        "detect_machines": new.detect_machines,
        "created_at": now,
        "last_activity_at": now,
    }
    made = (await tx.execute(campaigns.insert().values(values).returning(campaigns.c.id))).scalar_one()
    await tell(tx, CampaignId(made))
    return CampaignId(made)


async def switch(tx: AsyncConnection, campaign: CampaignId, *, on: bool, now: datetime) -> None:
    """Switches dialling on or off; on also takes back why it had stopped by itself. `Conflict` once finished."""
    await may_change(tx, campaign, now)
    values: dict[str, object] = {"switched_on": on} | ({"error": None} if on else {})
    await tx.execute(update(campaigns).where(campaigns.c.id == campaign).values(values))
    await tell(tx, campaign)


async def finish_campaign(tx: AsyncConnection, campaign: CampaignId, now: datetime) -> None:
    """Ends the campaign for good; calls in progress go on to their end. Does nothing to a finished one."""
    await _found(tx, campaign)
    still = (campaigns.c.id == campaign) & campaigns.c.finished_at.is_(None)
    await tx.execute(update(campaigns).where(still).values(finished_at=now, switched_on=False))
    await tell(tx, campaign)


async def copy_campaign(tx: AsyncConnection, campaign: CampaignId, *, name: str, now: datetime) -> CampaignId:
    """Makes a campaign with the same settings and no leads, switched off; days that are over are left out."""
    was = campaign_of(await _found(tx, campaign))
    over = was.ends_on is not None and was.ends_on < local_date(was.schedule, now)
    new = NewCampaign(
        name=name,
        kind=was.kind,
        scenario=was.scenario,
        trunk=was.trunk,
        schedule=was.schedule,
        retry=was.retry,
        caller_number=was.caller_number,
        lines=was.lines,
        ring_timeout=was.ring_timeout,
        order=was.order,
        starts_on=None if over else was.starts_on,
        ends_on=None if over else was.ends_on,
        detect_machines=was.detect_machines,
    )
    return await create_campaign(tx, new, now)


async def delete_campaign(tx: AsyncConnection, campaign: CampaignId) -> tuple[str, ...]:
    """Deletes a campaign with its leads and calls; contacts stay. `Conflict` while calls or a load are in progress.

    Returns the recordings that belong to nothing any more, as paths below the folder of recordings. The leads are
    locked first: a worker that is just leasing them is waited for, a later one finds none.
    """
    await _found(tx, campaign)
    await hold_load(tx, campaign)
    mine = leads.c.campaign_id == campaign
    await tx.execute(select(func.count()).select_from(select(leads.c.id).where(mine).with_for_update().subquery()))
    if (await _live(tx, campaign)).get(campaign, 0):
        hint = "Switch it off, wait for its calls to end, and delete it then."
        raise Conflict("calls_in_progress", "Calls of this campaign are in progress.", hint=hint)
    await tx.execute(delete(answers).where(answers.c.campaign_id == campaign))
    calls = delete(attempts).where(attempts.c.campaign_id == campaign).returning(attempts.c.recording)
    recordings = (await tx.execute(calls)).scalars().all()
    await tx.execute(delete(leads).where(mine))
    await tx.execute(delete(campaigns).where(campaigns.c.id == campaign))
    await tell(tx, campaign)
    return tuple(recording for recording in recordings if recording is not None)


async def may_change(tx: AsyncConnection, campaign: CampaignId, now: datetime) -> Campaign:
    """The campaign, unless it is finished: then `Conflict` (SPEC R2.4)."""
    found = campaign_of(await _found(tx, campaign))
    if status_of(found, now) is not CampaignStatus.FINISHED:
        return found
    message = "The campaign is finished." if found.finished else f"The campaign's last day was {found.ends_on}."
    raise Conflict("campaign_finished", message, hint="Copy it to go on with the same settings.")


async def hold_load(tx: AsyncConnection, campaign: CampaignId) -> None:
    """Takes the right to load contacts into the campaign until the transaction ends; `Conflict` if another has it."""
    if not (await tx.execute(_LOADING, {"campaign": str(int(campaign))})).scalar_one():
        hint = "Wait until it is done."
        raise Conflict("load_in_progress", "Contacts are being loaded into this campaign.", hint=hint)


async def lead_counts(tx: AsyncConnection, campaign: CampaignId | None) -> dict[int, dict[Bucket, int]]:
    """How many leads are in each bucket that has some, by campaign: one of them, or None for all."""
    tried = func.least(leads.c.attempts, 1)
    wanted = [] if campaign is None else [leads.c.campaign_id == campaign]
    by = (leads.c.campaign_id, leads.c.state, tried)
    query = select(*by, func.count()).where(*wanted)
    counted: dict[int, dict[Bucket, int]] = {}
    for owner, state, attempts_made, count in await tx.execute(query.group_by(*by)):
        mine = counted.setdefault(owner, {})
        place = bucket(state, attempts_made)
        mine[place] = mine.get(place, 0) + count
    return counted


async def _found(tx: AsyncConnection, campaign: CampaignId) -> Row[Any]:
    row = (await tx.execute(select(campaigns).where(campaigns.c.id == campaign))).one_or_none()
    if row is None:
        raise NotFound("no_such_campaign", "There is no such campaign.")
    return row


def _row(row: Row[Any], now: datetime, counted: Mapping[Bucket, int], live: int) -> CampaignRow:
    campaign = campaign_of(row)
    return CampaignRow(
        campaign=campaign,
        status=status_of(campaign, now),
        created_at=row.created_at,
        buckets={one: counted.get(one, 0) for one in Bucket},
        live_calls=live,
    )


async def _live(tx: AsyncConnection, campaign: CampaignId | None) -> dict[int, int]:
    """How many calls are in progress, by campaign."""
    wanted = [] if campaign is None else [attempts.c.campaign_id == campaign]
    query = select(attempts.c.campaign_id, func.count().label("calls")).where(attempts.c.result.is_(None), *wanted)
    rows = await tx.execute(query.group_by(attempts.c.campaign_id))
    return {row.campaign_id: row.calls for row in rows}
