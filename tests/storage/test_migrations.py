"""The schema: made from nothing, made twice, the same as the tables the program speaks of."""

from __future__ import annotations

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from core.errors import Unavailable
from storage.migrate import newest_revision, upgrade
from storage.tables import metadata
from storage.urls import for_asyncpg, for_engine
from tests.conftest import Fresh, as_superuser, on


async def test_migrating_again_changes_nothing(fresh: Fresh) -> None:
    await upgrade(fresh.owner_url, app_url=fresh.app_url)
    await upgrade(fresh.owner_url, app_url=fresh.app_url)
    connection = await asyncpg.connect(for_asyncpg(fresh.owner_url))
    try:
        assert await connection.fetchval("SELECT version_num FROM alembic_version") == newest_revision()
    finally:
        await connection.close()


async def test_the_migrated_schema_is_what_the_tables_say(fresh: Fresh) -> None:
    engine = create_async_engine(for_engine(fresh.owner_url), poolclass=NullPool)

    def differences(connection: Connection) -> list[object]:
        options = {"compare_type": True, "compare_server_default": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    try:
        async with engine.connect() as connection:
            # A default is compared by its value, so the company of the transaction must have one.
            await connection.execute(text("SELECT set_config('zvonar.company_id', '7', false)"))
            assert await connection.run_sync(differences) == []
    finally:
        await engine.dispose()


async def test_the_owner_may_not_be_the_application(fresh: Fresh) -> None:
    with pytest.raises(Unavailable, match="cannot be both"):
        await upgrade(fresh.owner_url, app_url=fresh.owner_url)


async def test_a_missing_role_that_cannot_be_made_is_said_without_its_password(fresh: Fresh) -> None:
    missing = fresh.app_url.replace("//zvonar_app:", "//zvonar_nobody:secret-of-")
    with pytest.raises(Unavailable) as error:
        await upgrade(fresh.owner_url, app_url=missing)
    assert "CREATE ROLE zvonar_nobody" in (error.value.hint or "")
    assert "secret-of-" not in f"{error.value} {error.value.hint}"


async def test_an_owner_who_may_makes_the_application_role(fresh: Fresh) -> None:
    await as_superuser(fresh.superuser_url, "ALTER ROLE zvonar_owner CREATEROLE")
    made = fresh.app_url.replace("//zvonar_app:", "//zvonar_made:")
    try:
        await upgrade(fresh.owner_url, app_url=made)
        connection = await asyncpg.connect(for_asyncpg(made))
        try:
            rights = "rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb"
            made_role = f"SELECT {rights} FROM pg_roles WHERE rolname = 'zvonar_made'"
            assert await connection.fetchval(made_role) is False
            assert await connection.fetchval("SELECT count(*) FROM contacts") == 0
        finally:
            await connection.close()
    finally:
        await as_superuser(
            fresh.superuser_url,
            "ALTER ROLE zvonar_owner NOCREATEROLE",
            "DROP OWNED BY zvonar_made",
            "DROP ROLE zvonar_made",
        )


async def test_a_database_that_is_not_there_is_said_so(fresh: Fresh) -> None:
    with pytest.raises(Unavailable, match="does not exist"):
        await upgrade(on(fresh.owner_url, "nowhere"), app_url=fresh.app_url)
