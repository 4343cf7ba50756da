"""A lease costs the same whatever the length of the list: it reads no more rows than it needs (SPEC R2.9, R2.10)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import Campaign, Order
from campaigns.leads import WorkerId
from storage.database import Database
from storage.lease_sql import WAKE, pick_statement
from tests.conftest import EPOCH
from tests.storage.worlds import MINUTE, PostgresWorld

pytestmark = pytest.mark.postgres

WORKER = WorkerId(UUID(int=1))
ZONES = ["", "Asia/Omsk", "Europe/Moscow"]
MANY, COUNT, REACH = 20_000, 10, 20
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


async def explained(tx: AsyncConnection, statement: TextClause, wanted: dict[str, object]) -> list[dict[str, Any]]:
    """The nodes of the plan as it was carried out."""
    explain = text("EXPLAIN (ANALYZE, FORMAT JSON) " + str(statement))
    (plan,) = (await tx.execute(explain, wanted)).scalar_one()
    return nodes(plan["Plan"])


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for below in plan.get("Plans", []) for node in nodes(below))]


def most_read(found: list[dict[str, Any]]) -> float:
    return max(
        float(node["Actual Rows"] * node["Actual Loops"] + node.get("Rows Removed by Filter", 0)) for node in found
    )


@pytest.mark.parametrize("steady", [True, False])
@pytest.mark.parametrize("order", Order)
async def test_R2_10_no_order_reads_or_sorts_all_leads(
    database: Database, campaign: Campaign, order: Order, *, steady: bool
) -> None:
    wanted = {
        "campaign": campaign.id, "now": EPOCH + MINUTE, "count": COUNT, "zones": ZONES, "ranks": [0, -360, -180],
        "reach": REACH, "kinds": 8,
    }  # fmt: skip
    async with database.transaction(campaign.company, steady=steady) as tx:
        if not steady:
            await tx.execute(text("ANALYZE leads"))
        found = await explained(tx, pick_statement(order), wanted)
        await tx.rollback()
    assert not [node for node in found if node.get("Relation Name") == "leads" and node["Node Type"] == "Seq Scan"]
    # Three zones of two or four kinds each, REACH of each kind.
    assert most_read(found) <= 3 * 4 * REACH + COUNT


@pytest.mark.parametrize("most", [0, 40])
async def test_R2_10_waking_reads_what_has_become_due_and_no_more(
    database: Database, campaign: Campaign, most: int
) -> None:
    now = EPOCH + (timedelta(days=2) if most else MINUTE)
    async with database.transaction(campaign.company, steady=True) as tx:
        found = await explained(tx, WAKE, {"campaign": campaign.id, "now": now, "most": 40})
        await tx.rollback()
    assert most_read(found) <= 3 * most + 10


@pytest.mark.parametrize("order", Order)
async def test_R2_9_a_closed_zone_is_not_passed_over_lead_by_lead(
    database: Database, campaign: Campaign, order: Order
) -> None:
    wanted = {
        "campaign": campaign.id, "now": EPOCH + MINUTE, "count": COUNT, "zones": ["Asia/Omsk"], "ranks": [0],
        "reach": REACH, "kinds": 8,
    }  # fmt: skip
    async with database.transaction(campaign.company, steady=True) as tx:
        rows = (await tx.execute(pick_statement(order), wanted)).all()
        found = await explained(tx, pick_statement(order), wanted)
        await tx.rollback()
    assert {row.zone for row in rows} == {"Asia/Omsk"}
    assert most_read(found) <= 4 * REACH + COUNT
