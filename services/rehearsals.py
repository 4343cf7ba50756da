"""Rehearsals of a scenario's draft or of a published version (SPEC R6.9), one at a time, each in a process of its own.

The process takes no time from the calls of this one, is less urgent than they are, and is killed where it takes too
long.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import BadInput, Conflict, Unavailable
from robot.dialog.checking import check
from robot.dialog.finding import Severity
from robot.dialog.flow import Flow, flow_from_json
from robot.dialog.source.understanding import ZONE
from robot.rehearsal import Report
from services import drafts
from services.rehearsal_apart import Done, Order, Refusal
from services.versions import published

log = structlog.get_logger(__name__)

MOST_DIALOGS: Final = 10_000
WITHIN_S: Final = 120.0
_ROOT: Final = Path(__file__).resolve().parents[1]
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


async def run(
    flow: Flow, *, dialogs: int, seed: int, now: datetime, models: Path | None = None, within_s: float = WITHIN_S
) -> Report:
    """Rehearses; `models` is the folder of fetched models.

    `Conflict` where another rehearsal is under way, `Unavailable` where this one takes too long or breaks.
    """
    if not _UNDER_WAY.acquire(blocking=False):
        raise Conflict("rehearsal_busy", "Another rehearsal is under way.", hint="Try again in some seconds.")
    try:
        order = msgspec.json.encode(Order(flow, dialogs, seed, now, ZONE, None if models is None else str(models)))
        answer = msgspec.json.decode(await _answered(order, within_s), type=Done | Refusal)
    except msgspec.DecodeError as error:
        raise Unavailable("rehearsal_broke", "The rehearsal broke; the log tells how.") from error
    finally:
        _UNDER_WAY.release()
    if isinstance(answer, Refusal):
        raise BadInput(answer.code, answer.message, field=answer.field, hint=answer.hint)
    return answer.report


async def _answered(order: bytes, within_s: float) -> bytes:
    """What the process wrote; it is killed where the time is over, or whoever waits for it gives up."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.rehearsal_apart", cwd=_ROOT, stdin=pipe, stdout=pipe, stderr=pipe
    )
    try:
        async with asyncio.timeout(within_s):
            told, complaint = await process.communicate(order)
    except TimeoutError as error:
        message = f"The rehearsal was not done within {within_s:g} seconds."
        raise Unavailable("rehearsal_too_long", message, hint="Ask for fewer dialogs.") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        log.error("rehearsal.broke", status=process.returncode, said=complaint.decode(errors="replace")[-2000:])
    return told
