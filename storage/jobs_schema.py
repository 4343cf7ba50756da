"""The tables of the background jobs: procrastinate's own, in a schema beside ours, made and brought up to date by it.

The schema's comment names the newest of procrastinate's migrations that it holds. Jobs carry numbers only, no
company's data, so row-level security has nothing to guard there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import asyncpg
from procrastinate.schema import SchemaManager
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import Unavailable

SCHEMA: Final = "jobs"

_GRANTS: Final = (
    f"GRANT USAGE ON SCHEMA {SCHEMA} TO {{role}}",
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {SCHEMA} TO {{role}}",
    f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {SCHEMA} TO {{role}}",
    f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {SCHEMA} TO {{role}}",
)
_HELD: Final = text("""
    SELECT obj_description(n.oid, 'pg_namespace') AS newest FROM pg_namespace n WHERE n.nspname = :schema
""")


async def ensure_jobs_schema(connection: AsyncConnection, role: str) -> None:
    """Makes or mends the schema as its owner within the transaction, and lets `role` (quoted) work with it."""
    held = (await connection.execute(_HELD, {"schema": SCHEMA})).one_or_none()
    steps = _steps()
    newest = steps[-1].name
    if held is None:
        await connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
        await _run(connection, SchemaManager.get_schema())
    elif held.newest is None:
        hint = f"Drop or rename the schema {SCHEMA}: Zvonar makes its own."
        raise Unavailable("jobs_schema", f"The database has a schema {SCHEMA} that is not ours.", hint=hint)
    else:
        for step in steps:
            if step.name > held.newest:
                await _run(connection, step.read_text("utf-8"))
    if held is None or held.newest != newest:
        await connection.exec_driver_sql(f"COMMENT ON SCHEMA {SCHEMA} IS '{newest}'")
    for grant in _GRANTS:
        await connection.exec_driver_sql(grant.format(role=role))


def _steps() -> list[Path]:
    """Procrastinate's migrations in their order."""
    return sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))


async def _run(connection: AsyncConnection, script: str) -> None:
    """Executes a script of many statements, whose names it takes to be in the schema."""
    driver = (await connection.get_raw_connection()).driver_connection
    if not isinstance(driver, asyncpg.Connection):
        raise Unavailable("no_scripts", "The database's driver cannot run scripts.")
    await connection.execute(text(f"SET LOCAL search_path = {SCHEMA}"))
    await driver.execute(script)
    await connection.execute(text("SET LOCAL search_path = public"))
