"""Campaigns: list, create, switch, finish, copy, delete."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Path, Query, status

from api.calls import recording_file
from api.campaign_forms import CopyForm, NewCampaignForm
from api.campaign_views import CampaignDetails, CampaignView
from api.deps import Deps, Given
from api.security import By
from api.trunks import check_trunk
from campaigns.campaign import CampaignId, CampaignKind, CampaignStatus, RetryPolicy
from services import campaigns, scenarios
from services.accounts import Asker

router = APIRouter(prefix="/campaigns", tags=["campaigns"])

Id = Annotated[int, Path(alias="campaign", ge=1, le=2**63 - 1, description="The campaign's number.")]


@router.get("", summary="List campaigns")
async def list_campaigns(
    asker: By,
    deps: Given,
    kind: Annotated[list[CampaignKind] | None, Query(description="Only these kinds.")] = None,
    state: Annotated[CampaignStatus | None, Query(alias="status", description="Only this status.")] = None,
    text: Annotated[str | None, Query(max_length=200, description="Only names that hold this.")] = None,
) -> list[CampaignView]:
    """Shows the campaigns, newest first."""
    now = deps.clock.now()
    async with deps.database.transaction(asker.company) as tx:
        rows = await campaigns.list_campaigns(tx, now=now, status=state, text=text)
    return [CampaignView.of(row) for row in rows if not kind or row.campaign.kind in kind]


@router.post("", summary="Create a campaign", status_code=status.HTTP_201_CREATED)
async def create_campaign(given: NewCampaignForm, asker: By, deps: Given) -> CampaignDetails:
    """Publishes the script as a scenario of the same name and creates a campaign that runs it, switched off."""
    now = deps.clock.now()
    check_trunk(given.trunk, deps)
    async with deps.database.transaction(asker.company) as tx:
        flow, stored = given.script.compiled(given.name)
        version = await scenarios.publish(tx, name=given.name, flow=flow, script=stored, now=now)
        new = campaigns.NewCampaign(
            name=given.name,
            kind=CampaignKind(given.script.kind),
            scenario=version,
            trunk=given.trunk,
            schedule=given.schedule.value(),
            retry=given.retry.value() if given.retry else RetryPolicy(),
            caller_number=given.caller_number,
            lines=given.lines,
            ring_timeout=timedelta(seconds=given.ring_timeout_s),
            order=given.order,
            starts_on=given.starts_on,
            ends_on=given.ends_on,
            detect_machines=given.detect_machines,
        )
        made = await campaigns.create_campaign(tx, new, now)
        row = await campaigns.one_campaign(tx, made, now)
    return CampaignDetails.of(row)


@router.get("/{campaign}", summary="Show a campaign")
async def show_campaign(id_: Id, asker: By, deps: Given) -> CampaignDetails:
    """Shows one campaign with its settings and how far it is."""
    async with deps.database.transaction(asker.company) as tx:
        return CampaignDetails.of(await campaigns.one_campaign(tx, CampaignId(id_), deps.clock.now()))


@router.post("/{campaign}/start", summary="Switch on")
async def start(id_: Id, asker: By, deps: Given) -> CampaignDetails:
    """Switches the campaign on; it calls when its dates and its schedule allow."""
    return await _switch(id_, asker, deps, on=True)


@router.post("/{campaign}/pause", summary="Switch off")
async def pause(id_: Id, asker: By, deps: Given) -> CampaignDetails:
    """Switches the campaign off; calls in progress go on to their end."""
    return await _switch(id_, asker, deps, on=False)


@router.post("/{campaign}/finish", summary="Finish for good")
async def finish(id_: Id, asker: By, deps: Given) -> CampaignDetails:
    """Ends the campaign; this cannot be undone."""
    now = deps.clock.now()
    async with deps.database.transaction(asker.company) as tx:
        await campaigns.finish_campaign(tx, CampaignId(id_), now)
        row = await campaigns.one_campaign(tx, CampaignId(id_), now)
    return CampaignDetails.of(row)


@router.post("/{campaign}/copy", summary="Copy", status_code=status.HTTP_201_CREATED)
async def copy(id_: Id, given: CopyForm, asker: By, deps: Given) -> CampaignDetails:
    """Makes a campaign with the same settings and no leads, switched off."""
    now = deps.clock.now()
    async with deps.database.transaction(asker.company) as tx:
        made = await campaigns.copy_campaign(tx, CampaignId(id_), name=given.name, now=now)
        row = await campaigns.one_campaign(tx, made, now)
    return CampaignDetails.of(row)


@router.delete("/{campaign}", summary="Delete", status_code=status.HTTP_204_NO_CONTENT)
async def delete(id_: Id, asker: By, deps: Given) -> None:
    """Deletes the campaign with its calls and their recordings; its contacts stay in the address book."""
    async with deps.database.transaction(asker.company) as tx:
        recordings = await campaigns.delete_campaign(tx, CampaignId(id_))
    await asyncio.to_thread(_remove, deps.recordings, recordings)


def _remove(folder: FilePath, recordings: Sequence[str]) -> None:
    for recording in recordings:
        file = recording_file(folder, recording)
        if file is not None:
            file.unlink(missing_ok=True)


async def _switch(id_: int, asker: Asker, deps: Deps, *, on: bool) -> CampaignDetails:
    now = deps.clock.now()
    async with deps.database.transaction(asker.company) as tx:
        await campaigns.switch(tx, CampaignId(id_), on=on, now=now)
        row = await campaigns.one_campaign(tx, CampaignId(id_), now)
    deps.wake()
    return CampaignDetails.of(row)
