"""Who may sign in: users with their passwords, sessions, and how often a password may be tried (SPEC R11.6).

A password is kept as its argon2id hash, a session as the SHA-256 of its token, so neither can be read back. A try to
sign in is counted before the password is looked at: many at once are not more than many in turn.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, NewType

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import IntegrityError

from campaigns.campaign import CompanyId
from core.errors import BadInput, Conflict, NotFound, ZvonarError
from services.texts import one_line
from storage.companies import add_company
from storage.database import Database
from storage.tables import companies, sessions, users

UserId = NewType("UserId", int)

SESSION: Final = timedelta(days=14)
MOST_FAILURES: Final = 10
FAILURES_WITHIN: Final = timedelta(minutes=15)
LEAST_PASSWORD: Final = 10
MOST_PASSWORD: Final = 1000
LOGIN: Final = re.compile(r"[a-z0-9](?:[a-z0-9._@+-]{0,62}[a-z0-9])?", re.ASCII)

# RFC 9106 leaves the parameters to the host; these are OWASP's, so that a flood of tries does not starve calls.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)

_FIND: Final = text("SELECT user_id, company_id, name, password_hash FROM zvonar_login(:login)")
_TRY: Final = text("SELECT zvonar_try_login(:login, :now, :since, :most)")
_SUCCEEDED: Final = text("SELECT zvonar_login_succeeded(:try)")
_SESSION: Final = text("SELECT user_id, company_id, login, name FROM zvonar_session(:token, :now)")
_COMPANIES: Final = text("SELECT count(*) FROM zvonar_company_ids()")
_COMPANY_IDS: Final = text("SELECT * FROM zvonar_company_ids()")
_ALONE: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('zvonar first login', 0))")


class WrongLogin(ZvonarError):
    """No user has this login and password; which of the two is wrong is not told."""

    status = 401

    def __init__(self) -> None:
        super().__init__("wrong_login", "The login or the password is wrong.")


class TooManyAttempts(ZvonarError):
    """The login was tried too often with wrong passwords."""

    status = 429

    def __init__(self) -> None:
        minutes = int(FAILURES_WITHIN.total_seconds()) // 60
        message = f"There were {MOST_FAILURES} wrong passwords for this login within {minutes} minutes."
        super().__init__("too_many_attempts", message, hint=f"Wait {minutes} minutes and try again.")


@dataclass(frozen=True, slots=True)
class Asker:
    """The user on whose behalf something is asked."""

    user: UserId
    company: CompanyId
    login: str
    name: str


@dataclass(frozen=True, slots=True)
class Session:
    """A session just begun; `token` is its only copy in clear."""

    token: str = field(repr=False)
    expires_at: datetime
    asker: Asker


@dataclass(frozen=True, slots=True)
class FirstLogin:
    """The login that was made at the first start, with its password in clear, to be shown once."""

    login: str
    password: str = field(repr=False)


async def sign_in(database: Database, *, login: str, password: str, now: datetime) -> Session:
    """Begins a session; raises `WrongLogin`, or `TooManyAttempts` whatever the password is."""
    login = login.strip().lower()
    if not LOGIN.fullmatch(login):  # nobody has it, so there is nothing to guess
        raise WrongLogin
    tried = {"login": login, "now": now, "since": now - FAILURES_WITHIN, "most": MOST_FAILURES}
    async with database.system() as tx:
        attempt = (await tx.execute(_TRY, tried)).scalar_one()
    if attempt is None:
        raise TooManyAttempts
    async with database.system() as tx:
        user = (await tx.execute(_FIND, {"login": login})).one_or_none()
    known = await asyncio.to_thread(_matches, user.password_hash if user else _nobody(), password)
    if user is None or not known:
        raise WrongLogin
    token = secrets.token_urlsafe(32)
    expires_at = now + SESSION
    async with database.transaction(CompanyId(user.company_id)) as tx:
        await tx.execute(_SUCCEEDED, {"try": attempt})
        await tx.execute(delete(sessions).where(sessions.c.expires_at <= now))
        new = {"token_hash": _hashed(token), "user_id": user.user_id, "created_at": now, "expires_at": expires_at}
        await tx.execute(sessions.insert().values(new))
    return Session(token, expires_at, Asker(UserId(user.user_id), CompanyId(user.company_id), login, user.name))


async def asker_of(database: Database, token: str, now: datetime) -> Asker | None:
    """The user of a living session; None if there is no such session or it is over."""
    async with database.system() as tx:
        found = (await tx.execute(_SESSION, {"token": _hashed(token), "now": now})).one_or_none()
    if found is None:
        return None
    return Asker(UserId(found.user_id), CompanyId(found.company_id), found.login, found.name)


async def sign_out(database: Database, token: str, now: datetime) -> None:
    """Ends the session; does nothing if there is none."""
    asker = await asker_of(database, token, now)
    if asker is not None:
        async with database.transaction(asker.company) as tx:
            await tx.execute(delete(sessions).where(sessions.c.token_hash == _hashed(token)))


async def add_user(
    database: Database, company: CompanyId, *, login: str, password: str, now: datetime, name: str = ""
) -> UserId:
    """Adds a user; `Conflict` if the login is taken, in whatever company."""
    login = login.strip().lower()
    if not LOGIN.fullmatch(login):
        hint = "Use 1 to 64 Latin letters, digits and . _ @ + - between them."
        raise BadInput("bad_login", "This cannot be a login.", field="login", hint=hint)
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        message = f"A password has {LEAST_PASSWORD} to {MOST_PASSWORD} characters."
        raise BadInput("bad_password", message, field="password")
    password_hash = await asyncio.to_thread(_HASHER.hash, password)
    new = {"login": login, "name": one_line(name or login, "name"), "password_hash": password_hash, "created_at": now}
    try:
        async with database.transaction(company) as tx:
            made = (await tx.execute(users.insert().values(new).returning(users.c.id))).scalar_one()
    except IntegrityError as error:
        raise Conflict("login_taken", f"The login {login} is taken.", field="login") from error
    return UserId(made)


async def ensure_first_login(database: Database, *, company_name: str, login: str, now: datetime) -> FirstLogin | None:
    """Makes a company with one user at the first start; None if there is a company already."""
    async with database.system() as tx:
        await tx.execute(_ALONE)
        if (await tx.execute(_COMPANIES)).scalar_one():
            return None
        company = await add_company(database, name=one_line(company_name, "company_name"), now=now)
        password = secrets.token_urlsafe(12)
        await add_user(database, company, login=login, password=password, now=now)
    return FirstLogin(login.strip().lower(), password)


async def reset_password(database: Database, *, login: str) -> str:
    """Gives the user a new random password, which is returned once, and ends all sessions of the old one."""
    login = login.strip().lower()
    async with database.system() as tx:
        user = (await tx.execute(_FIND, {"login": login})).one_or_none() if LOGIN.fullmatch(login) else None
    if user is None:
        raise NotFound("no_such_login", f"Nobody has the login {login!r}.", field="login")
    password = secrets.token_urlsafe(12)
    password_hash = await asyncio.to_thread(_HASHER.hash, password)
    async with database.transaction(CompanyId(user.company_id)) as tx:
        await tx.execute(update(users).where(users.c.id == user.user_id).values(password_hash=password_hash))
        await tx.execute(delete(sessions).where(sessions.c.user_id == user.user_id))
    return password


async def company_names(database: Database) -> dict[CompanyId, str]:
    """All companies of this server by their numbers; for the command line alone, which no company asks."""
    async with database.system() as tx:
        numbers = (await tx.execute(_COMPANY_IDS)).scalars().all()
    names: dict[CompanyId, str] = {}
    for number in numbers:
        async with database.transaction(CompanyId(number)) as tx:
            names[CompanyId(number)] = str((await tx.execute(select(companies.c.name))).scalar_one())
    return names


def _matches(password_hash: str, password: str) -> bool:
    """Whether the password is the hash's; takes tens of milliseconds, so it runs off the loop."""
    try:
        return _HASHER.verify(password_hash, password)
    except VerificationError:
        return False


@lru_cache(maxsize=1)
def _nobody() -> str:
    """The hash that an unknown login's password is compared with, so that it takes as long as a known one's."""
    return _HASHER.hash(secrets.token_urlsafe(16))


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
