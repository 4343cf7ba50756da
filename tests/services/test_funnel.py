"""SPEC R10.5, R6.11: how far callers come, where they hang up, and how versions differ."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaigns.campaign import CampaignId, CompanyId
from core.results import CallResult
from services import scenarios
from services.funnel import differences, funnel
from storage.database import Database
from tests.conftest import EPOCH
from tests.services.things import add_attempt, flow, lead_ids, load_phones, make_campaign

pytestmark = pytest.mark.postgres

HUNG_UP, DONE = CallResult.HUNG_UP_EARLY, CallResult.COMPLETED


async def talks(database: Database, company: CompanyId) -> tuple[CampaignId, int, int]:
    """A campaign with ten talks of one version and four of another, and calls without any talk."""
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
        await load_phones(tx, made, 1)
        (lead,) = await lead_ids(tx, made)
        one = await scenarios.publish(tx, name="Опрос", flow=flow(), script=None, now=EPOCH)
        two = await scenarios.publish(tx, name="Опрос", flow=flow("иначе"), script=None, now=EPOCH)
        paths = [
            (one, ["hello", "ask", "ask", "end"], DONE, 6),
            (one, ["hello", "ask"], HUNG_UP, 3),
            (one, ["hello"], HUNG_UP, 1),
            (two, ["hello", "offer", "end"], DONE, 3),
            (two, ["hello"], HUNG_UP, 1),
            (two, None, CallResult.NO_ANSWER, 5),
            (two, [], CallResult.ANSWERING_MACHINE, 5),
        ]
        for version, path, result, times in paths:
            for _ in range(times):
                await add_attempt(tx, made, lead, result, scenario_version_id=version, path=path)
        await add_attempt(tx, made, lead, None, scenario_version_id=two, path=None)
    return made, one, two


async def test_R10_5_steps_are_counted_once_a_talk_in_the_order_of_the_callers(
    database: Database, company: CompanyId
) -> None:
    made, one, two = await talks(database, company)
    async with database.transaction(company) as tx:
        first, second = await funnel(tx, made)
    assert [(found.version, found.number, found.scenario, found.talks) for found in (first, second)] == [
        (one, 2, "Опрос", 10),
        (two, 3, "Опрос", 4),
    ]
    counted = [(s.step, s.reached.count, s.visits, s.ended, s.hung_up.count) for s in first.steps]
    assert counted == [("hello", 10, 10, 1, 1), ("ask", 9, 15, 3, 3), ("end", 6, 6, 6, 0)]
    ask = first.steps[1]
    assert (ask.reached.share, ask.hung_up.of) == (0.9, 9)
    assert [s.step for s in second.steps] == ["hello", "offer", "end"]


async def test_R6_11_versions_are_compared_step_by_step_with_their_intervals(
    database: Database, company: CompanyId
) -> None:
    made, one, two = await talks(database, company)
    async with database.transaction(company) as tx:
        found = differences(await funnel(tx, made))
    assert [(d.first, d.second, d.step) for d in found] == [
        (one, two, "hello"),
        (one, two, "ask"),
        (one, two, "end"),
        (one, two, "offer"),
    ]
    by_step = {one_.step: one_ for one_ in found}
    end, offer = by_step["end"].reached, by_step["offer"].reached
    assert end is not None
    assert offer is not None
    assert end.difference == pytest.approx(0.75 - 0.6)
    assert end.low < 0 < end.high
    assert not end.is_certain
    assert offer.difference == pytest.approx(0.75)
    assert offer.is_certain
    assert by_step["offer"].hung_up is None  # nobody of the first version came there


async def test_a_time_can_be_asked_for(database: Database, company: CompanyId) -> None:
    made, *_ = await talks(database, company)
    async with database.transaction(company) as tx:
        assert await funnel(tx, made, since=EPOCH + timedelta(seconds=1)) == ()
        assert len(await funnel(tx, made, since=EPOCH, until=EPOCH + timedelta(seconds=1))) == 2
        assert await funnel(tx, made, until=EPOCH) == ()


async def test_a_campaign_without_talks_has_no_funnel(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
        assert await funnel(tx, made) == ()
        assert differences(await funnel(tx, made)) == ()
