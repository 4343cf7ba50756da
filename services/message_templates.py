"""Templates of messages: what scenarios send by name, with the variables of the call put in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import BadInput, NotFound
from robot.dialog.texts import fill
from services.texts import one_line
from storage.tables import message_templates

LONGEST_TEXT: Final = 20_000
LONGEST_SUBJECT: Final = 200


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """What is sent, with `{variables}`; the subject is for e-mail alone."""

    id: int
    name: str
    subject: str
    text: str
    changed_at: datetime


async def list_templates(tx: AsyncConnection) -> list[MessageTemplate]:
    """The company's templates by their names."""
    return [_template(row) for row in await tx.execute(select(message_templates).order_by(message_templates.c.name))]


async def save_template(tx: AsyncConnection, *, name: str, subject: str, text: str, now: datetime) -> MessageTemplate:
    """Writes the template of this name, new or not."""
    name = one_line(name, "name")
    if not text.strip() or len(text) > LONGEST_TEXT or "\0" in text:
        raise BadInput("bad_message_text", f"A text has 1 to {LONGEST_TEXT} characters.", field="text")
    if len(subject) > LONGEST_SUBJECT or any(ord(sign) < 32 for sign in subject):
        message = f"A subject is one line of at most {LONGEST_SUBJECT} characters."
        raise BadInput("bad_subject", message, field="subject")
    values = {"subject": subject, "text": text, "changed_at": now}
    made = insert(message_templates).values(name=name, **values)
    saved = made.on_conflict_do_update(index_elements=["company_id", "name"], set_=values)
    return _template((await tx.execute(saved.returning(message_templates))).one())


async def delete_template(tx: AsyncConnection, id_: int) -> None:
    """Deletes a template; scenarios that name it send nothing by it any more."""
    gone = delete(message_templates).where(message_templates.c.id == id_).returning(message_templates.c.id)
    if (await tx.execute(gone)).one_or_none() is None:
        raise NotFound("no_such_template", "There is no such template.")


async def written_by(tx: AsyncConnection, name: str, variables: Mapping[str, str]) -> tuple[str, str]:
    """The subject and the text of the template of this name with the variables put in; `NotFound` without one."""
    query = select(message_templates).where(message_templates.c.name == name)
    row = (await tx.execute(query)).one_or_none()
    if row is None:
        raise NotFound("no_such_template", f"There is no template {name!r}.")
    return " ".join(fill(row.subject, variables).split()), fill(row.text, variables)


def _template(row: Row[Any]) -> MessageTemplate:
    return MessageTemplate(row.id, row.name, row.subject, row.text, row.changed_at)
