"""`./zvonar scenario`: looked over, tried and compared without a database, published into one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from app.scenario_cli import scenario_cli
from app.scenario_publish import run_publish, world_for
from app.settings import Settings
from campaigns.campaign import CompanyId
from core.errors import BadInput, Conflict, NotFound, ZvonarError
from robot.dialog.checking import Severity, check
from robot.dialog.source import read, schema
from robot.tts.sounds import wav_of
from services import drafts, groups
from services.sounds import sound_path, store_sound
from services.versions import versions_of
from storage.database import Database
from tests.conftest import EPOCH, ROOT, Fresh
from tests.fakes.speech import sound

TONE = wav_of(sound(8000, 1000))

SOURCE = """\
name: Скидка
steps:
  hello: {say: "{first_name|Здравствуйте}, добрый день!"}
  offer:
    ask: Скидка 100 рублей. Соединить вас?
    question: Интерес
    answers:
      Да: {key: 1, phrases: "да, хочу", then: talk}
      Нет: {key: 2, phrases: "нет, не хочу", then: bye}
    otherwise: bye
  talk: {transfer: Продажи, otherwise: bye}
  bye: {end: До свидания, disposition: Отказ}
"""
GREEN = "согласие:\n  caller: [press: 1]\n  expect: {result: transferred}\n"
RED = "отказ:\n  caller: [press: 2]\n  expect: {result: transferred}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "offer.yaml"
    path.write_text(SOURCE, "utf-8")
    return path


def run(*words: object) -> Result:
    def no_settings() -> Settings:
        assert words[0] == "check", "no other command needs settings"
        return Settings()

    return CliRunner().invoke(scenario_cli(no_settings), [str(word) for word in words])


def told(*words: object) -> Any:  # noqa: ANN401
    result = run(*words, "--json")
    assert result.exit_code in (0, 1), result.output
    return json.loads(result.output)


def test_a_scripted_caller_acts_in_the_order_of_the_command_line(file: Path) -> None:
    refused = told("try", file, "--silence", "--press", "2", "--say", "да")
    assert refused["answers"] == [{"question": "Интерес", "answer": "Нет", "how": "key", "said": "2"}]
    assert (refused["disposition"], refused["turns_left"]) == ("Отказ", 1)
    agreed = told("try", file, "--say", "да", "--press", "2", "--silence")
    assert (agreed["answers"][0]["answer"], agreed["path"]) == ("Да", ["hello", "offer", "talk"])
    assert (agreed["result"], agreed["turns_left"]) == ("transferred", 2)
    asked_on = told("try", file, "--say", "алло", "--silence", "--silence", "--say", "да")
    assert (asked_on["result"], asked_on["turns_left"]) == ("completed", 2)


def test_prompts_are_told_as_they_would_be_spoken(file: Path) -> None:
    played = told("try", file, "--var", "first_name=Анна", "--hang-up", "--hang-up")
    assert played["prompts"] == ["Анна, добрый день!"]
    assert played["result"] == "hung_up_early"
    shown = run("try", file, "--press", "1", "--no-operator").output
    assert "Скидка сто рублей. Соединить вас?" in shown
    assert "transfer_failed" in shown


def test_R6_8_check_names_line_and_column_and_ends_with_status_1(file: Path) -> None:
    assert run("check", file).exit_code == 0
    file.write_text(SOURCE.replace("otherwise: bye\n", "otherwise: by\n", 1), "utf-8")
    result = run("check", file)
    assert result.exit_code == 1
    assert f"{file}:10:16: error: There is no step 'by'. Did you mean 'bye'?" in result.output
    assert told("check", file)["findings"][0]["line"] == 10


def test_R6_8_check_finds_words_and_actions_that_nobody_here_has(file: Path) -> None:
    acting = SOURCE.replace("transfer: Продажи, otherwise: bye", "act: x, failed: bye, then: bye")
    file.write_text(acting.replace('"да, хочу"', '"да, абвгд"'))
    found = {one["code"]: one for one in told("check", file)["findings"]}
    assert (found["unsayable_phrase"]["severity"], found["unsayable_phrase"]["line"]) == ("warning", 8)
    assert (found["no_such_action"]["severity"], found["no_such_action"]["line"]) == ("error", 11)
    file.write_text(SOURCE.replace("steps:", "language: en\nsteps:").replace("key: 1, ", ""))
    assert run("check", file).exit_code == 1
    findings = [one for one in told("check", file)["findings"] if one["code"] == "no_recogniser"]
    assert [(one["severity"], one["path"]) for one in findings] == [
        ("error", "steps.offer.answers.0.phrases"),
        ("warning", "language"),
    ]
    assert all("./zvonar models fetch vosk-model-small-en-us-0.15" in one["hint"] for one in findings)


EXAMPLES = sorted(path for path in (ROOT / "scenarios").glob("*.yaml") if not path.name.endswith(".tests.yaml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_have_no_error_on_a_fresh_machine(example: Path, tmp_path: Path) -> None:
    flow = read(example.read_text("utf-8")).flow
    assert flow is not None
    world = asyncio.run(world_for(Settings(var=tmp_path), flow, None))
    assert [one for one in check(flow, world) if one.severity is Severity.ERROR] == []


@pytest.mark.postgres
async def test_R6_8_check_looks_for_the_groups_of_a_company(
    file: Path, fresh: Fresh, database: Database, company: CompanyId
) -> None:
    settings = Settings(database_url=fresh.app_url)  # type: ignore[arg-type]
    flow = read(file.read_text("utf-8")).flow
    assert flow is not None
    for owner, missing in ((None, False), ("ромашка", True)):
        world = await world_for(settings, flow, owner)
        assert ("no_such_group" in {one.code for one in check(flow, world)}) == missing


def test_R6_9_check_runs_the_set_that_lies_beside_the_scenario(file: Path) -> None:
    beside = file.with_name("offer.tests.yaml")
    beside.write_text(GREEN, "utf-8")
    assert told("check", file) == {
        "good": True,
        "findings": [],
        "dialogs": [{"name": "согласие", "green": True, "faults": []}],
    }
    beside.write_text(RED, "utf-8")
    result = run("check", file)
    assert result.exit_code == 1
    assert "The result should be transferred, it is completed." in result.output
    beside.write_text("a: 5", "utf-8")
    assert run("check", file).exit_code == 1


def test_diff_lists_what_differs(file: Path) -> None:
    other = file.with_name("b.yaml")
    other.write_text(SOURCE.replace("disposition: Отказ", "disposition: Подумает"), "utf-8")
    assert "disposition was «Отказ», is now «Подумает»" in run("diff", file, other).output
    assert [one["path"] for one in told("diff", file, other)["changes"]] == ["steps.bye.disposition"]
    assert run("diff", file, file).output == "They mean the same.\n"


def test_schema_is_printed_for_editors() -> None:
    assert json.loads(run("schema").output) == json.loads(json.dumps(schema()))


@pytest.mark.parametrize(
    ("words", "code"),
    [(["try", "nowhere.yaml"], "no_such_file"), (["diff", "nowhere.yaml", "nowhere.yaml"], "no_such_file")],
)
def test_a_file_that_is_not_there_is_told(words: list[str], code: str) -> None:
    error = run(*words).exception
    assert isinstance(error, BadInput)
    assert error.code == code


def test_a_broken_scenario_is_not_tried(file: Path) -> None:
    file.write_text("name: x\n\tsteps:\n", "utf-8")
    error = run("try", file).exception
    assert isinstance(error, BadInput)
    assert "2:1" in error.message
    file.write_bytes("name: Ё".encode("cp1251"))
    assert isinstance(run("check", file).exception, BadInput)


# ---- into the database

Publish = Callable[..., Any]


@pytest.fixture
def publish(fresh: Fresh, tmp_path: Path, file: Path) -> Publish:
    settings = Settings(database_url=fresh.app_url, var=tmp_path)  # type: ignore[arg-type]

    async def run_(**given: Any) -> None:  # noqa: ANN401
        wanted = {"company": None, "name": None, "force": False, "as_json": True} | given
        await run_publish(settings, file, **wanted)

    return run_


@pytest.mark.postgres
async def test_R6_8_a_file_is_published_as_the_next_version(
    publish: Publish, file: Path, database: Database, company: CompanyId, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BadInput, match="Продажи"):
        await publish()
    async with database.transaction(company) as tx:
        await groups.save_group(tx, name="Продажи", phones=["101"])
    file.with_name("offer.tests.yaml").write_text(GREEN, "utf-8")
    await publish()
    await publish(company="ромашка")
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["version"] for one in said] == [1, 2]
    async with database.transaction(company) as tx:
        (one,) = await drafts.list_scenarios(tx)
        assert (one.name, one.version) == ("Скидка", 2)
        assert await drafts.source_of(tx, one.id, 1) == SOURCE
        assert (await drafts.one_scenario(tx, one.id)).tests == GREEN
    with pytest.raises(NotFound):
        await publish(company="Вектор")


@pytest.mark.postgres
async def test_R6_8_rendering_is_ordered_for_what_is_published(
    publish: Publish, database: Database, company: CompanyId, capsys: pytest.CaptureFixture[str]
) -> None:
    async with database.transaction(company) as tx:
        await groups.save_group(tx, name="Продажи", phones=["101"])
    await publish()
    id_ = json.loads(capsys.readouterr().out)["version_id"]
    async with database.system() as tx:
        orders = await tx.execute(text("SELECT args FROM jobs.procrastinate_jobs WHERE task_name = 'render'"))
    assert [row.args for row in orders] == [{"company": int(company), "id": id_}]


@pytest.mark.postgres
async def test_R6_8_a_sound_whose_file_is_lost_is_not_published(
    publish: Publish, file: Path, database: Database, company: CompanyId, tmp_path: Path
) -> None:
    async with database.transaction(company) as tx:
        await groups.save_group(tx, name="Продажи", phones=["101"])
        stored = await store_sound(tx, tmp_path / "sounds", company, TONE, name="Привет", now=EPOCH)
    said = f"{{say: {{text: Привет, audio: {stored.audio}}}}}"
    file.write_text(SOURCE.replace('{say: "{first_name|Здравствуйте}, добрый день!"}', said), "utf-8")
    sound_path(tmp_path / "sounds", company, stored.audio).unlink()
    with pytest.raises(ZvonarError) as error:
        await publish()
    assert error.value.code == "sound_gone"
    async with database.transaction(company) as tx:
        assert await drafts.list_scenarios(tx) == []


@pytest.mark.postgres
async def test_R6_9_a_red_set_is_published_by_force_alone(
    publish: Publish, file: Path, database: Database, company: CompanyId
) -> None:
    async with database.transaction(company) as tx:
        await groups.save_group(tx, name="Продажи", phones=["101"])
    file.with_name("offer.tests.yaml").write_text(RED, "utf-8")
    with pytest.raises(Conflict):
        await publish()
    await publish(force=True, name="Другое")
    async with database.transaction(company) as tx:
        (one,) = await drafts.list_scenarios(tx)
        assert [version.forced for version in await versions_of(tx, one.id)] == [("отказ",)]
