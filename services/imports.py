"""Imports: lists of contacts, kept, looked into, mapped, tried out, loaded in the background (SPEC R9.1, R9.2).

    checking ──► mapping ──► running ──► done        a dry run that is done may be started again, for good
        └───────────┴───────────┴──────► failed, cancelled

An import says at any time how many of its rows are done and what came of them; one that failed or was cancelled keeps
these figures, so that nobody takes a half loaded list for a whole one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import CampaignId, CompanyId
from campaigns.contacts.batches import Duplicates
from campaigns.contacts.mapping import check_mapping
from campaigns.contacts.rows import MOST_PRIORITY
from core.errors import BadInput, Conflict, NotFound
from core.results import CallResult
from services.campaigns import may_change
from services.import_files import KeptFile, errors_of, keep_file
from services.list_feed import Looked
from services.mappings import remember
from services.tags import checked_tags
from storage.tables import imports

__all__ = ["Duplicates", "KeptFile", "keep_file"]

LONGEST_NAME: Final = 255
SHOWN: Final = 200
MOST_DAYS: Final = 3650


class ImportState(StrEnum):
    """How far an import is; the values are stored."""

    CHECKING = "checking"
    MAPPING = "mapping"
    RUNNING = "running"
    CANCELLED = "cancelled"
    FAILED = "failed"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Which leads of other campaigns that are not finished keep a row out; empty means any (SPEC R9.2)."""

    campaigns: tuple[int, ...] = ()
    results: tuple[CallResult, ...] = ()
    within_days: int | None = None


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a list is loaded: `tags` go to all of its contacts, `priority` to leads that the list gives none."""

    duplicates: Duplicates = Duplicates.SKIP
    elsewhere: Elsewhere | None = None
    tags: tuple[str, ...] = ()
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """An import and how far it is; `campaign` None is the address book alone."""

    id: int
    campaign: int | None
    name: str
    file: str
    size_bytes: int
    state: ImportState
    dry_run: bool
    cancel_asked: bool
    options: ImportOptions
    mapping: Mapping[str, str] | None
    columns: tuple[str, ...]
    suggested_mapping: Mapping[str, str]
    sample_rows: tuple[tuple[str, ...], ...]
    encoding: str | None
    delimiter: str | None
    rows_total: int | None
    rows_done: int
    loaded: int
    merged: int
    linked: int
    duplicates: int
    elsewhere: int
    bad: int
    zone_unknown: int
    errors_bytes: int
    error: str | None
    error_message: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


COUNTERS: Final = ("rows_done", "loaded", "merged", "linked", "duplicates", "elsewhere", "bad", "zone_unknown")


async def add_import(
    tx: AsyncConnection, file: KeptFile, *, name: str, campaign: CampaignId | None, by: int | None, now: datetime
) -> Import:
    """Notes a file that was taken in; `Conflict` if its campaign is finished. It has to be looked into next."""
    if campaign is not None:
        await may_change(tx, campaign, now)
    values = {
        "campaign_id": campaign,
        "name": _printable(name),
        "file": file.name,
        "size_bytes": file.size_bytes,
        "state": str(ImportState.CHECKING),
        "created_by": by,
        "created_at": now,
    }
    return _import((await tx.execute(insert(imports).values(values).returning(imports))).one())


async def one_import(tx: AsyncConnection, id_: int, *, lock: bool = False) -> Import:
    """One import, held until the transaction ends if `lock`; `NotFound` if the company has no such."""
    query = select(imports).where(imports.c.id == id_)
    row = (await tx.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise NotFound("no_such_import", "There is no such import.")
    return _import(row)


async def list_imports(tx: AsyncConnection, campaign: CampaignId | None = None) -> list[Import]:
    """The latest imports, the last one first; only those of one campaign if it is given."""
    wanted = [] if campaign is None else [imports.c.campaign_id == campaign]
    query = select(imports).where(*wanted).order_by(imports.c.id.desc()).limit(SHOWN)
    return [_import(row) for row in await tx.execute(query)]


async def start_import(
    tx: AsyncConnection,
    id_: int,
    *,
    mapping: Mapping[str, str] | None,
    options: ImportOptions,
    dry_run: bool,
    now: datetime,
) -> Import:
    """Sets an import off, or tries it out; `mapping` None takes the suggested one. The mapping is remembered."""
    found = await one_import(tx, id_, lock=True)
    tried = found.dry_run and found.state in {ImportState.DONE, ImportState.CANCELLED}
    if found.state is not ImportState.MAPPING and not tried:
        hint = "Wait until the file has been looked into." if found.state is ImportState.CHECKING else None
        raise Conflict("import_state", f"The import is {found.state}, it cannot be started.", hint=hint)
    if found.campaign is not None:
        await may_change(tx, CampaignId(found.campaign), now)
    chosen = dict(found.suggested_mapping if mapping is None else mapping)
    check_mapping(chosen, found.columns)
    options = _checked(options)
    await remember(tx, found.columns, chosen, now)
    values: dict[str, Any] = dict.fromkeys(COUNTERS, 0) | {
        "state": str(ImportState.RUNNING),
        "mapping": chosen,
        "options": msgspec.to_builtins(options),
        "dry_run": dry_run,
        "cancel_asked": False,
        "errors_bytes": 0,
        "started_at": now,
        "finished_at": None,
    }
    return await _changed(tx, id_, values)


async def cancel_import(tx: AsyncConnection, id_: int, *, now: datetime) -> Import:
    """Stops an import after the batch that it is at; what is loaded stays. `Conflict` if it is over."""
    found = await one_import(tx, id_, lock=True)
    if found.state in {ImportState.DONE, ImportState.FAILED}:
        raise Conflict("import_over", "The import is over.")
    if found.state is ImportState.RUNNING:
        return await _changed(tx, id_, {"cancel_asked": True})
    if found.state is ImportState.CANCELLED:
        return found
    return await _changed(tx, id_, {"state": str(ImportState.CANCELLED), "finished_at": now})


async def error_file(tx: AsyncConnection, folder: Path, company: CompanyId, id_: int) -> Path:
    """The file of the bad rows: their lines, the reasons, the cells as they were; `NotFound` if no row was bad."""
    found = await one_import(tx, id_)
    path = errors_of(folder, company, found.file)
    if not found.bad or not path.is_file():
        raise NotFound("no_bad_rows", "The import has no file of bad rows.")
    return path


async def looked_into(tx: AsyncConnection, id_: int, looked: Looked, suggested: Mapping[str, str]) -> None:
    """Notes what the file holds, after which its mapping is waited for."""
    sheet = {
        "columns": looked.columns,
        "suggested": dict(suggested),
        "sample": looked.sample,
        "encoding": looked.encoding,
        "delimiter": looked.delimiter,
    }
    checking = imports.c.state == str(ImportState.CHECKING)
    values = {"state": str(ImportState.MAPPING), "sheet": sheet, "rows_total": looked.rows}
    await tx.execute(update(imports).where(imports.c.id == id_, checking).values(values))


async def failed(tx: AsyncConnection, id_: int, *, code: str, message: str, now: datetime) -> None:
    """Notes that an import cannot go on, and why; what it has loaded stays and is counted."""
    found = await one_import(tx, id_, lock=True)
    if found.state not in {ImportState.CHECKING, ImportState.RUNNING}:
        return
    if found.state is ImportState.RUNNING and not found.dry_run:
        message += f" {found.rows_done} of {found.rows_total} rows were done before."
    values = {"state": str(ImportState.FAILED), "error": code, "error_message": message, "finished_at": now}
    await tx.execute(update(imports).where(imports.c.id == id_).values(values))


async def _changed(tx: AsyncConnection, id_: int, values: Mapping[str, Any]) -> Import:
    changed = update(imports).where(imports.c.id == id_).values(**values).returning(imports)
    return _import((await tx.execute(changed)).one())


def _checked(options: ImportOptions) -> ImportOptions:
    if options.priority is not None and not 1 <= options.priority <= MOST_PRIORITY:
        message = f"A priority is a whole number from 1 (first) to {MOST_PRIORITY}."
        raise BadInput("bad_priority", message, field="priority")
    days = None if options.elsewhere is None else options.elsewhere.within_days
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise BadInput("bad_days", f"Give 1 to {MOST_DAYS} days.", field="elsewhere.within_days")
    return ImportOptions(options.duplicates, options.elsewhere, checked_tags(options.tags), options.priority)


def _printable(name: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in name).strip()[-LONGEST_NAME:] or "contacts"


def _import(row: Row[Any]) -> Import:
    sheet = row.sheet or {}
    return Import(
        id=row.id,
        campaign=row.campaign_id,
        name=row.name,
        file=row.file,
        size_bytes=row.size_bytes,
        state=ImportState(row.state),
        dry_run=row.dry_run,
        cancel_asked=row.cancel_asked,
        options=msgspec.convert(row.options, ImportOptions),
        mapping=row.mapping,
        columns=tuple(sheet.get("columns", ())),
        suggested_mapping=sheet.get("suggested", {}),
        sample_rows=tuple(tuple(cells) for cells in sheet.get("sample", ())),
        encoding=sheet.get("encoding"),
        delimiter=sheet.get("delimiter"),
        rows_total=row.rows_total,
        errors_bytes=row.errors_bytes,
        error=row.error,
        error_message=row.error_message,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        **{name: getattr(row, name) for name in COUNTERS},
    )
