"""Lists of numbers: blacklists, which are never dialled, and VIP lists, whose numbers are dialled first (SPEC R9.3)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any, Final

from sqlalchemy import Row, Select, delete, exists, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.contacts.mapping import is_phone, suggest
from campaigns.contacts.phones import REASONS, BadPhone, phones_in
from campaigns.contacts.reading import Sheet, read
from campaigns.contacts.rows import BadRow
from core.errors import BadInput, Conflict, NotFound
from core.phones import Phone
from storage.copying import copy_in
from storage.tables import number_list_phones, number_lists
from storage.vips import raise_staged

LONGEST_NAME: Final = 100
SHOWN_BAD: Final = 100
SHOWN: Final = 200
BATCH: Final = 20_000
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_STAGE: Final = text("CREATE TEMPORARY TABLE IF NOT EXISTS zvonar_staged_numbers (phone text) ON COMMIT DELETE ROWS")
_EMPTY: Final = text("DELETE FROM zvonar_staged_numbers")
_ADD: Final = text("""
    INSERT INTO number_list_phones (list_id, phone, added_at)
    SELECT DISTINCT CAST(:list AS bigint), s.phone, CAST(:now AS timestamptz) FROM zvonar_staged_numbers s
    ON CONFLICT (company_id, list_id, phone) DO NOTHING
""")


class ListKind(StrEnum):
    """What a list of numbers is for; the values are stored."""

    BLACKLIST = "blacklist"
    VIP = "vip"


@dataclass(frozen=True, slots=True)
class NumberList:
    """A list with how many numbers it has."""

    id: int
    name: str
    kind: ListKind
    count: int


@dataclass(frozen=True, slots=True)
class NumbersReport:
    """What came of numbers that were to be added; `bad` are the first of the `bad_count` that cannot be."""

    added: int
    known: int
    bad_count: int
    bad: tuple[BadRow, ...]


async def list_lists(tx: AsyncConnection) -> list[NumberList]:
    """The company's lists by their names."""
    return [_list(row) for row in await tx.execute(_lists().order_by(number_lists.c.name))]


async def one_list(tx: AsyncConnection, id_: int) -> NumberList:
    """One list; `NotFound` if the company has no such."""
    row = (await tx.execute(_lists().where(number_lists.c.id == id_))).one_or_none()
    if row is None:
        raise NotFound("no_such_list", "There is no such list of numbers.")
    return _list(row)


async def add_list(tx: AsyncConnection, name: str, kind: ListKind, now: datetime) -> NumberList:
    """Adds an empty list; `Conflict` if there is one of this name."""
    name = await _free_name(tx, name, None)
    made = insert(number_lists).values(name=name, kind=str(kind), created_at=now).returning(number_lists.c.id)
    return NumberList((await tx.execute(made)).scalar_one(), name, kind, 0)


async def rename_list(tx: AsyncConnection, id_: int, name: str) -> NumberList:
    """Gives a list another name."""
    await one_list(tx, id_)
    name = await _free_name(tx, name, id_)
    await tx.execute(update(number_lists).where(number_lists.c.id == id_).values(name=name))
    return await one_list(tx, id_)


async def delete_list(tx: AsyncConnection, id_: int) -> None:
    """Deletes a list with its numbers."""
    await one_list(tx, id_)
    await tx.execute(delete(number_lists).where(number_lists.c.id == id_))


async def add_numbers(tx: AsyncConnection, id_: int, texts: Iterable[str], now: datetime) -> NumbersReport:
    """Adds numbers as people write them, several in one text if need be."""
    return await _add(tx, await one_list(tx, id_), enumerate(texts, 1), now)


async def load_numbers(tx: AsyncConnection, id_: int, data: bytes, now: datetime) -> NumbersReport:
    """Adds the numbers of a file: of the columns that are phones by their names, or of the only column."""
    found = await one_list(tx, id_)
    sheet = await asyncio.to_thread(read, data)
    return await _add(tx, found, _cells(sheet), now)


async def remove_numbers(tx: AsyncConnection, id_: int, texts: Sequence[str]) -> int:
    """Takes numbers off a list; says how many were on it."""
    await one_list(tx, id_)
    wanted = [one.e164 for given in texts for one in phones_in(given) if isinstance(one, Phone)]
    on_list = (number_list_phones.c.list_id == id_) & number_list_phones.c.phone.in_(wanted)
    gone = await tx.execute(delete(number_list_phones).where(on_list).returning(number_list_phones.c.phone))
    return len(gone.all())


async def numbers(tx: AsyncConnection, id_: int, after: str | None, limit: int) -> list[str]:
    """The next numbers of a list by their digits, after the one that was shown last."""
    await one_list(tx, id_)
    phone = number_list_phones.c.phone
    query = select(phone).where(number_list_phones.c.list_id == id_, phone > (after or "")).order_by(phone).limit(limit)
    return list((await tx.execute(query)).scalars())


async def _add(tx: AsyncConnection, to: NumberList, texts: Iterator[tuple[int, str]], now: datetime) -> NumbersReport:
    """Adds batch by batch; the leads of special guests go first from now on."""
    added = good = bad_count = 0
    bad: list[BadRow] = []
    await tx.execute(_STAGE)
    while batch := await asyncio.to_thread(lambda: list(islice(texts, BATCH))):
        phones, faults = await asyncio.to_thread(_sorted, batch)
        await tx.execute(_EMPTY)
        await copy_in(tx, "zvonar_staged_numbers", ["phone"], "".join(f"{phone}\n" for phone in phones).encode())
        added += (await tx.execute(_ADD, {"list": to.id, "now": now})).rowcount
        if to.kind is ListKind.VIP:
            await raise_staged(tx, now)
        good += len(phones)
        bad_count += len(faults)
        bad += faults[: SHOWN_BAD - len(bad)]
    return NumbersReport(added, good - added, bad_count, tuple(bad))


def _sorted(batch: list[tuple[int, str]]) -> tuple[list[str], list[BadRow]]:
    """The numbers in E.164, and what is none."""
    phones: list[str] = []
    bad: list[BadRow] = []
    for line, given in batch:
        for one in phones_in(given) or (BadPhone(given, "no_phone"),):
            if isinstance(one, Phone):
                phones.append(one.e164)
            else:
                bad.append(BadRow(line, None, one.text[:SHOWN], one.reason_code, REASONS[one.reason_code]))
    return phones, bad


def _cells(sheet: Sheet) -> Iterator[tuple[int, str]]:
    mapping = suggest(sheet)
    places = [place for place, column in enumerate(sheet.columns) if is_phone(mapping[column])]
    if not places and len(sheet.columns) > 1:
        hint = "Name the column of the numbers “Телефон” or “phone”."
        raise BadInput("no_phone_column", "No column of the file is a phone.", field="file", hint=hint)
    for row in sheet.rows():
        yield row.line, ", ".join(row.cells[place] for place in places or [0] if place < len(row.cells))


def _lists() -> Select[*tuple[Any, ...]]:
    mine = number_list_phones.c.list_id == number_lists.c.id
    count = select(func.count()).where(mine).correlate(number_lists).scalar_subquery()
    return select(number_lists, count.label("numbers"))


def _list(row: Row[Any]) -> NumberList:
    return NumberList(row.id, row.name, ListKind(row.kind), row.numbers)


async def _free_name(tx: AsyncConnection, name: str, mine: int | None) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME or _CONTROL.search(name):
        raise BadInput("bad_list_name", f"A list's name has 1 to {LONGEST_NAME} letters.", field="name")
    same = (func.lower(number_lists.c.name) == name.lower()) & (number_lists.c.id != (mine or 0))
    if (await tx.execute(select(exists().where(same)))).scalar_one():
        raise Conflict("list_exists", f"There is a list {name!r} already.", field="name")
    return name
