"""Whole calls with a scripted caller and fake ears and voice, in virtual time: what is done, said and left behind."""

from __future__ import annotations

import asyncio
import itertools
import wave
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.audio import FRAME_MS, SILENCE
from core.errors import Unavailable
from core.legs import KeyPressed
from core.results import CallResult
from robot.call import INBOX, CallSettings, RobotCall, Senses
from robot.dialog.events import How
from robot.dialog.flow import Answer, Ask, Callback, End, Flow, Language, Prompt, Step, StepId, Transfer, VoiceSex
from robot.dialog.flow import Say as SayStep
from robot.outcome import Outcome, Speaker
from robot.ports import Ears, Recogniser
from robot.prompts import Prompts
from robot.tts.voices import NamedVoice, Voices
from robot.workers import Workers
from tests.fakes.line import GONE, Action, FakeLine, GoDead, HangUp, Press, Say, When
from tests.fakes.speech import FakeEars, FakeVad, FakeVoice, quiet, sound
from tests.virtual_time import run_virtual

YES, NO, UHUH, MUMBLE, OPERATOR, LATER = 1000, 1200, 1400, 1600, 1800, 2000
KNOWN = {YES: "да", NO: "нет", UHUH: "угу", MUMBLE: "бур бур", OPERATOR: "оператор", LATER: "позже"}
HEARING = FakeEars(KNOWN)
GREETING = "Здравствуйте, Анна, как вы поживаете?"


def sid(name: str) -> StepId:
    return StepId(name)


def survey() -> Flow:
    ask = Ask(
        id=sid("q"),
        prompt=Prompt(text="Здравствуйте, {first_name}, как вы поживаете?"),
        question="Дела",
        answers=(
            Answer(id="1", label="хорошо", then=sid("end"), key="1", phrases=("да",), reply=Prompt(text="Рады за вас")),
            Answer(id="2", label="плохо", then=sid("end"), key="2", phrases=("нет",)),
            Answer(id="3", label="оператор", then=sid("op"), key="3", phrases=("оператор",)),
            Answer(id="4", label="позже", then=sid("later"), phrases=("позже",)),
        ),
        otherwise=sid("end"),
        repeats=1,
        wait_s=4.0,
    )
    steps: dict[StepId, Step] = {
        sid("q"): ask,
        sid("op"): Transfer(id=sid("op"), group="продажи", otherwise=sid("busy"), prompt=Prompt(text="Соединяю")),
        sid("busy"): SayStep(id=sid("busy"), prompt=Prompt(text="Никто не подошёл"), then=sid("end")),
        sid("later"): Callback(id=sid("later"), delay_min=30, then=sid("end")),
        sid("end"): End(id=sid("end"), prompt=Prompt(text="Всего доброго")),
    }
    return Flow(name="опрос", start=sid("q"), steps=steps)


class DeafEars:
    """Ears that break."""

    def listen(self, phrases: Sequence[str], *, free: bool = False) -> Recogniser:
        raise Unavailable("recogniser_unusable", "The recogniser broke.")


def senses(folder: Path, *, ears: Ears | None = HEARING, workers: Workers | None = None) -> Senses:
    workers = workers or Workers.inline()
    voices = Voices({sex: NamedVoice("fake", FakeVoice()) for sex in VoiceSex})
    return Senses(
        language=Language.RU,
        vad=FakeVad,
        ears=ears,
        prompts=Prompts(voices, Language.RU, cache=folder / "cache", sounds=folder / "sounds", workers=workers),
        workers=workers,
    )


async def hold(call: RobotCall, line: FakeLine) -> Outcome:
    async with asyncio.TaskGroup() as group:
        group.create_task(line.run())
        outcome = await call.run()
        left = [task for task in asyncio.all_tasks() if "RobotCall" in repr(task) and not task.done()]
        assert left == [], "a call leaves no task"
    return outcome


def talk(
    folder: Path, line: FakeLine, *, flow: Flow | None = None, machines: bool = False, ears: Ears | None = HEARING
) -> Outcome:
    call = RobotCall(
        flow or survey(),
        variables={"first_name": "Анна"},
        line=line,
        senses=senses(folder, ears=ears),
        settings=CallSettings(
            recordings=folder / "recordings", call_name="7", detect_machines=machines, language=Language.RU
        ),
    )
    outcome = run_virtual(hold(call, line))
    assert line.hung_up
    return outcome


def robot_said(outcome: Outcome) -> list[str]:
    return [line.text for line in outcome.transcript if line.speaker is Speaker.ROBOT]


def test_an_answer_by_phrase_is_kept_with_its_words(tmp_path: Path) -> None:
    outcome = talk(tmp_path, FakeLine([Say(sound(YES, 400))]))
    assert outcome.result is CallResult.COMPLETED
    assert [(a.label, a.how, a.said, a.confidence) for a in outcome.answers] == [("хорошо", How.PHRASE, "да", 0.9)]
    assert robot_said(outcome) == [GREETING, "Рады за вас", "Всего доброго"]
    assert outcome.path == ("q", "end")


def test_an_answer_by_key_stops_the_prompt_at_once(tmp_path: Path) -> None:
    line = FakeLine([Press("2", When(robot_spoke_ms=500))])
    outcome = talk(tmp_path, line)
    assert [(a.label, a.how) for a in outcome.answers] == [("плохо", How.KEY)]
    cut = outcome.transcript[0]
    assert cut.interrupted
    assert cut.end_ms - line.done_ms[0] <= 2 * FRAME_MS
    assert [latency.reply_ms for latency in outcome.latencies] == [0]


def test_R6_7_speech_silences_the_robot_within_150_ms(tmp_path: Path) -> None:
    line = FakeLine([Say(sound(NO, 500), When(robot_spoke_ms=600))])
    outcome = talk(tmp_path, line)
    spoke = line.done_ms[0] // FRAME_MS
    first_quiet = next(n for n in range(spoke, len(line.robot)) if line.robot[n] == SILENCE)
    assert (first_quiet - spoke) * FRAME_MS <= 150
    assert [a.label for a in outcome.answers] == ["плохо"]
    assert outcome.transcript[0].interrupted


def test_R6_7_a_backchannel_leaves_the_prompt_to_be_heard_out(tmp_path: Path) -> None:
    line = FakeLine([Say(sound(UHUH, 400), When(robot_spoke_ms=600)), Say(sound(YES, 400))])
    outcome = talk(tmp_path, line)
    greeting = next(u for u in outcome.transcript if u.text == GREETING)
    assert not greeting.interrupted
    assert [u.text for u in outcome.transcript if u.speaker is Speaker.CALLER] == ["угу", "да"]
    held = greeting.end_ms - greeting.start_ms - 60 * len(GREETING)
    assert 300 <= held <= 1200  # the 400 ms of speech, the pause that ends it, and what is said again


def test_a_noise_into_a_prompt_leaves_it_to_be_heard_out(tmp_path: Path) -> None:
    line = FakeLine([Say(sound(500, 200), When(robot_spoke_ms=600)), Press("1")])
    outcome = talk(tmp_path, line)
    assert not outcome.transcript[0].interrupted


def test_a_key_into_a_message_that_nothing_may_stop_is_kept_but_changes_nothing(tmp_path: Path) -> None:
    line = FakeLine([Press("3"), Press("9", When(robot_spoke_ms=300))], transfers=[False])
    outcome = talk(tmp_path, line)
    assert [u.text for u in outcome.transcript if u.key] == ["3", "9"]
    assert outcome.path == ("q", "op", "busy", "end")
    assert len(outcome.latencies) == 1


def test_a_key_during_the_first_listening_is_a_person(tmp_path: Path) -> None:
    outcome = talk(tmp_path, FakeLine([Press("1", When(at_ms=300)), Press("2")]), machines=True)
    assert outcome.verdict == "human"
    assert [a.label for a in outcome.answers] == ["плохо"]


def test_silence_asks_again_and_then_goes_on(tmp_path: Path) -> None:
    outcome = talk(tmp_path, FakeLine())
    assert outcome.result is CallResult.NO_INPUT
    assert robot_said(outcome) == [GREETING, GREETING, "Всего доброго"]
    first, second = (u for u in outcome.transcript if u.text == GREETING)
    assert second.start_ms - first.end_ms == pytest.approx(4000, abs=100)
    assert outcome.latencies == ()


def test_what_is_not_understood_asks_again(tmp_path: Path) -> None:
    outcome = talk(tmp_path, FakeLine([Say(sound(MUMBLE, 900)), Say(sound(YES, 400))]))
    assert robot_said(outcome)[:2] == [GREETING, GREETING]
    assert [a.label for a in outcome.answers] == ["хорошо"]


def test_a_reply_starts_within_a_quarter_second_of_an_expected_answer(tmp_path: Path) -> None:
    outcome = talk(tmp_path, FakeLine([Say(sound(YES, 400))]))
    assert [latency.reply_ms <= 250 for latency in outcome.latencies] == [True]


@pytest.mark.parametrize("at_ms", [0, 20, 400, 2300, 2800, 4000])
def test_a_hang_up_at_any_point_ends_the_call(tmp_path: Path, at_ms: int) -> None:
    outcome = talk(tmp_path, FakeLine([HangUp(When(at_ms=at_ms))]))
    assert outcome.result is CallResult.HUNG_UP_EARLY
    assert outcome.audio_ms <= at_ms + 40


def test_a_caller_who_is_gone_before_the_audio_came_hung_up_early(tmp_path: Path) -> None:
    line = FakeLine(no_audio=True, gone=True)
    assert talk(tmp_path, line).result is CallResult.HUNG_UP_EARLY


def test_a_line_without_audio_is_a_system_error(tmp_path: Path) -> None:
    line = FakeLine(no_audio=True)
    assert talk(tmp_path, line).result is CallResult.SYSTEM_ERROR


def test_a_line_that_falls_dead_is_a_system_error_after_five_seconds(tmp_path: Path) -> None:
    line = FakeLine([GoDead(When(at_ms=1000))])
    outcome = talk(tmp_path, line)
    assert outcome.result is CallResult.SYSTEM_ERROR
    assert outcome.audio_ms == pytest.approx(1000, abs=40)


def test_what_breaks_inside_becomes_a_system_error_and_the_recording_stays(tmp_path: Path) -> None:
    outcome = talk(tmp_path, FakeLine([Say(sound(YES, 400))]), ears=DeafEars())
    assert outcome.result is CallResult.SYSTEM_ERROR
    assert outcome.recording is not None
    with wave.open(str(outcome.recording)) as file:
        assert file.getnframes() == outcome.audio_ms * 8


def test_too_much_at_once_ends_the_call_as_a_system_error(tmp_path: Path) -> None:
    line = FakeLine([Press("9", When(at_ms=500))])
    call = RobotCall(
        survey(),
        variables={},
        line=line,
        senses=senses(tmp_path),
        settings=CallSettings(
            recordings=tmp_path / "recordings", call_name="7", detect_machines=False, language=Language.RU
        ),
    )
    for _ in range(INBOX + 1):
        call._post(KeyPressed("1"))
    assert run_virtual(hold(call, line)).result is CallResult.SYSTEM_ERROR


def test_a_transfer_to_an_operator_ends_the_robots_part(tmp_path: Path) -> None:
    line = FakeLine([Say(sound(OPERATOR, 500))], transfers=[True])
    outcome = talk(tmp_path, line)
    assert outcome.result is CallResult.TRANSFERRED
    assert line.transferred == [("продажи", 60.0)]


def test_a_long_wait_for_an_operator_is_no_silent_line(tmp_path: Path) -> None:
    line = FakeLine([Press("3")], transfers=[False], transfer_s=300)
    assert talk(tmp_path, line).result is CallResult.TRANSFER_FAILED


def test_a_caller_who_gives_up_waiting_for_an_operator_ends_the_call(tmp_path: Path) -> None:
    outcome = talk(tmp_path, FakeLine([Press("3")], transfers=[GONE], transfer_s=20))
    assert outcome.result is CallResult.TRANSFER_FAILED
    assert robot_said(outcome)[-1] == "Соединяю"


def test_the_line_stays_open_until_the_last_words_were_played(tmp_path: Path) -> None:
    line = FakeLine([Press("2")])
    talk(tmp_path, line)
    assert line.robot[-10:] == [SILENCE] * 10
    assert line.robot[-12] != SILENCE


def test_when_no_operator_comes_the_robot_speaks_again(tmp_path: Path) -> None:
    line = FakeLine([Press("3")], transfers=[False])
    outcome = talk(tmp_path, line)
    assert outcome.result is CallResult.TRANSFER_FAILED
    assert robot_said(outcome)[-2:] == ["Никто не подошёл", "Всего доброго"]


def test_a_promised_callback_is_kept(tmp_path: Path) -> None:
    outcome = talk(tmp_path, FakeLine([Say(sound(LATER, 500))]))
    assert (outcome.result, outcome.callback_delay_min) == (CallResult.CALLBACK_REQUESTED, 30)


def test_with_machine_detection_the_robot_waits_for_the_greeting_to_end(tmp_path: Path) -> None:
    line = FakeLine([Say(sound(MUMBLE, 600), When(at_ms=400)), Press("1")])
    outcome = talk(tmp_path, line, machines=True)
    assert outcome.verdict == "human"
    first = next(u for u in outcome.transcript if u.speaker is Speaker.ROBOT)
    assert first.start_ms - 1000 == pytest.approx(600, abs=100)
    assert outcome.result is CallResult.COMPLETED


def test_with_machine_detection_silence_counts_as_a_person(tmp_path: Path) -> None:
    outcome = talk(tmp_path, FakeLine([Press("1")]), machines=True)
    assert outcome.verdict == "uncertain"
    assert outcome.transcript[0].start_ms == pytest.approx(1750, abs=100)
    assert [a.label for a in outcome.answers] == ["хорошо"]


def test_a_machine_is_not_spoken_to(tmp_path: Path) -> None:
    line = FakeLine([Say(sound(MUMBLE, 6000), When(at_ms=400))])
    outcome = talk(tmp_path, line, machines=True)
    assert outcome.result is CallResult.ANSWERING_MACHINE
    assert set(line.robot) == {SILENCE}
    assert outcome.verdict_probability is not None
    assert outcome.verdict_probability >= 0.5


def test_the_recording_holds_what_both_sides_sent(tmp_path: Path) -> None:
    line = FakeLine([Say(sound(YES, 400))])
    outcome = talk(tmp_path, line)
    assert outcome.recording == tmp_path / "recordings" / "7.wav"
    with wave.open(str(outcome.recording)) as file:
        pcm = file.readframes(file.getnframes())
    left = b"".join(pcm[i : i + 2] for i in range(0, len(pcm), 4))
    right = b"".join(pcm[i + 2 : i + 4] for i in range(0, len(pcm), 4))
    assert left == b"".join(line.caller)
    assert right == b"".join(line.robot)


def keyed() -> Flow:
    """A question in which each answer has a key."""
    flow = survey()
    ask = flow.steps[sid("q")]
    assert isinstance(ask, Ask)
    with_keys = msgspec.structs.replace(ask, answers=tuple(answer for answer in ask.answers if answer.key))
    return msgspec.structs.replace(flow, steps={**flow.steps, sid("q"): with_keys})


def test_without_a_recogniser_keys_answer_and_speech_stops_nothing(tmp_path: Path) -> None:
    line = FakeLine([Say(sound(NO, 2000), When(robot_spoke_ms=300)), Say(sound(NO, 900)), Press("1", When(at_ms=1500))])
    outcome = talk(tmp_path, line, flow=keyed(), ears=None)
    assert [(a.label, a.how) for a in outcome.answers] == [("хорошо", How.KEY)]
    assert robot_said(outcome)[0] == GREETING
    assert not any(u.interrupted for u in outcome.transcript if u.text == GREETING)


def test_without_a_recogniser_an_answer_by_phrase_alone_is_a_system_error_not_a_wrong_result(tmp_path: Path) -> None:
    outcome = talk(tmp_path, FakeLine(), ears=None)
    assert (outcome.result, outcome.audio_ms) == (CallResult.SYSTEM_ERROR, 0)


def test_a_prompt_that_cannot_be_made_is_a_system_error(tmp_path: Path) -> None:
    flow = Flow(name="f", start=sid("e"), steps={sid("e"): End(id=sid("e"), prompt=Prompt(audio="missing.wav"))})
    assert talk(tmp_path, FakeLine(), flow=flow).result is CallResult.SYSTEM_ERROR


async def test_a_call_that_is_cut_hangs_up_and_keeps_its_recording(tmp_path: Path) -> None:
    workers = Workers(2)
    line = FakeLine()
    call = RobotCall(
        survey(),
        variables={},
        line=line,
        senses=senses(tmp_path, workers=workers),
        settings=CallSettings(
            recordings=tmp_path / "recordings", call_name="7", detect_machines=False, language=Language.RU
        ),
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(line.run())
        running = group.create_task(call.run())
        while line.now_ms < 100:
            await asyncio.sleep(0.01)
        running.cancel()
    workers.close()
    assert running.cancelled()
    assert line.hung_up
    with wave.open(str(tmp_path / "recordings" / "7.wav")) as file:
        assert file.getnframes() >= 5 * 160


WHENS = st.builds(
    When, at_ms=st.integers(0, 6000), robot_quiet=st.booleans(), robot_spoke_ms=st.sampled_from([0, 0, 300, 1500])
)
ACTIONS = st.one_of(
    st.builds(
        lambda amplitude, length, when: Say(sound(amplitude, length) if amplitude else quiet(length), when),
        st.sampled_from([0, 500, *KNOWN]),
        st.integers(20, 3000),
        WHENS,
    ),
    st.builds(Press, st.sampled_from("0123459*#"), WHENS),
    st.builds(HangUp, WHENS),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=st.lists(ACTIONS, max_size=8), machines=st.booleans(), transfers=st.lists(st.booleans(), max_size=1))
def test_any_caller_comes_to_an_end_with_one_result(
    tmp_path: Path, script: list[Action], machines: bool, transfers: list[bool]
) -> None:
    line = FakeLine(script, transfers=[*transfers, False, True])
    outcome = talk(tmp_path, line, machines=machines)
    assert outcome.result not in (CallResult.SYSTEM_ERROR, CallResult.UNKNOWN_ERROR)
    assert outcome.audio_ms < 60_000
    starts = [u.start_ms for u in outcome.transcript]
    assert starts == sorted(starts)
    assert all(0 <= u.start_ms <= u.end_ms <= outcome.audio_ms for u in outcome.transcript)
    robot = [u for u in outcome.transcript if u.speaker is Speaker.ROBOT]
    assert all(before.end_ms <= after.start_ms for before, after in itertools.pairwise(robot))
    assert all(0 <= latency.reply_ms < 16_000 for latency in outcome.latencies)
