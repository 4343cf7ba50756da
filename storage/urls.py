"""Database addresses: libpq's way of writing them, SQLAlchemy's, and asyncpg's."""

from __future__ import annotations

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from core.errors import BadInput

_SCHEMES = frozenset({"postgres", "postgresql", "postgresql+asyncpg"})


def parse(url: str) -> URL:
    """Reads an address of a PostgreSQL server; raises `BadInput` without repeating it, for it holds a password."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is None or parsed.drivername not in _SCHEMES or not parsed.database or not parsed.username:
        raise BadInput(
            "bad_database_url",
            "The database address cannot be read.",
            field="ZVONAR_DATABASE_URL",
            hint="Write it as postgresql://user:password@host:5432/database.",
        )
    return parsed


def for_engine(url: str) -> URL:
    """The address as SQLAlchemy's asyncpg dialect wants it; libpq's `sslmode` becomes `ssl`."""
    parsed = parse(url).set(drivername="postgresql+asyncpg")
    mode = parsed.query.get("sslmode")
    return parsed.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode} if mode else {})


def for_asyncpg(url: str) -> str:
    """The address as asyncpg itself wants it, password included."""
    parsed = parse(url).set(drivername="postgresql")
    mode = parsed.query.get("ssl")
    parsed = parsed.difference_update_query(["ssl"]).update_query_dict({"sslmode": mode} if mode else {})
    return parsed.render_as_string(hide_password=False)
