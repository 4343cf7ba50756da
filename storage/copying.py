"""COPY into a table, over the connection of an open transaction: the fastest way in for many rows."""

from __future__ import annotations

import io
from collections.abc import Sequence

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import Unavailable


async def copy_in(tx: AsyncConnection, table: str, columns: Sequence[str], lines: bytes) -> None:
    """Copies lines of COPY's text format into a table; none of them if one is wrong."""
    raw = await tx.get_raw_connection()
    driver = raw.driver_connection
    if not isinstance(driver, asyncpg.Connection):
        raise Unavailable("no_copy", "The database's driver cannot copy rows.")
    await driver.copy_to_table(table, source=io.BytesIO(lines), columns=list(columns), format="text")
