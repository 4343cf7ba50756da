"""SPEC R1: a scenario is versioned, and a version never changes."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from campaigns.campaign import CompanyId
from core.errors import BadInput, NotFound
from robot.dialog.flow import Call, End, Flow, Handler, HandlerKind, Intent, Return, StepId, SubFlow, Transfer
from services import drafts, groups, scenarios
from storage.database import Database
from storage.tables import scenario_versions
from tests.conftest import EPOCH, make_company
from tests.services.things import flow, transferring

pytestmark = pytest.mark.postgres


async def test_publishing_again_makes_a_new_version_and_keeps_the_old(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        first = await scenarios.publish(tx, name="Опрос", flow=flow("первая"), script={"kind": "survey"}, now=EPOCH)
        second = await scenarios.publish(tx, name="Опрос", flow=flow("вторая"), script=None, now=EPOCH)
        assert second != first
        assert await scenarios.flow_of(tx, first) == flow("первая")
        assert await scenarios.flow_of(tx, second) == flow("вторая")
        assert await scenarios.script_of(tx, first) == {"kind": "survey"}
        assert await scenarios.script_of(tx, second) is None


async def test_publishing_at_the_same_moment_counts_versions_in_turn(database: Database, company: CompanyId) -> None:
    async def publish() -> None:
        async with database.transaction(company) as tx:
            await scenarios.publish(tx, name="Опрос", flow=flow(), script=None, now=EPOCH)

    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(publish())


async def test_R11_4_another_companys_version_does_not_exist(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        version = await scenarios.publish(tx, name="Опрос", flow=flow(), script=None, now=EPOCH)
    other = await make_company(database, "Вектор")
    async with database.transaction(other) as tx:
        with pytest.raises(NotFound):
            await scenarios.flow_of(tx, version)
        with pytest.raises(NotFound):
            await scenarios.script_of(tx, version)


async def test_a_transfer_to_a_group_that_does_not_exist_is_refused(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        await groups.save_group(tx, name="Продажи", phones=["101"])
        await scenarios.publish(tx, name="Перевод", flow=transferring("Продажи"), script=None, now=EPOCH)
        with pytest.raises(BadInput, match="Поддержка") as error:
            await scenarios.publish(tx, name="Перевод", flow=transferring("Поддержка"), script=None, now=EPOCH)
    assert (error.value.code, error.value.field) == ("no_such_group", "script")
    assert "Продажи" in (error.value.hint or "")


async def test_a_group_is_looked_for_in_sub_flows_and_handlers_too(database: Database, company: CompanyId) -> None:
    inner, back, end = StepId("inner"), StepId("back"), StepId("end")
    transfer = Transfer(id=inner, group="Поддержка", otherwise=back)
    sub = SubFlow(start=inner, steps={inner: transfer, back: Return(id=back)})
    call = Call(id=StepId("call"), flow="sub", then=end)
    within = Flow(name="x", start=call.id, steps={call.id: call, end: End(id=end)}, flows={"sub": sub})
    wanted = Handler(id="op", kind=HandlerKind.OPERATOR, intent="op", group="Поддержка")
    handled = replace(flow(), intents={"op": Intent(phrases=("оператора",))}, handlers=(wanted,))
    for name, one in (("sub-flow", within), ("handler", handled)):
        async with database.transaction(company) as tx:
            with pytest.raises(BadInput, match="Поддержка"):
                await scenarios.publish(tx, name=name, flow=one, script=None, now=EPOCH)
    async with database.transaction(company) as tx:
        await groups.save_group(tx, name="Поддержка", phones=["101"])
        for name, one in (("sub-flow", within), ("handler", handled)):
            await scenarios.publish(tx, name=name, flow=one, script=None, now=EPOCH)


async def test_a_script_puts_no_version_into_a_scenario_that_is_drawn_by_hand(
    database: Database, company: CompanyId
) -> None:
    async with database.transaction(company) as tx:
        drawn = await drafts.create(tx, name="Опрос", flow=flow("нарисован"), source=None, now=EPOCH)
        script = {"kind": "survey"}
        first = await scenarios.publish(tx, name="Опрос", flow=flow("первая"), script=script, now=EPOCH)
        assert await scenarios.name_of(tx, first) == "Опрос (2)"
        assert (await drafts.one_scenario(tx, drawn)).version is None
        second = await scenarios.publish(tx, name="Опрос (2)", flow=flow("вторая"), script=script, now=EPOCH)
        third = await scenarios.publish(tx, name="Опрос", flow=flow("третья"), script=script, now=EPOCH)
        assert {await scenarios.name_of(tx, one) for one in (second, third)} == {"Опрос (2)"}
        number = select(scenario_versions.c.version).where(scenario_versions.c.id == third)
        assert (await tx.execute(number)).scalar_one() == 3


async def test_a_zero_character_is_refused_before_the_database_breaks_on_it(
    database: Database, company: CompanyId
) -> None:
    with pytest.raises(BadInput):
        async with database.transaction(company) as tx:
            await scenarios.publish(tx, name="Опрос", flow=flow("a\0b"), script=None, now=EPOCH)
