"""Whole calls that want something done meanwhile: what is asked for, what is heard and said until it is there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.results import CallResult
from robot.call import CallSettings, RobotCall
from robot.dialog.events import (
    Acted,
    ActThis,
    CallBackAt,
    Errand,
    Fetched,
    FetchThis,
    Forbid,
    How,
    IntentGuess,
    PutTag,
    SendMessage,
)
from robot.dialog.flow import (
    Answer,
    Ask,
    Call,
    End,
    Fetch,
    Flow,
    Handler,
    HandlerKind,
    Intent,
    Language,
    Listen,
    ListenFor,
    Message,
    Prompt,
    Return,
    Step,
    StepId,
    SubFlow,
    Tag,
)
from robot.outcome import Outcome, Speaker
from tests.fakes.line import FakeLine, HangUp, Press, Say, When
from tests.fakes.speech import FakeEars, sound
from tests.robot.test_call import senses
from tests.virtual_time import run_virtual

YES, WHO, STOP, WORDS, TOMORROW = 1000, 1200, 1400, 1600, 1800
EARS = FakeEars(
    {YES: "да", WHO: "кто это", STOP: "больше не звоните", WORDS: "долго ждал ответа", TOMORROW: "завтра в три"}
)
WHEN = "2026-11-26T15:00:00+03:00"


@dataclass
class ScriptedErrands:
    """Answers a fetch after `takes_s`, notes everything."""

    takes_s: float = 1.0
    values: Mapping[str, str] = field(default_factory=lambda: {"sum": "пятьсот"})
    done: list[Errand] = field(default_factory=list)

    async def fetch(self, call: FetchThis) -> Fetched:
        self.done.append(call)
        await asyncio.sleep(self.takes_s)
        return Fetched(self.values)

    async def act(self, wanted: ActThis) -> Acted:
        self.done.append(wanted)
        return Acted()

    async def message(self, message: SendMessage) -> None:
        await asyncio.sleep(self.takes_s)
        self.done.append(message)

    async def tag(self, tag: PutTag) -> None:
        self.done.append(tag)

    async def forbid(self, wish: Forbid) -> None:
        await asyncio.sleep(self.takes_s)
        self.done.append(wish)

    async def callback(self, wish: CallBackAt) -> None:
        self.done.append(wish)


class Understanding:
    """Knows one intent and one time."""

    def guess(self, text: str, *, only: Sequence[str]) -> tuple[IntentGuess, ...]:
        return (IntentGuess("slow", 0.9),) if "долго" in text and "slow" in only else ()

    def instant(self, text: str) -> str | None:
        return WHEN if "завтра" in text else None


def sid(name: str) -> StepId:
    return StepId(name)


END = End(id=sid("end"), prompt=Prompt(text="К оплате {sum|что-то}"))
FETCH = Fetch(
    id=sid("fetch"),
    url="https://crm.example",
    save={"/sum": "sum"},
    then=sid("end"),
    failed=sid("sorry"),
    timeout_s=2.0,
    retries=0,
)
SORRY = End(id=sid("sorry"), prompt=Prompt(text="Не вышло"))
ASK = Ask(
    id=sid("q"),
    prompt=Prompt(text="Удобно говорить, или лучше потом?"),
    question="Удобно",
    answers=(Answer(id="1", label="Да", key="1", phrases=("да",), then=sid("end")),),
    otherwise=sid("end"),
    intents={"slow": sid("sorry")},
)
INTENTS = {
    "who": Intent(phrases=("кто это",)),
    "stop": Intent(phrases=("больше не звоните",)),
    "slow": Intent(examples=("почему так долго",)),
}
HANDLERS = (
    Handler(id="who", kind=HandlerKind.WHO, intent="who", reply=Prompt(text="Это клиника")),
    Handler(id="stop", kind=HandlerKind.DO_NOT_CALL, intent="stop", reply=Prompt(text="Больше не позвоним")),
)


def flow_of(*steps: Step, flows: dict[str, SubFlow] | None = None) -> Flow:
    all_steps = {one.id: one for one in (*steps, END, SORRY)}
    return Flow(name="t", start=steps[0].id, steps=all_steps, intents=INTENTS, handlers=HANDLERS, flows=flows or {})


def talk(folder: Path, line: FakeLine, flow: Flow, errands: ScriptedErrands | None = None) -> Outcome:
    settings = CallSettings(
        recordings=folder / "recordings",
        call_name="7",
        detect_machines=False,
        language=Language.RU,
        errands=errands or ScriptedErrands(),
        meaning=Understanding(),
    )
    call = RobotCall(flow, variables={}, line=line, senses=senses(folder, ears=EARS), settings=settings)

    async def hold() -> Outcome:
        async with asyncio.TaskGroup() as group:
            group.create_task(line.run())
            return await call.run()

    return run_virtual(hold())


def said(outcome: Outcome) -> list[str]:
    return [line.text for line in outcome.transcript if line.speaker is Speaker.ROBOT]


def test_R6_6_what_was_fetched_meanwhile_is_said(tmp_path: Path) -> None:
    outcome = talk(tmp_path, FakeLine([]), flow_of(FETCH))
    assert said(outcome) == ["К оплате пятьсот"]
    assert outcome.result is CallResult.COMPLETED


def test_R6_6_an_answer_that_does_not_come_takes_its_own_way_in_time(tmp_path: Path) -> None:
    outcome = talk(tmp_path, FakeLine([]), flow_of(FETCH), ScriptedErrands(takes_s=100.0))
    assert said(outcome) == ["Не вышло"]
    assert outcome.audio_ms < 6_000


def test_words_and_keys_while_something_is_waited_for_change_nothing(tmp_path: Path) -> None:
    line = FakeLine([Say(sound(YES, 400)), Press("1")])
    outcome = talk(tmp_path, line, flow_of(FETCH), ScriptedErrands(takes_s=1.5))
    assert said(outcome) == ["К оплате пятьсот"]


def test_who_hangs_up_meanwhile_waits_for_nothing(tmp_path: Path) -> None:
    errands = ScriptedErrands(takes_s=2.5)
    outcome = talk(tmp_path, FakeLine([HangUp(When(at_ms=500))]), flow_of(FETCH), errands)
    assert outcome.result is CallResult.HUNG_UP_EARLY
    assert [type(one) for one in errands.done] == [FetchThis]


def test_R6_6_messages_tags_and_wishes_are_done_though_the_call_is_over(tmp_path: Path) -> None:
    errands = ScriptedErrands()
    steps = (
        Tag(id=sid("tag"), tag="спор", then=sid("sms")),
        Message(id=sid("sms"), text="Текст", then=sid("q")),
        ASK,
    )
    outcome = talk(tmp_path, FakeLine([Say(sound(STOP, 600)), HangUp()]), flow_of(*steps), errands)
    assert outcome.result is CallResult.COMPLETED
    assert outcome.tags == ("спор",)
    assert {type(one) for one in errands.done} == {PutTag, SendMessage, Forbid}


def test_R6_6_a_handler_answers_and_the_question_is_put_again(tmp_path: Path) -> None:
    outcome = talk(tmp_path, FakeLine([Say(sound(WHO, 500)), Say(sound(YES, 400))]), flow_of(ASK))
    assert said(outcome) == [ASK.prompt.text, "Это клиника", ASK.prompt.text, "К оплате что-то"]
    assert [answer.label for answer in outcome.answers] == ["Да"]
    assert outcome.path == ("q", "@who", "end")


def test_R6_6_an_intent_is_guessed_from_free_words(tmp_path: Path) -> None:
    outcome = talk(tmp_path, FakeLine([Say(sound(WORDS, 900))]), flow_of(ASK))
    assert [(answer.answer, answer.how, answer.confidence) for answer in outcome.answers] == [("slow", How.INTENT, 0.9)]
    assert said(outcome)[-1] == "Не вышло"


@pytest.mark.parametrize(
    ("kind", "tone", "answer"), [(ListenFor.TEXT, WORDS, "долго ждал ответа"), (ListenFor.DATE_TIME, TOMORROW, WHEN)]
)
def test_R6_6_free_words_are_heard_and_kept(tmp_path: Path, kind: ListenFor, tone: int, answer: str) -> None:
    why = Listen(
        id=sid("why"),
        prompt=Prompt(text="Почему?"),
        variable="sum",
        kind=kind,
        question="Почему",
        then=sid("end"),
        otherwise=sid("sorry"),
    )
    outcome = talk(tmp_path, FakeLine([Say(sound(tone, 900))]), flow_of(why))
    (given,) = outcome.answers
    assert answer in (given.label, given.said)


def test_speech_stops_the_question_of_a_sub_flow_too(tmp_path: Path) -> None:
    sub = SubFlow(
        start=sid("q"),
        steps={
            sid("q"): Ask(
                id=sid("q"),
                prompt=Prompt(text="Длинный вопрос, на который отвечают, не дослушав его до конца?"),
                question="Вопрос",
                answers=(Answer(id="1", label="Да", phrases=("да",), then=sid("back")),),
                otherwise=sid("back"),
            ),
            sid("back"): Return(id=sid("back")),
        },
    )
    line = FakeLine([Say(sound(YES, 500), When(robot_spoke_ms=600))])
    outcome = talk(tmp_path, line, flow_of(Call(id=sid("c"), flow="sub", then=sid("end")), flows={"sub": sub}))
    assert outcome.transcript[0].interrupted
    assert [(answer.step, answer.label) for answer in outcome.answers] == [("sub/q", "Да")]
