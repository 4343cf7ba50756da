"""Brings a database to the newest schema and gives the application role its rights, and no more.

Two roles: the owner runs this and owns the tables; the application role may read and write rows, never past
row-level security, and changes nothing of the schema. Both steps may be repeated at any time.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from core.errors import Unavailable
from storage.errors import reaching, using
from storage.jobs_schema import ensure_jobs_schema
from storage.urls import for_engine

LEAST_VERSION: Final = 150000
_LOCK: Final = 0x7A766F6E6172  # "zvonar": two processes that start together migrate one after the other
_GRANTS: Final = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}",
    "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role}",
    "REVOKE ALL ON login_attempts, alembic_version FROM {role}",
    "GRANT SELECT ON alembic_version TO {role}",
)


async def upgrade(owner_url: str, *, app_url: str) -> None:
    """Migrates as the owner, then grants to the role of `app_url`, which is made if it is missing.

    Raises `Unavailable` if the server is too old or out of reach, or if the roles do not suit.
    """
    app = for_engine(app_url)
    engine = create_async_engine(for_engine(owner_url), poolclass=NullPool, connect_args={"timeout": 5})
    try:
        async with AsyncExitStack() as stack:
            with reaching():
                connection = await stack.enter_async_context(engine.connect())
            with using():
                async with connection.begin():
                    await _migrate(connection, app)
    finally:
        await engine.dispose()


async def _migrate(connection: AsyncConnection, app: URL) -> None:
    await _check_server(connection, app)
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    await connection.run_sync(_run_revisions)
    await _ensure_role(connection, app)
    role = connection.dialect.identifier_preparer.quote(app.username or "")
    for grant in _GRANTS:
        await connection.exec_driver_sql(grant.format(role=role))
    await ensure_jobs_schema(connection, role)


def newest_revision() -> str:
    """The revision that this program's tables are of."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise Unavailable("no_migrations", "The program came without its migrations.", hint="Install it again.")
    return head


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _run_revisions(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def _check_server(connection: AsyncConnection, app: URL) -> None:
    version, role = (
        await connection.execute(text("SELECT current_setting('server_version_num')::int, current_user"))
    ).one()
    if version < LEAST_VERSION:
        raise Unavailable(
            "old_postgres", f"PostgreSQL {version // 10000} is too old.", hint="Use PostgreSQL 15 or newer."
        )
    if role == app.username:
        raise Unavailable(
            "owner_is_application",
            f"The role {role} cannot be both the owner of the tables and the application.",
            hint="Give the migrations another role than ZVONAR_DATABASE_URL names.",
        )


async def _ensure_role(connection: AsyncConnection, app: URL) -> None:
    wanted = {"role": app.username}
    if (await connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), wanted)).first() is not None:
        return
    # A utility statement takes no parameters, so the server itself quotes the name and the password.
    made = text(
        "SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD %L', :role ::text, :secret ::text)"
    )
    statement = (await connection.execute(made, wanted | {"secret": app.password})).scalar_one()
    try:
        await connection.exec_driver_sql(statement)
    except (ProgrammingError, DBAPIError):
        # The statement holds the password: neither it nor the driver's error may be seen.
        raise Unavailable(
            "no_application_role",
            f"The application role {app.username} does not exist and the owner may not make it.",
            hint=f"As a superuser: CREATE ROLE {app.username} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '…';",
        ) from None
