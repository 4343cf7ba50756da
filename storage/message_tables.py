"""The tables of messages that calls send, and of the templates that they are written from."""

from __future__ import annotations

from typing import Final

from sqlalchemy import CheckConstraint, Column, Index, Table, Text, UniqueConstraint, text

from storage.columns import company, identity, instant, key, metadata, number, reference, text_, within, words

message_templates: Final = Table(
    "message_templates",
    metadata,
    identity(),
    company(),
    text_("name"),
    words("subject"),
    text_("text"),
    instant("changed_at"),
    key(),
    UniqueConstraint("company_id", "name"),
)

messages: Final = Table(
    "messages",
    metadata,
    identity(),
    company(),
    reference("attempt_id", nullable=True),
    text_("step"),
    text_("channel"),
    text_("recipient"),
    words("subject"),
    text_("text"),
    text_("state"),
    number("tries", 0),
    Column("error", Text),
    Column("error_message", Text),
    instant("created_at"),
    instant("first_at"),
    instant("next_at", nullable=True),
    instant("sent_at", nullable=True),
    key(),
    within("attempt_id", "attempts", ondelete="SET NULL (attempt_id)"),
    CheckConstraint("channel IN ('sms', 'email', 'webhook')", name="channel"),
    CheckConstraint("state IN ('waiting', 'sent', 'failed')", name="state"),
    CheckConstraint("(state = 'waiting') = (next_at IS NOT NULL)", name="due"),
    Index("messages_due_idx", "next_at", postgresql_where=text("state = 'waiting'")),
    Index("messages_attempt_idx", "company_id", "attempt_id"),
)
