"""SPEC R8.3: what operators would get, from the campaign's own calls."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaigns.campaign import CampaignId, CompanyId
from core.errors import BadInput
from core.results import CallResult
from services.what_if import Team, history_of, played
from storage.database import Database
from tests.conftest import EPOCH
from tests.services.things import add_attempt, lead_ids, load_phones, make_campaign

pytestmark = pytest.mark.postgres


async def called(database: Database, company: CompanyId, *, answered: int, failed: int) -> CampaignId:
    """A campaign whose answered calls rang 8 s and lasted 60 s, and whose others rang 30 s."""
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
        await load_phones(tx, made, 1)
        (lead,) = await lead_ids(tx, made)
        for _ in range(answered):
            times = {"answered_at": EPOCH + timedelta(seconds=8), "ended_at": EPOCH + timedelta(seconds=68)}
            await add_attempt(tx, made, lead, CallResult.COMPLETED, started_at=EPOCH, **times)
        for _ in range(failed):
            unanswered = EPOCH + timedelta(seconds=30)
            await add_attempt(tx, made, lead, CallResult.NO_ANSWER, started_at=EPOCH, ended_at=unanswered)
        machine = {"answered_at": EPOCH, "ended_at": EPOCH + timedelta(seconds=500)}
        await add_attempt(tx, made, lead, CallResult.ANSWERING_MACHINE, started_at=EPOCH, **machine)
    return made


async def test_R8_3_a_teams_hour_is_played_from_the_campaigns_calls(database: Database, company: CompanyId) -> None:
    made = await called(database, company, answered=30, failed=70)
    async with database.transaction(company) as tx:
        history = await history_of(tx, made, wrap_s=10.0)
    assert (history.calls, history.answer_rate) == (100, 0.3)
    assert set(history.answered_after_s) == {8.0}
    assert set(history.failed_after_s) == {30.0}
    assert set(history.talks_s) == {60.0}
    got = await played(history, Team(operators=6, limit=0.03, wrap_s=10.0, hours=0.5), seed=1)
    assert got.predictive.lost_share <= 0.03
    assert got.predictive.occupancy > got.progressive.occupancy > 0.3


async def test_R8_3_too_few_calls_say_nothing(database: Database, company: CompanyId) -> None:
    made = await called(database, company, answered=29, failed=70)
    async with database.transaction(company) as tx:
        with pytest.raises(BadInput, match="29 calls"):
            await history_of(tx, made, wrap_s=10.0)


async def test_R8_3_a_campaign_that_everybody_answers_has_a_history_too(database: Database, company: CompanyId) -> None:
    made = await called(database, company, answered=30, failed=0)
    async with database.transaction(company) as tx:
        history = await history_of(tx, made, wrap_s=10.0)
    assert history.answer_rate == 1.0
