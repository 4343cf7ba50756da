"""The schema: made from nothing, made twice, the same as the tables the program speaks of."""

from __future__ import annotations

import asyncpg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from core.errors import Unavailable
from storage import embedded
from storage.migrate import newest_revision, upgrade
from storage.tables import metadata
from storage.urls import for_asyncpg, for_engine
from tests.conftest import ROOT, Fresh, Server, as_superuser, on

WITH_A_CASE = {"leads_bucket_idx", "leads_later_idx", "leads_attempts_idx", "leads_age_idx"}


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
        # The comparison does not know a CASE again: PostgreSQL writes it over several lines.
        known = {"include_object": lambda _, name, *rest: name not in WITH_A_CASE}
        options = {"compare_type": True, "compare_server_default": True, **known}
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


_OLD_ROWS = (
    "INSERT INTO companies (id, name, created_at) VALUES (1, 'a', now()), (2, 'b', now())",
    "INSERT INTO blacklist (company_id, phone) VALUES (1, '+79000000001'), (1, '+79000000002'), (2, '+79000000001')",
    "INSERT INTO scenarios (id, company_id, name, created_at) VALUES (1, 1, 's', now())",
    "INSERT INTO scenario_versions (id, company_id, scenario_id, version, flow, published_at) "
    "VALUES (1, 1, 1, 1, '{}', now())",
    "INSERT INTO campaigns (id, company_id, name, kind, schedule, retry, trunk, scenario_version_id, created_at) "
    "VALUES (1, 1, 'c', 'survey', '{}', '{}', 't', 1, now())",
    "INSERT INTO contacts (id, company_id, phones, zone, created_at) "
    "VALUES (1, 1, '{+79000000003}', 'Asia/Omsk', now()), (2, 1, '{+79000000004}', NULL, now())",
    "INSERT INTO leads (id, company_id, campaign_id, contact_id, due_at, order_key, added_at, state, attempts) "
    "VALUES (1, 1, 1, 1, now(), 0.1, now(), 'reached', 1), (2, 1, 1, 2, now(), 0.2, now(), 'waiting', 0)",
    "INSERT INTO attempts (company_id, campaign_id, lead_id, leg_id, worker_id, phone_index, phone, started_at, "
    "answered_at, ended_at, result, scenario_version_id) VALUES (1, 1, 1, gen_random_uuid(), gen_random_uuid(), 0, "
    "'+79000000003', now(), now(), now() + interval '90 s', 'completed', 1)",
)


async def test_rows_of_the_first_schema_are_taken_along(postgres: Server) -> None:
    name = f"{postgres.template}_old"
    urls = [on(url, name) for url in (postgres.superuser_url, postgres.owner_url, postgres.app_url)]
    await as_superuser(postgres.superuser_url, f"CREATE DATABASE {name} OWNER {embedded.OWNER}")
    try:
        engine = create_async_engine(for_engine(urls[1]), poolclass=NullPool)
        async with engine.begin() as connection:
            await connection.run_sync(to_first_revision)
        await as_superuser(urls[0], *_OLD_ROWS)
        await upgrade(urls[1], app_url=urls[2])
        looking = await asyncpg.connect(for_asyncpg(urls[0]))
        try:
            barred = (
                "SELECT company_id, phone FROM number_list_phones JOIN number_lists USING (company_id) ORDER BY 1, 2"
            )
            assert [tuple(row) for row in await looking.fetch(barred)] == [
                (1, "+79000000001"), (1, "+79000000002"), (2, "+79000000001"),
            ]  # fmt: skip
            assert await looking.fetchval("SELECT array_agg(zone ORDER BY id) FROM leads") == ["Asia/Omsk", None]
            kept = "SELECT not_called, will_call_again, reached, failed FROM campaign_counts"
            assert [tuple(row) for row in await looking.fetch(kept)] == [(1, 0, 1, 0)]
            kept = "SELECT result, attempts, talk_ms FROM campaign_results"
            assert [tuple(row) for row in await looking.fetch(kept)] == [("completed", 1, 90_000)]
        finally:
            await looking.close()
    finally:
        await as_superuser(postgres.superuser_url, f"DROP DATABASE {name} WITH (FORCE)")


def to_first_revision(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "storage" / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")
