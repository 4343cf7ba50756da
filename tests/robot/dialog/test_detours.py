"""SPEC R6.6: what is handled anywhere in a dialog, then back at the interrupted step."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from core.results import CallResult
from robot.dialog.detours import MAX_NOISES
from robot.dialog.events import (
    CallBackAt,
    CallerGone,
    Command,
    DialogEvent,
    DialogState,
    Finish,
    Forbid,
    Heard,
    How,
    IntentGuess,
    Interrupted,
    Listen,
    NoInput,
    Pressed,
    PromptEnded,
    Speak,
    Started,
    TransferEnded,
    TransferTo,
)
from robot.dialog.flow import (
    Answer,
    Ask,
    Call,
    End,
    Flow,
    Handler,
    HandlerKind,
    Intent,
    ListenFor,
    Prompt,
    Return,
    Say,
    Step,
    StepId,
    SubFlow,
    check_links,
)
from robot.dialog.flow import Listen as ListenStep
from robot.dialog.step import begin, step

WHEN = "2026-11-26T15:00:00+03:00"
INTENTS = {
    "price": Intent(phrases=("дорого", "нет денег")),
    "who": Intent(phrases=("кто это", "кто говорит")),
    "wait": Intent(phrases=("подождите", "минуту")),
    "repeat": Intent(phrases=("повторите",)),
    "later": Intent(phrases=("позже", "перезвоните")),
    "no": Intent(phrases=("не интересно",)),
    "stop": Intent(phrases=("больше не звоните",)),
    "operator": Intent(phrases=("оператора",)),
    "joke": Intent(examples=("расскажи анекдот", "беру после анекдота")),
}


def handler(kind: HandlerKind, intent: str, **more: Any) -> Handler:  # noqa: ANN401  # fields of a handler
    more.setdefault("reply", Prompt(text=f"<{intent}>"))
    return Handler(id=intent, kind=kind, intent=intent, **more)


HANDLERS = (
    handler(HandlerKind.OBJECTION, "price", again=Prompt(text="<price again>"), escalation=StepId("sorry")),
    handler(HandlerKind.WHO, "who", limit=1),
    handler(HandlerKind.WAIT, "wait", wait_s=20.0),
    handler(HandlerKind.REPEAT, "repeat", reply=None),
    handler(HandlerKind.LATER, "later", goodbye=Prompt(text="Позвоню {callback_time}"), delay_min=90),
    handler(HandlerKind.NOT_INTERESTED, "no", disposition="отказ"),
    handler(HandlerKind.DO_NOT_CALL, "stop", disposition="не звонить"),
    handler(HandlerKind.OPERATOR, "operator", group="Продажи", wait_s=30.0),
    handler(HandlerKind.ROBOT, "joke"),
)
OFFER = Ask(
    id=StepId("offer"),
    prompt=Prompt(text="Берёте?"),
    again=Prompt(text="Так берёте?"),
    answers=(
        Answer(id="yes", label="Да", key="1", phrases=("да", "беру"), then=StepId("bye")),
        Answer(id="no", label="Нет", key="2", phrases=("нет",), then=StepId("bye")),
    ),
    otherwise=StepId("sorry"),
    question="Предложение",
)
BYE = End(id=StepId("bye"), prompt=Prompt(text="До свидания"))
SORRY = End(id=StepId("sorry"), prompt=Prompt(text="Жаль"), disposition="не понял")


def flow_of(*steps: Step, handlers: tuple[Handler, ...] = HANDLERS, flows: dict[str, SubFlow] | None = None) -> Flow:
    by_id = {one.id: one for one in steps}
    made = Flow(name="t", start=steps[0].id, steps=by_id, intents=INTENTS, handlers=handlers, flows=flows or {})
    check_links(made)
    return made


FLOW = flow_of(OFFER, BYE, SORRY)


class Talk:
    """A dialog under way; a prompt is always heard to its end before the next event unless the event stops it."""

    def __init__(self, flow: Flow = FLOW) -> None:
        self.flow = flow
        self.state: DialogState = begin({})
        self.said: list[str] = []
        self.errands: list[Command] = []
        self.now: Command | None = None
        self.tell(Started())

    def tell(self, event: DialogEvent) -> None:
        self.state = msgspec.json.decode(msgspec.json.encode(self.state), type=DialogState)
        self.state, commands = step(self.flow, self.state, event)
        if commands:
            *errands, self.now = commands
            self.errands += errands
        if isinstance(self.now, Speak) and commands:
            self.said.append(self.now.text)

    def after(self, *events: DialogEvent) -> Talk:
        for event in events:
            while isinstance(self.now, Speak) and not isinstance(event, Interrupted | CallerGone):
                self.heard_out()
            self.tell(event)
        return self

    def heard_out(self) -> None:
        self.now = None
        self.tell(PromptEnded())

    def end(self) -> Finish:
        while isinstance(self.now, Speak):
            self.heard_out()
        assert isinstance(self.now, Finish)
        return self.now


def test_R6_6_an_objection_is_answered_and_the_question_put_again_in_short() -> None:
    talk = Talk().after(Heard("это дорого"), Heard("беру"))
    assert talk.said == ["Берёте?", "<price>", "Так берёте?", "До свидания"]
    assert [answer.label for answer in talk.state.answers] == ["Да"]
    assert talk.state.path == ("offer", "@price", "bye")


def test_R6_6_an_objection_has_a_limit_of_its_own_and_an_escalation() -> None:
    talk = Talk().after(Heard("дорого"), Heard("кто это"), Heard("дорого"), Heard("дорого"))
    assert talk.said == [
        *("Берёте?", "<price>", "Так берёте?", "<who>", "Так берёте?"),
        *("<price again>", "Так берёте?", "Жаль"),
    ]
    assert talk.end() == Finish(CallResult.COMPLETED, "не понял")


def test_R6_6_past_a_limit_without_escalation_the_words_are_no_answer() -> None:
    talk = Talk().after(Heard("кто это"), Heard("кто это"))
    assert (talk.state.used, talk.state.tries) == ({"who": 1}, 1)
    assert talk.said[-1] == "Так берёте?"


def test_R6_6_a_detour_does_not_give_the_question_more_tries() -> None:
    talk = Talk().after(NoInput(), Heard("дорого"), NoInput())
    assert talk.end().disposition == "не понял"


def test_R6_6_an_expected_answer_beats_a_handler_unless_its_words_are_a_part_of_the_handlers() -> None:
    assert Talk().after(Heard("беру хоть и дорого")).state.answers[0].label == "Да"
    assert Talk().after(Heard("нет денег")).state.used == {"price": 1}


def test_R6_4_a_bare_consent_gives_way_to_what_the_other_words_mean() -> None:
    assert Talk().after(Heard("да но дорого")).state.used == {"price": 1}
    assert Talk().after(Heard("да а кто это")).state.used == {"who": 1}
    expensive = (IntentGuess("price", 0.7), IntentGuess("no", 0.6))
    assert Talk().after(Heard("да только цены у вас", intents=expensive)).state.used == {"price": 1}


def test_R6_4_an_example_said_word_for_word_wins_over_a_phrase_that_is_a_part_of_it() -> None:
    assert Talk().after(Heard("беру после анекдота")).state.used == {"joke": 1}
    assert [one.label for one in Talk().after(Heard("беру после анекдотов")).state.answers] == ["Да"]


@pytest.mark.parametrize(("said", "used"), [("пять минут подождите", {}), ("расскажи один анекдот", {"joke": 1})])
def test_R6_6_a_handlers_own_words_as_a_whole_are_no_number(said: str, used: dict[str, int]) -> None:
    number = ListenStep(
        id=StepId("offer"), variable="x", kind=ListenFor.NUMBER, then=StepId("bye"), otherwise=StepId("sorry")
    )
    intents = INTENTS | {"joke": Intent(examples=("расскажи один анекдот",))}
    flow = msgspec.structs.replace(flow_of(number, BYE, SORRY), intents=intents)
    assert Talk(flow).after(Heard(said)).state.used == used


def test_R6_4_a_no_that_speaks_of_something_missing_gives_way_to_a_handler() -> None:
    guess = (IntentGuess("who", 0.7),)
    assert Talk().after(Heard("начальства тут нет", intents=guess)).state.used == {"who": 1}
    assert [one.label for one in Talk().after(Heard("нет начальства", intents=guess)).state.answers] == ["Нет"]
    assert [one.label for one in Talk().after(Heard("ну нет", intents=guess)).state.answers] == ["Нет"]


@pytest.mark.parametrize(
    "turn",
    [
        Heard("ну да", intents=(IntentGuess("price", 0.9),)),
        Heard("да да конечно", intents=(IntentGuess("price", 0.9),)),
        Heard("да беру дорого"),
        Heard("да беру", intents=(IntentGuess("price", 0.9),)),
        Heard("да это я говорю", intents=(IntentGuess("who", 0.9),)),
        Heard("да давайте", intents=(IntentGuess("joke", 0.9), IntentGuess("price", 0.6))),
        Heard("да пожалуйста"),
    ],
)
def test_R6_4_a_consent_that_is_all_or_is_repeated_stands(turn: Heard) -> None:
    assert [answer.label for answer in Talk().after(turn).state.answers] == ["Да"]


def test_R6_6_a_wish_not_to_be_called_again_is_never_lost_behind_an_answer() -> None:
    talk = Talk().after(Heard("нет, больше не звоните"))
    assert talk.errands == [Forbid("нет, больше не звоните")]
    assert talk.end() == Finish(CallResult.COMPLETED, "не звонить")


def test_R6_6_such_a_wish_counts_by_a_guess_too_but_not_behind_a_plain_answer() -> None:
    guess = (IntentGuess("stop", 0.9),)
    assert Talk().after(Heard("нет, и забудьте мой номер", intents=guess)).state.forbidden
    assert not Talk().after(Heard("ну нет", intents=guess)).state.forbidden
    assert not Talk().after(Heard("нет и забудьте", intents=(IntentGuess("no", 0.9),))).state.forbidden


def test_R6_6_do_not_call_counts_also_when_the_caller_hangs_up_at_once() -> None:
    talk = Talk().after(Heard("больше не звоните"), CallerGone())
    assert talk.errands == [Forbid("больше не звоните")]
    assert talk.now == Finish(CallResult.COMPLETED, "не звонить")


def test_R6_6_a_negated_phrase_calls_no_handler() -> None:
    assert Talk().after(Heard("не дорого")).state.used == {}
    guess = (IntentGuess("price", 0.99),)
    assert Talk().after(Heard("не дорого", intents=guess)).state.used == {}, "nor does a guess"


def test_R6_6_repeat_says_the_whole_question() -> None:
    talk = Talk().after(NoInput(), Heard("повторите"))
    assert talk.said == ["Берёте?", "Так берёте?", "Берёте?"]
    assert talk.state.tries == 1


def test_R6_6_who_is_asked_to_wait_stays_silent_and_then_goes_on() -> None:
    talk = Talk().after(Heard("минуту"), PromptEnded())
    assert isinstance(talk.now, Listen)
    assert talk.now.wait_s == 20.0
    assert talk.now.phrases[:3] == ("да", "беру", "нет")
    assert talk.after(NoInput()).said == ["Берёте?", "<wait>", "Так берёте?"]


@pytest.mark.parametrize("turn", [Heard("да"), Pressed("1")])
def test_R6_6_an_answer_ends_the_wait(turn: DialogEvent) -> None:
    talk = Talk().after(Heard("минуту"), turn)
    assert [answer.label for answer in talk.state.answers] == ["Да"]
    assert talk.state.frames == ()


def test_R6_6_other_words_end_the_wait_with_the_question() -> None:
    talk = Talk().after(Heard("минуту"), Heard("слушаю вас"))
    assert (talk.said[-1], talk.state.tries, talk.state.detour) == ("Так берёте?", 0, None)


def test_R6_6_a_noise_does_not_end_the_wait_but_noises_without_end_do() -> None:
    talk = Talk().after(Heard("минуту"), Heard(""))
    assert (talk.said[-1], talk.state.detour) == ("<wait>", "wait")
    talk.after(*[Heard("")] * MAX_NOISES)
    assert (talk.said[-1], talk.state.detour) == ("Так берёте?", None)


def test_R6_6_call_later_asks_when_and_promises_the_time_that_was_said() -> None:
    talk = Talk().after(Heard("перезвоните позже"), Heard("завтра в три", value=WHEN))
    assert talk.said == [
        "Берёте?",
        "<later>",
        "Позвоню двадцать шестого ноября в пятнадцать ноль ноль",
    ]
    assert talk.errands == [CallBackAt(WHEN, None)]
    assert talk.end().result is CallResult.CALLBACK_REQUESTED
    assert (talk.state.callback_at, talk.state.callback_delay_min) == (WHEN, None)


def test_R6_6_call_later_takes_a_time_that_was_said_at_once() -> None:
    talk = Talk().after(Heard("перезвоните завтра в три", value=WHEN))
    assert len(talk.said) == 2
    assert talk.state.callback_at == WHEN


@pytest.mark.parametrize("turn", [Heard("не знаю"), NoInput(), Pressed("5"), Heard("завтра", value="завтра")])
def test_R6_6_a_time_that_is_not_understood_is_asked_for_once_more_and_then_put_off(turn: DialogEvent) -> None:
    talk = Talk().after(Heard("позже"), turn)
    assert talk.said[1:] == ["<later>", "<later>"]
    talk.after(turn)
    assert talk.said[-1] == "Позвоню"
    assert talk.errands == [CallBackAt(None, 90)]
    assert talk.end().result is CallResult.CALLBACK_REQUESTED


def test_R6_6_who_hangs_up_after_the_promise_gets_his_call_and_before_it_none() -> None:
    assert Talk().after(Heard("позже"), CallerGone()).now == Finish(CallResult.HUNG_UP_EARLY)
    promised = Talk().after(Heard("позже", value=WHEN), CallerGone())
    assert promised.now == Finish(CallResult.CALLBACK_REQUESTED)


def test_R6_6_a_detour_within_a_detour_comes_back_to_the_outer_one() -> None:
    talk = Talk().after(Heard("позже"), Heard("кто это"), Heard("завтра", value=WHEN))
    assert talk.said[:4] == ["Берёте?", "<later>", "<who>", "<later>"]
    assert talk.state.callback_at == WHEN


def test_R6_6_not_interested_ends_the_call_politely() -> None:
    talk = Talk().after(Heard("мне не интересно"))
    assert talk.said[-1] == "<no>"
    assert talk.end() == Finish(CallResult.COMPLETED, "отказ")


def test_R6_6_an_operator_is_put_through_and_where_none_comes_the_dialog_goes_on() -> None:
    talk = Talk().after(Heard("позовите оператора"))
    talk.after(PromptEnded())
    assert talk.now == TransferTo("Продажи", 30.0)
    assert Talk().after(Heard("оператора"), TransferEnded(connected=True)).now == Finish(CallResult.TRANSFERRED)
    talk.after(TransferEnded(connected=False))
    assert talk.said[-1] == "Так берёте?"


def test_a_key_answers_the_question_while_a_reply_leads_back_to_it() -> None:
    talk = Talk()
    talk.after(Heard("дорого"))
    assert isinstance(talk.now, Speak)
    assert (talk.now.barge_in, talk.now.keys_only) == (True, True)
    talk.tell(Pressed("1"))
    assert [answer.how for answer in talk.state.answers] == [How.KEY]
    assert (talk.state.detour, talk.state.frames) == (None, ())


def test_keys_do_not_stop_a_good_bye() -> None:
    talk = Talk().after(Heard("не интересно"))
    talk.tell(Pressed("1"))
    talk.tell(Interrupted(10))
    assert talk.state.answers == ()
    assert talk.end().disposition == "отказ"


def test_an_example_said_word_for_word_needs_no_classifier() -> None:
    assert Talk().after(Heard("Расскажи анекдот!")).said[-1] == "<joke>"
    assert Talk().after(Heard("анекдот", intents=(IntentGuess("joke", 0.8),))).said[-1] == "<joke>"
    assert Talk().after(Heard("анекдот")).said[-1] == "Так берёте?"


def test_a_handler_may_lead_elsewhere_than_back() -> None:
    leading = handler(HandlerKind.OBJECTION, "price", then=StepId("bye"))
    talk = Talk(flow_of(OFFER, BYE, SORRY, handlers=(leading,))).after(Heard("дорого"))
    talk.end()
    assert talk.said == ["Берёте?", "<price>", "До свидания"]


CONVINCE = SubFlow(
    start=StepId("ask"),
    steps={
        StepId("ask"): Ask(
            id=StepId("ask"),
            prompt=Prompt(text="Скидка убедит?"),
            answers=(Answer(id="no", label="Не убедит", phrases=("не убедит",), then=StepId("end")),),
            otherwise=StepId("back"),
            question="Скидка",
            repeats=0,
        ),
        StepId("back"): Return(id=StepId("back")),
        StepId("end"): End(id=StepId("end"), disposition="не убедили"),
    },
)


def test_R6_6_a_handler_may_run_a_sub_flow_and_come_back() -> None:
    convincing = handler(HandlerKind.OBJECTION, "price", flow="convince")
    flow = flow_of(OFFER, BYE, SORRY, handlers=(convincing, HANDLERS[1]), flows={"convince": CONVINCE})
    talk = Talk(flow).after(Heard("дорого"), Heard("кто это"), Heard("подумаю"))
    assert talk.said == ["Берёте?", "<price>", "Скидка убедит?", "<who>", "Скидка убедит?", "Так берёте?"]
    assert talk.state.path == ("offer", "@price", "convince/ask", "@who", "convince/back")
    assert Talk(flow).after(Heard("дорого"), Heard("не убедит")).end().disposition == "не убедили"


def test_R6_6_a_handler_is_not_called_within_its_own_sub_flow() -> None:
    convincing = handler(HandlerKind.OBJECTION, "price", flow="convince")
    flow = flow_of(OFFER, BYE, SORRY, handlers=(convincing,), flows={"convince": CONVINCE})
    talk = Talk(flow).after(Heard("дорого"), Heard("дорого"))
    assert talk.said[-1] == "Так берёте?"


def test_a_question_of_a_sub_flow_is_come_back_to_and_the_call_goes_on_where_it_was() -> None:
    sub = SubFlow(
        start=StepId("q"),
        steps={
            StepId("q"): msgspec.structs.replace(
                OFFER,
                id=StepId("q"),
                otherwise=StepId("r"),
                answers=(Answer(id="yes", label="Да", phrases=("да",), then=StepId("r")),),
            ),
            StepId("r"): Return(id=StepId("r")),
        },
    )
    call = Call(id=StepId("call"), flow="sub", then=StepId("second"))
    second = Call(id=StepId("second"), flow="sub", then=StepId("bye"))
    talk = Talk(flow_of(call, second, BYE, SORRY, flows={"sub": sub})).after(Heard("дорого"), Heard("да"), Heard("да"))
    talk.end()
    assert [answer.step for answer in talk.state.answers] == ["sub/q", "sub/q"]
    assert talk.state.path == ("call", "sub/q", "@price", "sub/r", "second", "sub/q", "sub/r", "bye")


def test_words_into_a_greeting_that_may_be_interrupted_are_handled_too() -> None:
    greeting = Say(id=StepId("hi"), prompt=Prompt(text="Добрый день"), then=StepId("offer"), barge_in=True)
    talk = Talk(flow_of(greeting, OFFER, BYE, SORRY))
    talk.tell(Interrupted(100))
    talk.tell(Heard("а кто это"))
    talk.tell(PromptEnded())
    assert talk.said == ["Добрый день", "<who>", "Добрый день"]


def test_free_words_are_kept_though_a_handlers_phrase_is_among_them() -> None:
    why = ListenStep(
        id=StepId("why"), prompt=Prompt(text="Почему?"), variable="reason", then=StepId("bye"), otherwise=StepId("bye")
    )
    flow = flow_of(why, BYE, SORRY)
    assert Talk(flow).after(Heard("слишком дорого и кто это вообще")).state.variables["reason"].startswith("слишком")
    assert Talk(flow).after(Heard("кто это")).said[-1] == "<who>"
    assert Talk(flow).after(Heard("ну дорого и больше не звоните")).errands
