"""The tables as SQLAlchemy Core values, for building statements; migrations make them, never this module.

Every row of a company carries `company_id`, is guarded by row-level security, and is referred to by
(company_id, id): so not even a foreign key can point into another company. Identities are unique by themselves.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from storage.columns import (
    COMPANY_SET,
    big,
    company,
    flag,
    identity,
    instant,
    json,
    json_or_none,
    key,
    metadata,
    number,
    reference,
    text_,
    within,
    words,
)
from storage.contact_tables import (
    contact_fields,
    contacts,
    exports,
    import_mappings,
    imports,
    number_list_phones,
    number_lists,
)

__all__ = [
    "BUCKET",
    "COMPANY_SET",
    "READY",
    "answers",
    "attempts",
    "campaign_counts",
    "campaign_quotas",
    "campaign_results",
    "campaigns",
    "companies",
    "company_rules",
    "contact_fields",
    "contacts",
    "exports",
    "import_mappings",
    "imports",
    "lead_changes",
    "leads",
    "login_attempts",
    "metadata",
    "number_list_phones",
    "number_lists",
    "operator_groups",
    "scenario_versions",
    "scenarios",
    "sessions",
    "users",
    "workers",
]

companies: Final = Table(
    "companies",
    metadata,
    identity(),
    text_("name"),
    instant("created_at"),
    PrimaryKeyConstraint("id"),
)

users: Final = Table(
    "users",
    metadata,
    identity(),
    company(),
    Column("login", Text, nullable=False, unique=True),
    text_("name"),
    text_("password_hash"),
    instant("created_at"),
    key(),
    CheckConstraint("login = lower(login)", name="login"),
)

sessions: Final = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    company(),
    Column("user_id", BigInteger, nullable=False),
    instant("created_at"),
    instant("expires_at"),
    within("user_id", "users", ondelete="CASCADE"),
    Index(None, "company_id", "user_id"),
)

login_attempts: Final = Table(
    "login_attempts",
    metadata,
    Column("id", BigInteger, Identity(always=False), primary_key=True),
    text_("login"),
    instant("at"),
    flag("ok", default=False),
    Index(None, "login", "at"),
    Index(None, "at"),
)

operator_groups: Final = Table(
    "operator_groups",
    metadata,
    identity(),
    company(),
    text_("name"),
    Column("phones", ARRAY(Text), nullable=False),
    Column("wait_s", Double, nullable=False, server_default=text("60")),
    Column("melody", Text),
    key(),
    UniqueConstraint("company_id", "name"),
)

scenarios: Final = Table(
    "scenarios",
    metadata,
    identity(),
    company(),
    text_("name"),
    instant("created_at"),
    key(),
    UniqueConstraint("company_id", "name"),
)

scenario_versions: Final = Table(
    "scenario_versions",
    metadata,
    identity(),
    company(),
    Column("scenario_id", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("flow", JSONB, nullable=False),
    Column("script", JSONB(none_as_null=True)),
    instant("published_at"),
    key(),
    within("scenario_id", "scenarios", ondelete="CASCADE"),
    UniqueConstraint("company_id", "scenario_id", "version"),
)

campaigns: Final = Table(
    "campaigns",
    metadata,
    identity(),
    company(),
    text_("name"),
    text_("kind"),
    flag("switched_on", default=False),
    instant("finished_at", nullable=True),
    Column("error", Text),
    Column("schedule", JSONB, nullable=False),
    Column("retry", JSONB, nullable=False),
    text_("trunk"),
    reference("scenario_version_id", nullable=True),
    Column("caller_number", Text),
    number("lines", 10),
    number("ring_timeout_s", 30),
    Column("dial_order", Text, nullable=False, server_default=text("'random'")),
    Column("starts_on", Date),
    Column("ends_on", Date),
    flag("detect_machines", default=True),
    instant("created_at"),
    instant("last_activity_at", nullable=True),
    flag("processing", default=False),
    Column("priority", Integer),
    Column("local_time", Text, nullable=False, server_default=text("'off'")),
    Column("budget", Numeric),
    flag("count_manual_calls", default=False),
    number("auto_finish_days", 14),
    Column("breaker_open", Text),
    instant("deleted_at", nullable=True),
    key(),
    within("scenario_version_id", "scenario_versions"),
    CheckConstraint("priority >= 1", name="priority"),
    CheckConstraint("local_time IN ('off', 'operators_and_contacts', 'contacts_only')", name="local_time"),
    CheckConstraint("budget >= 0", name="budget"),
    CheckConstraint("auto_finish_days >= 0", name="auto_finish"),
    CheckConstraint("kind IN ('operator', 'notification', 'survey', 'offer', 'dialog')", name="kind"),
    CheckConstraint("dial_order IN ('random', 'newest', 'oldest', 'fewest_attempts', 'time_zone')", name="dial_order"),
    CheckConstraint("lines >= 1", name="lines"),
    CheckConstraint("ring_timeout_s >= 1", name="ring_timeout"),
)

READY: Final = text("state = 'waiting' AND ready")
BUCKET: Final = (
    "CASE WHEN state IN ('reached', 'failed') THEN state WHEN attempts > 0 THEN 'will_call_again' ELSE 'not_called' END"
)
"""The bucket of a lead's row as SQL (SPEC R2.7), as `leads_bucket_idx` holds it; written so, that index serves."""
_PRIORITY: Final = text("(CASE WHEN priority IS NULL THEN 2147483647 ELSE priority END)")
_ZONE: Final = text("(CASE WHEN zone IS NULL THEN '' ELSE zone END)")

leads: Final = Table(
    "leads",
    metadata,
    identity(),
    company(implied=True),
    reference("campaign_id"),
    reference("contact_id"),
    Column("state", Text, nullable=False, server_default=text("'waiting'")),
    instant("due_at"),
    number("next_phone", 0),
    number("attempts", 0),
    Column("order_key", Double, nullable=False),
    instant("added_at"),
    Column("priority", Integer),
    Column("last_result", Text),
    instant("callback_at", nullable=True),
    number("extra_calls", 0),
    number("extra_from", 0),
    number("counted_from", 0),
    Column("zone", Text),
    flag("ready", default=True),
    key(),
    within("campaign_id", "campaigns", ondelete="CASCADE"),
    within("contact_id", "contacts"),
    UniqueConstraint("contact_id", "campaign_id"),
    CheckConstraint("extra_calls >= 0 AND extra_from >= 0 AND counted_from >= 0", name="returned"),
    CheckConstraint("state IN ('waiting', 'dialling', 'reached', 'failed')", name="state"),
    CheckConstraint("next_phone >= 0 AND attempts >= 0", name="counters"),
    Index("leads_later_idx", "campaign_id", _ZONE, "due_at", postgresql_where=text("state = 'waiting' AND NOT ready")),
    Index("leads_attempts_idx", "campaign_id", _ZONE, "attempts", _PRIORITY, "order_key", postgresql_where=READY),
    Index("leads_age_idx", "campaign_id", _ZONE, _PRIORITY, "added_at", "id", postgresql_where=READY),
    Index("leads_bucket_idx", "campaign_id", text(f"({BUCKET})"), "id"),
    Index("leads_campaign_idx", "campaign_id", "id"),
)

attempts: Final = Table(
    "attempts",
    metadata,
    identity(),
    company(implied=True),
    reference("campaign_id"),
    reference("lead_id", nullable=True),
    Column("leg_id", Uuid, nullable=False, unique=True),
    Column("worker_id", Uuid, nullable=False),
    Column("phone_index", Integer, nullable=False),
    text_("phone"),
    instant("started_at"),
    instant("answered_at", nullable=True),
    instant("ended_at", nullable=True),
    Column("result", Text),
    Column("cause", Text),
    Column("sip_status", Integer),
    Column("details", JSONB(none_as_null=True)),
    Column("recording", Text),
    reference("scenario_version_id", nullable=True),
    json_or_none("proof"),
    Column("cost", Numeric, nullable=False, server_default=text("0")),
    key(),
    within("campaign_id", "campaigns", ondelete="CASCADE"),
    within("lead_id", "leads", ondelete="SET NULL (lead_id)"),
    CheckConstraint("(result IS NULL) = (ended_at IS NULL)", name="ended"),
    Index("attempts_running_idx", "worker_id", postgresql_where=text("result IS NULL")),
    Index("attempts_live_idx", "campaign_id", postgresql_where=text("result IS NULL")),
    Index("attempts_lead_idx", "lead_id", "id"),
    Index("attempts_campaign_idx", "campaign_id", "id"),
    Index("attempts_phone_idx", "company_id", "phone", "started_at"),
)

answers: Final = Table(
    "answers",
    metadata,
    identity(),
    company(),
    Column("attempt_id", BigInteger, nullable=False),
    reference("campaign_id"),
    reference("lead_id"),
    text_("step"),
    text_("question"),
    text_("answer"),
    text_("label"),
    text_("how"),
    text_("said"),
    Column("confidence", Double, nullable=False),
    key(),
    within("attempt_id", "attempts", ondelete="CASCADE"),
    CheckConstraint("how IN ('key', 'phrase')", name="how"),
    Index("answers_attempt_idx", "attempt_id"),
    Index("answers_campaign_idx", "campaign_id", "step", "answer"),
)

workers: Final = Table(
    "workers",
    metadata,
    Column("id", Uuid, primary_key=True),
    instant("beat_at"),
    instant("started_at"),
    words("host"),
    number("slots", 0),
    json("trunks"),
    json("rates"),
)

company_rules: Final = Table(
    "company_rules",
    metadata,
    company(),
    Column("compliance", Text, nullable=False, server_default=text("'none'")),
    json("compliance_overrides"),
    json("outside_calls"),
    Column("keep_recordings_days", Integer),
    instant("changed_at"),
    PrimaryKeyConstraint("company_id"),
    CheckConstraint("keep_recordings_days >= 1", name="keep_recordings"),
)

lead_changes: Final = Table(
    "lead_changes",
    metadata,
    identity(),
    company(),
    reference("campaign_id"),
    reference("lead_id"),
    text_("what"),
    instant("changed_at"),
    reference("changed_by", nullable=True),
    json("details"),
    key(),
    within("lead_id", "leads", ondelete="CASCADE"),
    within("changed_by", "users", ondelete="SET NULL (changed_by)"),
    Index("lead_changes_lead_idx", "lead_id", "id"),
)

campaign_counts: Final = Table(
    "campaign_counts",
    metadata,
    identity(),
    company(),
    reference("campaign_id"),
    big("not_called"),
    big("will_call_again"),
    big("reached"),
    big("failed"),
    big("deleted"),
    key(),
    within("campaign_id", "campaigns", ondelete="CASCADE"),
    Index("campaign_counts_campaign_idx", "campaign_id", "id"),
)

campaign_results: Final = Table(
    "campaign_results",
    metadata,
    identity(),
    company(),
    reference("campaign_id"),
    text_("result"),
    big("attempts"),
    big("talk_ms"),
    Column("spent", Numeric, nullable=False, server_default=text("0")),
    key(),
    within("campaign_id", "campaigns", ondelete="CASCADE"),
    Index("campaign_results_campaign_idx", "campaign_id", "result", "id"),
)

campaign_quotas: Final = Table(
    "campaign_quotas",
    metadata,
    company(),
    reference("campaign_id"),
    Column("worker_id", Uuid, ForeignKey("workers.id", ondelete="CASCADE"), nullable=False),
    Column("slots", Integer, nullable=False),
    PrimaryKeyConstraint("company_id", "campaign_id", "worker_id"),
    within("campaign_id", "campaigns", ondelete="CASCADE"),
    CheckConstraint("slots >= 0", name="slots"),
    Index("campaign_quotas_worker_idx", "worker_id"),
)
