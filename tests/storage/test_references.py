"""SPEC R11.4: what contacts and leads refer to is there, of the same company, and stays, whoever is at it at once."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from sqlalchemy import Executable, Table, delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import CompanyId
from storage.database import Database
from storage.tables import campaigns, companies, contacts, leads
from storage.urls import for_asyncpg
from tests.conftest import EPOCH, Fresh, make_company
from tests.storage.worlds import PHONE, PostgresWorld

pytestmark = pytest.mark.postgres

LEAD = {"due_at": EPOCH, "order_key": 0.1, "added_at": EPOCH}


async def contact(database: Database, company: CompanyId) -> int:
    async with database.transaction(company) as tx:
        made = insert(contacts).values(phones=[PHONE], created_at=EPOCH).returning(contacts.c.id)
        return int((await tx.execute(made)).scalar_one())


async def test_R11_4_one_wrong_row_among_many_is_refused_and_none_is_added(database: Database) -> None:
    mine, theirs = await make_company(database, "mine"), await make_company(database, "theirs")
    campaign = (await PostgresWorld(database).add_campaign(mine)).id
    good, foreign = [await contact(database, mine) for _ in range(3)], await contact(database, theirs)
    for wrong in ({"contact_id": foreign}, {"contact_id": 10**9}, {"contact_id": good[0], "campaign_id": 10**9}):
        rows = [{"campaign_id": campaign, "contact_id": one, **LEAD} for one in good[1:]]
        with pytest.raises(IntegrityError, match="foreign key"):
            async with database.transaction(mine) as tx:
                await tx.execute(insert(leads).values([*rows, {"campaign_id": campaign, **LEAD, **wrong}]))
    async with database.transaction(mine) as tx:
        assert (await tx.execute(select(leads))).all() == []


async def test_R11_4_a_lead_cannot_be_moved_to_what_is_not_there(database: Database) -> None:
    mine, theirs = await make_company(database, "mine"), await make_company(database, "theirs")
    world = PostgresWorld(database)
    campaign, foreign = await world.add_campaign(mine), await world.add_campaign(theirs)
    await world.add_lead(campaign)
    stranger = await contact(database, theirs)
    for wrong in ({"contact_id": stranger}, {"campaign_id": foreign.id}):
        with pytest.raises(IntegrityError, match="foreign key"):
            async with database.transaction(mine) as tx:
                await tx.execute(update(leads).values(wrong))
    another = await contact(database, mine)
    async with database.transaction(mine) as tx:
        assert (await tx.execute(update(leads).values(contact_id=another))).rowcount == 1


async def test_R11_4_a_contact_who_is_a_lead_stays_and_another_may_go(database: Database) -> None:
    mine = await make_company(database, "mine")
    world = PostgresWorld(database)
    await world.add_lead(await world.add_campaign(mine))
    free = await contact(database, mine)
    for change in (delete(contacts), update(contacts).values(id=contacts.c.id + 10**9)):
        with pytest.raises(IntegrityError, match="foreign key"):
            async with database.transaction(mine) as tx:
                await tx.execute(change)
    async with database.transaction(mine) as tx:
        await tx.execute(delete(contacts).where(contacts.c.id == free))
        assert len((await tx.execute(select(contacts))).all()) == 1


async def test_R11_4_a_campaign_that_goes_takes_its_leads_and_no_others(database: Database) -> None:
    mine = await make_company(database, "mine")
    world = PostgresWorld(database)
    gone, kept = await world.add_campaign(mine), await world.add_campaign(mine)
    await world.add_lead(gone)
    stays = await world.add_lead(kept)
    with pytest.raises(IntegrityError, match="foreign key"):
        async with database.transaction(mine) as tx:
            await tx.execute(update(campaigns).where(campaigns.c.id == gone.id).values(id=10**9))
    async with database.transaction(mine) as tx:
        await tx.execute(delete(campaigns).where(campaigns.c.id == gone.id))
        assert [row.id for row in await tx.execute(select(leads.c.id))] == [stays]


async def test_R11_4_a_company_that_goes_takes_all_that_is_its_own(database: Database, fresh: Fresh) -> None:
    mine, theirs = await make_company(database, "mine"), await make_company(database, "theirs")
    world = PostgresWorld(database)
    for company in (mine, theirs):
        await world.add_lead(await world.add_campaign(company))
    async with database.transaction(mine) as tx:
        await tx.execute(delete(companies))
    connection = await asyncpg.connect(for_asyncpg(fresh.superuser_url))
    try:
        for table in ("companies", "campaigns", "contacts", "leads"):
            column = "id" if table == "companies" else "company_id"
            assert [row[0] for row in await connection.fetch(f"SELECT {column} FROM {table}")] == [theirs]
    finally:
        await connection.close()


async def test_R11_4_nobody_adds_contacts_to_a_company_that_is_not_there(database: Database) -> None:
    with pytest.raises(IntegrityError, match="foreign key"):
        await contact(database, CompanyId(10**9))


async def refused(database: Database, company: CompanyId, change: Executable) -> bool:
    """Whether a change is refused for a reference."""
    try:
        async with database.transaction(company) as tx:
            await tx.execute(change)
    except IntegrityError:
        return True
    return False


@pytest.mark.parametrize("going", [contacts, campaigns])
async def test_R11_4_what_a_new_lead_refers_to_cannot_go_meanwhile(database: Database, going: Table) -> None:
    """The lead is added, not yet committed, when somebody deletes: he waits, and then finds the lead."""
    mine = await make_company(database, "mine")
    campaign = (await PostgresWorld(database).add_campaign(mine)).id
    person = await contact(database, mine)
    async with asyncio.TaskGroup() as group, database.transaction(mine) as tx:
        await tx.execute(insert(leads).values(campaign_id=campaign, contact_id=person, **LEAD))
        deleting = group.create_task(refused(database, mine, delete(going)))
        await waits_for_a_lock(tx)
    assert deleting.result() is (going is contacts)
    async with database.transaction(mine) as tx:
        assert len((await tx.execute(select(leads))).all()) == (1 if going is contacts else 0)


async def test_R11_4_a_lead_waits_for_who_deletes_its_contact_and_is_refused(database: Database) -> None:
    mine = await make_company(database, "mine")
    campaign = (await PostgresWorld(database).add_campaign(mine)).id
    person = await contact(database, mine)
    new = insert(leads).values(campaign_id=campaign, contact_id=person, **LEAD)
    async with asyncio.TaskGroup() as group, database.transaction(mine) as tx:
        await tx.execute(delete(contacts))
        adding = group.create_task(refused(database, mine, new))
        await waits_for_a_lock(tx)
    assert adding.result()


async def waits_for_a_lock(tx: AsyncConnection) -> None:
    """Returns when somebody waits for the end of a transaction."""
    waiting = text("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted)")
    async with asyncio.timeout(10):
        while not (await tx.execute(waiting)).scalar_one():
            await asyncio.sleep(0.01)
