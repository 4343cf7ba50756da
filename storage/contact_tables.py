"""The tables of the address book: contacts, their own fields, lists of numbers, loads and exports."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from storage.columns import (
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


def _further_phone(place: int) -> Index:
    """Finds a contact by one of its further phones; costs nothing for those who have no such."""
    phone = f"phones[{place}]"
    where = text(f"{phone} IS NOT NULL")
    return Index(f"contacts_phone_{place}_idx", "company_id", text(f"({phone})"), postgresql_where=where)


contacts: Final = Table(
    "contacts",
    metadata,
    identity(),
    company(implied=True),
    words("last_name"),
    words("first_name"),
    words("middle_name"),
    words("organisation"),
    words("position"),
    words("note"),
    words("email"),
    Column("zone", Text),
    Column("phones", ARRAY(Text), nullable=False),
    json("custom"),
    instant("created_at"),
    Column("tags", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    reference("responsible", nullable=True),
    instant("consent_at", nullable=True),
    key(),
    within("responsible", "users", ondelete="SET NULL (responsible)"),
    CheckConstraint("cardinality(phones) BETWEEN 1 AND 5", name="phones"),
    CheckConstraint(
        "array_to_string(phones, ' ', '-') ~ '^\\+[1-9][0-9]{6,14}( \\+[1-9][0-9]{6,14})*$'", name="numbers"
    ),
    Index("contacts_first_phone_idx", "company_id", text("(phones[1])")),
    *(_further_phone(place) for place in range(2, 6)),
    Index("contacts_responsible_idx", "responsible", postgresql_where=text("responsible IS NOT NULL")),
    Index("contacts_tagged_idx", "company_id", "id", postgresql_where=text("tags <> '{}'::text[]")),
)

contact_fields: Final = Table(
    "contact_fields",
    metadata,
    identity(),
    company(),
    text_("name"),
    text_("kind"),
    Column("options", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    number("position", 0),
    instant("created_at"),
    key(),
    UniqueConstraint("company_id", "name"),
    CheckConstraint("kind IN ('text', 'number', 'date', 'list')", name="kind"),
)

number_lists: Final = Table(
    "number_lists",
    metadata,
    identity(),
    company(),
    text_("name"),
    text_("kind"),
    instant("created_at"),
    key(),
    UniqueConstraint("company_id", "name"),
    CheckConstraint("kind IN ('blacklist', 'vip')", name="kind"),
)

number_list_phones: Final = Table(
    "number_list_phones",
    metadata,
    company(),
    reference("list_id"),
    text_("phone"),
    instant("added_at"),
    PrimaryKeyConstraint("company_id", "list_id", "phone"),
    within("list_id", "number_lists", ondelete="CASCADE"),
    Index("number_list_phones_phone_idx", "company_id", "phone"),
)

import_mappings: Final = Table(
    "import_mappings",
    metadata,
    company(),
    text_("columns_key"),
    Column("columns", ARRAY(Text), nullable=False),
    Column("mapping", JSONB, nullable=False),
    instant("used_at"),
    PrimaryKeyConstraint("company_id", "columns_key"),
)

imports: Final = Table(
    "imports",
    metadata,
    identity(),
    company(),
    reference("campaign_id", nullable=True),
    text_("name"),
    text_("file"),
    Column("size_bytes", BigInteger, nullable=False),
    text_("state"),
    flag("dry_run", default=False),
    flag("cancel_asked", default=False),
    json("options"),
    json_or_none("mapping"),
    json_or_none("sheet"),
    Column("rows_total", BigInteger),
    big("rows_done"),
    big("loaded"),
    big("merged"),
    big("linked"),
    big("duplicates"),
    big("elsewhere"),
    big("bad"),
    big("zone_unknown"),
    big("errors_bytes"),
    Column("error", Text),
    Column("error_message", Text),
    reference("created_by", nullable=True),
    instant("created_at"),
    instant("started_at", nullable=True),
    instant("finished_at", nullable=True),
    instant("beat_at", nullable=True),
    key(),
    within("campaign_id", "campaigns", ondelete="CASCADE"),
    within("created_by", "users", ondelete="SET NULL (created_by)"),
    CheckConstraint("state IN ('checking', 'mapping', 'running', 'cancelled', 'failed', 'done')", name="state"),
    Index("imports_campaign_idx", "company_id", "campaign_id"),
)

exports: Final = Table(
    "exports",
    metadata,
    identity(),
    company(),
    reference("campaign_id", nullable=True),
    text_("name"),
    text_("format"),
    Column("selection", JSONB, nullable=False),
    text_("state"),
    flag("cancel_asked", default=False),
    Column("rows_total", BigInteger),
    big("rows_done"),
    Column("file", Text),
    Column("size_bytes", BigInteger),
    Column("error", Text),
    Column("error_message", Text),
    reference("created_by", nullable=True),
    instant("created_at"),
    instant("started_at", nullable=True),
    instant("finished_at", nullable=True),
    instant("beat_at", nullable=True),
    key(),
    within("created_by", "users", ondelete="SET NULL (created_by)"),
    CheckConstraint("format IN ('csv', 'xlsx')", name="format"),
    CheckConstraint("state IN ('waiting', 'running', 'cancelled', 'failed', 'done')", name="state"),
)
