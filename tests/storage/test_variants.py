"""SPEC R6.11: the attempts of a campaign that tries several versions keep the one of their contact; paths are kept."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from campaigns.campaign import CampaignId, CompanyId, Variant
from campaigns.leads import CallAt, Ending, LeasedCall, WorkerId
from campaigns.variants import variant_of, variants_to_json
from core.results import CallResult
from services import scenarios
from storage import tables
from storage.campaign_rows import campaign_of
from storage.database import Database
from storage.leads import PostgresLeads
from tests.conftest import EPOCH
from tests.services.things import flow, load_phones, make_campaign

pytestmark = pytest.mark.postgres

WORKER = WorkerId(UUID(int=7))


async def trying(
    database: Database, company: CompanyId, shares: tuple[int, ...], count: int
) -> tuple[CampaignId, list[int]]:
    """A campaign over so many contacts that tries versions by these shares, switched on."""
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
        versions = [await scenarios.publish(tx, name="Опрос", flow=flow(), script=None, now=EPOCH) for _ in shares]
        await load_phones(tx, made, count)
        await tx.execute(update(tables.campaigns).values(switched_on=True, lines=1_000))
    await share_out(database, company, versions, shares)
    return made, versions


async def share_out(database: Database, company: CompanyId, versions: list[int], shares: tuple[int, ...]) -> None:
    variants = [Variant(version, share) for version, share in zip(versions, shares, strict=True)]
    async with database.transaction(company) as tx:
        await tx.execute(update(tables.campaigns).values(variants=variants_to_json(variants)))


async def lease(
    database: Database, company: CompanyId, made: CampaignId, *, later: timedelta = timedelta()
) -> list[LeasedCall]:
    async with database.transaction(company) as tx:
        row = (await tx.execute(select(tables.campaigns).where(tables.campaigns.c.id == made))).one()
    campaign = campaign_of(row)
    return list(await PostgresLeads(database).lease(campaign, 100, worker=WORKER, now=EPOCH + later))


async def finish(database: Database, calls: list[LeasedCall], path: list[str] | None = None) -> None:
    ending = Ending(result=CallResult.BUSY, ended_at=EPOCH, details=None if path is None else {"path": path})
    for call in calls:
        assert await PostgresLeads(database).finish(call, ending, CallAt(0, EPOCH + timedelta(minutes=1)))


async def contacts_of(database: Database, company: CompanyId) -> dict[int, int]:
    async with database.transaction(company) as tx:
        rows = (await tx.execute(select(tables.leads.c.id, tables.leads.c.contact_id))).all()
    return {row.id: row.contact_id for row in rows}


async def test_R6_11_each_contact_gets_its_version_and_the_attempt_keeps_it(
    database: Database, company: CompanyId
) -> None:
    made, versions = await trying(database, company, (50, 50), 40)
    calls = await lease(database, company, made)
    contacts = await contacts_of(database, company)
    variants = [Variant(version, 50) for version in versions]
    assert [call.scenario for call in calls] == [variant_of(contacts[call.lead], made, variants) for call in calls]
    assert set(Counter(call.scenario for call in calls)) == set(versions)
    async with database.transaction(company) as tx:
        stored = (await tx.execute(select(tables.attempts.c.id, tables.attempts.c.scenario_version_id))).all()
    assert {row.id: row.scenario_version_id for row in stored} == {call.attempt: call.scenario for call in calls}


async def test_R6_11_a_contact_keeps_its_version_through_retries_whatever_becomes_of_the_shares(
    database: Database, company: CompanyId
) -> None:
    made, versions = await trying(database, company, (50, 50), 40)
    first = await lease(database, company, made)
    await finish(database, first)
    await share_out(database, company, versions, (1, 99))
    second = await lease(database, company, made, later=timedelta(minutes=2))
    assert {call.lead: call.scenario for call in first} == {call.lead: call.scenario for call in second}
    assert len(second) == 40


async def test_R6_11_a_version_that_is_tried_no_more_is_left(database: Database, company: CompanyId) -> None:
    made, versions = await trying(database, company, (50, 50), 40)
    await finish(database, await lease(database, company, made))
    await share_out(database, company, versions, (0, 100))
    second = await lease(database, company, made, later=timedelta(minutes=2))
    assert {call.scenario for call in second} == {versions[1]}


async def test_a_campaign_without_variants_runs_its_scenario(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
        await load_phones(tx, made, 3)
        await tx.execute(update(tables.campaigns).values(switched_on=True))
        version = (await tx.execute(select(tables.campaigns.c.scenario_version_id))).scalar_one()
    assert {call.scenario for call in await lease(database, company, made)} == {version}


async def test_R10_5_the_path_of_a_talk_is_kept_with_its_attempt(database: Database, company: CompanyId) -> None:
    made, _ = await trying(database, company, (50, 50), 2)
    one, two = await lease(database, company, made)
    await finish(database, [one], ["hello", "@price", "hello"])
    await finish(database, [two])
    async with database.transaction(company) as tx:
        rows = (await tx.execute(select(tables.attempts.c.id, tables.attempts.c.path))).all()
    assert {row.id: row.path for row in rows} == {one.attempt: ["hello", "@price", "hello"], two.attempt: None}
