"""What the database driver's errors mean to people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from asyncpg import exceptions as postgres
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.errors import Unavailable

LOST: Final = (
    OSError,
    TimeoutError,
    postgres.PostgresError,
    postgres.InterfaceError,
    postgres.InternalClientError,
)
"""What asyncpg raises of a lost connection; the last where the server has ended it and the socket is still open."""

_HINT = "See that PostgreSQL runs, and that ZVONAR_DATABASE_URL names it."


@contextmanager
def reaching() -> Iterator[None]:
    """Turns every failure to get a connection into `Unavailable`; holds nothing but the connecting."""
    try:
        yield
    except PoolTimeout as error:
        raise database_busy() from error
    except (DBAPIError, *LOST) as error:
        raise _meaning(error) or _unreachable() from error


@contextmanager
def using() -> Iterator[None]:
    """Turns the loss of the database in the midst of a transaction into `Unavailable`; other errors pass."""
    try:
        yield
    except DBAPIError as error:
        lost = error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError))
        meant = _meaning(error.orig) or (_unreachable() if lost else None)
        if meant is None:
            raise
        raise meant from error
    except (TimeoutError, postgres.InternalClientError) as error:
        raise _unreachable() from error
    except postgres.InterfaceError as error:
        if isinstance(error, ValueError):  # a value that does not fit, which no other connection would take either
            raise
        raise _unreachable() from error
    except postgres.PostgresError as error:
        meant = _meaning(error)
        if meant is None:
            raise
        raise meant from error


def database_busy() -> Unavailable:
    """Nobody gave a connection back in time."""
    return Unavailable("database_busy", "All connections to the database are in use.", hint="Try again.")


def _unreachable() -> Unavailable:
    return Unavailable("database_unreachable", "The database does not answer.", hint=_HINT)


def _meaning(error: BaseException | None) -> Unavailable | None:
    """Looks through the dialect's wrapping for the server's own word."""
    cause = error
    while cause is not None:
        match cause:
            case postgres.InvalidPasswordError() | postgres.InvalidAuthorizationSpecificationError():
                return Unavailable("database_refuses", "The database refuses our login or password.", hint=_HINT)
            case postgres.InvalidCatalogNameError():
                return Unavailable("no_database", "The database does not exist.", hint="Create it: createdb zvonar.")
            case postgres.DeadlockDetectedError() | postgres.SerializationError():
                return Unavailable("database_collision", "Two changes stood in each other's way.", hint="Try again.")
            case postgres.QueryCanceledError():
                return Unavailable("database_slow", "The database took too long to answer.", hint="Try again.")
            case postgres.TooManyConnectionsError():
                return Unavailable("database_busy", "The database has no free connection.", hint="Raise its limit.")
            case postgres.DiskFullError():
                return Unavailable("disk_full", "The database's disk is full.", hint="Free space on it.")
            case postgres.PostgresConnectionError() | postgres.OperatorInterventionError():
                return _unreachable()
        cause = cause.__cause__
    return None
