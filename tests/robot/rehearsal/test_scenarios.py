"""The example scenarios: looked over, their regression sets green, every step reached in a rehearsal."""

from __future__ import annotations

from pathlib import Path

import pytest

from robot.dialog.flow import Flow, Language, steps_of
from robot.dialog.source import write
from robot.dialog.source.placed import check_source
from robot.dialog.source.regression import read_dialogs, run
from robot.dialog.source.understanding import to_learn
from robot.rehearsal import rehearse
from tests.conftest import ROOT
from tests.robot.rehearsal.scenes import hearing

FOLDER = ROOT / "scenarios"
FILES = sorted(path for path in FOLDER.glob("*.yaml") if not path.name.endswith(".tests.yaml"))
NAMES = ("appointment", "debt", "delivery", "lead", "nps", "offer")


def flow_in(file: Path) -> Flow:
    found = check_source(file.read_text("utf-8"))
    assert found.flow is not None, found.findings
    return found.flow


def test_there_are_six_in_both_languages() -> None:
    assert [path.name for path in FILES] == [f"{name}.{language}.yaml" for name in NAMES for language in ("en", "ru")]
    for path in FILES:
        assert flow_in(path).language is Language(path.name.split(".")[1])


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_R6_8_nothing_is_wrong_or_doubtful_in_an_example(file: Path) -> None:
    assert check_source(file.read_text("utf-8")).findings == ()


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_R6_9_an_example_is_green_and_every_step_of_it_is_reached(file: Path) -> None:
    flow = flow_in(file)
    hear = hearing(flow)
    dialogs = read_dialogs(file.with_name(f"{file.stem}.tests.yaml").read_text("utf-8"), flow)
    assert dialogs.findings == ()
    assert len(dialogs.dialogs) >= 6
    assert {one.name: one.faults for one in run(flow, dialogs.dialogs, hear=hear) if not one.green} == {}
    report = rehearse(flow, dialogs=300, seed=1, hear=hear)
    assert (report.unreached, report.broken) == ((), 0)
    assert report.understood is not None
    assert report.understood > 0.85


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_an_example_is_written_as_it_was_read(file: Path) -> None:
    text = file.read_text("utf-8")
    flow = flow_in(file)
    again = check_source(write(flow, before=text)).flow
    assert again == flow


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_of_an_example_have_the_same_steps_and_handlers(name: str) -> None:
    ru, en = (flow_in(FOLDER / f"{name}.{language}.yaml") for language in ("ru", "en"))
    assert [step for _, step, _ in steps_of(ru)] == [step for _, step, _ in steps_of(en)]
    assert [one.id for one in ru.handlers] == [one.id for one in en.handlers]
    assert set(to_learn(ru)) == set(to_learn(en))


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_debt_is_told_to_nobody_who_is_not_known(language: str) -> None:
    """The amount and the contract stand only behind the step at which the year of birth has agreed."""
    flow = flow_in(FOLDER / f"debt.{language}.yaml")
    before = {"person", "born", "same", "not_here", "not_confirmed", "unclear"}
    spoken = [str(flow.steps[step]) for step in flow.steps if step in before]
    spoken += [str((one.reply, one.again, one.goodbye)) for one in flow.handlers]
    for text in spoken:
        assert not any(
            word in text.casefold()
            for word in ("{sum", "{contract", "задолж", "долг", "взыск", "пристав", "overdue", "debt", "collect")
        )
