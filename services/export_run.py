"""Making an export: the rows stream from a cursor of the database into a file, which is shown once it is whole.

An export that was broken off begins anew; a second one of the same at the same time does nothing.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import CompanyId
from core.clock import Clock
from core.errors import NotFound, Unavailable, ZvonarError
from services import export_rows
from services.export_files import ListWriter, open_writer
from services.exports import Export, ExportState, changed, one_export
from services.import_files import exports_of
from storage.database import Database

CHUNK: Final = 2_000
TOLD_EVERY: Final = 20_000
_MINE: Final = text("SELECT pg_try_advisory_xact_lock(hashtextextended('zvonar export ' || :export, 0))")
_PATIENT: Final = text("SET LOCAL statement_timeout = '10min'")


class _Cancelled(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Exporter:
    """Makes the exports of one database."""

    database: Database
    folder: Path
    clock: Clock

    async def run(self, company: CompanyId, id_: int) -> None:
        """Makes one export, if it is to be made. `Unavailable` comes out: then it is to be tried again."""
        try:
            await self._run(company, id_)
        except (Unavailable, NotFound):
            raise
        except _Cancelled:
            await self._end(company, id_, state=str(ExportState.CANCELLED))
        except ZvonarError as error:
            await self._end(company, id_, state=str(ExportState.FAILED), error=error.code, error_message=error.message)

    async def _run(self, company: CompanyId, id_: int) -> None:
        async with self.database.transaction(company) as tx:
            if not (await tx.execute(_MINE, {"export": str(id_)})).scalar_one():
                return
            found = await one_export(tx, id_)
            if found.state not in {ExportState.WAITING, ExportState.RUNNING}:
                return
            await tx.execute(_PATIENT)
            total = (await tx.execute(export_rows.count(found.choice))).scalar_one()
            columns = await export_rows.columns(tx, found.choice)
            await self._tell(company, found, 0, rows_total=total)
            async with self._file(company, found) as path:
                writer = await asyncio.to_thread(open_writer, path, found.format, columns.names)
                try:
                    done = await self._write(tx, company, found, columns, writer)
                finally:
                    await asyncio.to_thread(writer.close)
        name = path.name.removesuffix(".part")
        size = path.with_name(name).stat().st_size
        await self._end(
            company, id_, state=str(ExportState.DONE), rows_done=done, rows_total=done, file=name, size_bytes=size
        )

    async def _write(
        self,
        tx: AsyncConnection,
        company: CompanyId,
        found: Export,
        columns: export_rows.Columns,
        writer: ListWriter,
    ) -> int:
        done = 0
        rows = await tx.stream(export_rows.query(found.choice), execution_options={"yield_per": CHUNK})
        async for chunk in rows.partitions(CHUNK):
            await asyncio.to_thread(_add, writer, columns, chunk)
            done += len(chunk)
            if done % TOLD_EVERY == 0:
                await self._tell(company, found, done)
        return done

    @asynccontextmanager
    async def _file(self, company: CompanyId, found: Export) -> AsyncIterator[Path]:
        """A file to write, which gets its name when it is whole and is gone otherwise."""
        place = exports_of(self.folder, company)
        await asyncio.to_thread(place.mkdir, mode=0o700, parents=True, exist_ok=True)
        path = place / f"{secrets.token_hex(16)}.{found.format}.part"
        try:
            yield path
            path.rename(path.with_name(path.name.removesuffix(".part")))
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    async def _tell(self, company: CompanyId, found: Export, done: int, *, rows_total: int | None = None) -> None:
        """Notes how far the export is; this is where one that is to be cancelled ends."""
        async with self.database.transaction(company) as tx:
            if (await one_export(tx, found.id, lock=True)).cancel_asked:
                raise _Cancelled
            now = self.clock.now()
            values: dict[str, Any] = {"state": str(ExportState.RUNNING), "rows_done": done, "beat_at": now}
            if rows_total is not None:
                values |= {"rows_total": rows_total, "started_at": now}
            await changed(tx, found.id, values)

    async def _end(self, company: CompanyId, id_: int, **values: object) -> None:
        async with self.database.transaction(company) as tx:
            await changed(tx, id_, values | {"finished_at": self.clock.now()})


def _add(writer: ListWriter, columns: export_rows.Columns, rows: Sequence[Row[Any]]) -> None:
    writer.add([columns.cells(row) for row in rows])
