"""What breaks during a call: the call ends with a result, the next one is held, and nothing is left behind."""

from __future__ import annotations

import asyncio
import resource
import shutil
import threading
import wave
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from core.audio import SAMPLE_RATE, Pcm
from core.errors import Unavailable
from core.results import CallResult
from models.manifest import SHIPPED
from robot.asr.silero import Silero
from robot.asr.vosk_ears import VoskEars
from robot.call import CallSettings, RobotCall, Senses
from robot.dialog.flow import Ask, Flow, Language, Prompt, StepId, Transfer, VoiceSex
from robot.outcome import Outcome
from robot.ports import Recognised, Recogniser
from robot.prompts import Prompts
from robot.tts.voices import NamedVoice, Voices
from robot.workers import Workers
from tests.fakes.line import FakeLine, GoDead, HangUp, Say, When
from tests.fakes.speech import FakeVad, sound
from tests.robot.side_by_side import (
    NO,
    YES,
    FallingSilent,
    Losing,
    Reordering,
    Spoil,
    descriptors,
    fake_senses,
    listener,
    question,
    town,
)
from tests.virtual_time import run_virtual

LONGEST_MS = 4000


class Defect(Exception):
    """What a library may raise out of the blue."""


class BreakingEars:
    """Ears that break at the named moment."""

    def __init__(self, at: str) -> None:
        self.at = at

    def listen(self, phrases: Sequence[str], *, free: bool = False) -> Recogniser:
        self.may_break("listen")
        return BreakingRecogniser(self)

    def may_break(self, at: str) -> None:
        if at == self.at:
            raise Defect(at)


class BreakingRecogniser:
    def __init__(self, ears: BreakingEars) -> None:
        self._ears = ears

    def accept(self, pcm: Pcm) -> str:
        self._ears.may_break("accept")
        return "да"

    def finish(self) -> Recognised:
        self._ears.may_break("finish")
        return Recognised("да", 0.9)


class BreakingVad(FakeVad):
    def probability(self, chunk: Pcm) -> float:
        raise Defect("vad")


class BreakingVoice:
    def say(self, text: str, *, language: Language, sex: VoiceSex, rate: float = 1.0) -> Pcm:
        raise Defect("voice")


@contextmanager
def leaving_nothing() -> Iterator[None]:
    """Holds the block to the files, sockets and threads that were there before it."""
    files, threads = descriptors(), threading.active_count()
    yield
    assert descriptors() - files == set(), "a call leaves no file and no socket"
    assert threading.active_count() == threads, "a call leaves no thread"


async def hold(call: RobotCall, line: FakeLine) -> Outcome:
    before = asyncio.all_tasks()
    async with asyncio.TaskGroup() as group:
        clock = group.create_task(line.run())
        outcome = await call.run()
        assert asyncio.all_tasks() - before <= {clock}, "a call leaves no task"
    return outcome


def talk(folder: Path, senses: Senses, line: FakeLine | None = None, *, flow: Flow | None = None) -> Outcome:
    line = line or FakeLine([Say(sound(YES, 400))])
    told = CallSettings(folder / "recordings", "7", detect_machines=False, language=Language.RU)
    call = RobotCall(flow or question(), variables={}, line=line, senses=senses, settings=told)
    outcome = run_virtual(hold(call, line))
    assert line.hung_up
    return outcome


def with_voice(senses: Senses, folder: Path) -> Senses:
    voices = Voices({sex: NamedVoice("broken", BreakingVoice()) for sex in VoiceSex})
    prompts = Prompts(voices, Language.RU, cache=folder / "none", sounds=folder, workers=senses.workers)
    return replace(senses, prompts=prompts)


@pytest.fixture
def senses(tmp_path: Path) -> Senses:
    return fake_senses(tmp_path, Workers.inline())


@pytest.mark.parametrize("at", ["listen", "accept", "finish"])
def test_a_recogniser_that_breaks_ends_its_call_alone(tmp_path: Path, senses: Senses, at: str) -> None:
    ears = BreakingEars(at)
    with leaving_nothing():
        assert talk(tmp_path, replace(senses, ears=ears)).result is CallResult.SYSTEM_ERROR
    ears.at = "never"
    assert talk(tmp_path, replace(senses, ears=ears)).result is CallResult.COMPLETED


def test_a_recogniser_that_breaks_in_a_thread_ends_its_call_alone(tmp_path: Path) -> None:
    workers = Workers(2)
    try:
        broken = replace(fake_senses(tmp_path, workers), ears=BreakingEars("accept"))
        assert asyncio.run(_on_a_real_loop(tmp_path, broken)).result is CallResult.SYSTEM_ERROR
    finally:
        workers.close()


async def _on_a_real_loop(folder: Path, senses: Senses) -> Outcome:
    line = FakeLine([Say(sound(YES, 200), When(at_ms=100))])
    told = CallSettings(folder / "recordings", "8", detect_machines=False, language=Language.RU)
    return await hold(RobotCall(question(), variables={}, line=line, senses=senses, settings=told), line)


def test_a_detector_that_breaks_ends_its_call_alone(tmp_path: Path, senses: Senses) -> None:
    with leaving_nothing():
        assert talk(tmp_path, replace(senses, vad=BreakingVad)).result is CallResult.SYSTEM_ERROR
    assert talk(tmp_path, senses).result is CallResult.COMPLETED


def test_a_voice_that_breaks_ends_its_call_alone(tmp_path: Path, senses: Senses) -> None:
    with leaving_nothing():
        outcome = talk(tmp_path, with_voice(senses, tmp_path))
    assert outcome.result is CallResult.SYSTEM_ERROR
    assert talk(tmp_path, senses).result is CallResult.COMPLETED


def test_a_sound_file_that_vanished_ends_its_call_alone(tmp_path: Path, senses: Senses) -> None:
    flow = question()
    ask = flow.steps[flow.start]
    assert isinstance(ask, Ask)
    changed = Ask(
        id=ask.id, prompt=Prompt(audio="gone.wav"), question="q", answers=ask.answers, otherwise=ask.otherwise
    )
    silent = Flow(name="x", start=flow.start, steps={**flow.steps, ask.id: changed})
    with leaving_nothing():
        assert talk(tmp_path, senses, flow=silent).result is CallResult.SYSTEM_ERROR


def test_models_that_vanish_after_they_were_loaded_go_on_serving(tmp_path: Path, senses: Senses) -> None:
    for name in ("silero-vad", "vosk-standin-ru-mini"):
        shutil.copytree(SHIPPED / name, tmp_path / name)
    ears = VoskEars(tmp_path / "vosk-standin-ru-mini", Language.RU)
    vad = Silero(tmp_path / "silero-vad" / "silero_vad.onnx")
    for name in ("silero-vad", "vosk-standin-ru-mini"):
        shutil.rmtree(tmp_path / name)
    clip = SHIPPED.parent / "telephony_esl" / "simulator" / "sounds" / "yes_00_elena.wav"
    with wave.open(str(clip)) as file:
        said = file.readframes(file.getnframes())
    outcome = talk(tmp_path, replace(senses, ears=ears, vad=vad.open), FakeLine([Say(said)]))
    assert [answer.label for answer in outcome.answers] == ["да"]


def test_a_model_that_vanished_before_it_was_loaded_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"silero_vad\.onnx"):
        Silero(tmp_path / "silero_vad.onnx")
    with pytest.raises(Unavailable, match="vosk-standin-ru-mini"):
        VoskEars(tmp_path / "vosk-standin-ru-mini", Language.RU)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_costs_the_recording_not_the_call(tmp_path: Path, senses: Senses) -> None:
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "7.wav").symlink_to("/dev/full")
    with leaving_nothing():
        outcome = talk(tmp_path, senses)
    assert outcome.result is CallResult.COMPLETED
    assert outcome.recording is None
    assert [answer.label for answer in outcome.answers] == ["да"]


@contextmanager
def no_room_on_any_disk() -> Iterator[None]:
    """No file may grow: what is written fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_was_full_before_the_call_costs_no_word(tmp_path: Path, senses: Senses) -> None:
    with capture_logs() as logs, leaving_nothing(), no_room_on_any_disk():
        outcome = talk(tmp_path, senses)
    assert outcome.result is CallResult.COMPLETED
    assert [line.text for line in outcome.transcript] == ["Вы придёте?", "да", "Ждём вас"]
    assert [path for path in tmp_path.rglob("*.pcm*") if path.stat().st_size] == []
    assert {entry["event"].partition(".")[0] for entry in logs} == {"prompts", "recording"}, "both losses are told"


INSTANTS = st.integers(0, LONGEST_MS)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at_ms=INSTANTS, said=st.sampled_from([YES, NO, 700]), early=st.booleans())
@example(at_ms=0, said=YES, early=False)
def test_a_hang_up_at_any_instant_is_a_result(tmp_path: Path, at_ms: int, said: int, early: bool) -> None:
    """The caller speaks into the prompt or after it; the hang-up may hit a prompt, a turn, the last words."""
    said_when = When(at_ms=300) if early else When(robot_quiet=True)
    said_before = [Say(sound(said, 400), said_when)] if at_ms >= 300 else []
    line = FakeLine([*said_before, HangUp(When(at_ms=at_ms - 300 * len(said_before)))])
    with leaving_nothing():
        outcome = talk(tmp_path, fake_senses(tmp_path, Workers.inline()), line)
    assert outcome.result not in (CallResult.SYSTEM_ERROR, CallResult.UNKNOWN_ERROR)
    assert outcome.audio_ms == line.now_ms
    if outcome.recording is not None:
        with wave.open(str(outcome.recording)) as file:
            assert file.getnframes() * 1000 // SAMPLE_RATE == outcome.audio_ms


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at_ms=INSTANTS)
def test_a_line_that_goes_dead_at_any_instant_is_a_result(tmp_path: Path, at_ms: int) -> None:
    line = FakeLine([GoDead(When(at_ms=at_ms))])
    with leaving_nothing():
        outcome = talk(tmp_path, fake_senses(tmp_path, Workers.inline()), line)
    assert outcome.result is CallResult.SYSTEM_ERROR


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(transfer_s=st.floats(0, 3), comes=st.booleans())
def test_a_hang_up_around_a_transfer_is_a_result(tmp_path: Path, transfer_s: float, comes: bool) -> None:
    flow = question()
    wanted = Transfer(id=StepId("op"), group="продажи", otherwise=StepId("end"))
    flow = Flow(name="x", start=wanted.id, steps={**flow.steps, wanted.id: wanted})
    line = FakeLine([HangUp(When(at_ms=100))], transfers=[comes], transfer_s=transfer_s)
    with leaving_nothing():
        outcome = talk(tmp_path, fake_senses(tmp_path, Workers.inline()), line, flow=flow)
    assert outcome.result not in (CallResult.SYSTEM_ERROR, CallResult.UNKNOWN_ERROR)


@pytest.mark.parametrize("spoil", [partial(Losing, share=0.05), Reordering], ids=["loses 5 %", "reorders"])
async def test_a_bad_line_is_talked_over_all_the_same(tmp_path: Path, spoil: Spoil) -> None:
    async with town(tmp_path, listener(tmp_path), spoil=spoil) as there:
        with leaving_nothing():
            outcomes = await _several(there.call, 5)
        assert there.switch.legs_live == 0
    assert [one.result for one in outcomes] == [CallResult.COMPLETED] * 5
    assert [[answer.label for answer in one.answers] for one in outcomes] == [["да"]] * 5


async def test_a_switch_that_stops_sending_ends_the_call(tmp_path: Path) -> None:
    async with town(tmp_path, listener(tmp_path), spoil=partial(FallingSilent, frames=30)) as there:
        with leaving_nothing():
            outcomes = await _several(there.call, 3)
        assert there.switch.legs_live == 0
    assert [one.result for one in outcomes] == [CallResult.SYSTEM_ERROR] * 3
    assert all(one.recording is not None and one.audio_ms <= 600 for one in outcomes)


async def _several(call: Callable[[Flow], Coroutine[object, object, Outcome]], count: int) -> list[Outcome]:
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(call(question())) for _ in range(count)]
    return [one.result() for one in calls]
