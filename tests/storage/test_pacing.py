"""Pacing in PostgreSQL: one leader, quotas that no lease gets past, and what workers and pacer read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import Campaign, CampaignId, CompanyId
from campaigns.leads import Ending, Reached, WorkerId
from campaigns.pacing import Capacity, Floor, Leadership, Place, Plan, TrunkLimits
from core.errors import Unavailable
from core.results import CallResult
from storage.bell import Bell
from storage.database import Database
from storage.leads import PostgresLeads
from storage.pacing import QUOTAS_CHANNEL, PostgresLeaders
from storage.pacing_store import PostgresPacing
from tests.conftest import EPOCH, Fresh, as_superuser
from tests.storage.worlds import PostgresWorld

pytestmark = pytest.mark.postgres

A, B = (WorkerId(UUID(int=n)) for n in (1, 2))
CAN = Capacity(10, {"simulator": TrunkLimits(30, 10.0)})


async def settle(database: Database, *workers: WorkerId) -> PostgresPacing:
    """Workers that have beaten and told what they can do."""
    pacing = PostgresPacing(database)
    for worker in workers:
        await PostgresLeads(database).beat(worker, EPOCH)
        await pacing.report(worker, CAN)
    return pacing


def plan(quotas: dict[Place, int], rates: dict[tuple[str, WorkerId], float] | None = None) -> Callable[[Floor], Plan]:
    return lambda floor: Plan(quotas, rates or {})


def of(*campaigns: Campaign) -> dict[CampaignId, CompanyId]:
    return {one.id: one.company for one in campaigns}


async def led(leaders: PostgresLeaders, *shares: tuple[Callable[[Floor], Plan], dict[CampaignId, CompanyId]]) -> None:
    """Leads for as long as it takes to share out so."""
    async with leaders.candidate() as candidate:
        leadership = await candidate.elected()
        assert leadership is not None
        for decide, companies in shares:
            await leadership.share_out(decide, companies)


async def test_one_leads_at_a_time_and_another_follows_when_its_connection_is_gone(fresh: Fresh) -> None:
    leaders = PostgresLeaders(fresh.app_url)
    async with leaders.candidate() as first, leaders.candidate() as second:
        leadership = await first.elected()
        assert leadership is not None
        assert await second.elected() is None
        await cut_leader(fresh)
        async with asyncio.timeout(5):
            while await second.elected() is None:
                await asyncio.sleep(0.02)
        with pytest.raises(Unavailable):
            await leadership.share_out(plan({}), {})


async def cut_leader(fresh: Fresh) -> None:
    """Cuts the connection that holds the lock."""
    await as_superuser(
        fresh.superuser_url,
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )


async def test_what_is_shared_out_is_what_a_worker_reads(fresh: Fresh, database: Database) -> None:
    world, pacing = PostgresWorld(database), await settle(database, A, B)
    one, other = await world.add_campaign(), await world.add_campaign()
    quotas = {(one.id, A): 3, (other.id, A): 2, (one.id, B): 4}
    rates = {("simulator", A): 6.0, ("simulator", B): 4.0}
    leaders = PostgresLeaders(fresh.app_url)
    await led(leaders, (plan(quotas, rates), of(one, other)))
    share = await pacing.share_of(A)
    assert {campaign.id: slots for campaign, slots in share.quotas} == {one.id: 3, other.id: 2}
    assert share.rates == {"simulator": 6.0}
    await led(leaders, (plan({(one.id, A): 1}), of(one, other)))
    share = await pacing.share_of(A)
    assert [(campaign.id, slots) for campaign, slots in share.quotas] == [(one.id, 1)]
    assert share.rates == {"simulator": 6.0}
    assert (await pacing.share_of(B)).quotas == []


async def test_the_floor_tells_workers_and_all_calls_in_progress_of_all_companies(
    fresh: Fresh, database: Database
) -> None:
    world = PostgresWorld(database)
    await settle(database, A)
    campaigns = [await world.add_campaign(), await world.add_campaign(trunk="other")]
    for campaign in campaigns:
        for _ in range(3):
            await world.add_lead(campaign)
        await world.store.lease(campaign, 2, worker=B, now=EPOCH)
    seen: list[Floor] = []

    def look(floor: Floor) -> Plan:
        seen.append(floor)
        return Plan({})

    await led(PostgresLeaders(fresh.app_url), (look, {}))
    (floor,) = seen
    assert [(crew.worker, crew.capacity, crew.beat_at) for crew in floor.crews] == [(A, CAN, EPOCH)]
    running = {(run.campaign, run.company, run.trunk, run.worker, run.calls) for run in floor.running}
    assert running == {(one.id, one.company, one.trunk, B, 2) for one in campaigns}


async def test_a_worker_leases_within_its_quota_and_without_one_nothing(fresh: Fresh, database: Database) -> None:
    world = PostgresWorld(database)
    await settle(database, A, B)
    campaign = await world.add_campaign()
    for n in range(9):
        await world.add_lead(campaign, phones=[f"+7900000000{n}"])
    await led(PostgresLeaders(fresh.app_url), (plan({(campaign.id, A): 4}), of(campaign)))
    store = PostgresLeads(database)
    assert len(await store.lease(campaign, 9, worker=A, now=EPOCH, holding=1)) == 3
    assert len(await store.lease(campaign, 9, worker=A, now=EPOCH, holding=4)) == 0
    assert len(await store.lease(campaign, 9, worker=A, now=EPOCH, holding=7)) == 0
    assert len(await store.lease(campaign, 9, worker=B, now=EPOCH, holding=0)) == 0


async def test_sharing_out_waits_for_leases_under_way_and_counts_their_calls(fresh: Fresh, database: Database) -> None:
    world = PostgresWorld(database)
    await settle(database, A)
    campaign = await world.add_campaign()
    await world.add_lead(campaign)
    seen: list[int] = []

    def look(floor: Floor) -> Plan:
        seen.append(sum(run.calls for run in floor.running))
        return Plan({})

    async with PostgresLeaders(fresh.app_url).candidate() as candidate:
        leadership = await candidate.elected()
        assert leadership is not None
        await leadership.share_out(plan({(campaign.id, A): 4}), of(campaign))
        async with database.transaction(campaign.company) as tx:
            mine = text("SELECT slots FROM campaign_quotas WHERE worker_id = :worker FOR SHARE")
            await tx.execute(mine, {"worker": A})
            sharing = asyncio.get_running_loop().create_task(leadership.share_out(look, {}))
            await until_blocked(fresh)
            assert seen == []
            async with database.transaction(campaign.company) as other:
                await insert_attempt(other, campaign)
        assert await sharing
    assert seen == [1]


async def until_blocked(fresh: Fresh) -> None:
    """Returns once somebody waits for a lock."""
    async with asyncio.timeout(5):
        while True:
            found = Database(fresh.app_url)
            try:
                async with found.system() as tx:
                    waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
                    if (await tx.execute(waits)).scalar_one():
                        return
            finally:
                await found.close()


async def insert_attempt(tx: AsyncConnection, campaign: Campaign) -> None:
    made = text("""
        INSERT INTO attempts (campaign_id, lead_id, leg_id, worker_id, phone_index, phone, started_at)
        SELECT campaign_id, id, gen_random_uuid(), :worker, 0, '+79000000001', :now FROM leads
    """)
    await tx.execute(made, {"worker": A, "now": EPOCH})


async def test_who_leaves_takes_its_quotas_along(fresh: Fresh, database: Database) -> None:
    world, pacing = PostgresWorld(database), await settle(database, A)
    campaign = await world.add_campaign()
    await led(PostgresLeaders(fresh.app_url), (plan({(campaign.id, A): 4}), of(campaign)))
    await PostgresLeads(database).leave(A)
    assert (await pacing.share_of(A)).quotas == ()
    async with database.transaction(campaign.company) as tx:
        assert (await tx.execute(text("SELECT count(*) FROM campaign_quotas"))).scalar_one() == 0


async def test_a_worker_or_a_campaign_that_is_gone_meanwhile_gets_no_quota(fresh: Fresh, database: Database) -> None:
    world = PostgresWorld(database)
    await settle(database, A)
    campaign = await world.add_campaign()
    gone = replace(campaign, id=CampaignId(campaign.id + 1000))
    quotas = {(campaign.id, A): 1, (campaign.id, B): 2, (gone.id, A): 3}
    await led(PostgresLeaders(fresh.app_url), (plan(quotas), of(campaign, gone)))
    async with database.transaction(campaign.company) as tx:
        assert (await tx.execute(text("SELECT slots FROM campaign_quotas"))).scalars().all() == [1]


async def test_workers_are_rung_when_quotas_change_and_only_then(fresh: Fresh, database: Database) -> None:
    world = PostgresWorld(database)
    await settle(database, A)
    campaign = await world.add_campaign()
    rung = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(Bell(fresh.app_url, QUOTAS_CHANNEL, rung.set).run())
        async with asyncio.timeout(5):
            await rung.wait()
        rung.clear()
        async with PostgresLeaders(fresh.app_url).candidate() as candidate:
            leadership = await candidate.elected()
            assert leadership is not None
            assert await leadership.share_out(plan({(campaign.id, A): 4}), of(campaign))
            async with asyncio.timeout(5):
                await rung.wait()
            assert not await leadership.share_out(plan({(campaign.id, A): 4}), of(campaign))
        listening.cancel()


async def test_the_pacer_is_woken_by_what_is_told_of_a_campaign(fresh: Fresh, database: Database) -> None:
    campaign = await PostgresWorld(database).add_campaign()
    async with PostgresLeaders(fresh.app_url).candidate() as candidate:
        leadership = await candidate.elected()
        assert leadership is not None
        await quiet(leadership)
        await PostgresPacing(database).finish_campaign(campaign, EPOCH)
        async with asyncio.timeout(5):
            await leadership.wait(60)


async def quiet(leadership: Leadership) -> None:
    """Forgets what was heard so far."""
    await leadership.wait(0)


async def test_R2_5_and_R2_13_a_campaign_is_finished_or_paused_once(database: Database) -> None:
    world, pacing = PostgresWorld(database), PostgresPacing(database)
    one, other = await world.add_campaign(), await world.add_campaign()
    await pacing.finish_campaign(one, EPOCH)
    await pacing.finish_campaign(one, EPOCH + timedelta(days=1))
    await pacing.open_breaker(other, "system_error:15/22")
    await pacing.open_breaker(other, "system_error:16/22")
    async with database.transaction(one.company) as tx:
        assert (await tx.execute(text("SELECT finished_at FROM campaigns"))).scalars().all() == [EPOCH]
    (paused,) = await pacing.campaigns()
    assert (paused.id, paused.breaker_open) == (other.id, "system_error:15/22")


async def test_the_latest_results_and_ages_of_a_campaign(database: Database) -> None:
    world, pacing = PostgresWorld(database), PostgresPacing(database)
    campaign = await world.add_campaign(auto_finish_days=14)
    for n in range(3):
        await world.add_lead(campaign, phones=[f"+7900000000{n}"], added_at=EPOCH + timedelta(days=1))
    for n, call in enumerate(await world.store.lease(campaign, 3, worker=A, now=EPOCH)):
        at = EPOCH + timedelta(minutes=n)
        await world.store.finish(call, Ending(CallResult.COMPLETED, at), Reached())
    results = await pacing.results(campaign, EPOCH)
    assert sorted(results) == [(EPOCH + timedelta(minutes=n), CallResult.COMPLETED) for n in (1, 2)]
    ages = await pacing.ages(campaign, EPOCH + timedelta(days=1))
    assert (ages.created_at, ages.added_at) == (EPOCH, None)
    assert ages.called_at is not None
    assert (await pacing.ages(campaign, EPOCH + timedelta(days=20))).added_at == EPOCH + timedelta(days=1)
