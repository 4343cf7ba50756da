"""What is kept only for a time: recordings and what was said by the company's rules, files of lists for a month."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import CompanyId
from core.clock import Clock
from services.company_rules import read_rules
from services.deletion import remove_deleted
from services.import_files import errors_of, exports_of, imports_of
from services.kept_calls import forget_recordings, forget_transcripts, sweep_recordings
from storage.database import Database
from storage.tables import exports, imports

FILES_KEPT: Final = timedelta(days=30)
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
            await self._said(company)
            await self._files(company)

    async def _deleted(self, company: CompanyId) -> bool:
        """Removes some rows of campaigns that were deleted, their recordings first; False when none are left."""
        async with self.database.transaction(company) as tx:
            removed = await remove_deleted(tx, self.clock.now())
            await asyncio.to_thread(_unlink_below, self.recordings, removed.recordings)
        return removed.more

    async def _said(self, company: CompanyId) -> None:
        """Forgets recordings and transcripts that are older than the company keeps them."""
        async with self.database.transaction(company) as tx:
            rules = await read_rules(tx)
        now = self.clock.now()
        if rules.keep_recordings_days is not None:
            before = now - timedelta(days=rules.keep_recordings_days)
            while await self._forgot(company, partial(forget_recordings, folder=self.recordings, before=before)):
                pass
            await asyncio.to_thread(sweep_recordings, self.recordings, company, before=before.date())
        if rules.keep_transcripts_days is not None:
            before = now - timedelta(days=rules.keep_transcripts_days)
            while await self._forgot(company, partial(forget_transcripts, before=before)):
                pass

    async def _forgot(self, company: CompanyId, forget: Callable[[AsyncConnection], Awaitable[bool]]) -> bool:
        """Does a part of it in a transaction of its own; False when none is left."""
        async with self.database.transaction(company) as tx:
            return await forget(tx)

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
