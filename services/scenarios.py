"""Scenarios: what robots say, published as versions that never change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import BadInput, NotFound
from robot.dialog.flow import Flow, Transfer, flow_from_json, flow_to_json
from services.texts import one_line
from storage.tables import operator_groups, scenario_versions, scenarios


async def publish(
    tx: AsyncConnection, *, name: str, flow: Flow, script: Mapping[str, Any] | None, now: datetime
) -> int:
    """Publishes `flow` as the newest version of the scenario `name`, made if it is new, and returns the version.

    `script` is the simple script that the flow was compiled from, kept so that it can be edited again.
    """
    name = one_line(name, "name")
    await _check_groups(tx, flow)
    stored, source = flow_to_json(flow), dict(script) if script is not None else None
    if b"\\u0000" in msgspec.json.encode([stored, source]):
        raise BadInput("not_printable", "A text of the script holds a zero character.", field="script")
    new = insert(scenarios).values(name=name, created_at=now)
    made = new.on_conflict_do_update(index_elements=["company_id", "name"], set_={"name": name})
    scenario = (await tx.execute(made.returning(scenarios.c.id))).scalar_one()  # locks it: versions count in turn
    mine = scenario_versions.c.scenario_id == scenario
    last = (await tx.execute(select(func.max(scenario_versions.c.version)).where(mine))).scalar_one()
    version = {"scenario_id": scenario, "version": (last or 0) + 1, "published_at": now}
    row = scenario_versions.insert().values(**version, flow=stored, script=source).returning(scenario_versions.c.id)
    return int((await tx.execute(row)).scalar_one())


async def flow_of(tx: AsyncConnection, version: int) -> Flow:
    """The flow of a published version; `NotFound` if the company has no such version."""
    query = select(scenario_versions.c.flow).where(scenario_versions.c.id == version)
    stored = (await tx.execute(query)).scalar_one_or_none()
    if stored is None:
        raise NotFound("no_such_scenario", "There is no such scenario.")
    return flow_from_json(stored)


async def name_of(tx: AsyncConnection, version: int) -> str:
    """The name of the scenario that `version` is one of; `NotFound` if the company has no such version."""
    of = scenario_versions.c.scenario_id == scenarios.c.id
    query = select(scenarios.c.name).join(scenario_versions, of).where(scenario_versions.c.id == version)
    found = (await tx.execute(query)).scalar_one_or_none()
    if found is None:
        raise NotFound("no_such_scenario", "There is no such scenario.")
    return str(found)


async def script_of(tx: AsyncConnection, version: int) -> dict[str, Any] | None:
    """The simple script that a version was compiled from; None if it was drawn as a flow."""
    query = select(scenario_versions.c.script).where(scenario_versions.c.id == version)
    found = (await tx.execute(query)).one_or_none()
    if found is None:
        raise NotFound("no_such_scenario", "There is no such scenario.")
    return None if found.script is None else dict(found.script)


async def _check_groups(tx: AsyncConnection, flow: Flow) -> None:
    """Refuses a flow that transfers to a group which does not exist."""
    wanted = {step.group for step in flow.steps.values() if isinstance(step, Transfer)}
    if not wanted:
        return
    known = set((await tx.execute(select(operator_groups.c.name))).scalars())
    for group in sorted(wanted - known):
        hint = f"Known groups: {', '.join(sorted(known)) or 'none'}. Make the group first."
        raise BadInput("no_such_group", f"There is no operator group {group!r}.", field="script", hint=hint)
