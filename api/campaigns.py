"""Campaigns: list, create, change, switch, finish, copy, delete."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path as FilePath
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, status
from sqlalchemy.ext.asyncio import AsyncConnection

from api.calls import recording_file
from api.campaign_forms import CampaignChanges, CopyForm, NewCampaignForm, ScenarioForm
from api.campaign_views import CampaignDetails, CampaignView
from api.deps import Deps, Given
from api.security import By
from api.trunks import check_trunk
from campaigns.campaign import CampaignId, CampaignKind, CampaignStatus, Variant
from core.errors import BadInput
from services import campaigns, deletion, scenarios, versions
from services.accounts import Asker
from services.publishing import check_heard
from services.sounds import check_sounds, check_sounds_of

router = APIRouter(prefix="/campaigns", tags=["campaigns"])

Id = Annotated[int, Path(alias="campaign", ge=1, le=2**63 - 1, description="The campaign's number.")]


class Tab(StrEnum):
    """The pages of the list of campaigns."""

    OPERATOR = "operator"
    AUTOINFORMER = "autoinformer"
    DIALOG = "dialog"


TABS: Final = {
    Tab.OPERATOR: {CampaignKind.OPERATOR},
    Tab.AUTOINFORMER: {CampaignKind.NOTIFICATION, CampaignKind.SURVEY, CampaignKind.OFFER},
    Tab.DIALOG: {CampaignKind.DIALOG},
}


@router.get("", summary="List campaigns")
async def list_campaigns(
    asker: By,
    deps: Given,
    tab: Annotated[Tab | None, Query(description="Only the kinds of this page.")] = None,
    kind: Annotated[list[CampaignKind] | None, Query(description="Only these kinds.")] = None,
    state: Annotated[CampaignStatus | None, Query(alias="status", description="Only this status.")] = None,
    text: Annotated[str | None, Query(max_length=200, description="Only names that hold this.")] = None,
) -> list[CampaignView]:
    """Shows the campaigns, newest first."""
    wanted = (TABS[tab] if tab else set(CampaignKind)) & (set(kind) if kind else set(CampaignKind))
    async with deps.database.transaction(asker.company) as tx:
        rows = await campaigns.list_campaigns(tx, now=deps.clock.now(), kinds=wanted, status=state, text=text)
    return [CampaignView.of(row) for row in rows]


@router.post("", summary="Create a campaign", status_code=status.HTTP_201_CREATED)
async def create_campaign(given: NewCampaignForm, asker: By, deps: Given) -> CampaignDetails:
    """Publishes the script as a scenario of the same name and creates a campaign that runs it, switched off."""
    now = deps.clock.now()
    check_trunk(given.trunk, deps)
    async with deps.database.transaction(asker.company) as tx:
        version, variants = await _chosen(tx, given.scenario, asker, deps)
        if given.script is not None:
            flow, stored = given.script.compiled(given.name)
            await check_heard(flow, deps.surroundings)
            await check_sounds(tx, flow, deps.folder / "sounds", asker.company)
            version = await scenarios.publish(tx, name=given.name, flow=flow, script=stored, now=now)
        made = await campaigns.create_campaign(tx, given.value(version, variants), now)
        shown = await _details(tx, made, now)
    if given.script is not None and version is not None:
        await deps.jobs.render(asker.company, version)
    return shown


@router.get("/{campaign}", summary="Show a campaign")
async def show_campaign(id_: Id, asker: By, deps: Given) -> CampaignDetails:
    """Shows one campaign with its settings and how far it is."""
    async with deps.database.transaction(asker.company) as tx:
        return await _details(tx, CampaignId(id_), deps.clock.now())


@router.patch("/{campaign}", summary="Change a campaign")
async def edit(id_: Id, given: CampaignChanges, asker: By, deps: Given) -> CampaignDetails:
    """Changes the settings that are given; a running campaign's next calls follow them. A finished one refuses."""
    now = deps.clock.now()
    campaign = CampaignId(id_)
    if "trunk" in given.model_fields_set:
        check_trunk(given.trunk, deps)
    async with deps.database.transaction(asker.company) as tx:
        variants: tuple[Variant, ...] = ()
        version = await _new_version(tx, campaign, given, asker, deps)
        if "scenario" in given.model_fields_set:
            version, variants = await _other_version(tx, campaign, given, asker, deps)
        await campaigns.edit_campaign(tx, campaign, lambda was: given.of(was, version, variants), now)
        shown = await _details(tx, campaign, now)
    deps.wake()
    if version is not None:
        await deps.jobs.render(asker.company, version)
    return shown


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
        return await _details(tx, CampaignId(id_), now)


@router.post("/{campaign}/copy", summary="Copy", status_code=status.HTTP_201_CREATED)
async def copy(id_: Id, given: CopyForm, asker: By, deps: Given) -> CampaignDetails:
    """Makes a campaign with the same settings and no leads, switched off."""
    now = deps.clock.now()
    async with deps.database.transaction(asker.company) as tx:
        made = await campaigns.copy_campaign(tx, CampaignId(id_), name=given.name, now=now)
        copied = (await campaigns.one_campaign(tx, made, now)).campaign
        await _check_sounds(tx, copied.scenario, copied.variants, asker, deps)
        return await _details(tx, made, now)


@router.delete("/{campaign}", summary="Delete", status_code=status.HTTP_204_NO_CONTENT)
async def delete(id_: Id, asker: By, deps: Given) -> None:
    """Deletes the campaign with its calls and their recordings; its contacts stay in the address book."""
    async with deps.database.transaction(asker.company) as tx:
        recordings = await deletion.delete_campaign(tx, CampaignId(id_), deps.clock.now())
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
        shown = await _details(tx, CampaignId(id_), now)
    deps.wake()
    return shown


async def _details(tx: AsyncConnection, campaign: CampaignId, now: datetime) -> CampaignDetails:
    row = await campaigns.one_campaign(tx, campaign, now)
    version = row.campaign.scenario
    if version is None:
        return CampaignDetails.with_script(row, None)
    script = await scenarios.script_of(tx, version)
    return CampaignDetails.with_script(row, script, await versions.ran(tx, version, row.campaign.variants))


async def _chosen(
    tx: AsyncConnection, given: ScenarioForm | None, asker: Asker, deps: Deps
) -> tuple[int | None, tuple[Variant, ...]]:
    """The version that a campaign is to run, and those that it is to try; none where no scenario is given."""
    if given is None:
        return None, ()
    shares = [(one.version, one.share) for one in given.variants]
    version, variants = await versions.chosen(tx, given.id, given.version, shares)
    await _check_sounds(tx, version, variants, asker, deps)
    return version, variants


async def _check_sounds(
    tx: AsyncConnection, version: int | None, variants: Sequence[Variant], asker: Asker, deps: Deps
) -> None:
    ids = dict.fromkeys(one for one in (version, *(variant.scenario for variant in variants)) if one is not None)
    await check_sounds_of(tx, ids, deps.folder / "sounds", asker.company)


async def _other_version(
    tx: AsyncConnection, campaign: CampaignId, given: CampaignChanges, asker: Asker, deps: Deps
) -> tuple[int | None, tuple[Variant, ...]]:
    """What a dialog campaign is to run from now on."""
    if "script" in given.model_fields_set:
        raise BadInput("two_scripts", "Give a script or a scenario, not both.", field="scenario")
    kind = (await campaigns.one_campaign(tx, campaign, deps.clock.now())).campaign.kind
    if kind is not CampaignKind.DIALOG:
        message = f"A campaign of the kind {kind} runs no drawn scenario."
        raise BadInput("other_kind", message, field="scenario", hint="Make a new campaign for it.")
    return await _chosen(tx, given.scenario, asker, deps)


async def _new_version(
    tx: AsyncConnection, campaign: CampaignId, given: CampaignChanges, asker: Asker, deps: Deps
) -> int | None:
    """Publishes a script that is given as the next version of the campaign's scenario."""
    if "script" not in given.model_fields_set:
        return None
    now = deps.clock.now()
    was = (await campaigns.one_campaign(tx, campaign, now)).campaign
    if was.scenario is None or CampaignKind(given.script.kind) is not was.kind:
        message = f"A campaign of the kind {was.kind} cannot run a script of the kind {given.script.kind}."
        raise BadInput("other_kind", message, field="script.kind", hint="Make a new campaign for it.")
    name = await scenarios.name_of(tx, was.scenario)
    flow, stored = given.script.compiled(name)
    await check_heard(flow, deps.surroundings)
    await check_sounds(tx, flow, deps.folder / "sounds", asker.company)
    return await scenarios.publish(tx, name=name, flow=flow, script=stored, now=now)
