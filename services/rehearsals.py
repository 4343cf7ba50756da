"""Rehearsals of a scenario's draft or of a published version (SPEC R6.9)."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import BadInput, Conflict
from robot.dialog.checking import check
from robot.dialog.finding import Severity
from robot.dialog.flow import Flow, flow_from_json
from robot.dialog.source.understanding import ZONE, hearing_of, trained_for
from robot.rehearsal import Report, rehearse
from services import drafts
from services.versions import published

MOST_DIALOGS: Final = 2_000
_UNDER_WAY: Final = threading.Lock()
"""A rehearsal keeps a core busy: one at a time, so that calls have the others."""


async def flow_to_rehearse(tx: AsyncConnection, scenario: int, version: int | None) -> Flow:
    """The flow of the version, of the draft without one; `BadInput` where it could not be published for its faults."""
    if version is not None:
        return flow_from_json((await published(tx, scenario, version)).flow)
    found = await drafts.one_scenario(tx, scenario)
    if found.draft is None:
        raise BadInput("no_draft", "The scenario has no draft.", field="draft", hint="Save one first.")
    wrong = next((one for one in check(found.draft) if one.severity is Severity.ERROR), None)
    if wrong is not None:
        hint = wrong.hint or "Look the draft over first."
        raise BadInput("scenario_errors", wrong.message, field=wrong.field or "draft", hint=hint)
    return found.draft


async def run(flow: Flow, *, dialogs: int, seed: int, now: datetime) -> Report:
    """Rehearses on a thread; `Conflict` where another rehearsal is under way."""
    return await asyncio.to_thread(_rehearsed, flow, dialogs, seed, now)


def _rehearsed(flow: Flow, dialogs: int, seed: int, now: datetime) -> Report:
    if not _UNDER_WAY.acquire(blocking=False):
        raise Conflict("rehearsal_busy", "Another rehearsal is under way.", hint="Try again in some seconds.")
    try:
        hear = hearing_of(flow, trained_for(flow), now=now, zone=ZONE)
        return rehearse(flow, dialogs=dialogs, seed=seed, hear=hear)
    finally:
        _UNDER_WAY.release()
