"""SPEC R6.6: steps that change variables, call out, act, send and keep what was said."""

from __future__ import annotations

import pytest

from core.results import CallResult
from robot.dialog.events import (
    Acted,
    ActThis,
    CallBackAt,
    CallerGone,
    Command,
    DialogEvent,
    DialogState,
    Fetched,
    FetchThis,
    Finish,
    Heard,
    How,
    Listen,
    NoInput,
    Phase,
    Pressed,
    PromptEnded,
    PutTag,
    SendMessage,
    Speak,
    Started,
)
from robot.dialog.flow import (
    Act,
    Branch,
    Call,
    Callback,
    Case,
    Channel,
    Dispose,
    End,
    Fetch,
    Flow,
    ListenFor,
    Message,
    Op,
    Prompt,
    Return,
    Say,
    Set,
    Step,
    StepId,
    SubFlow,
    Tag,
    check_links,
)
from robot.dialog.flow import Listen as ListenStep
from robot.dialog.passing import MAX_FRAMES
from robot.dialog.step import MAX_UNANSWERED, begin, step

OK, BAD = StepId("ok"), StepId("bad")
ENDS: tuple[Step, ...] = (
    End(id=OK, prompt=Prompt(text="{sum} {note}")),
    End(id=BAD, prompt=Prompt(text="Не вышло"), disposition="сбой"),
)


def flow_of(*steps: Step, flows: dict[str, SubFlow] | None = None, variables: dict[str, str] | None = None) -> Flow:
    by_id = {one.id: one for one in (*steps, *ENDS)}
    made = Flow(name="t", start=steps[0].id, steps=by_id, flows=flows or {}, variables=variables or {})
    check_links(made)
    return made


def run(flow: Flow, *events: DialogEvent, variables: dict[str, str] | None = None) -> tuple[DialogState, list[Command]]:
    state, done = begin(variables or {}), list[Command]()
    for event in events:
        state, commands = step(flow, state, event)
        done.extend(commands)
    return state, done


FETCH = Fetch(
    id=StepId("fetch"),
    method="POST",
    url="https://crm.example/orders/{phone}?q={note}",
    headers={"X-Name": "{first_name}"},
    body='{"name": "{first_name}", "note": "{note|нет}"}',
    save={"/order/sum": "Сумма", "/order/id": "order"},
    then=OK,
    failed=BAD,
    timeout_s=2.0,
    prompt=Prompt(text="Минуту"),
)


def test_R6_6_a_call_over_http_is_ordered_after_its_prompt_with_escaped_values() -> None:
    contact = {"phone": "+7 912", "first_name": 'Анна "А"\r\nX: y', "note": ""}
    state, done = run(flow_of(FETCH), Started(), PromptEnded(), variables=contact)
    assert state.phase is Phase.WAITING
    assert done[1:] == [
        FetchThis(
            step=StepId("fetch"),
            method="POST",
            url="https://crm.example/orders/%2B7%20912?q=",
            headers={"X-Name": 'Анна "А"X: y'},
            body='{"name": "Анна \\"А\\"\\r\\nX: y", "note": "нет"}',
            timeout_s=2.0,
            retries=1,
            save={"/order/sum": "Сумма", "/order/id": "order"},
        )
    ]


def test_R6_6_what_was_fetched_is_kept_in_the_variables_that_the_step_names_and_nowhere_else() -> None:
    answer = Fetched({"Сумма": "500", "phone": "+1"})
    flow = flow_of(FETCH)
    state, _ = run(flow, Started(), PromptEnded(), answer, variables={"phone": "+7912"})
    assert (state.variables["сумма"], state.variables["phone"]) == ("500", "+7912")
    assert state.at == OK


@pytest.mark.parametrize("error", ["timeout", "bad_status"])
def test_R6_6_a_call_that_fails_takes_its_own_way(error: str) -> None:
    state, _ = run(flow_of(FETCH), Started(), PromptEnded(), Fetched({"Сумма": "5"}, error))
    assert (state.at, "сумма" in state.variables) == (BAD, False)


@pytest.mark.parametrize("event", [Heard("алло"), Pressed("1"), NoInput(), PromptEnded(), Acted()])
def test_while_something_is_waited_for_words_and_keys_change_nothing(event: DialogEvent) -> None:
    state, done = run(flow_of(FETCH), Started(), PromptEnded(), event)
    assert (state.phase, len(done)) == (Phase.WAITING, 2)


def test_who_hangs_up_while_something_is_waited_for_has_hung_up_early() -> None:
    assert run(flow_of(FETCH), Started(), PromptEnded(), CallerGone())[0].result is CallResult.HUNG_UP_EARLY


ACT = Act(id=StepId("act"), action="price", then=OK, failed=BAD)


def test_R6_6_an_action_gets_the_variables_sets_slots_and_is_said() -> None:
    flow = flow_of(ACT)
    state, done = run(flow, Started(), variables={"sum": "1"})
    assert done == [ActThis(StepId("act"), "price", {"sum": "1"}, 5.0)]
    state, commands = step(flow, state, Acted({"Sum": "7", "sum_old": None}, ("Цена 7 {sum}", "рублей")))
    assert [command.text for command in commands if isinstance(command, Speak)] == ["Цена семь (sum) рублей"]
    state, commands = step(flow, state, PromptEnded())
    assert (state.variables["sum"], state.variables["sum_old"]) == ("7", "")
    assert state.at == OK
    assert run(flow, Started(), Acted(error="timeout"))[0].at == BAD


def test_R6_6_variables_are_set_and_branched_on() -> None:
    flow = flow_of(
        Set(id=StepId("set"), variable="Всего", value="{sum}0", then=StepId("branch")),
        Branch(
            id=StepId("branch"),
            cases=(
                Case(variable="всего", op=Op.MORE, value="100", then=OK),
                Case(variable="note", op=Op.FILLED, then=OK),
            ),
            otherwise=BAD,
        ),
    )
    assert run(flow, Started(), variables={"sum": "11"})[0].at == OK
    assert run(flow, Started(), variables={"sum": "9"})[0].at == BAD
    assert run(flow, Started(), variables={"sum": "9", "Note": "есть"})[0].at == OK


def test_R6_6_messages_tags_and_dispositions_go_on_at_once() -> None:
    flow = flow_of(
        Message(id=StepId("sms"), text="К оплате {sum}", then=StepId("tag")),
        Tag(id=StepId("tag"), tag="должник", then=StepId("tag2")),
        Tag(id=StepId("tag2"), tag="должник", then=StepId("dispose")),
        Dispose(id=StepId("dispose"), disposition="оповещён", then=OK),
        variables={"sum": "100"},
    )
    state, done = run(flow, Started(), PromptEnded(), variables={"note": "руб."})
    variables = {"sum": "100", "note": "руб."}
    assert done == [
        SendMessage(StepId("sms"), Channel.SMS, "", "", "К оплате 100", None, variables),
        PutTag("должник"),
        done[2],
        Finish(CallResult.COMPLETED, "оповещён"),
    ]
    assert isinstance(done[2], Speak)
    assert (state.tags, state.messages) == (("должник",), ("sms",))


def test_what_lies_between_the_last_words_and_the_end_is_done_though_the_caller_hangs_up() -> None:
    flow = flow_of(
        Say(id=StepId("say"), prompt=Prompt(text="Спасибо"), then=StepId("tag")),
        Tag(id=StepId("tag"), tag="оповещён", then=StepId("end")),
        End(id=StepId("end")),
    )
    assert run(flow, Started(), CallerGone(0.9))[1][1:] == [PutTag("оповещён"), Finish(CallResult.COMPLETED)]
    assert run(flow, Started(), CallerGone(0.1))[1][1:] == [Finish(CallResult.HUNG_UP_EARLY)]


WHEN = "2026-11-26T15:00:00+03:00"


@pytest.mark.parametrize(
    ("value", "promised"),
    [(WHEN, CallBackAt(WHEN, None)), ("завтра", CallBackAt(None, 60)), ("", CallBackAt(None, 60))],
)
def test_R6_6_a_callback_takes_the_time_that_was_said_or_else_its_delay(value: str, promised: CallBackAt) -> None:
    callback = Callback(id=StepId("call"), variable="time", delay_min=60, then=OK)
    state, done = run(flow_of(callback), Started(), PromptEnded(), variables={"time": value})
    assert done[0] == promised
    assert state.result is CallResult.CALLBACK_REQUESTED


def listen(kind: ListenFor, **more: float | str) -> Flow:
    return flow_of(
        ListenStep(
            id=StepId("q"),
            variable="note",
            then=OK,
            otherwise=BAD,
            prompt=Prompt(text="Скажите"),
            kind=kind,
            question="Вопрос",
            **more,  # type: ignore[arg-type]
        )
    )


def test_R6_6_free_words_are_kept_as_an_answer() -> None:
    state, done = run(listen(ListenFor.TEXT), Started(), PromptEnded(), Heard("долго ждал оператора", 0.8))
    assert state.variables["note"] == "долго ждал оператора"
    (answer,) = state.answers
    assert (answer.question, answer.label, answer.said) == ("Вопрос", "", "долго ждал оператора")
    assert (answer.how, answer.confidence) == (How.SPEECH, 0.8)
    how = done[1]
    assert isinstance(how, Listen)
    assert (how.free, how.longest_s, how.phrases) == (True, 30.0, ())


@pytest.mark.parametrize("turn", [NoInput(), Heard(""), Heard("ну не знаю")])
def test_R6_6_what_is_not_of_the_kind_is_asked_for_again_and_then_goes_otherwise(turn: DialogEvent) -> None:
    state, _ = run(listen(ListenFor.NUMBER), Started(), PromptEnded(), turn)
    assert (state.tries, state.phase) == (1, Phase.SPEAKING)
    assert run(listen(ListenFor.NUMBER), Started(), PromptEnded(), turn, PromptEnded(), turn)[0].at == BAD


def test_R6_6_a_number_may_be_typed_and_ends_with_a_hash_or_a_pause() -> None:
    flow = listen(ListenFor.NUMBER, most=10.0)
    for last in (Pressed("#"), NoInput()):
        state, done = run(flow, Started(), Pressed("1"), Pressed("0"), last)
        assert (state.variables["note"], state.at) == ("10", OK)
        assert (state.answers[0].label, state.answers[0].how) == ("10", How.KEY)
    assert isinstance(done[1], Listen)
    assert done[1].wait_s == 3.0
    state, _ = run(flow, Started(), PromptEnded(), Pressed("1"), Pressed("1"), Pressed("#"))
    assert (state.tries, state.typed) == (1, "")


def test_R6_6_an_instant_is_the_one_that_the_words_were_read_as() -> None:
    flow = listen(ListenFor.DATE_TIME)
    state, done = run(flow, Started(), PromptEnded(), Heard("завтра в три", value=WHEN))
    assert state.variables["note"] == WHEN
    assert isinstance(done[1], Listen)
    assert (done[1].wants_time, done[1].kind) == (True, ListenFor.DATE_TIME)
    assert run(flow, Started(), PromptEnded(), Heard("завтра"))[0].tries == 1


def test_what_is_declared_has_its_default_until_the_contact_or_the_dialog_has_a_value() -> None:
    flow = flow_of(Say(id=StepId("say"), prompt=Prompt(text="{Sum}"), then=OK), variables={"SUM": "100"})
    for given, said in (({}, "сто"), ({"sum": "5"}, "пять"), ({"Sum": ""}, "сто")):
        done = run(flow, Started(), variables=dict(given))[1]
        assert isinstance(done[0], Speak)
        assert done[0].text == said


def test_a_sub_flow_that_calls_itself_for_ever_ends_as_a_system_error() -> None:
    deeper = SubFlow(
        start=StepId("call"),
        steps={
            StepId("call"): Call(id=StepId("call"), flow="deeper", then=StepId("back")),
            StepId("back"): Return(id=StepId("back")),
        },
    )
    flow = flow_of(Call(id=StepId("in"), flow="deeper", then=OK), flows={"deeper": deeper})
    state, done = run(flow, Started())
    assert done == [Finish(CallResult.SYSTEM_ERROR)]
    assert len(state.path) == MAX_FRAMES + 1


def test_a_circle_of_questions_that_nobody_answers_comes_to_an_end() -> None:
    one = ListenStep(id=StepId("one"), variable="x", then=OK, otherwise=StepId("two"), prompt=Prompt(text="Раз"))
    two = ListenStep(id=StepId("two"), variable="x", then=OK, otherwise=StepId("one"), prompt=Prompt(text="Два"))
    _, done = run(flow_of(one, two), Started(), *(PromptEnded(), NoInput()) * (MAX_UNANSWERED + 5))
    assert done[-1] == Finish(CallResult.NO_INPUT)
    assert sum(isinstance(command, Listen) for command in done) == MAX_UNANSWERED
