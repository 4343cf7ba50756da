"""A page's microphone as a line: the same port as a telephone line, in virtual time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from core.audio import FRAME_BYTES, FRAME_MS, SILENCE, Pcm
from core.errors import Unavailable
from core.legs import HungUp, KeyPressed
from core.results import CallResult
from robot.call import CallSettings, RobotCall
from robot.dialog.flow import Flow, Language, StepId, Transfer
from robot.microphone import MOST_KEYS, MicrophoneLine, Talks
from robot.outcome import Outcome, Utterance
from robot.senses import Senses
from robot.workers import Workers
from tests.fakes.speech import sound
from tests.robot.side_by_side import YES, fake_senses, question
from tests.virtual_time import run_virtual


def nothing(group: str) -> None:
    """Nobody is told of transfers."""


async def page(line: MicrophoneLine, call: RobotCall, speech: Pcm, *, after_frames: int) -> Outcome:
    """Sends a frame each 20 ms: silence, then the speech, then silence until the talk is over."""
    frames = [SILENCE] * after_frames + [speech[i : i + FRAME_BYTES] for i in range(0, len(speech), FRAME_BYTES)]
    async with asyncio.TaskGroup() as group:
        talk = group.create_task(call.run())
        while not talk.done():
            line.hear(frames.pop(0) if frames else SILENCE)
            await asyncio.sleep(FRAME_MS / 1000)
    return talk.result()


def robot(folder: Path, line: MicrophoneLine, told: list[Utterance], *, flow: Flow | None = None) -> RobotCall:
    settings = CallSettings(folder, "talk", detect_machines=False, language=Language.RU, tell=told.append)
    senses = fake_senses(folder, Workers.inline())
    return RobotCall(flow or question(), variables={}, line=line, senses=senses, settings=settings)


def test_a_word_into_the_microphone_is_an_answer_and_each_line_is_told(tmp_path: Path) -> None:
    line, told = MicrophoneLine(nothing), list[Utterance]()
    outcome = run_virtual(page(line, robot(tmp_path, line, told), sound(YES, 400), after_frames=80))
    assert outcome.result is CallResult.COMPLETED
    assert [answer.label for answer in outcome.answers] == ["да"]
    assert sorted(told, key=lambda one: one.start_ms) == list(outcome.transcript)


def test_a_transfer_is_told_and_finds_nobody(tmp_path: Path) -> None:
    flow = question()
    wanted = Transfer(id=StepId("op"), group="продажи", otherwise=StepId("end"))
    flow = Flow(name="x", start=wanted.id, steps={**flow.steps, wanted.id: wanted})
    groups: list[str] = []
    line = MicrophoneLine(groups.append)
    outcome = run_virtual(page(line, robot(tmp_path, line, [], flow=flow), b"", after_frames=0))
    assert groups == ["продажи"]
    assert outcome.path == ("op", "end")


def test_a_page_that_leaves_ends_the_talk_as_a_hang_up(tmp_path: Path) -> None:
    line = MicrophoneLine(nothing)

    async def leave() -> Outcome:
        async with asyncio.TaskGroup() as group:
            talk = group.create_task(robot(tmp_path, line, []).run())
            for _ in range(20):
                line.hear(SILENCE)
                await asyncio.sleep(FRAME_MS / 1000)
            line.leave()
        return talk.result()

    assert run_virtual(leave()).result is not CallResult.SYSTEM_ERROR


def test_a_page_that_sends_no_frame_gets_no_talk() -> None:
    with pytest.raises(Unavailable, match="no audio"):
        run_virtual(MicrophoneLine(nothing).link(lambda frame: frame))


async def test_keys_come_in_order_and_no_more_than_can_wait() -> None:
    line = MicrophoneLine(nothing)
    for number in range(MOST_KEYS + 5):
        line.press(str(number % 10))
    assert [await line.next_event() for _ in range(MOST_KEYS)] == [KeyPressed(str(n % 10)) for n in range(MOST_KEYS)]
    line.leave()
    line.press("1")
    assert isinstance(await line.next_event(), HungUp)


def test_before_and_after_the_talk_silence_answers() -> None:
    line = MicrophoneLine(nothing)
    assert line.hear(b"\1" * FRAME_BYTES) == SILENCE
    line.leave()
    assert line.hear(b"\1" * FRAME_BYTES) == SILENCE


def test_a_session_has_one_talk_and_the_places_are_counted() -> None:
    async def none(language: Language) -> Senses:
        raise Unavailable("none", str(language))

    talks = Talks(none, most=2)
    with talks.seat("a") as first, talks.seat("a") as again, talks.seat("b") as second, talks.seat("c") as third:
        assert (first, again, second, third) == (True, False, True, False)
    with talks.seat("a") as seated:
        assert seated
