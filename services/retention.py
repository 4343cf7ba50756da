"""What is kept only for a time: recordings by the company's rule, the files of imports and exports for a month."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import CompanyId
from core.clock import Clock
from services.deletion import remove_deleted
from services.import_files import errors_of, exports_of, imports_of
from storage.database import Database
from storage.tables import attempts, company_rules, exports, imports

FILES_KEPT: Final = timedelta(days=30)
BATCH: Final = 500
_COMPANIES: Final = text("SELECT zvonar_company_ids()")


@dataclass(frozen=True, slots=True)
class Retention:
    """Deletes what has been kept long enough; may be broken off and begun again at any time."""

    database: Database
    folder: Path
    recordings: Path
    clock: Clock

    async def run(self) -> None:
        """Goes through all companies."""
        async with self.database.system() as tx:
            companies = [CompanyId(one) for one in (await tx.execute(_COMPANIES)).scalars()]
        for company in companies:
            while await self._deleted(company):
                pass
            while await self._recordings(company):
                pass
            await self._files(company)

    async def _deleted(self, company: CompanyId) -> bool:
        """Removes some rows of campaigns that were deleted, their recordings first; False when none are left."""
        async with self.database.transaction(company) as tx:
            removed = await remove_deleted(tx)
            paths = [self.recordings / recording for recording in removed.recordings]
            await asyncio.to_thread(_unlink, (path for path in paths if path.resolve().is_relative_to(self.recordings)))
        return removed.more

    async def _recordings(self, company: CompanyId) -> bool:
        """Deletes some of the recordings that are too old, the files first; False when there are none left."""
        async with self.database.transaction(company) as tx:
            days = (await tx.execute(select(company_rules.c.keep_recordings_days))).scalar_one_or_none()
            if days is None:
                return False
            old = attempts.c.ended_at < self.clock.now() - timedelta(days=days)
            query = select(attempts.c.id, attempts.c.recording).where(attempts.c.recording.is_not(None), old)
            rows = (await tx.execute(query.order_by(attempts.c.id).limit(BATCH))).all()
            if not rows:
                return False
            await asyncio.to_thread(_unlink_below, self.recordings, [row.recording for row in rows])
            gone = attempts.c.id.in_([row.id for row in rows])
            await tx.execute(update(attempts).where(gone).values(recording=None))
        return True

    async def _files(self, company: CompanyId) -> None:
        async with self.database.transaction(company) as tx:
            before = self.clock.now() - FILES_KEPT
            names = await _names(tx, before)
            lists = [imports_of(self.folder, company) / name for name in names]
            lists += [errors_of(self.folder, company, name) for name in names]
            over = (exports.c.finished_at < before) & exports.c.file.is_not(None)
            made = (await tx.execute(select(exports.c.file).where(over))).scalars()
            await asyncio.to_thread(_unlink, [*lists, *(exports_of(self.folder, company) / name for name in made)])
            await tx.execute(update(exports).where(over).values(file=None))


async def _names(tx: AsyncConnection, before: datetime) -> list[str]:
    """The files of imports that are over, or that nobody has begun."""
    over = (imports.c.finished_at < before) | ((imports.c.state == "mapping") & (imports.c.created_at < before))
    return list((await tx.execute(select(imports.c.file).where(over))).scalars())


def _unlink_below(folder: Path, names: Iterable[str]) -> None:
    """Deletes files by their names within a folder, and none that lies elsewhere."""
    root = folder.resolve()
    _unlink(path for name in names if (path := (root / name).resolve()).is_relative_to(root))


def _unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
