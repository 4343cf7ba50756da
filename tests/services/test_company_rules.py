"""SPEC R2.12, R3.7: the rules of a company are stored as they were given, and refused where they cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.campaign import CompanyId
from campaigns.compliance import Compliance
from campaigns.compliance_presets import preset
from campaigns.outside_calls import Effect, OutsideKind
from core.errors import BadInput
from services.company_rules import StoredRules, read_rules, save_rules
from storage.database import Database
from tests.conftest import EPOCH, make_company

pytestmark = pytest.mark.postgres


async def test_R3_7_a_company_without_rules_is_held_by_none(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        stored = await read_rules(tx)
    assert stored == StoredRules()
    assert stored.rules.compliance == Compliance()
    assert set(stored.rules.outside.values()) == {Effect.LEAVE}


async def test_R3_7_a_preset_with_overrides_comes_back_as_it_was_given(database: Database, company: CompanyId) -> None:
    matrix = {OutsideKind.INBOUND: Effect.ALL_CAMPAIGNS, OutsideKind.MANUAL: Effect.LAST_CAMPAIGN}
    new = StoredRules("ru-debt", {"per_week": 1, "per_month": None}, matrix, keep_recordings_days=90)
    async with database.transaction(company) as tx:
        await save_rules(tx, StoredRules("us"), EPOCH)
        saved = await save_rules(tx, new, EPOCH)
    async with database.transaction(company) as tx:
        stored = await read_rules(tx)
    assert stored == saved
    assert (stored.preset, dict(stored.overrides), stored.keep_recordings_days) == ("ru-debt", dict(new.overrides), 90)
    assert stored.changed_at == EPOCH
    compliance = stored.rules.compliance
    assert (compliance.per_day, compliance.per_week, compliance.per_month) == (1, 1, None)
    assert compliance.hours == preset("ru-debt").hours
    assert stored.rules.outside == matrix | {OutsideKind.CAMPAIGN: Effect.LEAVE}


@pytest.mark.parametrize(
    ("new", "field"),
    [
        ({"preset": "atlantis"}, "preset"),
        ({"overrides": {"per_decade": 1}}, "overrides.per_decade"),
        ({"overrides": {"per_day": 0}}, "overrides.per_day"),
        ({"overrides": {"per_day": "1"}}, "overrides.per_day"),
        ({"overrides": {"zone": "Moscow"}}, "overrides.zone"),
        ({"preset": "ru"}, "overrides.call_label"),
        ({"preset": "ru", "overrides": {"call_label": "x" * 33}}, "overrides.call_label"),
        ({"keep_recordings_days": 0}, "keep_recordings_days"),
    ],
)
async def test_R3_7_rules_that_cannot_be_name_their_field(
    database: Database, company: CompanyId, new: dict[str, Any], field: str
) -> None:
    async with database.transaction(company) as tx:
        with pytest.raises(BadInput) as error:
            await save_rules(tx, StoredRules(**new), EPOCH)
        assert error.value.field == field
        assert await read_rules(tx) == StoredRules()


async def test_R11_4_rules_are_a_companys_own(database: Database, company: CompanyId) -> None:
    other = await make_company(database, "Вектор")
    async with database.transaction(company) as tx:
        await save_rules(tx, StoredRules("us"), EPOCH)
    async with database.transaction(other) as tx:
        assert await read_rules(tx) == StoredRules()
