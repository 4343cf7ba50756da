"""`./zvonar scenario publish`: a file, with its regression set, becomes the newest version of a scenario."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from app.clock import SystemClock
from app.database import open_database
from app.jobs import open_jobs
from app.scenario_files import flow_in, show_findings, show_verdicts, tests_of, text_of
from app.settings import Settings
from app.surroundings import Installed
from campaigns.campaign import CompanyId
from core.clock import Clock
from core.errors import BadInput, NotFound
from robot.dialog.finding import World
from robot.dialog.flow import Flow
from services import accounts, drafts
from services.publishing import Prepared, prepare, refuse, surrounded, world_of
from services.sounds import check_sounds
from services.versions import published
from storage.database import Database


async def run_publish(
    settings: Settings, file: Path, *, company: str | None, name: str | None, force: bool, as_json: bool
) -> None:
    """Publishes; prints the version, or what keeps it from being published before the error is raised."""
    flow, clock = flow_in(file), SystemClock()
    beside = tests_of(file)
    async with open_database(settings) as opened:
        owner = await company_of(opened.database, company)
        async with opened.database.transaction(owner) as tx:
            known = await world_of(tx)
        world = await surrounded(known, flow, Installed(settings))
        tests = text_of(beside) if beside.exists() else None
        prepared = await asyncio.to_thread(
            prepare,
            flow,
            source=text_of(file),
            tests=tests,
            world=world,
            now=clock.now(),
            models=settings.var / "models",
        )
        if not as_json:
            show_findings(file, prepared.findings)
            show_verdicts(prepared.verdicts)
        refuse(prepared, force=force)
        version, id_ = await publish(
            opened.database, owner, prepared, sounds=settings.var / "sounds", name=name, force=force, clock=clock
        )
        async with open_jobs(opened.database, opened.url, settings, clock) as jobs:
            await jobs.render(owner, id_)
    if as_json:
        told = {"scenario": name or flow.name, "version": version, "version_id": id_, "forced": bool(prepared.red)}
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(f"{name or flow.name!r} is published as version {version} (number {id_} for campaigns).")
        if prepared.red:
            print(f"{len(prepared.red)} dialogs of its set are red; this is noted with it.", file=sys.stderr)


async def world_for(settings: Settings, flow: Flow, company: str | None) -> World:
    """What the flow may refer to: what is installed here, and where a company is named what this one has."""
    known = World()
    if company is not None:
        async with open_database(settings) as opened:
            owner = await company_of(opened.database, company)
            async with opened.database.transaction(owner) as tx:
                known = await world_of(tx)
    return await surrounded(known, flow, Installed(settings))


async def publish(
    database: Database,
    company: CompanyId,
    prepared: Prepared,
    *,
    sounds: Path,
    name: str | None,
    force: bool,
    clock: Clock,
) -> tuple[int, int]:
    """The version of the scenario, made if it is new, and its id; `sounds` is the folder of the stored files."""
    now = clock.now()
    async with database.transaction(company) as tx:
        called = name or prepared.flow.name
        scenario = await drafts.named_scenario(tx, called)
        if scenario is None:
            scenario = await drafts.create(tx, name=called, flow=prepared.flow, source=prepared.source, now=now)
        revision = (await drafts.one_scenario(tx, scenario)).revision
        revision = await drafts.save_draft(
            tx,
            scenario,
            revision=revision,
            flow=prepared.flow,
            source=prepared.source,
            tests=prepared.tests,
            now=now,
        )
        id_ = await drafts.publish_draft(tx, scenario, prepared, revision=revision, force=force, now=now, by=None)
        await check_sounds(tx, prepared.flow, sounds, company)
        return (await published(tx, scenario)).version, id_


async def company_of(database: Database, company: str | None) -> CompanyId:
    """The named company, or the only one; `BadInput` or `NotFound` where it is not clear."""
    names = await accounts.company_names(database)
    if company is None and len(names) == 1:
        return next(iter(names))
    known = f"Known: {', '.join(names.values()) or 'none'}."
    if company is None:
        raise BadInput("several_companies", "Say whose scenario it is by --company.", field="company", hint=known)
    for one, called in names.items():
        if called.casefold() == company.strip().casefold():
            return one
    raise NotFound("no_such_company", f"There is no company {company!r}.", field="company", hint=known)
