"""Exports: contacts or leads chosen by campaign, bucket, result, tags or text, written to a file in the background."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import CampaignId, CompanyId
from campaigns.leads import Bucket
from core.errors import BadInput, Conflict, NotFound
from core.results import CallResult
from services.campaigns import found_campaign
from services.import_files import exports_of
from services.tags import checked_tags
from storage.tables import exports

SHOWN: Final = 200
MOST_IDS: Final = 100_000
LONGEST_TEXT: Final = 200
_OF_LEADS: Final = ("bucket", "result")


class ExportState(StrEnum):
    """How far an export is; the values are stored."""

    WAITING = "waiting"
    RUNNING = "running"
    CANCELLED = "cancelled"
    FAILED = "failed"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """Which people to write; what is left out holds for all. `ids` are those of leads, or of contacts."""

    what: Literal["contacts", "leads"]
    campaign: int | None = None
    bucket: Bucket | None = None
    result: CallResult | None = None
    tags: tuple[str, ...] = ()
    text: str | None = None
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Export:
    """An export and how far it is; `name` is what its file is called for people."""

    id: int
    choice: ExportChoice
    name: str
    format: Literal["csv", "xlsx"]
    state: ExportState
    cancel_asked: bool
    rows_total: int | None
    rows_done: int
    file: str | None
    size_bytes: int | None
    error: str | None
    error_message: str | None
    created_at: datetime
    finished_at: datetime | None


async def add_export(
    tx: AsyncConnection,
    *,
    choice: ExportChoice,
    format: Literal["csv", "xlsx"],
    by: int | None,
    now: datetime,
) -> Export:
    """Notes an export that is to be made next; BadInput names the condition that does not fit."""
    choice = _checked(choice)
    subject = "contacts"
    if choice.campaign is not None:
        subject = (await found_campaign(tx, CampaignId(choice.campaign))).name
    values = {
        "campaign_id": choice.campaign,
        "name": f"{_printable(subject)} {now:%Y-%m-%d}.{format}",
        "format": format,
        "selection": msgspec.to_builtins(choice),
        "state": str(ExportState.WAITING),
        "created_by": by,
        "created_at": now,
    }
    return _export((await tx.execute(insert(exports).values(values).returning(exports))).one())


async def one_export(tx: AsyncConnection, id_: int, *, lock: bool = False) -> Export:
    """One export, held until the transaction ends if `lock`; `NotFound` if the company has no such."""
    query = select(exports).where(exports.c.id == id_)
    row = (await tx.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise NotFound("no_such_export", "There is no such export.")
    return _export(row)


async def list_exports(tx: AsyncConnection) -> list[Export]:
    """The latest exports, the last one first."""
    return [_export(row) for row in await tx.execute(select(exports).order_by(exports.c.id.desc()).limit(SHOWN))]


async def cancel_export(tx: AsyncConnection, id_: int, *, now: datetime) -> Export:
    """Stops an export; `Conflict` if it is over."""
    found = await one_export(tx, id_, lock=True)
    match found.state:
        case ExportState.DONE | ExportState.FAILED:
            raise Conflict("export_over", "The export is over.")
        case ExportState.WAITING:
            return await changed(tx, id_, {"state": str(ExportState.CANCELLED), "finished_at": now})
        case ExportState.RUNNING:
            return await changed(tx, id_, {"cancel_asked": True})
        case ExportState.CANCELLED:
            return found


async def export_file(tx: AsyncConnection, folder: Path, company: CompanyId, id_: int) -> Path:
    """The whole file; `NotFound` while there is none, or no more."""
    found = await one_export(tx, id_)
    path = exports_of(folder, company) / (found.file or "")
    if found.state is not ExportState.DONE or found.file is None or not path.is_file():
        raise NotFound("no_export_file", "The export has no file.", hint="Wait until it is done, or start another.")
    return path


async def changed(tx: AsyncConnection, id_: int, values: Mapping[str, Any]) -> Export:
    """Notes how far an export is."""
    change = update(exports).where(exports.c.id == id_).values(**values).returning(exports)
    return _export((await tx.execute(change)).one())


def _checked(choice: ExportChoice) -> ExportChoice:
    if choice.what == "leads" and choice.campaign is None:
        raise BadInput("no_campaign", "Say of which campaign the leads are.", field="campaign")
    if choice.campaign is None and (wrong := [name for name in _OF_LEADS if getattr(choice, name) is not None]):
        raise BadInput("no_campaign", f"A {wrong[0]} is that of a campaign: say of which.", field=wrong[0])
    if len(choice.ids) > MOST_IDS:
        raise BadInput("too_many_ids", f"At most {MOST_IDS} can be named.", field="ids")
    text = (choice.text or "").strip() or None
    if text is not None and (len(text) > LONGEST_TEXT or "\0" in text):
        raise BadInput("bad_text", f"The text has 1 to {LONGEST_TEXT} letters.", field="text")
    return ExportChoice(
        choice.what, choice.campaign, choice.bucket, choice.result, checked_tags(choice.tags), text, choice.ids
    )


def _printable(name: str) -> str:
    """A name as a file may have it."""
    kept = "".join(letter if letter.isalnum() or letter in " .-_" else " " for letter in name)
    return " ".join(kept.split())[:100].strip(". ") or "export"


def _export(row: Row[Any]) -> Export:
    return Export(
        id=row.id,
        choice=msgspec.convert(row.selection, ExportChoice),
        name=row.name,
        format=row.format,
        state=ExportState(row.state),
        cancel_asked=row.cancel_asked,
        rows_total=row.rows_total,
        rows_done=row.rows_done,
        file=row.file,
        size_bytes=row.size_bytes,
        error=row.error,
        error_message=row.error_message,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )
