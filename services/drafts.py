"""Scenarios as people work on them: a draft that nobody overwrites unseen, versions that never change (SPEC R6.8).

A draft carries a revision. Who saves or publishes says which one he saw; another one is a `Conflict`. Publishing copies
the draft, with its trained intents and its regression set, into a new version; rolling back publishes an old version
anew. Calls go on with the version they began with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
import structlog
from sqlalchemy import Row, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import CampaignId
from core.errors import BadInput, Conflict, NotFound
from robot.dialog.flow import Flow, flow_from_json, flow_to_json
from robot.dialog.source import Change, diff, read, write
from services.accounts import UserId
from services.publishing import Prepared, refuse
from services.texts import one_line
from services.versions import published
from storage.live import tell
from storage.tables import scenario_versions, scenarios

log = structlog.get_logger(__name__)

MOST_TESTS: Final = 1_000_000
MOST_NOTE: Final = 500

_TAKE_ALONG: Final = text("""
    UPDATE campaigns SET scenario_version_id = :new
    WHERE scenario_version_id IN (SELECT v.id FROM scenario_versions v WHERE v.scenario_id = :scenario)
      AND kind = 'dialog' AND variants IS NULL AND finished_at IS NULL AND deleted_at IS NULL
    RETURNING id
""")


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario with its draft (None: nothing is being worked on) and its newest version (None: never published).

    `source` is the draft as YAML, `tests` its regression set; `version_id` is what campaigns refer to.
    """

    id: int
    name: str
    created_at: datetime
    changed_at: datetime | None
    revision: int
    version: int | None
    version_id: int | None
    draft: Flow | None = None
    source: str | None = None
    tests: str | None = None


# ---- what there is

_NEWEST: Final = (
    select(func.max(scenario_versions.c.version))
    .where(scenario_versions.c.scenario_id == scenarios.c.id)
    .scalar_subquery()
)
_NEWEST_ID: Final = (
    select(scenario_versions.c.id)
    .where(scenario_versions.c.scenario_id == scenarios.c.id)
    .order_by(scenario_versions.c.version.desc())
    .limit(1)
    .scalar_subquery()
)
_WITHOUT_DRAFT: Final = (
    scenarios.c.id,
    scenarios.c.name,
    scenarios.c.created_at,
    scenarios.c.changed_at,
    scenarios.c.revision,
    _NEWEST.label("version"),
    _NEWEST_ID.label("version_id"),
)


async def list_scenarios(tx: AsyncConnection) -> list[Scenario]:
    """The company's scenarios by name, without their drafts."""
    rows = await tx.execute(select(*_WITHOUT_DRAFT).order_by(scenarios.c.name, scenarios.c.id))
    return [Scenario(**row) for row in rows.mappings()]


async def one_scenario(tx: AsyncConnection, scenario: int) -> Scenario:
    """One scenario with its draft; `NotFound` if the company has no such scenario."""
    draft = (scenarios.c.draft, scenarios.c.draft_source, scenarios.c.draft_tests)
    row = (await tx.execute(select(*_WITHOUT_DRAFT, *draft).where(scenarios.c.id == scenario))).one_or_none()
    if row is None:
        raise _missing()
    told = {column.name: getattr(row, column.name) for column in _WITHOUT_DRAFT}
    flow = None if row.draft is None else _shaped(row.draft)
    return Scenario(**told, draft=flow, source=row.draft_source, tests=row.draft_tests)


async def named_scenario(tx: AsyncConnection, name: str) -> int | None:
    """The scenario of this name, if there is one."""
    found = await tx.execute(select(scenarios.c.id).where(scenarios.c.name == one_line(name, "name")))
    return found.scalar_one_or_none()


async def source_of(tx: AsyncConnection, scenario: int, version: int | None = None) -> str:
    """A version as YAML, or the draft where no version is named; comments of the file it came from are kept."""
    if version is not None:
        row = await published(tx, scenario, version)
        return write(flow_from_json(row.flow), before=row.source)
    found = await one_scenario(tx, scenario)
    if found.draft is None:
        return await source_of(tx, scenario, (await published(tx, scenario)).version)
    return write(found.draft, before=found.source)


async def compare(tx: AsyncConnection, scenario: int, before: int | None, after: int | None) -> tuple[Change, ...]:
    """What differs between two versions; None stands for the draft."""
    return diff(await _flow(tx, scenario, before), await _flow(tx, scenario, after))


# ---- the draft


async def create(tx: AsyncConnection, *, name: str, flow: Flow | None, source: str | None, now: datetime) -> int:
    """Makes a scenario without versions; `Conflict` if the name is taken."""
    name = one_line(name, "name")
    if await named_scenario(tx, name) is not None:
        raise Conflict("name_taken", f"There is a scenario {name!r} already.", field="name")
    values = {"name": name, "created_at": now, "changed_at": now, "draft": _plain(flow), "draft_source": source}
    made = scenarios.insert().values(values | {"revision": 1}).returning(scenarios.c.id)
    return int((await tx.execute(made)).scalar_one())


async def save_draft(
    tx: AsyncConnection,
    scenario: int,
    *,
    revision: int,
    flow: Flow,
    source: str | None,
    tests: str | None,
    now: datetime,
) -> int:
    """Stores the draft and returns its new revision; without a `source` the comments of the one before are kept."""
    was = await _locked(tx, scenario, revision)
    if tests is not None and len(tests) > MOST_TESTS:
        raise BadInput("too_long", f"A regression set has at most {MOST_TESTS} characters.", field="tests")
    if source is None:
        source = write(flow, before=was.draft_source)
    _check_printable(source, "source")
    _check_printable(tests or "", "tests")
    values = {"draft": _plain(flow), "draft_source": source, "draft_tests": tests, "changed_at": now}
    change = update(scenarios).where(scenarios.c.id == scenario).values(values | {"revision": revision + 1})
    await tx.execute(change)
    return revision + 1


async def publish_draft(
    tx: AsyncConnection,
    scenario: int,
    prepared: Prepared,
    *,
    revision: int,
    force: bool,
    note: str = "",
    now: datetime,
    by: UserId | None,
    move_campaigns: bool = False,
) -> int:
    """Makes the prepared draft the newest version and returns its id; refuses what `refuse` refuses.

    With `move_campaigns` the dialog campaigns of older versions go on with this one, but those that try several.
    """
    await _locked(tx, scenario, revision)
    refuse(prepared, force=force)
    red = [one.name for one in prepared.red]
    if red:
        log.warning("scenario.forced", scenario=scenario, by=by, red=len(red))
    values = {
        "flow": flow_to_json(prepared.flow),
        "source": prepared.source,
        "tests": prepared.tests,
        "trained": prepared.trained,
        "training": prepared.training,
        "forced": {"dialogs": red} if red else None,
    }
    return await _publish(tx, scenario, values, note=note, now=now, by=by, move_campaigns=move_campaigns)


async def roll_back(
    tx: AsyncConnection, scenario: int, version: int, *, now: datetime, by: UserId | None, move_campaigns: bool
) -> int:
    """Publishes an old version anew, as the newest one, and makes it the draft; returns the new version's id."""
    was = await published(tx, scenario, version)
    row = (await tx.execute(select(scenarios.c.revision).where(scenarios.c.id == scenario).with_for_update())).one()
    kept = ("flow", "script", "source", "tests", "trained", "training", "forced")
    values = {name: getattr(was, name) for name in kept}
    made = await _publish(
        tx, scenario, values, note=f"Version {version}", now=now, by=by, move_campaigns=move_campaigns
    )
    draft = {"draft": was.flow, "draft_source": was.source, "draft_tests": was.tests, "changed_at": now}
    change = update(scenarios).where(scenarios.c.id == scenario).values(draft | {"revision": row.revision + 1})
    await tx.execute(change)
    return made


# ---- parts


async def _publish(
    tx: AsyncConnection,
    scenario: int,
    values: Mapping[str, Any],
    *,
    note: str,
    now: datetime,
    by: UserId | None,
    move_campaigns: bool,
) -> int:
    note = one_line(note, "note", most=MOST_NOTE) if note.strip() else ""
    mine = scenario_versions.c.scenario_id == scenario
    last = (await tx.execute(select(func.max(scenario_versions.c.version)).where(mine))).scalar_one()
    version = {
        "scenario_id": scenario,
        "version": (last or 0) + 1,
        "published_at": now,
        "published_by": by,
        "note": note,
    }
    row = scenario_versions.insert().values(**version, **values).returning(scenario_versions.c.id)
    made = int((await tx.execute(row)).scalar_one())
    if move_campaigns:
        for moved in (await tx.execute(_TAKE_ALONG, {"new": made, "scenario": scenario})).scalars().all():
            await tell(tx, CampaignId(moved))
    return made


async def _locked(tx: AsyncConnection, scenario: int, revision: int) -> Row[Any]:
    """The scenario's row, which nobody else changes now; `Conflict` if the draft is another than the one seen."""
    query = select(scenarios).where(scenarios.c.id == scenario)
    row = (await tx.execute(query.with_for_update())).one_or_none()
    if row is None:
        raise _missing()
    if row.revision != revision:
        message = f"Somebody else has changed the draft: it is revision {row.revision} now, not {revision}."
        raise Conflict("draft_changed", message, field="revision", hint="Load it again, then make your changes anew.")
    return row


async def _flow(tx: AsyncConnection, scenario: int, version: int | None) -> Flow:
    if version is not None:
        return flow_from_json((await published(tx, scenario, version)).flow)
    draft = (await one_scenario(tx, scenario)).draft
    if draft is None:
        raise NotFound("no_draft", "The scenario has no draft.", hint="Name two versions.")
    return draft


def flow_of_source(source: str) -> Flow:
    """The flow of YAML; `BadInput` names the first thing that is wrong, and how many more there are."""
    found = read(source)
    if found.flow is not None:
        return found.flow
    first, more = found.findings[0], len(found.findings) - 1
    said = f"Line {first.place.line}, column {first.place.column}: {first.message}"
    others = f" There are {more} more findings." if more else ""
    raise BadInput("bad_scenario", f"{said}{others}", field="source", hint=first.hint or None)


def flow_of_draft(value: object) -> Flow:
    """The flow of JSON values that may still lead nowhere; `BadInput` if they have another shape."""
    return _shaped(value)


def _shaped(value: object) -> Flow:
    try:
        return msgspec.convert(value, Flow)
    except msgspec.ValidationError as error:
        raise BadInput("bad_flow", f"This is not a flow: {error}.", field="flow") from error


def _plain(flow: Flow | None) -> dict[str, Any] | None:
    if flow is None:
        return None
    plain = flow_to_json(flow)
    if b"\\u0000" in msgspec.json.encode(plain):
        raise BadInput("not_printable", "A text of the scenario holds a zero character.", field="draft")
    return plain


def _check_printable(text_: str, field: str) -> None:
    if "\0" in text_:
        raise BadInput("not_printable", "This holds a zero character.", field=field)


def _missing() -> NotFound:
    return NotFound("no_such_scenario", "There is no such scenario.")
