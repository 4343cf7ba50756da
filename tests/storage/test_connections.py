"""The driver's own connections: bounded, used again, and never after something went wrong on them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from core.errors import Unavailable
from storage.connections import Connections
from storage.database import Database
from tests.conftest import Fresh, as_superuser

pytestmark = pytest.mark.postgres


@pytest.fixture
async def connections(fresh: Fresh) -> AsyncIterator[Connections]:
    made = Connections(fresh.app_url, at_most=1, wait_s=0.05, connect_s=5, answer_s=5, settings={})
    yield made
    await made.close()


async def server_process(connections: Connections) -> int:
    async with connections.one() as connection:
        return int(await connection.fetchval("SELECT pg_backend_pid()"))


async def test_a_connection_is_used_again(connections: Connections) -> None:
    assert await server_process(connections) == await server_process(connections)


async def test_columns_are_attributes_and_json_is_read(connections: Connections) -> None:
    async with connections.one() as connection:
        (row,) = await connection.fetch("SELECT 1 AS one, CAST('{\"a\": [1]}' AS jsonb) AS two")
    assert (row.one, row.two) == (1, {"a": [1]})
    with pytest.raises(AttributeError):
        _ = row.three


async def test_one_too_many_is_told_that_all_are_in_use(connections: Connections) -> None:
    async with connections.one():
        with pytest.raises(Unavailable, match="in use"):
            await server_process(connections)
    assert await server_process(connections)


async def test_a_connection_on_which_a_statement_failed_is_not_used_again(connections: Connections) -> None:
    before = await server_process(connections)
    with pytest.raises(asyncpg.DivisionByZeroError):
        async with connections.one() as connection:
            await connection.fetch("SELECT 1 / 0")
    assert await server_process(connections) != before


async def test_a_cancelled_statement_gives_its_place_back(connections: Connections) -> None:
    before = await server_process(connections)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05), connections.one() as connection:
            await connection.fetch("SELECT pg_sleep(60)")
    assert await server_process(connections) != before


async def test_a_lost_database_is_told_as_by_any_other_connection(connections: Connections, fresh: Fresh) -> None:
    pid = await server_process(connections)

    async def lose_it() -> None:
        async with connections.one() as connection:
            await as_superuser(fresh.superuser_url, f"SELECT pg_terminate_backend({pid})")
            await connection.fetch("SELECT 1")

    with pytest.raises(Unavailable) as caught:
        await lose_it()
    assert caught.value.code == "database_unreachable"
    assert await server_process(connections) != pid


async def test_a_statement_at_once_refuses_a_schema_that_is_not_ours(fresh: Fresh) -> None:
    await as_superuser(fresh.superuser_url, "UPDATE alembic_version SET version_num = '0001'")
    database = Database(fresh.app_url)
    try:
        with pytest.raises(Unavailable) as caught:
            await database.at_once("SELECT 1")
    finally:
        await database.close()
    assert caught.value.code == "schema_outdated"
