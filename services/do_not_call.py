"""Who asked not to be called again is put on the company's blacklist at once (SPEC R9.3)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.phones import Phone
from robot.dialog.flow import Language
from services.number_lists import ListKind
from storage.tables import number_list_phones, number_lists

NAMES: Final = {Language.RU: "Просили не звонить", Language.EN: "Asked not to be called"}
"""The list that is made for them."""


async def forbid(tx: AsyncConnection, phone: Phone, language: Language, now: datetime) -> int:
    """Puts the number on the blacklist of those who asked so, made where there is none, and returns the list's number.

    A list of that name that is no blacklist is left alone: the company's oldest blacklist takes the number then.
    """
    list_ = await _list(tx, NAMES[language], now)
    barred = insert(number_list_phones).values(list_id=list_, phone=phone.e164, added_at=now)
    await tx.execute(barred.on_conflict_do_nothing())
    return list_


async def _list(tx: AsyncConnection, name: str, now: datetime) -> int:
    made = insert(number_lists).values(name=name, kind=str(ListKind.BLACKLIST), created_at=now)
    await tx.execute(made.on_conflict_do_nothing(index_elements=["company_id", "name"]))
    blacklists = select(number_lists.c.id).where(number_lists.c.kind == str(ListKind.BLACKLIST))
    oldest = blacklists.order_by(number_lists.c.name != name, number_lists.c.id).limit(1)
    found = (await tx.execute(oldest)).scalar_one_or_none()
    if found is not None:
        return int(found)
    spare = insert(number_lists).values(name=f"{name} (2)", kind=str(ListKind.BLACKLIST), created_at=now)
    spare = spare.on_conflict_do_update(index_elements=["company_id", "name"], set_={"kind": str(ListKind.BLACKLIST)})
    return int((await tx.execute(spare.returning(number_lists.c.id))).scalar_one())
