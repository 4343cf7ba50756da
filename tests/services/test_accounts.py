"""SPEC R11.6: passwords hashed, sessions that expire, tries that are limited."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from campaigns.campaign import CompanyId
from core.errors import BadInput, Conflict, NotFound
from services import accounts
from services.accounts import MOST_FAILURES, SESSION, TooManyAttempts, WrongLogin
from storage.database import Database
from storage.urls import for_asyncpg
from tests.conftest import EPOCH, Fresh

PASSWORD = "correct horse battery"
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.postgres


@pytest.fixture
async def anna(database: Database, company: CompanyId) -> str:
    """A user's login."""
    await accounts.add_user(database, company, login="Anna", password=PASSWORD, now=EPOCH, name="Анна")
    return "anna"


async def test_R11_6_who_signs_in_is_known_by_the_token(database: Database, company: CompanyId, anna: str) -> None:
    session = await accounts.sign_in(database, login=" ANNA ", password=PASSWORD, now=EPOCH)
    asker = await accounts.asker_of(database, session.token, EPOCH + MINUTE)
    assert asker == session.asker
    assert asker is not None
    assert (asker.company, asker.login, asker.name) == (company, anna, "Анна")


async def test_R11_6_neither_password_nor_token_is_stored_in_clear(database: Database, anna: str, fresh: Fresh) -> None:
    session = await accounts.sign_in(database, login=anna, password=PASSWORD, now=EPOCH)
    connection = await asyncpg.connect(for_asyncpg(fresh.superuser_url))
    try:
        hashes = await connection.fetchval("SELECT password_hash FROM users")
        tokens = await connection.fetchval("SELECT token_hash FROM sessions")
    finally:
        await connection.close()
    assert hashes.startswith("$argon2id$")
    assert PASSWORD not in hashes
    assert session.token not in tokens
    assert session.token not in repr(session)


@pytest.mark.parametrize(("login", "password"), [("anna", "wrong"), ("boris", PASSWORD), ("", ""), ("a\0b", "x")])
async def test_R11_6_a_wrong_login_is_not_told_from_a_wrong_password(
    database: Database, anna: str, login: str, password: str
) -> None:
    with pytest.raises(WrongLogin) as error:
        await accounts.sign_in(database, login=login, password=password, now=EPOCH)
    assert error.value.code == "wrong_login"


async def test_R11_6_a_session_ends_by_time_and_by_signing_out(database: Database, anna: str) -> None:
    session = await accounts.sign_in(database, login=anna, password=PASSWORD, now=EPOCH)
    assert await accounts.asker_of(database, session.token, EPOCH + SESSION - MINUTE) is not None
    assert await accounts.asker_of(database, session.token, EPOCH + SESSION) is None
    await accounts.sign_out(database, session.token, EPOCH)
    assert await accounts.asker_of(database, session.token, EPOCH) is None
    await accounts.sign_out(database, session.token, EPOCH)


async def test_R11_6_after_too_many_failures_even_the_right_password_waits(database: Database, anna: str) -> None:
    for _ in range(MOST_FAILURES):
        with pytest.raises(WrongLogin):
            await accounts.sign_in(database, login=anna, password="wrong", now=EPOCH)
    with pytest.raises(TooManyAttempts):
        await accounts.sign_in(database, login=anna, password=PASSWORD, now=EPOCH + 14 * MINUTE)
    session = await accounts.sign_in(database, login=anna, password=PASSWORD, now=EPOCH + 16 * MINUTE)
    assert session.asker.login == anna


async def test_R11_6_a_success_forgets_the_failures_before_it(database: Database, anna: str) -> None:
    for _ in range(2):
        for _ in range(MOST_FAILURES - 1):
            with pytest.raises(WrongLogin):
                await accounts.sign_in(database, login=anna, password="wrong", now=EPOCH)
        await accounts.sign_in(database, login=anna, password=PASSWORD, now=EPOCH)


async def test_R11_6_tries_at_the_same_moment_are_counted_too(database: Database, anna: str) -> None:
    outcomes: list[str] = []

    async def guess() -> None:
        try:
            await accounts.sign_in(database, login=anna, password="wrong", now=EPOCH)
        except (WrongLogin, TooManyAttempts) as error:
            outcomes.append(error.code)

    async with asyncio.TaskGroup() as group:
        for _ in range(MOST_FAILURES + 5):
            group.create_task(guess())
    assert outcomes.count("wrong_login") == MOST_FAILURES
    assert outcomes.count("too_many_attempts") == 5


async def test_the_first_login_is_made_once(database: Database) -> None:
    first = await accounts.ensure_first_login(database, company_name="Ромашка", login="Admin", now=EPOCH)
    assert first is not None
    assert first.login == "admin"
    assert first.password not in repr(first)
    assert await accounts.ensure_first_login(database, company_name="Ромашка", login="admin", now=EPOCH) is None
    session = await accounts.sign_in(database, login="admin", password=first.password, now=EPOCH)
    assert list(await accounts.company_names(database)) == [session.asker.company]


async def test_two_first_starts_at_once_make_one_company(database: Database) -> None:
    made: list[object] = []

    async def start() -> None:
        made.append(await accounts.ensure_first_login(database, company_name="Ромашка", login="admin", now=EPOCH))

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(start())
    assert sum(one is not None for one in made) == 1


async def test_a_new_password_ends_the_old_ones_sessions(database: Database, anna: str) -> None:
    session = await accounts.sign_in(database, login=anna, password=PASSWORD, now=EPOCH)
    new = await accounts.reset_password(database, login="ANNA")
    assert await accounts.asker_of(database, session.token, EPOCH) is None
    with pytest.raises(WrongLogin):
        await accounts.sign_in(database, login=anna, password=PASSWORD, now=EPOCH)
    await accounts.sign_in(database, login=anna, password=new, now=EPOCH)


@pytest.mark.parametrize("login", ["nobody", "", "a\0"])
async def test_a_new_password_for_nobody_is_refused(database: Database, login: str) -> None:
    with pytest.raises(NotFound):
        await accounts.reset_password(database, login=login)


async def test_a_login_is_taken_in_all_companies(database: Database, anna: str) -> None:
    from tests.conftest import make_company

    other = await make_company(database, "Вектор")
    with pytest.raises(Conflict) as error:
        await accounts.add_user(database, other, login=anna, password=PASSWORD, now=EPOCH)
    assert error.value.code == "login_taken"


@pytest.mark.parametrize(
    ("login", "password", "field"),
    [("Анна", PASSWORD, "login"), ("", PASSWORD, "login"), ("a b", PASSWORD, "login"), ("anna", "short", "password")],
)
async def test_a_login_that_cannot_be_names_its_field(
    database: Database, company: CompanyId, login: str, password: str, field: str
) -> None:
    with pytest.raises(BadInput) as error:
        await accounts.add_user(database, company, login=login, password=password, now=EPOCH)
    assert error.value.field == field
