"""A lease costs the same whatever the length of the list: it reads no more rows than it needs (SPEC R2.9, R2.10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import Campaign, Order
from campaigns.leads import WorkerId
from storage import lease_places
from storage.database import Database
from storage.leads import PostgresLeads
from storage.lease_sql import PICK
from tests.conftest import EPOCH, Fresh, as_superuser
from tests.storage.worlds import MINUTE, PostgresWorld

pytestmark = pytest.mark.postgres

WORKER = WorkerId(UUID(int=1))
NOW = EPOCH + MINUTE
ZONES = ["", "Asia/Omsk", "Europe/Moscow"]
MANY_TAKEN = 3 * lease_places.MANY
MANY, COUNT = 20_000, 10
MOST_READ = 600
"""Twelve places are read two dozens deep, half of what was read is locked, taken, and read again."""
_FILL = text("""
    WITH people AS (
        INSERT INTO contacts (phones, created_at)
        SELECT ARRAY['+7' || (9000000000 + n)], :now FROM generate_series(1, :many) AS n RETURNING id
    )
    INSERT INTO leads (campaign_id, contact_id, due_at, order_key, added_at, zone, priority, attempts, ready)
    SELECT :campaign, id, CASE WHEN id % 2 = 0 THEN CAST(:now AS timestamptz) ELSE :later END, random(),
           CAST(:now AS timestamptz) + id * interval '1 ms', (ARRAY[NULL, 'Asia/Omsk', 'Europe/Moscow'])[1 + id % 3],
           CASE WHEN id % 10 = 0 THEN 1 + id % 3 END, CASE WHEN id % 8 = 0 THEN 1 ELSE 0 END, id % 2 = 0
    FROM people
""")


@pytest.fixture
async def campaign(database: Database) -> Campaign:
    """A campaign with many leads of three zones: half of them put off, some urgent, some called before."""
    made = await PostgresWorld(database).add_campaign()
    async with database.transaction(made.company) as tx:
        later = EPOCH + timedelta(days=1)
        await tx.execute(_FILL, {"campaign": made.id, "now": EPOCH, "later": later, "many": MANY})
    return made


async def read(tx: AsyncConnection) -> int:
    """How many leads this transaction has read so far, and by how many whole readings of the table (none)."""
    counted = "SELECT pg_stat_get_xact_tuples_fetched(t) + pg_stat_get_xact_tuples_returned(t), "
    whole = "pg_stat_get_xact_numscans(t) FROM CAST('leads' AS regclass) AS t"
    rows, scans = (await tx.execute(text(counted + whole))).one()
    assert scans == 0
    return int(rows)


async def leased(
    database: Database, campaign: Campaign, *, zones: Sequence[str], open_: Sequence[str], now: datetime = NOW
) -> tuple[list[str | None], int]:
    """The zones of the leads that were leased, and how many leads were read for it."""
    ranks = [0 if zone in open_ else None for zone in zones]
    wanted = {
        "company": campaign.company, "campaign": campaign.id, "worker": WORKER, "now": now, "count": COUNT,
        "holding": None, "order": str(campaign.order), "zones": list(zones), "ranks": ranks,
    }  # fmt: skip
    async with database.transaction(campaign.company) as tx:
        rows = (await tx.execute(PICK, wanted)).all()
        return [row.zone for row in rows[1:]], await read(tx)


@pytest.mark.parametrize("analysed", [True, False])
@pytest.mark.parametrize("order", Order)
async def test_R2_10_no_order_reads_all_leads(
    database: Database, fresh: Fresh, campaign: Campaign, order: Order, *, analysed: bool
) -> None:
    if analysed:
        await as_superuser(fresh.superuser_url, "ANALYZE leads")
    zones, count = await leased(database, replace(campaign, order=order), zones=ZONES, open_=ZONES)
    assert len(zones) == COUNT
    assert count <= MOST_READ


async def test_R2_10_waking_reads_what_has_become_due_and_no_more(database: Database, campaign: Campaign) -> None:
    later = NOW + timedelta(days=2)
    zones, count = await leased(database, campaign, zones=ZONES, open_=ZONES, now=later)
    assert len(zones) == COUNT
    assert count <= MOST_READ + 3 * 50 * 3


@pytest.mark.parametrize("order", Order)
async def test_R2_9_a_closed_zone_is_not_passed_over_lead_by_lead(
    database: Database, campaign: Campaign, order: Order
) -> None:
    ordered = replace(campaign, order=order)
    zones, count = await leased(database, ordered, zones=ZONES, open_=["Asia/Omsk"])
    assert set(zones) == {"Asia/Omsk"}
    assert count <= MOST_READ


async def test_R2_9_nothing_is_taken_before_every_zone_is_known(database: Database, campaign: Campaign) -> None:
    wanted = {
        "company": campaign.company, "campaign": campaign.id, "worker": WORKER, "now": NOW, "count": COUNT,
        "holding": None, "order": "random", "zones": [""], "ranks": [0],
    }  # fmt: skip
    async with database.transaction(campaign.company) as tx:
        (row,) = (await tx.execute(PICK, wanted)).all()
    assert set(row.unknown) == {"Asia/Omsk", "Europe/Moscow"}


@pytest.mark.parametrize("order", Order)
async def test_R2_10_who_takes_many_goes_on_where_it_stopped_in_the_same_order(
    database: Database, campaign: Campaign, order: Order
) -> None:
    """Read on, the list gives the same leads in the same order as read from its head each time."""
    ordered = replace(campaign, order=order)
    store = PostgresLeads(database)
    once = [call.lead for call in await store.lease(ordered, MANY_TAKEN, worker=WORKER, now=NOW)]
    async with database.transaction(campaign.company) as tx:
        await tx.execute(text("UPDATE leads SET state = 'waiting' WHERE state = 'dialling'"))
    by_and_by: list[int] = []
    while len(by_and_by) < len(once):
        by_and_by += [call.lead for call in await store.lease(ordered, 20, worker=WORKER, now=NOW)]
    assert by_and_by == once


async def test_R2_8_a_lead_that_comes_in_front_is_taken_once_the_head_is_looked_at_again(
    database: Database, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = PostgresLeads(database)
    for _ in range(5):
        assert len(await store.lease(campaign, 50, worker=WORKER, now=NOW)) == 50
    async with database.transaction(campaign.company) as tx:
        first = text(
            "UPDATE leads SET priority = 1, order_key = -1 "
            "WHERE id = (SELECT max(id) FROM leads WHERE state = 'waiting' AND ready) RETURNING id"
        )
        urgent = (await tx.execute(first)).scalar_one()
    monkeypatch.setattr(lease_places, "FRESH_S", 0.0)
    (call,) = await store.lease(campaign, 1, worker=WORKER, now=NOW)
    assert call.lead == urgent
