"""The tables as SQLAlchemy Core values, for building statements; migrations make them, never this module.

Every row of a company carries `company_id`, is guarded by row-level security, and is referred to by
(company_id, id): so not even a foreign key can point into another company. Identities are unique by themselves.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
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


def _id() -> Columns:
    return Column("id", BigInteger, Identity(always=False), nullable=False)


COMPANY_SET: Final = "NULLIF(current_setting('zvonar.company_id', true), '')::bigint"
"""The company of this transaction as SQL; NULL, hence no row at all, where none was set."""


def _company() -> Columns:
    """The owner of a row; left out of an insert, it is the company of the transaction."""
    to = ForeignKey("companies.id", ondelete="CASCADE")
    return Column("company_id", BigInteger, to, nullable=False, server_default=text(COMPANY_SET))


def _instant(name: str, *, nullable: bool = False) -> Columns:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _text(name: str) -> Columns:
    return Column(name, Text, nullable=False)


def _words(name: str) -> Columns:
    return Column(name, Text, nullable=False, server_default=text("''"))


def _number(name: str, default: int) -> Columns:
    return Column(name, Integer, nullable=False, server_default=text(str(default)))


def _flag(name: str, *, default: bool) -> Columns:
    return Column(name, Boolean, nullable=False, server_default=text("true" if default else "false"))


def _to(column: str, target: str, *, ondelete: str | None = None) -> ForeignKeyConstraint:
    """A reference that stays within the company."""
    return ForeignKeyConstraint(["company_id", column], [f"{target}.company_id", f"{target}.id"], ondelete=ondelete)


def _key() -> PrimaryKeyConstraint:
    return PrimaryKeyConstraint("company_id", "id")


companies: Final = Table(
    "companies",
    metadata,
    _id(),
    _text("name"),
    _instant("created_at"),
    PrimaryKeyConstraint("id"),
)

users: Final = Table(
    "users",
    metadata,
    _id(),
    _company(),
    Column("login", Text, nullable=False, unique=True),
    _text("name"),
    _text("password_hash"),
    _instant("created_at"),
    _key(),
    CheckConstraint("login = lower(login)", name="login"),
)

sessions: Final = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    _company(),
    Column("user_id", BigInteger, nullable=False),
    _instant("created_at"),
    _instant("expires_at"),
    _to("user_id", "users", ondelete="CASCADE"),
    Index(None, "company_id", "user_id"),
)

login_attempts: Final = Table(
    "login_attempts",
    metadata,
    Column("id", BigInteger, Identity(always=False), primary_key=True),
    _text("login"),
    _instant("at"),
    _flag("ok", default=False),
    Index(None, "login", "at"),
    Index(None, "at"),
)

operator_groups: Final = Table(
    "operator_groups",
    metadata,
    _id(),
    _company(),
    _text("name"),
    Column("phones", ARRAY(Text), nullable=False),
    Column("wait_s", Double, nullable=False, server_default=text("60")),
    Column("melody", Text),
    _key(),
    UniqueConstraint("company_id", "name"),
)

scenarios: Final = Table(
    "scenarios",
    metadata,
    _id(),
    _company(),
    _text("name"),
    _instant("created_at"),
    _key(),
    UniqueConstraint("company_id", "name"),
)

scenario_versions: Final = Table(
    "scenario_versions",
    metadata,
    _id(),
    _company(),
    Column("scenario_id", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("flow", JSONB, nullable=False),
    Column("script", JSONB(none_as_null=True)),
    _instant("published_at"),
    _key(),
    _to("scenario_id", "scenarios", ondelete="CASCADE"),
    UniqueConstraint("company_id", "scenario_id", "version"),
)

contacts: Final = Table(
    "contacts",
    metadata,
    _id(),
    _company(),
    _words("last_name"),
    _words("first_name"),
    _words("middle_name"),
    _words("organisation"),
    _words("position"),
    _words("note"),
    _words("email"),
    Column("zone", Text),
    Column("phones", ARRAY(Text), nullable=False),
    Column("custom", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    _instant("created_at"),
    _key(),
    CheckConstraint("cardinality(phones) BETWEEN 1 AND 5", name="phones"),
    CheckConstraint(
        "array_to_string(phones, ' ', '-') ~ '^\\+[1-9][0-9]{6,14}( \\+[1-9][0-9]{6,14})*$'", name="numbers"
    ),
    Index("contacts_first_phone_idx", "company_id", text("(phones[1])")),
)

blacklist: Final = Table(
    "blacklist",
    metadata,
    _company(),
    _text("phone"),
    PrimaryKeyConstraint("company_id", "phone"),
)

campaigns: Final = Table(
    "campaigns",
    metadata,
    _id(),
    _company(),
    _text("name"),
    _text("kind"),
    _flag("switched_on", default=False),
    _instant("finished_at", nullable=True),
    Column("error", Text),
    Column("schedule", JSONB, nullable=False),
    Column("retry", JSONB, nullable=False),
    _text("trunk"),
    Column("scenario_version_id", BigInteger, nullable=False),
    Column("caller_number", Text),
    _number("lines", 10),
    _number("ring_timeout_s", 30),
    Column("dial_order", Text, nullable=False, server_default=text("'random'")),
    Column("starts_on", Date),
    Column("ends_on", Date),
    _flag("detect_machines", default=True),
    _instant("created_at"),
    _instant("last_activity_at", nullable=True),
    _flag("processing", default=False),
    _key(),
    _to("scenario_version_id", "scenario_versions"),
    CheckConstraint("kind IN ('operator', 'notification', 'survey', 'offer', 'dialog')", name="kind"),
    CheckConstraint("dial_order IN ('random', 'newest', 'oldest', 'fewest_attempts', 'time_zone')", name="dial_order"),
    CheckConstraint("lines >= 1", name="lines"),
    CheckConstraint("ring_timeout_s >= 1", name="ring_timeout"),
)

WAITING: Final = text("state = 'waiting'")
WAITING_PLAIN: Final = text("state = 'waiting' AND priority IS NULL")
WAITING_URGENT: Final = text("state = 'waiting' AND priority IS NOT NULL")

leads: Final = Table(
    "leads",
    metadata,
    _id(),
    _company(),
    Column("campaign_id", BigInteger, nullable=False),
    Column("contact_id", BigInteger, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'waiting'")),
    _instant("due_at"),
    _number("next_phone", 0),
    _number("attempts", 0),
    Column("order_key", Double, nullable=False),
    _instant("added_at"),
    Column("priority", Integer),
    _number("zone_offset_min", 0),
    Column("last_result", Text),
    _instant("callback_at", nullable=True),
    _key(),
    _to("campaign_id", "campaigns", ondelete="CASCADE"),
    _to("contact_id", "contacts"),
    UniqueConstraint("campaign_id", "contact_id"),
    CheckConstraint("state IN ('waiting', 'dialling', 'reached', 'failed')", name="state"),
    CheckConstraint("next_phone >= 0 AND attempts >= 0", name="counters"),
    Index("leads_due_idx", "campaign_id", "due_at", "order_key", postgresql_where=WAITING),
    Index("leads_urgent_idx", "campaign_id", "priority", "order_key", "due_at", postgresql_where=WAITING_URGENT),
    Index("leads_random_idx", "campaign_id", "order_key", "due_at", postgresql_where=WAITING_PLAIN),
    Index("leads_age_idx", "campaign_id", "added_at", "id", "due_at", postgresql_where=WAITING_PLAIN),
    Index("leads_fewest_idx", "campaign_id", "attempts", "order_key", "due_at", postgresql_where=WAITING_PLAIN),
    Index(
        "leads_zone_idx",
        "campaign_id",
        text("zone_offset_min DESC"),
        "order_key",
        "due_at",
        postgresql_where=WAITING_PLAIN,
    ),
    Index("leads_campaign_idx", "campaign_id", "id"),
    Index("leads_contact_idx", "contact_id"),
)

attempts: Final = Table(
    "attempts",
    metadata,
    _id(),
    _company(),
    Column("campaign_id", BigInteger, nullable=False),
    Column("lead_id", BigInteger, nullable=False),
    Column("leg_id", Uuid, nullable=False, unique=True),
    Column("worker_id", Uuid, nullable=False),
    Column("phone_index", Integer, nullable=False),
    _text("phone"),
    _instant("started_at"),
    _instant("answered_at", nullable=True),
    _instant("ended_at", nullable=True),
    Column("result", Text),
    Column("cause", Text),
    Column("sip_status", Integer),
    Column("details", JSONB(none_as_null=True)),
    Column("recording", Text),
    Column("scenario_version_id", BigInteger, nullable=False),
    _key(),
    _to("campaign_id", "campaigns", ondelete="CASCADE"),
    _to("lead_id", "leads", ondelete="CASCADE"),
    CheckConstraint("(result IS NULL) = (ended_at IS NULL)", name="ended"),
    Index("attempts_running_idx", "worker_id", postgresql_where=text("result IS NULL")),
    Index("attempts_live_idx", "campaign_id", postgresql_where=text("result IS NULL")),
    Index("attempts_lead_idx", "lead_id", "id"),
    Index("attempts_campaign_idx", "campaign_id", "id"),
)

answers: Final = Table(
    "answers",
    metadata,
    _id(),
    _company(),
    Column("attempt_id", BigInteger, nullable=False),
    Column("campaign_id", BigInteger, nullable=False),
    Column("lead_id", BigInteger, nullable=False),
    _text("step"),
    _text("question"),
    _text("answer"),
    _text("label"),
    _text("how"),
    _text("said"),
    Column("confidence", Double, nullable=False),
    _key(),
    _to("attempt_id", "attempts", ondelete="CASCADE"),
    CheckConstraint("how IN ('key', 'phrase')", name="how"),
    Index("answers_attempt_idx", "attempt_id"),
    Index("answers_campaign_idx", "campaign_id", "step", "answer"),
)

workers: Final = Table(
    "workers",
    metadata,
    Column("id", Uuid, primary_key=True),
    _instant("beat_at"),
    _instant("started_at"),
    _words("host"),
)
