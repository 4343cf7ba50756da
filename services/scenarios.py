"""Scenarios: what robots say, published as versions that never change."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import BadInput, NotFound
from robot.dialog.flow import Flow, HandlerKind, Transfer, flow_from_json, flow_to_json, steps_of
from robot.dialog.intents import Trained
from robot.word_vectors import vectors_in
from services.texts import one_line
from storage.tables import operator_groups, scenario_versions, scenarios

MOST_NAME: Final = 200


async def publish(
    tx: AsyncConnection, *, name: str, flow: Flow, script: Mapping[str, Any] | None, now: datetime
) -> int:
    """Publishes `flow` as the newest version of the scenario `name`, made if it is new, and returns the version.

    `script` is the simple script that the flow was compiled from, kept so that it can be edited again. A scenario that
    somebody draws by hand takes no version from a script of the same name: that one gets a number behind its name.
    """
    name = one_line(name, "name")
    await _check_groups(tx, flow)
    stored, source = flow_to_json(flow), dict(script) if script is not None else None
    if b"\\u0000" in msgspec.json.encode([stored, source]):
        raise BadInput("not_printable", "A text of the script holds a zero character.", field="script")
    scenario = await (_of_any(tx, name, now) if script is None else _of_scripts(tx, name, now))
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


async def trained_of(tx: AsyncConnection, version: int, models: Path | None = None) -> Trained | None:
    """The classifier that a version was published with; None where it has no intents to learn.

    `models` is the folder of fetched models: `BadInput` where the word vectors of the classifier are not there.
    """
    query = select(scenario_versions.c.trained).where(scenario_versions.c.id == version)
    found = (await tx.execute(query)).one_or_none()
    if found is None:
        raise NotFound("no_such_scenario", "There is no such scenario.")
    if found.trained is None:
        return None
    return await asyncio.to_thread(Trained.from_bytes, found.trained, find=partial(vectors_in, models))


async def _of_any(tx: AsyncConnection, name: str, now: datetime) -> int:
    """The scenario of this name, made if it is new; locked, so that versions count in turn."""
    new = insert(scenarios).values(name=name, created_at=now)
    made = new.on_conflict_do_update(index_elements=["company_id", "name"], set_={"name": name})
    return int((await tx.execute(made.returning(scenarios.c.id))).scalar_one())


async def _of_scripts(tx: AsyncConnection, name: str, now: datetime) -> int:
    """The scenario of simple scripts by this name, with a number behind it where another one is drawn by hand."""
    v = scenario_versions.c
    for number in count(1):
        ending = f" ({number})" if number > 1 else ""
        scenario = await _of_any(tx, name[: MOST_NAME - len(ending)] + ending, now)
        drawn = select(scenarios.c.id).where(
            scenarios.c.id == scenario,
            or_(
                scenarios.c.draft.is_not(None),
                exists().where(v.scenario_id == scenario, v.source.is_not(None), v.script.is_(None)),
            ),
        )
        if (await tx.execute(drawn)).one_or_none() is None:
            return scenario
    raise AssertionError("numbers do not end")


async def _check_groups(tx: AsyncConnection, flow: Flow) -> None:
    """Refuses a flow that transfers to a group which does not exist, at whatever step or by whatever handler."""
    wanted = {step.group for _, _, step in steps_of(flow) if isinstance(step, Transfer)}
    wanted |= {one.group for one in flow.handlers if one.kind is HandlerKind.OPERATOR and one.group}
    if not wanted:
        return
    known = set((await tx.execute(select(operator_groups.c.name))).scalars())
    for group in sorted(wanted - known):
        hint = f"Known groups: {', '.join(sorted(known)) or 'none'}. Make the group first."
        raise BadInput("no_such_group", f"There is no operator group {group!r}.", field="script", hint=hint)
