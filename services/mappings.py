"""Mappings of columns to fields, remembered by the names of a list's columns (SPEC R9.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import import_mappings


async def remembered(tx: AsyncConnection, columns: Sequence[str]) -> dict[str, str] | None:
    """The mapping that was last used for a list with such columns, whatever their order and case; None if none was."""
    query = select(import_mappings.c.mapping).where(import_mappings.c.columns_key == _key(columns))
    found = (await tx.execute(query)).scalar_one_or_none()
    if found is None:
        return None
    mine = {_folded(column): column for column in columns}
    return {mine[column]: field for column, field in found.items() if column in mine}


async def remember(tx: AsyncConnection, columns: Sequence[str], mapping: Mapping[str, str], now: datetime) -> None:
    """Keeps a mapping for the next list with such columns."""
    values = {
        "columns_key": _key(columns),
        "columns": list(columns),
        "mapping": {_folded(column): field for column, field in mapping.items()},
        "used_at": now,
    }
    new = insert(import_mappings).values(values)
    changed = {name: new.excluded[name] for name in ("columns", "mapping", "used_at")}
    key = [import_mappings.c.company_id, import_mappings.c.columns_key]
    await tx.execute(new.on_conflict_do_update(index_elements=key, set_=changed))


def _key(columns: Sequence[str]) -> str:
    """A list is known by the set of its columns."""
    return hashlib.sha256("\x1f".join(sorted(map(_folded, columns))).encode()).hexdigest()


def _folded(column: str) -> str:
    return column.casefold()
