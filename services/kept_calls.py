"""What is kept of calls only for a time: their recordings, and what was said in them (SPEC R11.7).

The counts stay: results, answers by their labels, the path, the waits. Each function does a bounded part of the work in
one transaction, so it may be broken off and begun again at any time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy import CursorResult, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import CompanyId
from robot.recording import expire_recordings
from storage.tables import attempts

log = structlog.get_logger(__name__)

BATCH: Final = 500
_SAID: Final = text(
    """
    WITH old AS (
        SELECT id FROM attempts
        WHERE ended_at < :before AND details -> 'transcript' <> '[]'
        ORDER BY ended_at LIMIT :batch FOR UPDATE
    ), gone AS (
        UPDATE answers SET said = '' FROM old WHERE answers.attempt_id = old.id
    )
    UPDATE attempts SET details = attempts.details || jsonb_build_object(
        'transcript', '[]'::jsonb,
        'answers', COALESCE(
            (SELECT jsonb_agg(one || '{"said": ""}') FROM jsonb_array_elements(attempts.details -> 'answers') AS one),
            '[]'
        )
    )
    FROM old WHERE attempts.id = old.id
    """
)


async def forget_recordings(tx: AsyncConnection, folder: Path, *, before: datetime) -> bool:
    """Deletes the recordings of some calls that ended before `before`, the files below `folder` first.

    False when none are left. A file that cannot be deleted keeps its row's reference, and is told; its call waits for
    the next time.
    """
    old = (attempts.c.ended_at < before) & attempts.c.recording.is_not(None)
    query = select(attempts.c.id, attempts.c.recording).where(old).order_by(attempts.c.ended_at).limit(BATCH)
    rows = (await tx.execute(query.with_for_update())).all()
    kept = await asyncio.to_thread(_delete, folder, [row.recording for row in rows])
    gone = [row.id for row in rows if row.recording not in kept]
    without = func.jsonb_set(attempts.c.details, text("'{recording}'"), text("'null'"))
    if gone:
        await tx.execute(update(attempts).where(attempts.c.id.in_(gone)).values(recording=None, details=without))
    return len(rows) == BATCH and bool(gone)


async def forget_transcripts(tx: AsyncConnection, *, before: datetime) -> bool:
    """Takes out of some calls that ended before `before` what was said in them; False when none are left."""
    done: CursorResult[Any] = await tx.execute(_SAID, {"before": before, "batch": BATCH})
    return done.rowcount == BATCH


def sweep_recordings(folder: Path, company: CompanyId, *, before: date) -> int:
    """Deletes the company's recordings of whole days before `before` that no call names: those of a killed process."""
    return expire_recordings(folder / str(company), before)


def _delete(folder: Path, names: Iterable[str]) -> set[str]:
    """Deletes files by their names within the folder, none that lies elsewhere; returns those that are still there."""
    root = folder.resolve()
    kept: set[str] = set()
    for name in names:
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            continue
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("recording.not_deleted", file=path.name, error=error.strerror)
            kept.add(name)
    return kept
