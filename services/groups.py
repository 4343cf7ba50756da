"""Operator groups: the telephones to which robots transfer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.contacts.phones import number
from core.errors import BadInput
from core.phones import Phone
from services.texts import one_line
from storage.tables import operator_groups

MOST_PHONES: Final = 1000
SHORTEST_WAIT_S, LONGEST_WAIT_S = 1, 3600
EXTENSION: Final = re.compile(r"\+?[0-9*#]{1,20}", re.ASCII)
LEAST_DIGITS: Final = 10  # of a number of the public network; what is shorter is an extension

_FILLER: Final = str.maketrans("", "", " \t\u00a0()-–.")


@dataclass(frozen=True, slots=True)
class OperatorGroup:
    """A group by its name; `phones` are E.164 numbers or extensions, `wait_s` is how long a caller waits."""

    id: int
    name: str
    phones: tuple[str, ...]
    wait_s: float


async def list_groups(tx: AsyncConnection) -> list[OperatorGroup]:
    """All groups of the company, by name."""
    rows = await tx.execute(select(operator_groups).order_by(operator_groups.c.name))
    return [_group(row) for row in rows]


async def find_group(tx: AsyncConnection, name: str) -> OperatorGroup | None:
    """The group of this name, if there is one."""
    row = (await tx.execute(select(operator_groups).where(operator_groups.c.name == name))).one_or_none()
    return None if row is None else _group(row)


async def save_group(tx: AsyncConnection, *, name: str, phones: Sequence[str], wait_s: float = 60) -> OperatorGroup:
    """Makes the group, or gives the one of this name these telephones; returns it as it is stored."""
    if not SHORTEST_WAIT_S <= wait_s <= LONGEST_WAIT_S:
        message = f"Callers wait {SHORTEST_WAIT_S} to {LONGEST_WAIT_S} seconds."
        raise BadInput("out_of_range", message, field="wait_s")
    values = {"phones": list(_telephones(phones)), "wait_s": float(wait_s)}
    new = insert(operator_groups).values(name=one_line(name, "name"), **values)
    saved = new.on_conflict_do_update(index_elements=["company_id", "name"], set_=values)
    return _group((await tx.execute(saved.returning(operator_groups))).one())


def operator_phone(text: str) -> str | None:
    """A telephone as it is dialled: an extension as it is, a public number in E.164; None if it is neither."""
    bare = text.translate(_FILLER)
    if not EXTENSION.fullmatch(bare):
        return None
    if bare.startswith("+") or (bare.isdigit() and len(bare) >= LEAST_DIGITS):
        public = number(bare)
        return public.e164 if isinstance(public, Phone) else None
    return bare


def _telephones(given: Sequence[str]) -> tuple[str, ...]:
    if not 1 <= len(given) <= MOST_PHONES:
        raise BadInput("out_of_range", f"A group has 1 to {MOST_PHONES} telephones.", field="phones")
    found: dict[str, None] = {}
    for place, text in enumerate(given):
        phone = operator_phone(text)
        if phone is None:
            hint = "Give a number with its country code, as +79001234567, or an extension, as 101."
            message = f"{text.strip()[:40]!r} is no telephone number."
            raise BadInput("bad_phone", message, field=f"phones.{place}", hint=hint)
        found[phone] = None
    return tuple(found)


def _group(row: Row[Any]) -> OperatorGroup:
    return OperatorGroup(id=row.id, name=row.name, phones=tuple(row.phones), wait_s=row.wait_s)
