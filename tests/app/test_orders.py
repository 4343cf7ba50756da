"""SPEC R3.7: what the company's rules add to the order of a call."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.robot_calls import _order
from app.rules import FRESH_S, RecentRules
from campaigns.campaign import CampaignId, CompanyId
from campaigns.compliance import Compliance
from campaigns.leads import AttemptId, LeadId, LeasedCall
from core.legs import LegId
from core.phones import Phone
from services.company_rules import StoredRules, save_rules
from storage.database import Database
from tests.api.conftest import HandClock
from tests.conftest import EPOCH
from tests.storage.worlds import campaign

CALL = LeasedCall(
    attempt=AttemptId(7),
    lead=LeadId(1),
    campaign=CampaignId(1),
    company=CompanyId(1),
    leg=LegId("5b3f6a52-7f8b-4d0b-9c3e-1f2d3c4b5a69"),
    phone_index=0,
    phones=(Phone("+79001112233"),),
    variables={},
    past=(),
)


@pytest.mark.parametrize(("wanted", "least", "rings"), [(10, 15, 15), (30, 15, 30), (10, None, 10)])
def test_R3_7_a_telephone_rings_as_long_as_the_rules_want(wanted: int, least: int | None, rings: int) -> None:
    rules = Compliance(least_ring=None if least is None else timedelta(seconds=least))
    order = _order(CALL, campaign(ring_timeout=timedelta(seconds=wanted)), rules)
    assert order.ring_timeout == timedelta(seconds=rings)
    assert (order.destination, order.labels, order.call_label) == ("+79001112233", {"zvonar_attempt": "7"}, None)


def test_R3_7_the_call_label_of_the_company_goes_with_the_order() -> None:
    assert _order(CALL, campaign(), Compliance(call_label="Банк «Ромашка»")).call_label == "Банк «Ромашка»"


@pytest.mark.postgres
async def test_R3_7_new_rules_hold_within_seconds(database: Database, company: CompanyId) -> None:
    clock = HandClock()
    rules = RecentRules(database, clock)
    assert (await rules.get(company)).compliance.least_ring is None
    async with database.transaction(company) as tx:
        await save_rules(tx, StoredRules(overrides={"least_ring_s": 15}), EPOCH)
    assert (await rules.get(company)).compliance.least_ring is None
    clock.seconds += FRESH_S
    assert (await rules.get(company)).compliance.least_ring == timedelta(seconds=15)
