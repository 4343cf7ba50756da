"""The counters of a campaign are what counting says, whatever happened to its leads and calls (SPEC R2.7, R2.14)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from campaigns.campaign import Campaign
from campaigns.leads import Bucket, CallAt, Ending, Exhausted, Finish, LeasedCall, Next, Reached, WorkerId
from core.results import CallResult
from storage import bulk
from storage.bulk import Selection
from storage.counts import Counts, counts
from storage.database import Database
from tests.conftest import EPOCH
from tests.storage.worlds import MINUTE, PostgresWorld

pytestmark = pytest.mark.postgres

WORKER = WorkerId(UUID(int=1))
RESULTS = [CallResult.BUSY, CallResult.NO_ANSWER, CallResult.COMPLETED, CallResult.SYSTEM_ERROR]
OPERATIONS = ("add", "lease", "finish", "finish_all", "delete", "as_new", "more", "priority", "copy")


class History:
    """Does one thing after the other to two campaigns of one company."""

    def __init__(self, world: PostgresWorld, campaigns: tuple[Campaign, Campaign], randomness: Random) -> None:
        self.world = world
        self.campaigns = campaigns
        self.randomness = randomness
        self.live: list[LeasedCall] = []
        self.now = EPOCH

    async def do(self, operation: str) -> None:
        campaign = self.randomness.choice(self.campaigns)
        self.now += MINUTE
        match operation:
            case "add":
                for _ in range(3):
                    await self.world.add_lead(campaign, order_key=self.randomness.random(), due_at=EPOCH)
            case "lease":
                self.live += await self.world.store.lease(campaign, 2, worker=WORKER, now=self.now)
            case "finish" if self.live:
                one = self._ended(self.live.pop())
                assert await self.world.store.finish(one.call, one.ending, one.following)
            case "finish_all":
                ended = [self._ended(call) for call in self.live]
                self.live = []
                assert all(await self.world.store.finish_all(ended))
            case _:
                await self._in_bulk(operation, campaign)

    async def _in_bulk(self, operation: str, campaign: Campaign) -> None:
        chosen = Selection(bucket=self.randomness.choice(list(Bucket)))
        async with self.world.database.transaction(campaign.company) as tx:
            match operation:
                case "delete":
                    await bulk.delete_leads(tx, campaign.id, chosen)
                case "as_new" | "more":
                    extra = None if operation == "as_new" else 2
                    await bulk.return_to_dialling(tx, campaign.id, chosen, extra_calls=extra, now=self.now, by=None)
                case "priority":
                    await bulk.set_priority(tx, campaign.id, chosen, 3, now=self.now, by=None)
                case "copy":
                    (other,) = [one for one in self.campaigns if one is not campaign]
                    await bulk.add_to_campaign(
                        tx, campaign.id, chosen, other.id, now=self.now, randomness=self.randomness
                    )

    def _ended(self, call: LeasedCall) -> Finish:
        result = self.randomness.choice(RESULTS)
        answered = self.now - timedelta(milliseconds=self.randomness.randrange(60_000))
        endings: list[Next] = [Reached(), Exhausted(), CallAt(0, self.now + MINUTE)]
        following = self.randomness.choice(endings)
        cost = Decimal(self.randomness.randrange(1000)) / 100
        return Finish(call, Ending(result, self.now, answered_at=answered, cost=cost), following)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operations=st.lists(st.sampled_from(OPERATIONS), max_size=25), seed=st.integers(0, 2**32))
async def test_R2_7_the_counters_are_what_a_recount_finds(database: Database, operations: list[str], seed: int) -> None:
    world = PostgresWorld(database)
    company = await world.add_company()
    pair = (await world.add_campaign(company, name="a"), await world.add_campaign(company, name="b"))
    history = History(world, pair, Random(seed))
    for operation in ("add", "lease", "finish", *operations):
        await history.do(operation)
    for campaign in pair:
        kept, counted = await both(database, campaign)
        assert kept == counted


async def both(database: Database, campaign: Campaign) -> tuple[Counts, Counts]:
    """The counters as they are kept, and as a recount finds them."""
    async with database.transaction(campaign.company) as tx:
        kept = (await counts(tx, campaign.id))[campaign.id]
        await tx.execute(text("SELECT zvonar_recount(:campaign)"), {"campaign": campaign.id})
        return kept, (await counts(tx, campaign.id))[campaign.id]


async def test_R2_14_counts_tell_buckets_results_talks_and_money(database: Database) -> None:
    world = PostgresWorld(database)
    campaign = await world.add_campaign()
    for n in range(4):
        await world.add_lead(campaign, order_key=n / 10)
    busy, talked, _live = await world.store.lease(campaign, 3, worker=WORKER, now=EPOCH)
    await world.store.finish(busy, Ending(CallResult.BUSY, EPOCH), CallAt(0, EPOCH + MINUTE))
    ended = Ending(CallResult.COMPLETED, EPOCH + MINUTE, answered_at=EPOCH + MINUTE / 2, cost=Decimal("1.25"))
    await world.store.finish(talked, ended, Reached())
    async with database.transaction(campaign.company) as tx:
        found = (await counts(tx))[campaign.id]
    assert [found.buckets[one] for one in Bucket] == [2, 1, 1, 0]
    assert (found.leads, found.live, found.attempts, found.deleted) == (4, 1, 3, 0)
    assert found.results == {CallResult.BUSY: 1, CallResult.COMPLETED: 1}
    assert (found.talk_s, found.spent) == (30.0, Decimal("1.25"))


async def test_R2_4_money_and_results_stay_when_the_leads_are_deleted(database: Database) -> None:
    world = PostgresWorld(database)
    campaign = await world.add_campaign()
    await world.add_lead(campaign)
    (call,) = await world.store.lease(campaign, 1, worker=WORKER, now=EPOCH)
    await world.store.finish(call, Ending(CallResult.COMPLETED, EPOCH, cost=Decimal(2)), Reached())
    async with database.transaction(campaign.company) as tx:
        assert await bulk.delete_leads(tx, campaign.id, Selection(all=True)) == 1
    kept, counted = await both(database, campaign)
    assert kept == counted
    assert (kept.leads, kept.deleted, kept.spent, kept.results) == (0, 1, Decimal(2), {CallResult.COMPLETED: 1})


async def test_a_campaign_without_leads_counts_nothing(database: Database) -> None:
    campaign = await PostgresWorld(database).add_campaign()
    async with database.transaction(campaign.company) as tx:
        assert await counts(tx, campaign.id) == {campaign.id: Counts()}
        assert await counts(tx) == {}


async def test_transactions_that_count_at_the_same_time_do_not_wait_for_each_other(database: Database) -> None:
    world = PostgresWorld(database)
    campaign = await world.add_campaign()
    calls = []
    for n in range(6):
        await world.add_lead(campaign, order_key=n / 10)
    calls = list(await world.store.lease(campaign, 6, worker=WORKER, now=EPOCH))
    finish: Callable[[LeasedCall], Finish] = lambda call: Finish(call, Ending(CallResult.BUSY, EPOCH), Exhausted())  # noqa: E731
    async with asyncio.timeout(20), database.transaction(campaign.company) as tx:
        await tx.execute(text("UPDATE leads SET state = 'reached' WHERE id = :lead"), {"lead": calls[0].lead})
        assert await world.store.finish_all([finish(call) for call in calls[1:]]) == [True] * 5
    kept, counted = await both(database, campaign)
    assert kept == counted
    assert kept.buckets[Bucket.FAILED] == 5
