"""SPEC R6.8, R6.9: drafts nobody overwrites unseen, versions that never change, what keeps one from being published."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from campaigns.campaign import CampaignId, CampaignKind, CompanyId, Variant
from core.errors import BadInput, Conflict, NotFound
from robot.dialog.finding import World
from robot.dialog.flow import Flow, StepId
from services import campaigns, drafts, groups, scenarios
from services.campaigns import NewCampaign
from services.publishing import Prepared, prepare, refuse, world_of
from services.versions import chosen, published, versions_of, zone_of
from storage import tables
from storage.database import Database
from tests.conftest import EPOCH, make_company
from tests.robot.dialog.test_vectors import navec
from tests.robot.test_word_vectors import fetched
from tests.services.things import ALWAYS

pytestmark = pytest.mark.postgres

SOURCE = """\
# Согласовано с юристом
name: Скидка
steps:
  offer:
    ask: Соединить вас?   # главный вопрос
    question: Интерес
    answers:
      Да: {key: 1, phrases: да, then: talk}
      Нет: {key: 2, phrases: нет, then: bye}
    otherwise: bye
  talk: {transfer: Продажи, otherwise: bye}
  bye: {end: До свидания}
"""
TESTS = "согласие:\n  caller: [press: 1]\n  expect: {result: transferred}\n"
RED = "отказ:\n  caller: [press: 2]\n  expect: {result: transferred}\n"


def flow(source: str = SOURCE) -> Flow:
    return drafts.flow_of_source(source)


async def ready(
    database: Database, company: CompanyId, *, tests: str | None = TESTS, source: str = SOURCE
) -> tuple[int, Prepared]:
    """A scenario with this draft at revision 2, and the draft as it would be published."""
    async with database.transaction(company) as tx:
        await groups.save_group(tx, name="Продажи", phones=["101"])
        made = await drafts.create(tx, name="Скидка", flow=None, source=None, now=EPOCH)
        saved = await drafts.save_draft(tx, made, revision=1, flow=flow(source), source=source, tests=tests, now=EPOCH)
        assert saved == 2
        world = await world_of(tx)
    return made, prepare(flow(source), source=source, tests=tests, world=world, now=EPOCH)


async def publish(
    database: Database,
    company: CompanyId,
    scenario: int,
    prepared: Prepared,
    *,
    revision: int = 2,
    force: bool = False,
    move_campaigns: bool = False,
) -> int:
    async with database.transaction(company) as tx:
        return await drafts.publish_draft(
            tx,
            scenario,
            prepared,
            revision=revision,
            force=force,
            now=EPOCH,
            by=None,
            move_campaigns=move_campaigns,
        )


async def dialog(database: Database, company: CompanyId, version: int, **settings: object) -> CampaignId:
    async with database.transaction(company) as tx:
        new = NewCampaign(
            name="Диалог",
            kind=CampaignKind.DIALOG,
            scenario=version,
            trunk="simulator",
            schedule=ALWAYS,
            **settings,  # type: ignore[arg-type]
        )
        return await campaigns.create_campaign(tx, new, EPOCH)


async def runs(database: Database, company: CompanyId, campaign: CampaignId) -> int | None:
    async with database.transaction(company) as tx:
        return (await campaigns.one_campaign(tx, campaign, EPOCH)).campaign.scenario


# ---- the draft


async def test_R6_8_a_draft_that_somebody_else_changed_is_not_overwritten(
    database: Database, company: CompanyId
) -> None:
    made, _ = await ready(database, company)
    async with database.transaction(company) as tx:
        await drafts.save_draft(tx, made, revision=2, flow=flow(), source=None, tests=None, now=EPOCH)
    with pytest.raises(Conflict) as error:
        async with database.transaction(company) as tx:
            await drafts.save_draft(tx, made, revision=2, flow=flow(), source=None, tests=None, now=EPOCH)
    assert (error.value.code, error.value.field) == ("draft_changed", "revision")


async def test_R6_8_a_draft_saved_as_a_flow_keeps_the_comments_of_its_file(
    database: Database, company: CompanyId
) -> None:
    made, _ = await ready(database, company)
    changed = flow(SOURCE.replace("До свидания", "Всего доброго"))
    async with database.transaction(company) as tx:
        await drafts.save_draft(tx, made, revision=2, flow=changed, source=None, tests=TESTS, now=EPOCH)
        text = await drafts.source_of(tx, made)
    assert text == SOURCE.replace("До свидания", "Всего доброго")


async def test_a_name_is_taken_once(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        await drafts.create(tx, name="Скидка", flow=None, source=None, now=EPOCH)
        with pytest.raises(Conflict, match="Скидка"):
            await drafts.create(tx, name=" Скидка ", flow=None, source=None, now=EPOCH)


async def test_a_text_that_is_no_scenario_is_refused_with_its_first_line() -> None:
    with pytest.raises(BadInput) as error:
        drafts.flow_of_source("name: x\nsteps:\n  a:\n    sya: x\n")
    assert error.value.message.startswith("Line 3, column 3:")


# ---- publishing


async def test_R6_8_publishing_copies_the_draft_with_all_that_belongs_to_it(
    database: Database, company: CompanyId
) -> None:
    made, prepared = await ready(database, company)
    id_ = await publish(database, company, made, prepared)
    async with database.transaction(company) as tx:
        assert await scenarios.flow_of(tx, id_) == flow()
        assert await scenarios.trained_of(tx, id_) is None
        row = await published(tx, made)
        assert (row.version, row.source, row.tests) == (1, SOURCE, TESTS)
        (version,) = await versions_of(tx, made)
        assert (version.id, version.forced, version.campaigns) == (id_, (), 0)


async def test_R6_9_a_red_set_refuses_unless_forced_and_the_force_is_kept(
    database: Database, company: CompanyId
) -> None:
    made, prepared = await ready(database, company, tests=RED)
    with pytest.raises(Conflict, match="отказ") as error:
        await publish(database, company, made, prepared)
    assert error.value.code == "regression_red"
    await publish(database, company, made, prepared, force=True)
    async with database.transaction(company) as tx:
        (version,) = await versions_of(tx, made)
    assert version.forced == ("отказ",)


async def test_an_error_is_never_forced(database: Database, company: CompanyId) -> None:
    made, _ = await ready(database, company)
    source = SOURCE.replace("Продажи", "Никто")
    async with database.transaction(company) as tx:
        world = await world_of(tx)
    prepared = prepare(flow(source), source=source, tests=None, world=world, now=EPOCH)
    assert [(one.code, one.place.line) for one in prepared.errors] == [("no_such_group", 11)]
    with pytest.raises(BadInput):
        refuse(prepared, force=True)
    with pytest.raises(BadInput):
        await publish(database, company, made, prepared, force=True)


async def test_a_set_that_cannot_be_read_refuses_too(database: Database, company: CompanyId) -> None:
    _, prepared = await ready(database, company, tests="a:\n  expect: {path: [nowhere]}\n")
    assert [(one.code, one.path) for one in prepared.errors] == [("no_such_step", "tests.a.expect.path")]
    assert prepared.verdicts == ()


async def test_R6_6_intents_are_trained_when_a_scenario_is_published(database: Database, company: CompanyId) -> None:
    source = SOURCE.replace("steps:\n", "intents:\n  price: {library: price}\nsteps:\n").replace(
        "    otherwise: bye\n", "    otherwise: bye\n    intents: {price: bye}\n"
    )
    set_ = "дорого:\n  caller: [say: это слишком дорого для меня]\n  expect: {path: [offer, bye], result: completed}\n"
    made, prepared = await ready(database, company, source=source, tests=set_)
    assert prepared.red == ()
    id_ = await publish(database, company, made, prepared)
    async with database.transaction(company) as tx:
        trained = await scenarios.trained_of(tx, id_)
        (version,) = await versions_of(tx, made)
    assert trained is not None
    assert [one.name for one in trained.guess("это слишком дорого для меня")] == ["price"]
    assert version.training is not None
    assert version.training["intents"][0]["name"] == "price"


# ---- versions


async def test_R6_8_rolling_back_publishes_the_old_version_anew_and_campaigns_go_on_with_it(
    database: Database, company: CompanyId
) -> None:
    made, prepared = await ready(database, company)
    first = await publish(database, company, made, prepared)
    campaign = await dialog(database, company, first)
    other = SOURCE.replace("До свидания", "Всего доброго")
    async with database.transaction(company) as tx:
        await drafts.save_draft(tx, made, revision=2, flow=flow(other), source=other, tests=None, now=EPOCH)
        world = await world_of(tx)
    newer = prepare(flow(other), source=other, tests=None, world=world, now=EPOCH)
    second = await publish(database, company, made, newer, revision=3)
    assert await runs(database, company, campaign) == first
    third = await publish(database, company, made, newer, revision=3, move_campaigns=True)
    assert await runs(database, company, campaign) == third
    async with database.transaction(company) as tx:
        back = await drafts.roll_back(tx, made, 1, now=EPOCH, by=None, move_campaigns=True)
        assert await scenarios.flow_of(tx, back) == flow()
        assert await scenarios.flow_of(tx, second) == flow(other)
        scenario = await drafts.one_scenario(tx, made)
        assert (scenario.version, scenario.draft, scenario.tests, scenario.revision) == (4, flow(), TESTS, 4)
    assert await runs(database, company, campaign) == back


async def test_a_campaign_that_tries_several_versions_is_not_moved(database: Database, company: CompanyId) -> None:
    made, prepared = await ready(database, company)
    one, two = [await publish(database, company, made, prepared) for _ in range(2)]
    campaign = await dialog(database, company, one, variants=(Variant(one, 50), Variant(two, 50)))
    await publish(database, company, made, prepared, move_campaigns=True)
    assert await runs(database, company, campaign) == one


async def test_versions_and_the_draft_are_compared(database: Database, company: CompanyId) -> None:
    made, prepared = await ready(database, company)
    await publish(database, company, made, prepared)
    changed = SOURCE.replace("До свидания", "Всего доброго")
    async with database.transaction(company) as tx:
        await drafts.save_draft(tx, made, revision=2, flow=flow(changed), source=changed, tests=None, now=EPOCH)
        (change,) = await drafts.compare(tx, made, 1, None)
        assert "Всего доброго" in str(change)
        assert await drafts.compare(tx, made, 1, 1) == ()
        with pytest.raises(NotFound):
            await drafts.compare(tx, made, 1, 9)


async def test_R11_4_another_companys_scenario_does_not_exist(database: Database, company: CompanyId) -> None:
    made, prepared = await ready(database, company)
    await publish(database, company, made, prepared)
    other = await make_company(database, "Вектор")
    async with database.transaction(other) as tx:
        assert await drafts.list_scenarios(tx) == []
        for asked in (
            drafts.one_scenario(tx, made),
            versions_of(tx, made),
            drafts.source_of(tx, made),
            chosen(tx, made, 1),
            drafts.roll_back(tx, made, 1, now=EPOCH, by=None, move_campaigns=True),
            drafts.save_draft(tx, made, revision=2, flow=flow(), source=None, tests=None, now=EPOCH),
        ):
            with pytest.raises(NotFound):
                await asked
    async with database.transaction(company) as tx:
        kept = (await tx.execute(select(tables.scenarios.c.revision))).scalar_one()
    assert kept == 2


def test_what_is_published_is_readable_without_its_links() -> None:
    shaped = drafts.flow_of_draft({"name": "x", "start": "nowhere", "steps": {}})
    assert shaped.start == StepId("nowhere")
    with pytest.raises(BadInput):
        drafts.flow_of_draft({"name": 5})


async def test_callers_of_a_version_live_in_the_zone_of_the_nearest_campaign(
    database: Database, company: CompanyId
) -> None:
    made, prepared = await ready(database, company)
    one = await publish(database, company, made, prepared)
    two = await publish(database, company, made, prepared, revision=2)

    async def zone(version: int) -> str | None:
        async with database.transaction(company) as tx:
            return await zone_of(tx, version)

    async def plan(version: int, name: str) -> None:
        async with database.transaction(company) as tx:
            new = NewCampaign(
                name=name, kind=CampaignKind.DIALOG, scenario=version, trunk="t", schedule=replace(ALWAYS, zone=name)
            )
            await campaigns.create_campaign(tx, new, EPOCH)

    assert await zone(two) is None
    await plan(one, "Asia/Omsk")
    assert await zone(two) == "Asia/Omsk"
    await plan(two, "Asia/Chita")
    await plan(one, "Europe/Samara")
    assert [await zone(version) for version in (one, two, 999_999)] == ["Europe/Samara", "Asia/Chita", "Europe/Samara"]


FEW = """\
name: Цена
intents:
  price: [сколько стоит, какая цена, почём это, какая стоимость, сколько платить, цена какая у вас]
  robot: [вы робот, это робот, ты бот, вы живой человек, это автоответчик, я говорю с машиной]
handlers:
  price: {reply: Сто рублей., escalation: bye}
  robot: {reply: Да.}
steps:
  ask: {ask: Берёте?, answers: {Да: {key: 1, phrases: да, then: bye}}, otherwise: bye}
  bye: {end: }
"""


async def test_R6_6_intents_are_learnt_by_the_word_vectors_that_were_fetched(
    database: Database, company: CompanyId, tmp_path: Path
) -> None:
    words = ["цена", "стоимость", "стоит", "почем", "прайс", "робот", "бот", "автоответчик", "автомат"]
    models = fetched(tmp_path / "models", navec(words, [[0, 0]] * 5 + [[1, 1]] * 4))

    def prepared(folder: Path | None) -> Prepared:
        return prepare(flow(FEW), source=FEW, tests=None, world=World(), now=EPOCH, models=folder)

    async with database.transaction(company) as tx:
        made = await drafts.create(tx, name="Цена", flow=None, source=None, now=EPOCH)
        await drafts.save_draft(tx, made, revision=1, flow=flow(FEW), source=FEW, tests=None, now=EPOCH)
    with_vectors = await publish(database, company, made, prepared(models))
    without = await publish(database, company, made, prepared(tmp_path))
    async with database.transaction(company) as tx:
        knowing = await scenarios.trained_of(tx, with_vectors, models)
        plain = await scenarios.trained_of(tx, without, models)
        with pytest.raises(BadInput) as missing:
            await scenarios.trained_of(tx, with_vectors, tmp_path)
    assert knowing is not None
    assert plain is not None
    assert [knowing.ranked(word)[0].name for word in ("прайс", "автомат")] == ["price", "robot"]
    assert knowing.ranked("прайс")[0].probability > plain.ranked("прайс")[0].probability
    assert missing.value.code == "vectors_missing"
