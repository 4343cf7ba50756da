"""Consents to be called, as they are on record with contacts (SPEC R3.7): given on a day, taken back at any time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import BadInput

_RECORD: Final = text("""
    UPDATE contacts SET consent_at = CAST(:at AS timestamptz)
    WHERE id = ANY (CAST(:ids AS bigint[])) AND consent_at IS DISTINCT FROM CAST(:at AS timestamptz)
""")


async def record_consent(
    tx: AsyncConnection, contacts: Sequence[int], *, at: datetime | None, now: datetime, field: str = "at"
) -> int:
    """Notes since when these contacts consent, None: they do not; says how many that changed.

    A lead that was put off for want of a consent is looked at again within the hour.
    """
    if at is not None and at > now:
        raise BadInput("in_the_future", "A consent cannot be of the future.", field=field)
    return (await tx.execute(_RECORD, {"ids": list(contacts), "at": at})).rowcount
