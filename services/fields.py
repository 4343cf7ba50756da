"""Custom fields of contacts: which there are, and what each may hold (SPEC R9.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.contacts.custom_fields import FieldKind, FieldRule
from campaigns.contacts.reading import LONGEST_NAME
from core.errors import BadInput, Conflict, NotFound
from storage.tables import contact_fields

__all__ = ["ContactField", "FieldKind"]

MOST_FIELDS: Final = 200
MOST_OPTIONS: Final = 500
LONGEST_OPTION: Final = 200
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class ContactField:
    """A field that the company added to its contacts; `options` are those of a list."""

    id: int
    name: str
    kind: FieldKind
    options: tuple[str, ...]


async def list_fields(tx: AsyncConnection) -> list[ContactField]:
    """The company's fields in their order."""
    rows = await tx.execute(select(contact_fields).order_by(contact_fields.c.position, contact_fields.c.id))
    return [_field(row) for row in rows]


async def rules(tx: AsyncConnection) -> dict[str, FieldRule]:
    """What each field may hold, by its name."""
    return {field.name: FieldRule(field.kind, field.options) for field in await list_fields(tx)}


async def add_field(
    tx: AsyncConnection, name: str, kind: FieldKind, options: tuple[str, ...], now: datetime
) -> ContactField:
    """Adds a field at the end; `Conflict` if there is one of this name."""
    known = await list_fields(tx)
    if len(known) >= MOST_FIELDS:
        raise Conflict("too_many_fields", f"A company has at most {MOST_FIELDS} fields.")
    name, options = _name(name), _options(kind, options)
    _check_free(known, name, None)
    next_place = select(func.coalesce(func.max(contact_fields.c.position), 0) + 1).scalar_subquery()
    made = insert(contact_fields).values(
        name=name, kind=str(kind), options=list(options), position=next_place, created_at=now
    )
    id_ = (await tx.execute(made.returning(contact_fields.c.id))).scalar_one()
    return ContactField(id_, name, kind, options)


async def change_field(
    tx: AsyncConnection, id_: int, *, name: str | None = None, options: tuple[str, ...] | None = None
) -> ContactField:
    """Gives a field another name or other options; values that contacts have stay under the name they came with."""
    field = await _found(tx, id_)
    if name is not None:
        name = _name(name)
        _check_free(await list_fields(tx), name, id_)
    changed = ContactField(
        id_,
        field.name if name is None else name,
        field.kind,
        field.options if options is None else _options(field.kind, options),
    )
    values = {"name": changed.name, "options": list(changed.options)}
    await tx.execute(update(contact_fields).where(contact_fields.c.id == id_).values(values))
    return changed


async def delete_field(tx: AsyncConnection, id_: int) -> None:
    """Takes a field away; what contacts have in it stays with them as plain text."""
    await _found(tx, id_)
    await tx.execute(delete(contact_fields).where(contact_fields.c.id == id_))


async def _found(tx: AsyncConnection, id_: int) -> ContactField:
    row = (await tx.execute(select(contact_fields).where(contact_fields.c.id == id_))).one_or_none()
    if row is None:
        raise NotFound("no_such_field", "There is no such field.")
    return _field(row)


def _field(row: Row[Any]) -> ContactField:
    return ContactField(row.id, row.name, FieldKind(row.kind), tuple(row.options))


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME or _CONTROL.search(name):
        raise BadInput("bad_field_name", f"A field's name has 1 to {LONGEST_NAME} letters.", field="name")
    return name


def _check_free(known: list[ContactField], name: str, mine: int | None) -> None:
    if any(field.name.casefold() == name.casefold() and field.id != mine for field in known):
        raise Conflict("field_exists", f"There is a field {name!r} already.", field="name")


def _options(kind: FieldKind, options: tuple[str, ...]) -> tuple[str, ...]:
    if kind is not FieldKind.LIST:
        if options:
            raise BadInput("no_options", "Only a field of kind list has options.", field="options")
        return ()
    tidy = [" ".join(option.split()) for option in options]
    if not 1 <= len(tidy) <= MOST_OPTIONS:
        raise BadInput("bad_options", f"A list has 1 to {MOST_OPTIONS} options.", field="options")
    if any(not 1 <= len(option) <= LONGEST_OPTION or _CONTROL.search(option) for option in tidy):
        raise BadInput("bad_options", f"An option has 1 to {LONGEST_OPTION} letters.", field="options")
    if len({option.casefold() for option in tidy}) < len(tidy):
        raise BadInput("option_twice", "An option is named twice.", field="options")
    return tuple(tidy)
