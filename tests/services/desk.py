"""Somebody who imports lists into a company, for the tests of imports and exports."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from campaigns.campaign import CampaignId, CompanyId
from services import imports
from services.import_run import Loader
from services.imports import Import, ImportOptions
from storage import tables
from storage.database import Database
from tests.conftest import EPOCH
from tests.services.things import make_campaign

REPORT = ("loaded", "merged", "linked", "duplicates", "elsewhere", "bad")


class Noon:
    """A clock that stands."""

    def now(self) -> datetime:
        return EPOCH

    def monotonic(self) -> float:
        return 0.0


class Desk:
    """Somebody who imports lists into one company."""

    def __init__(self, database: Database, company: CompanyId, folder: Path, batch: int = 4) -> None:
        self.database, self.company, self.folder = database, company, folder
        self.loader = Loader(database, folder, Noon(), batch)

    async def upload(self, data: bytes | str, campaign: CampaignId | None = None) -> Import:
        async def chunks() -> AsyncIterator[bytes]:
            yield data.encode() if isinstance(data, str) else data

        kept = await imports.keep_file(self.folder, self.company, chunks())
        async with self.database.transaction(self.company) as tx:
            made = await imports.add_import(tx, kept, name="list.csv", campaign=campaign, by=None, now=EPOCH)
        await self.loader.run(self.company, made.id)
        return await self.show(made.id)

    async def show(self, id_: int) -> Import:
        async with self.database.transaction(self.company) as tx:
            return await imports.one_import(tx, id_)

    async def start(
        self, id_: int, *, mapping: Mapping[str, str] | None = None, dry_run: bool = False, **options: object
    ) -> Import:
        async with self.database.transaction(self.company) as tx:
            return await imports.start_import(
                tx,
                id_,
                mapping=mapping,
                options=ImportOptions(**options),  # type: ignore[arg-type]
                dry_run=dry_run,
                now=EPOCH,
            )

    async def run(self, id_: int, **given: Any) -> Import:  # noqa: ANN401
        await self.start(id_, **given)
        await self.loader.run(self.company, id_)
        return await self.show(id_)

    async def load(self, data: bytes | str, campaign: CampaignId | None = None, **given: Any) -> Import:  # noqa: ANN401
        return await self.run((await self.upload(data, campaign)).id, **given)

    async def campaign(self, name: str = "Опрос") -> CampaignId:
        async with self.database.transaction(self.company) as tx:
            return await make_campaign(tx, name)

    async def people(self) -> list[Any]:
        async with self.database.transaction(self.company) as tx:
            return list(await tx.execute(select(tables.contacts).order_by(tables.contacts.c.id)))

    async def leads(self) -> list[Any]:
        async with self.database.transaction(self.company) as tx:
            return list(await tx.execute(select(tables.leads).order_by(tables.leads.c.id)))

    async def errors(self, id_: int) -> list[list[str]]:
        async with self.database.transaction(self.company) as tx:
            path = await imports.error_file(tx, self.folder, self.company, id_)
        text = path.read_text("utf-8-sig")
        return list(csv.reader(io.StringIO(text), delimiter=";"))


def report(one: Import) -> dict[str, int]:
    return {name: getattr(one, name) for name in REPORT if getattr(one, name)}


def phones(count: int, first: int = 0) -> str:
    return "".join(f"89{first + place:09}\n" for place in range(count))
