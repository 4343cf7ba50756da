"""One company never sees, changes or refers to another's rows: the database sees to that (SPEC R11.4)."""

from __future__ import annotations

import asyncpg
import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from campaigns.campaign import CompanyId
from storage.database import Database
from storage.tables import (
    campaigns,
    companies,
    contact_fields,
    contacts,
    leads,
    metadata,
    number_list_phones,
    number_lists,
)
from storage.urls import for_asyncpg
from tests.conftest import EPOCH, Fresh, make_company
from tests.storage.worlds import PHONE, PostgresWorld

pytestmark = pytest.mark.postgres

WITHOUT_COMPANY = {"workers", "login_attempts", "alembic_version"}

_UNGUARDED = """
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND NOT (
          c.relrowsecurity AND c.relforcerowsecurity
          AND EXISTS (
              SELECT FROM pg_policy p
              WHERE p.polrelid = c.oid AND p.polcmd = '*' AND p.polpermissive AND p.polroles = '{0}'
                AND pg_get_expr(p.polqual, c.oid) LIKE '%zvonar.company_id%'
                AND pg_get_expr(p.polwithcheck, c.oid) LIKE '%zvonar.company_id%'
          )
      )
"""


async def fetch(url: str, query: str) -> set[str]:
    connection = await asyncpg.connect(for_asyncpg(url))
    try:
        return {row[0] for row in await connection.fetch(query)}
    finally:
        await connection.close()


async def test_R11_4_every_table_but_those_of_no_company_is_guarded(fresh: Fresh) -> None:
    assert await fetch(fresh.owner_url, _UNGUARDED) == WITHOUT_COMPANY
    for table in metadata.tables.values():
        assert table.name in {*WITHOUT_COMPANY, "companies"} or "company_id" in table.c


async def test_R11_4_a_new_table_without_a_policy_is_found(fresh: Fresh) -> None:
    connection = await asyncpg.connect(for_asyncpg(fresh.owner_url))
    try:
        await connection.execute("CREATE TABLE careless (company_id bigint)")
        await connection.execute("ALTER TABLE careless ENABLE ROW LEVEL SECURITY")
    finally:
        await connection.close()
    assert "careless" in await fetch(fresh.owner_url, _UNGUARDED)


async def test_R11_4_all_other_policies_let_only_the_owner_look(fresh: Fresh) -> None:
    others = """
        SELECT p.polrelid::regclass::text || ' ' || p.polcmd::text || ' ' || p.polroles::regrole[]::text
        FROM pg_policy p WHERE p.polname <> 'own_company'
    """
    campaigns_ = ("campaigns", "attempts", "imports", "exports", "campaign_quotas", "messages")
    looked_up = ("companies", "users", "sessions", *campaigns_)
    assert await fetch(fresh.owner_url, others) == {f"{table} r {{zvonar_owner}}" for table in looked_up}


async def test_R11_4_every_reference_stays_within_the_company(fresh: Fresh) -> None:
    loose = """
        SELECT c.conrelid::regclass::text || '.' || c.conname FROM pg_constraint c
        WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
          AND c.confrelid NOT IN ('companies'::regclass, 'workers'::regclass)
          AND NOT EXISTS (
              SELECT FROM unnest(c.conkey, c.confkey) AS k (mine, theirs)
              JOIN pg_attribute m ON m.attrelid = c.conrelid AND m.attnum = k.mine
              JOIN pg_attribute t ON t.attrelid = c.confrelid AND t.attnum = k.theirs
              WHERE m.attname = 'company_id' AND t.attname = 'company_id'
          )
    """
    assert await fetch(fresh.owner_url, loose) == set()


async def test_R11_4_another_companys_rows_are_neither_seen_nor_changed(database: Database) -> None:
    world = PostgresWorld(database)
    mine, theirs = await make_company(database, "mine"), await make_company(database, "theirs")
    campaign = await world.add_campaign(theirs)
    await world.add_lead(campaign)
    async with database.transaction(mine) as tx:
        for table in (companies, contacts, campaigns, leads):
            seen = (await tx.execute(select(table))).all()
            assert [row.id for row in seen] == ([mine] if table is companies else [])
        for change in (update(contacts).values(note="x"), delete(leads), update(campaigns).values(company_id=mine)):
            assert (await tx.execute(change)).rowcount == 0
    async with database.system() as tx:
        for table in (companies, contacts, campaigns, leads):
            assert (await tx.execute(select(table))).all() == []


async def test_R11_4_a_row_cannot_be_given_to_another_company(database: Database) -> None:
    mine, theirs = await make_company(database, "mine"), await make_company(database, "theirs")
    row = {"phones": [PHONE], "created_at": EPOCH}
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.transaction(mine) as tx:
            await tx.execute(insert(contacts).values(company_id=theirs, **row))
    async with database.transaction(mine) as tx:
        await tx.execute(insert(contacts).values(**row))
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.transaction(mine) as tx:
            await tx.execute(update(contacts).values(company_id=theirs))


async def test_R11_4_another_companys_row_cannot_be_referred_to(database: Database) -> None:
    world = PostgresWorld(database)
    mine, theirs = await make_company(database, "mine"), await make_company(database, "theirs")
    ours, foreign = await world.add_campaign(mine), await world.add_campaign(theirs)
    async with database.transaction(theirs) as tx:
        row = insert(contacts).values(phones=[PHONE], created_at=EPOCH).returning(contacts.c.id)
        contact = (await tx.execute(row)).scalar_one()
    lead = {"contact_id": contact, "due_at": EPOCH, "order_key": 0.1, "added_at": EPOCH}
    for campaign in (ours, foreign):
        with pytest.raises(IntegrityError, match="foreign key"):
            async with database.transaction(mine) as tx:
                await tx.execute(insert(leads).values(campaign_id=campaign.id, **lead))


async def test_R11_4_the_same_phone_may_stand_on_the_blacklists_of_two_companies(database: Database) -> None:
    for name in ("mine", "theirs"):
        async with database.transaction(await make_company(database, name)) as tx:
            made = insert(number_lists).values(name="b", kind="blacklist", created_at=EPOCH)
            number = (await tx.execute(made.returning(number_lists.c.id))).scalar_one()
            await tx.execute(insert(number_list_phones).values(list_id=number, phone=PHONE, added_at=EPOCH))


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE contacts DISABLE ROW LEVEL SECURITY",
        "DROP POLICY own_company ON contacts",
        "SET ROLE zvonar_owner",
        "SET SESSION AUTHORIZATION zvonar_owner",
        "ALTER ROLE zvonar_app BYPASSRLS",
        "TRUNCATE contacts CASCADE",
        "SELECT * FROM login_attempts",
        "CREATE TABLE public.mine (n int)",
        "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ],
)
async def test_R11_4_the_application_role_cannot_get_round_the_policies(database: Database, statement: str) -> None:
    with pytest.raises(ProgrammingError):
        async with database.system() as tx:
            await tx.exec_driver_sql(statement)


async def test_R11_4_row_security_cannot_be_switched_off_by_a_setting(database: Database) -> None:
    await make_company(database)

    async def look() -> None:
        async with database.system() as tx:
            await tx.exec_driver_sql("SET LOCAL row_security = off")
            await tx.execute(select(contacts))

    with pytest.raises(DBAPIError, match="row-level security"):
        await look()


async def test_R11_4_the_company_of_a_transaction_is_forgotten_at_its_end(fresh: Fresh) -> None:
    from storage.database import PoolLimits

    database = Database(fresh.app_url, PoolLimits(connections=1))
    try:
        company = await make_company(database)
        async with database.transaction(company) as tx:
            assert len((await tx.execute(select(companies))).all()) == 1
        async with database.system() as tx:
            assert (await tx.execute(select(companies))).all() == []
            assert not (await tx.execute(text("SELECT current_setting('zvonar.company_id', true)"))).scalar()
    finally:
        await database.close()


async def test_R11_4_a_transaction_of_no_company_writes_nothing(database: Database) -> None:
    with pytest.raises(DBAPIError):
        async with database.transaction(CompanyId(404)) as tx:
            await tx.execute(insert(contact_fields).values(name="debt", kind="number", created_at=EPOCH))
    with pytest.raises(DBAPIError):
        async with database.system() as tx:
            await tx.execute(insert(contact_fields).values(name="debt", kind="number", created_at=EPOCH))
