"""Whole robot calls with the shipped detector: machines of all kinds are hung up on, people are spoken to."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.results import CallResult
from robot.amd.detector import CadenceDetector, MachineDetector
from robot.call import CallSettings, RobotCall
from robot.dialog.flow import End, Flow, Language, Prompt, Say, StepId
from robot.outcome import Outcome
from robot.senses import Senses, open_senses
from robot.workers import Workers
from tests.fakes import line as fake
from tests.fakes.line import FakeLine, When
from tests.robot.amd.calls import hiss, sine
from tests.virtual_time import run_virtual

SOUNDS = Path(__file__).resolve().parents[3] / "telephony_esl" / "simulator" / "sounds"
ANSWERED = When(at_ms=600)
FLOW = Flow(
    name="f",
    start=StepId("say"),
    steps={
        StepId("say"): Say(id=StepId("say"), prompt=Prompt(text="Ваш заказ готов."), then=StepId("end")),
        StepId("end"): End(id=StepId("end"), prompt=Prompt(text="Всего доброго.")),
    },
)


@pytest.fixture(scope="module")
def senses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Senses]:
    folder, workers = tmp_path_factory.mktemp("senses"), Workers.inline()
    yield open_senses(Language.RU, models=folder / "m", cache=folder / "c", sounds=folder / "s", workers=workers)
    workers.close()


def sound(name: str) -> bytes:
    with wave.open(str(SOUNDS / f"{name}.wav")) as file:
        return bytes(file.readframes(file.getnframes()))


def called(senses: Senses, folder: Path, heard: bytes) -> Outcome:
    line = FakeLine([fake.Say(heard, ANSWERED)], background=hiss(10_000, 20).astype("<i2").tobytes())
    settings = CallSettings(recordings=folder, call_name="call", detect_machines=True, language=Language.RU)
    call = RobotCall(FLOW, variables={}, line=line, senses=senses, settings=settings)

    async def hold() -> Outcome:
        async with asyncio.TaskGroup() as group:
            group.create_task(line.run())
            return await call.run()

    return run_virtual(hold())


def test_the_trained_detector_listens_unless_the_cadence_rule_is_wanted(senses: Senses, tmp_path: Path) -> None:
    assert isinstance(senses.machines(), MachineDetector)
    by_rule = open_senses(
        Language.RU, models=tmp_path, cache=tmp_path, sounds=tmp_path, workers=Workers.inline(), machines=None
    )
    assert isinstance(by_rule.machines(), CadenceDetector)


@pytest.mark.parametrize("name", ["voicemail_00_elena", "voicemail_01_elena", "voicemail_02_elena"])
def test_a_voicemail_is_hung_up_on(senses: Senses, tmp_path: Path, name: str) -> None:
    outcome = called(senses, tmp_path, sound(name))
    assert (outcome.result, outcome.verdict) == (CallResult.ANSWERING_MACHINE, "machine")
    assert outcome.verdict_probability is not None
    assert outcome.verdict_probability > 0.9


@pytest.mark.parametrize(
    "tones", [[(2100, 2600)], [(950, 330), (1400, 330), (1800, 330)]], ids=["fax", "announcement after special tones"]
)
def test_tones_are_hung_up_on_at_once(senses: Senses, tmp_path: Path, tones: list[tuple[float, float]]) -> None:
    audio = np.concatenate([sine(hertz, ms) for hertz, ms in tones]).astype("<i2").tobytes()
    outcome = called(senses, tmp_path, audio + sound("voicemail_00_elena"))
    assert outcome.result is CallResult.ANSWERING_MACHINE
    assert outcome.audio_ms <= 2200


@pytest.mark.parametrize("name", ["greeting_00_elena", "yes_00_elena"])
def test_a_person_is_spoken_to(senses: Senses, tmp_path: Path, name: str) -> None:
    outcome = called(senses, tmp_path, sound(name))
    assert (outcome.result, outcome.verdict) == (CallResult.COMPLETED, "human")
    said = outcome.transcript[0].start_ms - 600 - len(sound(name)) / 16
    assert said <= 1200


def test_silence_is_spoken_to_too(senses: Senses, tmp_path: Path) -> None:
    outcome = called(senses, tmp_path, bytes(320))
    assert (outcome.result, outcome.verdict) == (CallResult.COMPLETED, "uncertain")


def test_the_cadence_rule_can_be_chosen(senses: Senses, tmp_path: Path) -> None:
    outcome = called(replace(senses, machines=CadenceDetector), tmp_path, sound("voicemail_00_elena"))
    assert outcome.result is CallResult.ANSWERING_MACHINE
