"""`./zvonar scenario rehearse`: the report on the terminal, as JSON and as a page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.scenario_audio import recorded_first
from app.scenario_cli import scenario_cli
from app.settings import Settings
from core.errors import BadInput
from robot.rehearsal.repertoire import repertoire_of
from telephony_esl.simulator.audio import clips
from tests.robot.rehearsal.scenes import OFFER, offer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "offer.yaml"
    path.write_text(OFFER, "utf-8")
    return path


def run(*words: object) -> Result:
    def no_settings() -> Settings:
        raise AssertionError("this command needs no settings")

    return CliRunner().invoke(scenario_cli(no_settings), ["rehearse", *map(str, words)])


def test_the_report_is_one_json_object(file: Path) -> None:
    result = run(file, "--dialogs", 200, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    assert (told["dialogs"], told["coverage"], told["unreached"], told["broken"]) == (200, 1.0, [], 0)
    assert json.loads(run(file, "--dialogs", 200, "--json").output) == told


def test_the_terminal_says_it_and_the_page_is_written(file: Path, tmp_path: Path) -> None:
    page = tmp_path / "offer.html"
    result = run(file, "--dialogs", 200, "--html", page)
    assert result.exit_code == 0, result.output
    assert "steps reached     100 %" in result.output
    assert "walker" in result.output
    assert "Репетиция: Скидка" in page.read_text("utf-8")


def test_a_step_that_nobody_reaches_is_named_and_the_status_is_1(file: Path) -> None:
    file.write_text(OFFER.replace("  bye: {end", "  lost: {say: Нет., then: bye}\n  bye: {end"), "utf-8")
    result = run(file, "--dialogs", 100)
    assert result.exit_code == 1
    assert "lost" in result.output


def test_a_file_that_is_no_scenario_and_a_page_that_cannot_be_written_are_refused(file: Path, tmp_path: Path) -> None:
    assert isinstance(run(tmp_path / "none.yaml").exception, BadInput)
    refused = run(file, "--dialogs", 10, "--html", tmp_path / "nowhere" / "page.html").exception
    assert isinstance(refused, BadInput)
    assert refused.code == "not_written"


def test_by_voice_what_was_recorded_goes_before_what_must_be_synthesised() -> None:
    chosen = recorded_first(repertoire_of(offer(), 1)).places["offer"].choices
    for choice in chosen:
        texts = {saying.text for saying in choice.sayings}
        assert texts <= set(clips()) or not texts & set(clips())
