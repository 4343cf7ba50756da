"""What an export writes: which people are chosen, under which columns, as which cells (SPEC R9.4).

The columns of a contact are named so that a list which was exported is understood when it is loaded again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, Text, cast, func, literal_column, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.buckets import bucket
from campaigns.contacts.mapping import MOST_PHONES, OWN_FIELD, suggested_field
from campaigns.leads import Bucket
from services.exports import ExportChoice
from services.fields import list_fields
from storage.tables import BUCKET, contacts, leads, users
from storage.vips import is_guest

MOST_CUSTOM: Final = 1000
LEAST_DIGITS: Final = 3
_PLAIN: Final = {
    "last_name": "Фамилия",
    "first_name": "Имя",
    "middle_name": "Отчество",
    "organisation": "Организация",
    "position": "Должность",
    "note": "Примечание",
    "email": "E-mail",
    "zone": "Часовой пояс",
}
_BUCKETS: Final = {
    Bucket.NOT_CALLED: "Не звонили",
    Bucket.WILL_CALL_AGAIN: "Перезвоним",
    Bucket.REACHED: "Успешно",
    Bucket.FAILED: "Неуспешно",
}

Cell = str | int


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of an export's columns, and how a row of `query` becomes their cells."""

    names: tuple[str, ...]
    cells: Callable[[Row[Any]], list[Cell]]


def query(choice: ExportChoice) -> Select[*tuple[Any, ...]]:
    """The chosen rows in the order in which they came."""
    responsible, vip = users.c.name.label("responsible_name"), is_guest().label("vip")
    if choice.what == "leads":
        wanted = select(
            contacts, responsible, vip, leads.c.state, leads.c.attempts, leads.c.last_result, leads.c.priority,
            leads.c.added_at, leads.c.callback_at,
        ).select_from(_sources(choice)).order_by(leads.c.id)  # fmt: skip
    else:
        wanted = select(contacts, responsible, vip).select_from(_sources(choice)).order_by(contacts.c.id)
    return wanted.where(*_conditions(choice))


def count(choice: ExportChoice) -> Select[int]:
    """How many rows are chosen."""
    return select(func.count()).select_from(_sources(choice)).where(*_conditions(choice))


async def columns(tx: AsyncConnection, choice: ExportChoice) -> Columns:
    """The columns that the chosen rows need: the company's fields, then whatever other fields the rows have."""
    defined = [field.name for field in await list_fields(tx)]
    keys = func.jsonb_object_keys(contacts.c.custom).label("key")
    found = select(keys).select_from(_sources(choice)).where(*_conditions(choice)).distinct().limit(MOST_CUSTOM)
    others = sorted(set((await tx.execute(found)).scalars()) - set(defined))
    custom = (*defined, *others)
    names = (
        *_PLAIN.values(), "Теги", *(f"Телефон {number}" for number in range(1, MOST_PHONES + 1)),
        *map(_custom_name, custom), "Ответственный", "VIP", "Согласие",
    )  # fmt: skip
    if choice.what == "contacts":
        return Columns((*names, "Добавлен (UTC)"), lambda row: [*_contact(row, custom), _instant(row.created_at)])
    further = ("Корзина", "Последний результат", "Попыток", "Приоритет", "Добавлен (UTC)", "Перезвонить (UTC)")
    return Columns((*names, *further), lambda row: [*_contact(row, custom), *_lead(row)])


def _sources(choice: ExportChoice) -> Any:  # noqa: ANN401 (a join of SQLAlchemy's has no narrower name)
    people = contacts.outerjoin(users, users.c.id == contacts.c.responsible)
    if choice.what == "leads":
        return leads.join(people, contacts.c.id == leads.c.contact_id)
    return people


def _conditions(choice: ExportChoice) -> Sequence[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    of_lead: list[ColumnElement[bool]] = []
    if choice.campaign is not None:
        of_lead.append(leads.c.campaign_id == choice.campaign)
    if choice.bucket is not None:
        of_lead.append(literal_column(f"({BUCKET})") == str(choice.bucket))
    if choice.result is not None:
        of_lead.append(leads.c.last_result == str(choice.result))
    if choice.what == "leads":
        conditions += of_lead
    elif of_lead:
        conditions.append(select(leads.c.id).where(leads.c.contact_id == contacts.c.id, *of_lead).exists())
    if choice.tags:
        wanted = cast(list(choice.tags), ARRAY(Text))
        conditions += [contacts.c.tags != cast([], ARRAY(Text)), contacts.c.tags.bool_op("@>")(wanted)]
    if choice.ids:
        conditions.append((leads if choice.what == "leads" else contacts).c.id.in_(choice.ids))
    if choice.text:
        conditions.append(_holds(choice.text))
    return conditions


def _holds(wanted: str) -> ColumnElement[bool]:
    """Whether the text stands in the name, the organisation or, if it has digits, a phone."""
    names = (contacts.c.last_name, contacts.c.first_name, contacts.c.middle_name, contacts.c.organisation)
    digits = "".join(filter(str.isdigit, wanted))
    by_name = func.concat_ws(" ", *names).icontains(wanted, autoescape=True)
    if len(digits) < LEAST_DIGITS:
        return by_name
    return or_(by_name, func.array_to_string(contacts.c.phones, " ").contains(digits))


def _custom_name(name: str) -> str:
    """A custom field's column; one that would be taken for another field when it is loaded again says what it is."""
    return name if suggested_field(name) is None else name + OWN_FIELD


def _contact(row: Row[Any], custom: Sequence[str]) -> list[Cell]:
    phones: list[str] = row.phones
    values: Mapping[str, str] = row.custom
    return [
        *(getattr(row, field) or "" for field in _PLAIN),
        ", ".join(row.tags),
        *phones,
        *[""] * (MOST_PHONES - len(phones)),
        *(str(values.get(name, "")) for name in custom),
        row.responsible_name or "",
        "да" if row.vip else "",
        _instant(row.consent_at),
    ]


def _lead(row: Row[Any]) -> list[Cell]:
    return [
        _BUCKETS[bucket(row.state, row.attempts)],
        row.last_result or "",
        row.attempts,
        "" if row.priority is None else row.priority,
        _instant(row.added_at),
        _instant(row.callback_at),
    ]


def _instant(at: datetime | None) -> str:
    return "" if at is None else f"{at:%d.%m.%Y %H:%M}"
