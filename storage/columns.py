"""The building blocks of the tables: columns, references and keys as every table of a company has them."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata: Final = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)

Columns = Column[Any]


def identity() -> Columns:
    """The number of a row, unique by itself."""
    return Column("id", BigInteger, Identity(always=False), nullable=False)


COMPANY_SET: Final = "NULLIF(current_setting('zvonar.company_id', true), '')::bigint"
"""The company of this transaction as SQL; NULL, hence no row at all, where none was set."""


def company(*, implied: bool = False) -> Columns:
    """The owner of a row; left out of an insert, it is the company of the transaction.

    It is `implied` where another reference of every row leads to the company: then it needs no check of its own.
    """
    to = [] if implied else [ForeignKey("companies.id", ondelete="CASCADE")]
    return Column("company_id", BigInteger, *to, nullable=False, server_default=text(COMPANY_SET))


def instant(name: str, *, nullable: bool = False) -> Columns:
    """An instant in UTC."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def text_(name: str) -> Columns:
    """A text that must be given."""
    return Column(name, Text, nullable=False)


def words(name: str) -> Columns:
    """A text that is empty where nothing is given."""
    return Column(name, Text, nullable=False, server_default=text("''"))


def number(name: str, default: int) -> Columns:
    """A whole number with a default."""
    return Column(name, Integer, nullable=False, server_default=text(str(default)))


def flag(name: str, *, default: bool) -> Columns:
    """A yes or no with a default."""
    return Column(name, Boolean, nullable=False, server_default=text("true" if default else "false"))


def within(column: str, target: str, *, ondelete: str | None = None) -> ForeignKeyConstraint:
    """A reference that stays within the company."""
    return ForeignKeyConstraint(["company_id", column], [f"{target}.company_id", f"{target}.id"], ondelete=ondelete)


def key() -> PrimaryKeyConstraint:
    """The key by which other tables refer to a row: its company and its number."""
    return PrimaryKeyConstraint("company_id", "id")


def reference(name: str, *, nullable: bool = False) -> Columns:
    """The number of a row of another table."""
    return Column(name, BigInteger, nullable=nullable)


def big(name: str) -> Columns:
    """A counter that begins at 0."""
    return Column(name, BigInteger, nullable=False, server_default=text("0"))


def json(name: str) -> Columns:
    """An object that is empty where nothing is given."""
    return Column(name, JSONB, nullable=False, server_default=text("'{}'::jsonb"))


def json_or_none(name: str) -> Columns:
    """JSON, or NULL."""
    return Column(name, JSONB(none_as_null=True))
