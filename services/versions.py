"""Published versions of scenarios: which there are, and which of them a campaign runs (SPEC R6.8, R6.11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import Variant
from core.errors import NotFound
from storage.tables import campaigns, scenario_versions, scenarios, users


@dataclass(frozen=True, slots=True)
class Version:
    """A published version; `forced` names the red dialogs that it was published with, `training` is the report."""

    id: int
    version: int
    published_at: datetime
    published_by: str | None
    note: str
    forced: tuple[str, ...]
    training: Mapping[str, Any] | None
    campaigns: int


async def versions_of(tx: AsyncConnection, scenario: int) -> list[Version]:
    """The published versions, newest first; `NotFound` if the company has no such scenario."""
    if (await tx.execute(select(scenarios.c.id).where(scenarios.c.id == scenario))).one_or_none() is None:
        raise _missing()
    v = scenario_versions.c
    used = select(func.count()).where(campaigns.c.scenario_version_id == v.id, campaigns.c.deleted_at.is_(None))
    query = (
        select(scenario_versions, users.c.login, used.scalar_subquery().label("campaigns"))
        .join(users, users.c.id == v.published_by, isouter=True)
        .where(v.scenario_id == scenario)
        .order_by(v.version.desc())
    )
    return [_version(row) for row in (await tx.execute(query)).all()]


async def published(tx: AsyncConnection, scenario: int, version: int | None = None) -> Row[Any]:
    """The row of a version, the newest one where none is named; `NotFound` if there is none."""
    v = scenario_versions.c
    wanted = select(scenario_versions).where(v.scenario_id == scenario).order_by(v.version.desc()).limit(1)
    if version is not None:
        wanted = wanted.where(v.version == version)
    row = (await tx.execute(wanted)).one_or_none()
    if row is None:
        hint = "Publish the scenario first, or name one of its versions."
        raise NotFound("no_such_version", "There is no such published version.", field="version", hint=hint)
    return row


async def zone_of(tx: AsyncConnection, version: int) -> str | None:
    """The zone in which callers of the version live: that of the newest campaign which runs it.

    Else of one that runs another version of the scenario, else of the company's newest; None where it has no campaign.
    """
    v, mine = scenario_versions.c, scenario_versions.alias("mine")
    of = select(mine.c.scenario_id).where(mine.c.id == version).scalar_subquery()
    nearest = (
        (campaigns.c.scenario_version_id == version).desc().nulls_last(),
        (v.scenario_id == of).desc().nulls_last(),
    )
    query = (
        select(campaigns.c.schedule["zone"].astext)
        .join(scenario_versions, v.id == campaigns.c.scenario_version_id, isouter=True)
        .where(campaigns.c.deleted_at.is_(None))
        .order_by(*nearest, campaigns.c.id.desc())
        .limit(1)
    )
    return (await tx.execute(query)).scalar_one_or_none()


async def chosen(
    tx: AsyncConnection, scenario: int, version: int | None, shares: Sequence[tuple[int, int]] = ()
) -> tuple[int, tuple[Variant, ...]]:
    """The ids of the version that a campaign runs, and of those that it tries; `shares` are by version number."""
    if not shares:
        return (await published(tx, scenario, version)).id, ()
    variants = []
    for number, one in shares:
        variants.append(Variant((await published(tx, scenario, number)).id, one))
    return variants[0].scenario, tuple(variants)


@dataclass(frozen=True, slots=True)
class Ran:
    """What a campaign runs: a version of a scenario by its number, or several by their shares."""

    id: int
    name: str
    version: int
    shares: tuple[tuple[int, int], ...]


async def ran(tx: AsyncConnection, version: int, variants: Sequence[Variant]) -> Ran:
    """What a campaign with these ids runs; `NotFound` if the company has no such version."""
    ids = [version, *(one.scenario for one in variants)]
    v = scenario_versions.c
    query = select(v.id, v.version, v.scenario_id, scenarios.c.name).join(scenarios, scenarios.c.id == v.scenario_id)
    rows = {row.id: row for row in await tx.execute(query.where(v.id.in_(ids)))}
    if version not in rows:
        raise _missing()
    shares = tuple((rows[one.scenario].version, one.share) for one in variants if one.scenario in rows)
    return Ran(rows[version].scenario_id, rows[version].name, rows[version].version, shares)


def _version(row: Row[Any]) -> Version:
    red = tuple((row.forced or {}).get("dialogs", ()))
    return Version(row.id, row.version, row.published_at, row.login, row.note, red, row.training, row.campaigns)


def _missing() -> NotFound:
    return NotFound("no_such_scenario", "There is no such scenario.")
