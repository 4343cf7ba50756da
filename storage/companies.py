"""Making a company: the one insert that comes before there is a company to ask as."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from campaigns.campaign import CompanyId
from storage.database import Database
from storage.tables import companies


async def add_company(database: Database, *, name: str, now: datetime) -> CompanyId:
    """Adds a company without users and returns its number, taken before the row so that the row is its own."""
    async with database.system() as tx:
        number = (await tx.execute(text("SELECT nextval('companies_id_seq')"))).scalar_one()
    company = CompanyId(number)
    async with database.transaction(company) as tx:
        await tx.execute(companies.insert().values(id=number, name=name, created_at=now))
    return company
