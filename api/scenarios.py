"""Scenarios: drafts, checks, versions, comparison, YAML in and out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response, status

from api.deps import Deps, Given
from api.forms import MOST_ID
from api.scenario_views import (
    ChangeView,
    CheckForm,
    CheckView,
    DraftForm,
    NewScenarioForm,
    PublishForm,
    RollBackForm,
    ScenarioDetails,
    ScenarioView,
    VersionView,
)
from api.security import By
from core.errors import BadInput
from robot.dialog.flow import Flow, flow_to_json
from robot.dialog.source import read, schema
from services import drafts, versions
from services.accounts import Asker
from services.drafts import Scenario
from services.publishing import prepare, surrounded, world_of
from services.sounds import check_sounds, check_sounds_of
from services.versions import Version

router = APIRouter(prefix="/scenarios", tags=["scenarios"])

Id = Annotated[int, Path(alias="scenario", ge=1, le=MOST_ID, description="The scenario's number.")]
Number = Annotated[int, Path(alias="version", ge=1, le=2**31 - 1, description="The version's number.")]
OneOf = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="A version's number; left out: the draft.")]


@router.get("", summary="List scenarios")
async def list_scenarios(asker: By, deps: Given) -> list[ScenarioView]:
    """Shows the company's scenarios by name."""
    async with deps.database.transaction(asker.company) as tx:
        return [ScenarioView.of(one) for one in await drafts.list_scenarios(tx)]


@router.post("", summary="Create or import a scenario", status_code=status.HTTP_201_CREATED)
async def create_scenario(given: NewScenarioForm, asker: By, deps: Given) -> ScenarioDetails:
    """Makes a scenario; its draft is the YAML or the flow that is given, if any."""
    now = deps.clock.now()
    flow = await _flow_of(given.source, given.flow)
    name = given.name or (flow.name if flow is not None else "")
    async with deps.database.transaction(asker.company) as tx:
        made = await drafts.create(tx, name=name, flow=flow, source=given.source, now=now)
        if flow is not None and (given.source is None or given.tests is not None):
            saved = {"flow": flow, "source": given.source, "tests": given.tests}
            await drafts.save_draft(tx, made, revision=1, **saved, now=now)  # type: ignore[arg-type]
        return ScenarioDetails.of(await drafts.one_scenario(tx, made))


@router.get("/schema", summary="The JSON Schema of scenarios")
async def scenario_schema(_asker: By) -> dict[str, Any]:
    """The schema of scenarios in YAML, for editors."""
    return schema()


@router.post("/check", summary="Look a scenario over without storing it")
async def check_scenario(given: CheckForm, asker: By, deps: Given) -> CheckView:
    """Says everything that is wrong with YAML or with a flow; runs its regression set, if one is given."""
    if given.source is None and given.flow is None:
        raise BadInput("no_scenario", "There is neither YAML nor a flow to look over.", field="source")
    return await _checked(given.source, given.flow, given.tests, asker, deps)


@router.get("/{scenario}", summary="Show a scenario")
async def show_scenario(id_: Id, asker: By, deps: Given) -> ScenarioDetails:
    """Shows the scenario with its draft."""
    async with deps.database.transaction(asker.company) as tx:
        return ScenarioDetails.of(await drafts.one_scenario(tx, id_))


@router.put("/{scenario}/draft", summary="Save the draft")
async def save_draft(id_: Id, given: DraftForm, asker: By, deps: Given) -> ScenarioDetails:
    """Stores the draft, unless somebody else changed it since: then `draft_changed`."""
    flow = await _flow_of(given.source, given.flow)
    if flow is None:
        raise BadInput("no_scenario", "There is neither YAML nor a flow to save.", field="source")
    async with deps.database.transaction(asker.company) as tx:
        await drafts.save_draft(
            tx,
            id_,
            revision=given.revision,
            flow=flow,
            source=given.source,
            tests=given.tests,
            now=deps.clock.now(),
        )
        return ScenarioDetails.of(await drafts.one_scenario(tx, id_))


@router.post("/{scenario}/check", summary="Look the draft over")
async def check_draft(id_: Id, asker: By, deps: Given) -> CheckView:
    """Says everything that keeps the draft from being published."""
    async with deps.database.transaction(asker.company) as tx:
        found = await drafts.one_scenario(tx, id_)
    return await _checked(found.source, _draft_of(found), found.tests, asker, deps)


@router.post("/{scenario}/publish", summary="Publish the draft", status_code=status.HTTP_201_CREATED)
async def publish_scenario(id_: Id, given: PublishForm, asker: By, deps: Given) -> VersionView:
    """Makes the draft the newest version: it is looked over, its intents are trained, its regression set is run.

    Errors refuse it, and so does a red regression set unless it is forced. Calls go on with the version they began
    with.
    """
    async with deps.database.transaction(asker.company) as tx:
        found = await drafts.one_scenario(tx, id_)
        known = await world_of(tx)
    flow = drafts.flow_of_draft(_draft_of(found))
    now, world = deps.clock.now(), await surrounded(known, flow, deps.surroundings)
    prepared = await asyncio.to_thread(
        prepare, flow, source=found.source, tests=found.tests, world=world, now=now, models=_models(deps)
    )
    async with deps.database.transaction(asker.company) as tx:
        made = await drafts.publish_draft(
            tx,
            id_,
            prepared,
            revision=given.revision,
            force=given.force,
            note=given.note,
            now=now,
            by=asker.user,
            move_campaigns=given.move_campaigns,
        )
        await check_sounds(tx, flow, deps.folder / "sounds", asker.company)
        shown = VersionView.of(_one(await versions.versions_of(tx, id_), made))
    await deps.jobs.render(asker.company, made)
    deps.wake()
    return shown


@router.get("/{scenario}/versions", summary="List versions")
async def list_versions(id_: Id, asker: By, deps: Given) -> list[VersionView]:
    """Shows the published versions, newest first."""
    async with deps.database.transaction(asker.company) as tx:
        return [VersionView.of(one) for one in await versions.versions_of(tx, id_)]


@router.get("/{scenario}/versions/{version}", summary="Show a version as a flow")
async def show_version(id_: Id, number: Number, asker: By, deps: Given) -> dict[str, Any]:
    """Shows the flow of a published version."""
    async with deps.database.transaction(asker.company) as tx:
        return dict((await versions.published(tx, id_, number)).flow)


@router.post("/{scenario}/roll-back", summary="Roll back", status_code=status.HTTP_201_CREATED)
async def roll_back(id_: Id, given: RollBackForm, asker: By, deps: Given) -> VersionView:
    """Publishes an old version anew, as the newest one, and makes it the draft."""
    async with deps.database.transaction(asker.company) as tx:
        made = await drafts.roll_back(
            tx, id_, given.version, now=deps.clock.now(), by=asker.user, move_campaigns=given.move_campaigns
        )
        await check_sounds_of(tx, [made], deps.folder / "sounds", asker.company)
        shown = VersionView.of(_one(await versions.versions_of(tx, id_), made))
    await deps.jobs.render(asker.company, made)
    deps.wake()
    return shown


@router.get("/{scenario}/compare", summary="Compare versions")
async def compare_versions(
    id_: Id, asker: By, deps: Given, before: OneOf = None, after: OneOf = None
) -> list[ChangeView]:
    """Lists what differs between two versions, or a version and the draft."""
    async with deps.database.transaction(asker.company) as tx:
        return [ChangeView.of(one) for one in await drafts.compare(tx, id_, before, after)]


@router.get(
    "/{scenario}/export",
    summary="Export as YAML",
    response_class=Response,
    responses={200: {"description": "The scenario.", "content": {"application/yaml": {}}}},
)
async def export_scenario(id_: Id, asker: By, deps: Given, version: OneOf = None) -> Response:
    """The draft or a version as YAML, with the comments of the file it came from."""
    async with deps.database.transaction(asker.company) as tx:
        text = await drafts.source_of(tx, id_, version)
    return Response(text, media_type="application/yaml")


async def _flow_of(source: str | None, flow: dict[str, Any] | None) -> Flow | None:
    if source is not None and flow is not None:
        raise BadInput("two_scripts", "Give YAML or a flow, not both.", field="flow")
    if source is not None:
        return await asyncio.to_thread(drafts.flow_of_source, source)
    return None if flow is None else drafts.flow_of_draft(flow)


def _draft_of(found: Scenario) -> dict[str, Any]:
    if found.draft is None:
        raise BadInput("no_draft", "The scenario has no draft.", field="draft", hint="Save one first.")
    return flow_to_json(found.draft)


async def _checked(
    source: str | None, flow: dict[str, Any] | None, tests: str | None, asker: Asker, deps: Deps
) -> CheckView:
    if flow is None:
        given = await asyncio.to_thread(read, source or "")
        if given.flow is None:
            return CheckView.unreadable(given.findings)
        meant = given.flow
    else:
        meant = drafts.flow_of_draft(flow)
    async with deps.database.transaction(asker.company) as tx:
        known = await world_of(tx)
    now, world = deps.clock.now(), await surrounded(known, meant, deps.surroundings)
    return CheckView.of(
        await asyncio.to_thread(prepare, meant, source=source, tests=tests, world=world, now=now, models=_models(deps))
    )


def _models(deps: Deps) -> FilePath:
    return deps.folder / "models"


def _one(found: Sequence[Version], id_: int) -> Version:
    return next(one for one in found if one.id == id_)
