"""Scripted conversations with recorded callers through the real VAD, recogniser and voice, faster than real time.

Each is a dialogue that can be read: what the caller does and when, then what must have come of it.
"""

from __future__ import annotations

import asyncio
import time
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from core.audio import FRAME_MS, SILENCE
from core.results import CallResult
from robot.call import CallSettings, RobotCall
from robot.dialog.events import How
from robot.dialog.flow import Answer, Ask, End, Flow, Language, Prompt, StepId, Transfer
from robot.dialog.flow import Say as SayStep
from robot.outcome import Outcome, Speaker
from robot.senses import Senses, open_senses
from robot.workers import Workers
from tests.fakes.line import Action, FakeLine, HangUp, Press, Say, When
from tests.virtual_time import run_virtual

SOUNDS = Path(__file__).resolve().parents[2] / "telephony_esl" / "simulator" / "sounds"
VOICES = ("elena", *(pytest.param(voice, marks=pytest.mark.shared) for voice in ("aleksandr", "anna", "irina")))
GREETING = When(at_ms=500)
Clip = Callable[[str], bytes]


@pytest.fixture(scope="module")
def senses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Senses]:
    folder = tmp_path_factory.mktemp("senses")
    workers = Workers.inline()
    yield open_senses(
        Language.RU, models=folder / "none", cache=folder / "cache", sounds=folder / "sounds", workers=workers
    )
    workers.close()


@pytest.fixture
def clip(request: pytest.FixtureRequest) -> Clip:
    """Clips of the voice that ships with the simulator, else of the shared recordings."""

    def read(name: str) -> bytes:
        path = SOUNDS / f"{name}.wav"
        if not path.exists():
            path = request.getfixturevalue("shared") / "audio" / "ru-callers" / f"{name}.wav"
        with wave.open(str(path)) as file:
            return bytes(file.readframes(file.getnframes()))

    return read


def sid(name: str) -> StepId:
    return StepId(name)


def answer(number: int, label: str, then: str, phrases: str = "", reply: str | None = None) -> Answer:
    return Answer(
        id=str(number),
        label=label,
        then=sid(then),
        key=str(number),
        phrases=tuple(phrase.strip() for phrase in phrases.split(",") if phrase.strip()),
        reply=None if reply is None else Prompt(text=reply),
    )


def flow(*steps: SayStep | Ask | Transfer | End) -> Flow:
    return Flow(name="f", start=steps[0].id, steps={step.id: step for step in steps})


NOTIFICATION = flow(
    SayStep(
        id=sid("say"),
        prompt=Prompt(text="Здравствуйте, {first_name|клиент}! Ваш заказ готов, ждём вас до восьми вечера."),
        then=sid("end"),
    ),
    End(id=sid("end"), prompt=Prompt(text="Всего доброго.")),
)
SURVEY = flow(
    Ask(
        id=sid("liked"),
        prompt=Prompt(text="Здравствуйте, {first_name|клиент}! Вам понравилось, как мы доставили ваш заказ?"),
        question="Понравилось",
        answers=(
            answer(1, "да", "mark", "да, хорошо, да конечно", "Спасибо!"),
            answer(2, "нет", "mark", "нет, не хочу, не надо, не нужно, не интересно"),
        ),
        otherwise=sid("mark"),
    ),
    Ask(
        id=sid("mark"),
        prompt=Prompt(text="Поставьте оценку от одного до пяти."),
        question="Оценка",
        answers=tuple(
            answer(number, str(number), "end", word)
            for number, word in enumerate(("один", "два", "три", "четыре", "пять"), 1)
        ),
        otherwise=sid("end"),
    ),
    End(id=sid("end"), prompt=Prompt(text="Спасибо за ответы, до свидания!")),
)
OFFER = flow(
    Ask(
        id=sid("offer"),
        prompt=Prompt(text="Только сегодня скидка тридцать процентов на доставку. Вам интересно?"),
        question="Предложение",
        answers=(
            answer(1, "интересно", "operator", "да, хочу, да интересно, давайте, согласен"),
            answer(2, "не интересно", "end", "нет, не хочу, не интересно, не нужно, нет спасибо", "Хорошо, не будем."),
        ),
        otherwise=sid("end"),
    ),
    Transfer(id=sid("operator"), group="продажи", prompt=Prompt(text="Соединяю с оператором."), otherwise=sid("sorry")),
    SayStep(id=sid("sorry"), prompt=Prompt(text="Все операторы заняты, мы перезвоним."), then=sid("end")),
    End(id=sid("end"), prompt=Prompt(text="До свидания!")),
)


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one conversation, and how long the machine took for it."""

    outcome: Outcome
    line: FakeLine
    computed_s: float

    @property
    def answers(self) -> list[tuple[str, How]]:
        return [(given.label, given.how) for given in self.outcome.answers]

    def line_of(self, beginning: str) -> tuple[int, int, bool]:
        said = next(u for u in self.outcome.transcript if u.text.startswith(beginning))
        return said.start_ms, said.end_ms, said.interrupted

    def silent_after_ms(self, action: int) -> int:
        """How long after the caller's n-th action the robot sent its first silent frame."""
        first = self.line.done_ms[action] // FRAME_MS
        quiet = next(n for n in range(first, len(self.line.robot)) if self.line.robot[n] == SILENCE)
        return (quiet - first) * FRAME_MS


@pytest.fixture
def converse(senses: Senses, tmp_path: Path) -> Callable[..., Told]:
    def run(flow: Flow, *script: Action, machines: bool = False, transfers: tuple[bool, ...] = ()) -> Told:
        noise = np.random.default_rng(1).normal(0, 20, 80_000).astype("<i2").tobytes()
        line = FakeLine(script, transfers=transfers, background=noise)
        settings = CallSettings(recordings=tmp_path, call_name="call", detect_machines=machines, language=Language.RU)
        call = RobotCall(flow, variables={"first_name": "Анна"}, line=line, senses=senses, settings=settings)

        async def hold() -> Outcome:
            async with asyncio.TaskGroup() as group:
                group.create_task(line.run())
                return await call.run()

        began = time.process_time()
        outcome = run_virtual(hold())
        return Told(outcome, line, time.process_time() - began)

    return run


def test_a_notification_is_said_after_the_greeting(converse: Callable[..., Told], clip: Clip) -> None:
    told = converse(NOTIFICATION, Say(clip("greeting_00_elena"), GREETING), machines=True)
    assert (told.outcome.result, told.outcome.verdict) == (CallResult.COMPLETED, "human")
    start, _, interrupted = told.line_of("Здравствуйте, Анна!")
    greeting_over = told.line.done_ms[0] + 540
    assert 400 <= start - greeting_over <= 800
    assert not interrupted


@pytest.mark.parametrize("voice", VOICES)
def test_a_survey_is_answered_by_phrases(converse: Callable[..., Told], clip: Clip, voice: str) -> None:
    told = converse(SURVEY, Say(clip(f"yes_00_{voice}")), Say(clip(f"number_05_{voice}")))
    assert told.answers == [("да", How.PHRASE), ("5", How.PHRASE)]
    assert told.outcome.result is CallResult.COMPLETED
    assert all(latency.reply_ms <= 800 for latency in told.outcome.latencies)


@pytest.mark.parametrize("voice", VOICES)
def test_a_survey_is_answered_by_a_phrase_and_a_key(converse: Callable[..., Told], clip: Clip, voice: str) -> None:
    told = converse(SURVEY, Say(clip(f"no_01_{voice}")), Press("3"))
    assert told.answers == [("нет", How.PHRASE), ("3", How.KEY)]


def test_an_unexpected_phrase_is_no_answer_and_the_question_comes_again(
    converse: Callable[..., Told], clip: Clip
) -> None:
    told = converse(SURVEY, Say(clip("objection_03_elena")), Say(clip("yes_00_elena")), Press("4"))
    assert told.answers == [("да", How.PHRASE), ("4", How.KEY)]
    asked = [u for u in told.outcome.transcript if u.text.startswith("Здравствуйте")]
    assert len(asked) == 2


@pytest.mark.parametrize("voice", VOICES)
def test_an_offer_is_taken_and_the_caller_put_through(converse: Callable[..., Told], clip: Clip, voice: str) -> None:
    told = converse(OFFER, Say(clip(f"yes_03_{voice}")), transfers=(True,))
    assert told.answers == [("интересно", How.PHRASE)]
    assert told.outcome.result is CallResult.TRANSFERRED
    assert told.line.transferred == [("продажи", 60.0)]


def test_an_offer_is_refused(converse: Callable[..., Told], clip: Clip) -> None:
    told = converse(OFFER, Say(clip("no_02_elena")))
    assert told.answers == [("не интересно", How.PHRASE)]
    assert told.outcome.result is CallResult.COMPLETED
    assert [u.text for u in told.outcome.transcript if u.speaker is Speaker.ROBOT][1:] == [
        "Хорошо, не будем.",
        "До свидания!",
    ]


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("word", ["no_00", "no_03", "objection_00"])
def test_R6_7_speech_silences_the_robot_within_150_ms(
    converse: Callable[..., Told], clip: Clip, voice: str, word: str
) -> None:
    pcm = clip(f"{word}_{voice}")
    loud = np.abs(np.frombuffer(pcm, dtype="<i2").astype(int))
    onset = int(np.flatnonzero(loud > loud.max() * 0.1)[0]) * 2  # a clip begins with a little silence
    told = converse(OFFER, Say(pcm[onset:], When(robot_spoke_ms=1500)))
    assert told.silent_after_ms(0) <= 150 + FRAME_MS
    understood = word != "objection_00"  # words that mean nothing here hold the prompt, and it goes on after them
    assert told.line_of("Только")[2] is understood


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("word", ["backchannel_00", "backchannel_01"])
def test_R6_7_a_backchannel_does_not_stop_the_prompt(
    converse: Callable[..., Told], clip: Clip, voice: str, word: str
) -> None:
    told = converse(OFFER, Say(clip(f"{word}_{voice}"), When(robot_spoke_ms=1000)), Say(clip("no_00_elena")))
    assert not told.line_of("Только")[2]
    assert told.answers == [("не интересно", How.PHRASE)]


def test_silence_all_along_is_no_input(converse: Callable[..., Told]) -> None:
    told = converse(SURVEY)
    assert (told.outcome.result, told.answers) == (CallResult.NO_INPUT, [])


def test_a_hang_up_in_the_middle_keeps_the_answers(converse: Callable[..., Told], clip: Clip) -> None:
    told = converse(SURVEY, Say(clip("yes_01_elena")), HangUp(When(robot_spoke_ms=800)))
    assert told.outcome.result is CallResult.HUNG_UP_EARLY
    assert told.answers == [("да", How.PHRASE)]


@pytest.mark.parametrize("kind", ["voicemail_00", "voicemail_01", "voicemail_02", "voicemail_03"])
def test_a_voicemail_is_hung_up_on(converse: Callable[..., Told], clip: Clip, kind: str) -> None:
    told = converse(SURVEY, Say(clip(f"{kind}_elena"), GREETING), machines=True)
    assert told.outcome.result is CallResult.ANSWERING_MACHINE
    assert told.outcome.audio_ms < 4000


def test_a_call_takes_little_of_one_core(converse: Callable[..., Told], clip: Clip) -> None:
    told = converse(SURVEY, Say(clip("yes_00_elena")), Say(clip("number_05_elena")))
    assert told.computed_s / (told.outcome.audio_ms / 1000) < 0.1
