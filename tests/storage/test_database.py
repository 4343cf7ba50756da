"""The one way to the database: whom it refuses, and what its failures are called."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text

from core.errors import BadInput, Unavailable
from storage.database import Database, PoolLimits
from storage.urls import for_asyncpg, for_engine, parse
from tests.conftest import Fresh, as_superuser, make_company, on

pytestmark = pytest.mark.postgres


async def refusal(url: str, limits: PoolLimits | None = None) -> Unavailable:
    database = Database(url, limits)
    try:
        with pytest.raises(Unavailable) as error:
            async with database.system() as tx:
                await tx.execute(text("SELECT 1"))
        return error.value
    finally:
        await database.close()


async def test_a_role_that_could_bypass_the_isolation_is_refused(fresh: Fresh) -> None:
    for url in (fresh.superuser_url, fresh.owner_url):
        assert (await refusal(url)).code == "role_bypasses_isolation"
    await as_superuser(fresh.superuser_url, "ALTER ROLE zvonar_app BYPASSRLS")
    try:
        assert (await refusal(fresh.app_url)).code == "role_bypasses_isolation"
    finally:
        await as_superuser(fresh.superuser_url, "ALTER ROLE zvonar_app NOBYPASSRLS")


async def test_a_role_that_may_become_the_owner_is_refused(fresh: Fresh) -> None:
    await as_superuser(fresh.superuser_url, "GRANT zvonar_owner TO zvonar_app")
    try:
        assert (await refusal(fresh.app_url)).code == "role_bypasses_isolation"
    finally:
        await as_superuser(fresh.superuser_url, "REVOKE zvonar_owner FROM zvonar_app")


async def test_an_outdated_or_missing_schema_is_said(fresh: Fresh) -> None:
    await as_superuser(fresh.superuser_url, "UPDATE alembic_version SET version_num = '0000'")
    error = await refusal(fresh.app_url)
    assert (error.code, "0000" in error.message) == ("schema_outdated", True)
    await as_superuser(fresh.superuser_url, "DROP TABLE alembic_version")
    error = await refusal(fresh.app_url)
    assert (error.code, "missing" in error.message) == ("schema_outdated", True)


async def test_what_keeps_it_from_connecting_is_told_without_the_password(fresh: Fresh) -> None:
    assert (await refusal(on(fresh.app_url, "nowhere"))).code in {"no_database", "database_refuses"}
    wrong = parse(fresh.app_url).set(password="wrong-secret").render_as_string(hide_password=False)
    error = await refusal(wrong)
    assert error.code == "database_refuses"
    assert "wrong-secret" not in f"{error} {error.hint}"
    gone = parse(fresh.app_url).update_query_dict({"host": "/nowhere"}).render_as_string(hide_password=False)
    assert (await refusal(gone)).code == "database_unreachable"


async def test_a_full_pool_says_so(fresh: Fresh) -> None:
    database = Database(fresh.app_url, PoolLimits(connections=1, wait_s=0.05))
    try:
        async with database.system():
            with pytest.raises(Unavailable) as error:
                async with database.system():
                    pass
        assert error.value.code == "database_busy"
    finally:
        await database.close()


async def test_a_statement_that_takes_too_long_is_stopped(fresh: Fresh) -> None:
    database = Database(fresh.app_url, PoolLimits(statement_ms=50))
    try:
        with pytest.raises(Unavailable) as error:
            async with database.system() as tx:
                await tx.execute(text("SELECT pg_sleep(5)"))
        assert error.value.code == "database_slow"
    finally:
        await database.close()


async def test_a_connection_that_is_lost_is_unavailable_and_the_next_transaction_gets_a_new_one(fresh: Fresh) -> None:
    database = Database(fresh.app_url)
    ours = "usename = 'zvonar_app' AND datname = current_database()"
    kill = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}"

    async def lose_it_halfway() -> None:
        async with database.system() as tx:
            await as_superuser(fresh.superuser_url, kill)
            await tx.execute(text("SELECT 1"))

    try:
        with pytest.raises(Unavailable) as error:
            await lose_it_halfway()
        assert error.value.code == "database_unreachable"
        async with database.system() as tx:
            assert (await tx.execute(text("SELECT 1"))).scalar_one() == 1
        await as_superuser(fresh.superuser_url, kill)
        async with database.system() as tx:
            assert (await tx.execute(text("SELECT 1"))).scalar_one() == 1
    finally:
        await database.close()


async def test_a_transaction_with_an_error_leaves_nothing(database: Database) -> None:
    company = await make_company(database)

    async def fail_halfway() -> None:
        async with database.transaction(company) as tx:
            await tx.execute(text("UPDATE companies SET name = 'changed'"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_halfway()
    async with database.transaction(company) as tx:
        assert (await tx.execute(text("SELECT name FROM companies"))).scalar_one() == "Ромашка"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "postgres",
        "mysql://a:b@host/db",
        "postgresql://host/db",
        "postgresql://a:b@host",
        "postgresql://a:b@host:x/db",
    ],
)
def test_an_address_that_cannot_be_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(BadInput) as error:
        parse(url)
    assert (error.value.field, url and url in str(error.value)) in {
        ("ZVONAR_DATABASE_URL", False),
        ("ZVONAR_DATABASE_URL", ""),
    }


def test_an_address_is_understood_by_both_drivers() -> None:
    url = "postgres://anna:p%40ss@db.example:5433/zvonar?sslmode=require"
    engine = for_engine(url)
    assert (engine.drivername, engine.password, dict(engine.query)) == (
        "postgresql+asyncpg",
        "p@ss",
        {"ssl": "require"},
    )
    assert for_asyncpg(url) == "postgresql://anna:p%40ss@db.example:5433/zvonar?sslmode=require"
    assert for_asyncpg("postgresql+asyncpg://a:b@h/d?ssl=require") == "postgresql://a:b@h/d?sslmode=require"


async def test_the_embedded_servers_addresses_are_understood_too(fresh: Fresh) -> None:
    connection = await asyncpg.connect(for_asyncpg(fresh.app_url))
    try:
        assert await connection.fetchval("SELECT current_user") == "zvonar_app"
        assert Path(parse(fresh.app_url).query["host"]).is_dir()  # type: ignore[arg-type]
    finally:
        await connection.close()


async def test_a_connection_that_the_server_ended_under_us_is_told_as_unreachable(database: Database) -> None:
    with pytest.raises(Unavailable) as error:
        async with database.system():
            raise asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress")
    assert error.value.code == "database_unreachable"
