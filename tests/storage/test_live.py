"""Live changes: told at commit, to one company, and never silently missed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from campaigns.campaign import CampaignId, CompanyId
from storage.database import Database
from storage.live import WAITING_CHANGES, Dropped, LiveChange, LiveFeed, LiveStream, tell
from tests.conftest import Fresh, as_superuser, make_company
from tests.virtual_time import run_virtual

WITHIN_S = 10
ONE, TWO = CampaignId(1), CampaignId(2)


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[LiveFeed]:
    feed = LiveFeed(url)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(feed.run())
        async with asyncio.timeout(WITHIN_S):
            await feed.wait_listening()
        yield feed
        task.cancel()


async def next_of(stream: LiveStream) -> LiveChange | Dropped:
    async with asyncio.timeout(WITHIN_S):
        return await stream.next()


async def say(database: Database, company: CompanyId, *campaigns: CampaignId) -> None:
    async with database.transaction(company) as tx:
        for campaign in campaigns:
            await tell(tx, campaign)


@pytest.mark.postgres
async def test_a_change_is_heard_by_all_of_its_company_and_by_nobody_else(fresh: Fresh, database: Database) -> None:
    mine, theirs = await make_company(database), await make_company(database)
    async with listening(fresh.app_url) as feed:
        with feed.subscribe(mine) as first, feed.subscribe(mine) as second, feed.subscribe(theirs) as foreign:
            await say(database, mine, ONE)
            await say(database, theirs, TWO)
            assert [await next_of(stream) for stream in (first, second)] == [LiveChange(ONE)] * 2
            assert await next_of(foreign) == LiveChange(TWO)


@pytest.mark.postgres
async def test_a_change_is_told_at_the_commit_and_never_if_it_is_rolled_back(fresh: Fresh, database: Database) -> None:
    company = await make_company(database)

    async def fail() -> None:
        async with database.transaction(company) as tx:
            await tell(tx, ONE)
            raise ZeroDivisionError

    async with listening(fresh.app_url) as feed:
        with feed.subscribe(company) as stream:
            with pytest.raises(ZeroDivisionError):
                await fail()
            await say(database, company, TWO, TWO)
            assert await next_of(stream) == LiveChange(TWO)


@pytest.mark.postgres
async def test_a_lost_connection_drops_every_stream_and_is_made_anew(fresh: Fresh, database: Database) -> None:
    company = await make_company(database)
    kill = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%LISTEN%' AND pid <> pg_backend_pid()"
    )
    async with listening(fresh.app_url) as feed:
        with feed.subscribe(company) as stream:
            await as_superuser(fresh.superuser_url, kill)
            assert await next_of(stream) == Dropped()
        with feed.subscribe(company) as early:
            async with asyncio.timeout(WITHIN_S):
                await feed.wait_listening()
            await say(database, company, ONE)
            assert await next_of(early) in (Dropped(), LiveChange(ONE))
        with feed.subscribe(company) as again:
            await say(database, company, ONE)
            assert await next_of(again) == LiveChange(ONE)


def test_a_database_that_is_away_is_tried_again_with_growing_pauses() -> None:
    async def main() -> float:
        feed = LiveFeed("postgresql://zvonar_app:x@/zvonar?host=/nowhere")
        task = asyncio.get_running_loop().create_task(feed.run())
        await asyncio.sleep(3600)
        task.cancel()
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) >= 3600


async def test_a_campaign_that_waits_already_waits_once_and_order_is_kept() -> None:
    stream = LiveStream()
    for campaign in (TWO, ONE, TWO, TWO):
        stream.put(campaign)
    assert [await stream.next(), await stream.next()] == [LiveChange(TWO), LiveChange(ONE)]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await stream.next()
    stream.put(TWO)
    assert await stream.next() == LiveChange(TWO)


async def test_a_reader_that_is_too_slow_is_dropped_for_good() -> None:
    stream = LiveStream()
    for n in range(WAITING_CHANGES):
        stream.put(CampaignId(n))
    assert await stream.next() == LiveChange(CampaignId(0))
    for n in range(WAITING_CHANGES + 1):
        stream.put(CampaignId(n))
    stream.put(ONE)
    assert [await stream.next() for _ in range(3)] == [Dropped()] * 3
