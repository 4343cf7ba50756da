"""How far callers come: the steps that they reach, by version, and where they hang up (SPEC R6.11, R10.5).

An attempt reaches a step once, however often it stands there. Who is counted are the attempts with a talk, those whose
robot began to speak. A version's shares are of its talks; two versions are compared step by step. Talks with the same
path are counted together first, for most callers go one of a few ways.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import CampaignId
from campaigns.proportions import Difference, Share, difference, share
from core.results import CallResult

_VISITS: Final = text("""
    WITH paths AS MATERIALIZED (
        SELECT row_number() OVER () AS id, a.scenario_version_id AS version, a.path, count(*) AS talks,
               count(*) FILTER (WHERE a.result = :hung_up) AS hung_up
        FROM attempts a
        WHERE a.campaign_id = :campaign AND a.result IS NOT NULL AND cardinality(a.path) > 0
          AND (CAST(:since AS timestamptz) IS NULL OR a.started_at >= :since)
          AND (CAST(:until AS timestamptz) IS NULL OR a.started_at < :until)
        GROUP BY a.scenario_version_id, a.path
    ), visits AS (
        SELECT p.id, p.version, p.talks, s.step, count(*) AS times, min(s.place) AS first
        FROM paths p CROSS JOIN LATERAL unnest(p.path) WITH ORDINALITY AS s (step, place) GROUP BY 1, 2, 3, 4
    ), steps AS (
        SELECT version, step, CAST(sum(talks) AS bigint) AS reached, CAST(sum(talks * times) AS bigint) AS visits,
               min(first) AS first
        FROM visits GROUP BY 1, 2
    ), ends AS (
        SELECT version, path[cardinality(path)] AS step, CAST(sum(talks) AS bigint) AS ended,
               CAST(sum(hung_up) AS bigint) AS hung_up
        FROM paths GROUP BY 1, 2
    ), totals AS (SELECT version, CAST(sum(talks) AS bigint) AS talks FROM paths GROUP BY 1)
    SELECT s.version, v.version AS number, n.name, o.talks, s.step, s.reached, s.visits, s.first,
           COALESCE(e.ended, 0) AS ended, COALESCE(e.hung_up, 0) AS hung_up
    FROM steps s JOIN totals o ON o.version IS NOT DISTINCT FROM s.version
    LEFT JOIN ends e ON e.version IS NOT DISTINCT FROM s.version AND e.step = s.step
    LEFT JOIN scenario_versions v ON v.id = s.version LEFT JOIN scenarios n ON n.id = v.scenario_id
    ORDER BY s.version, s.first, s.reached DESC, s.step
""")


@dataclass(frozen=True, slots=True)
class StepCount:
    """One step of a version: how many talks came to it, how many times, how many ended there or were hung up there."""

    step: str
    reached: Share
    visits: int
    ended: int
    hung_up: Share


@dataclass(frozen=True, slots=True)
class VersionFunnel:
    """The steps of one version in the order in which callers come to them; `number` counts the scenario's versions."""

    version: int | None
    number: int | None
    scenario: str | None
    talks: int
    steps: tuple[StepCount, ...]


@dataclass(frozen=True, slots=True)
class StepDifference:
    """How much more talks of the `second` version come to a step than of the `first`; likewise of hang-ups there."""

    first: int | None
    second: int | None
    step: str
    reached: Difference | None
    hung_up: Difference | None


async def funnel(
    tx: AsyncConnection, campaign: CampaignId, *, since: datetime | None = None, until: datetime | None = None
) -> tuple[VersionFunnel, ...]:
    """The funnels of all versions that the campaign's talks of this time ran."""
    wanted = {"campaign": campaign, "since": since, "until": until, "hung_up": str(CallResult.HUNG_UP_EARLY)}
    return funnels_of((await tx.execute(_VISITS, wanted)).all())


def funnels_of(rows: Iterable[Row[Any]]) -> tuple[VersionFunnel, ...]:
    """The counted rows as funnels, one for each version."""
    found: dict[int | None, list[Row[Any]]] = {}
    for row in rows:
        found.setdefault(row.version, []).append(row)
    return tuple(_funnel(version, counted) for version, counted in found.items())


def _funnel(version: int | None, rows: Sequence[Row[Any]]) -> VersionFunnel:
    talks = rows[0].talks
    steps = tuple(
        StepCount(row.step, share(row.reached, talks), row.visits, row.ended, share(row.hung_up, row.reached))
        for row in rows
    )
    return VersionFunnel(version, rows[0].number, rows[0].name, talks, steps)


def differences(funnels: Sequence[VersionFunnel]) -> tuple[StepDifference, ...]:
    """Each later version against the first one, step by step; one that a version does not know is reached by none."""
    if len(funnels) < 2:
        return ()
    first = funnels[0]
    found = []
    for second in funnels[1:]:
        mine, theirs = _by_step(first), _by_step(second)
        for step in dict.fromkeys((*mine, *theirs)):
            one, other = _count(mine, step, first.talks), _count(theirs, step, second.talks)
            reached, hung_up = difference(one.reached, other.reached), difference(one.hung_up, other.hung_up)
            found.append(StepDifference(first.version, second.version, step, reached, hung_up))
    return tuple(found)


def _by_step(funnel: VersionFunnel) -> Mapping[str, StepCount]:
    return {one.step: one for one in funnel.steps}


def _count(steps: Mapping[str, StepCount], step: str, talks: int) -> StepCount:
    return steps.get(step) or StepCount(step, share(0, talks), 0, 0, share(0, 0))
