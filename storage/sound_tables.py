"""The table of the sound files that scenarios play."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Double, Integer, Table, UniqueConstraint

from storage.columns import company, identity, instant, key, metadata, text_

sounds: Final = Table(
    "sounds",
    metadata,
    identity(),
    company(),
    text_("name"),
    text_("audio"),
    Column("seconds", Double, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    instant("created_at"),
    key(),
    UniqueConstraint("company_id", "audio"),
)
