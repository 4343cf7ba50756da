"""How a dialog goes on and what it ends with: examples, and what holds for any flow and any order of events."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.results import CallResult
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
    Interrupted,
    Listen,
    NoInput,
    Phase,
    Pressed,
    PromptEnded,
    PutTag,
    SendMessage,
    Speak,
    Started,
    TransferEnded,
    TransferTo,
)
from robot.dialog.flow import (
    Answer,
    Ask,
    Callback,
    End,
    Flow,
    Prompt,
    Say,
    Step,
    StepId,
    Transfer,
    check_links,
    flow_from_json,
    flow_to_json,
    links_of,
)
from robot.dialog.step import MAX_CUT_SHORT, MAX_PATH, begin, step

ERRANDS = (CallBackAt, Forbid, PutTag, SendMessage)
END = End(id=StepId("end"))


def flow_of(*steps: Step) -> Flow:
    flow = Flow(name="test", start=steps[0].id, steps={one.id: one for one in steps})
    check_links(flow)
    return flow


def say(name: str, then: str, *, text: str = "текст", barge_in: bool = False) -> Say:
    return Say(id=StepId(name), prompt=Prompt(text=text), then=StepId(then), barge_in=barge_in)


def ask(
    name: str,
    then: str,
    *,
    repeats: int = 1,
    question: str | None = "Вопрос",
    speech: bool = True,
    barge_in: bool = True,
) -> Ask:
    return Ask(
        id=StepId(name),
        prompt=Prompt(text=f"{name}?"),
        answers=(
            Answer(id="yes", label="Да", key="1", phrases=("да",) if speech else (), then=StepId(then)),
            Answer(id="no", label="Нет", key="2", phrases=("нет",) if speech else (), then=StepId(then)),
        ),
        otherwise=StepId(then),
        question=question,
        repeats=repeats,
        barge_in=barge_in,
    )


def run(flow: Flow, *events: DialogEvent, variables: dict[str, str] | None = None) -> tuple[DialogState, list[Command]]:
    state, done = begin(variables or {}), list[Command]()
    for event in events:
        state, commands = step(flow, state, event)
        done.extend(commands)
    return state, done


QUESTION = flow_of(ask("q", "end"), END)
TWO = flow_of(ask("q1", "q2"), ask("q2", "end"), END)
MESSAGE = flow_of(say("message", "end"), END)
REPEATABLE = flow_of(
    Ask(
        id=StepId("message"),
        prompt=Prompt(text="весть"),
        answers=(Answer(id="repeat", key="1", then=StepId("message")),),
        otherwise=StepId("end"),
        repeats=0,
    ),
    END,
)


def test_a_prompt_is_said_and_then_the_turn_is_heard() -> None:
    _, done = run(QUESTION, Started(), PromptEnded())
    assert done == [
        Speak(text="q?", audio=None, voice=done[0].voice, barge_in=True),  # type: ignore[union-attr]
        Listen(phrases=("да", "нет"), keys="12", wait_s=5.0),
    ]


@pytest.mark.parametrize(
    ("turn", "how", "said", "confidence"),
    [(Pressed("1"), How.KEY, "1", 1.0), (Heard("ну да", 0.7), How.PHRASE, "ну да", 0.7)],
)
def test_R6_2_an_answer_is_stored_with_how_it_was_given(
    turn: DialogEvent, how: How, said: str, confidence: float
) -> None:
    state, done = run(QUESTION, Started(), PromptEnded(), turn)
    (answer,) = state.answers
    assert (answer.step, answer.question, answer.answer, answer.label) == ("q", "Вопрос", "yes", "Да")
    assert (answer.how, answer.said, answer.confidence) == (how, said, confidence)
    assert done[-1] == Finish(CallResult.COMPLETED)


@pytest.mark.parametrize("turn", [NoInput(), Heard("алло"), Heard("да нет"), Heard("не да"), Pressed("7"), Heard("")])
def test_R6_2_no_or_a_wrong_answer_is_asked_for_again_as_often_as_the_step_says(turn: DialogEvent) -> None:
    again = (PromptEnded(), turn)
    state, done = run(QUESTION, Started(), *again)
    assert isinstance(done[-1], Speak)
    state, done = run(QUESTION, Started(), *again, *again)
    assert isinstance(done[-1], Finish)
    assert state.answers == ()


def test_R6_2_the_second_try_is_said_in_its_own_words() -> None:
    question = ask("q", "end")
    flow = flow_of(msgspec.structs.replace(question, again=Prompt(text="Не расслышал")), END)
    _, done = run(flow, Started(), PromptEnded(), NoInput())
    assert isinstance(done[-1], Speak)
    assert done[-1].text == "Не расслышал"


def test_silence_all_along_is_no_input() -> None:
    silence = (PromptEnded(), NoInput())
    assert run(QUESTION, Started(), *silence, *silence)[0].result is CallResult.NO_INPUT
    heard = (PromptEnded(), Heard("мм"))
    assert run(QUESTION, Started(), *silence, *heard)[0].result is CallResult.COMPLETED


def test_silence_after_a_message_that_asked_nothing_is_completed() -> None:
    assert run(REPEATABLE, Started(), PromptEnded(), NoInput())[0].result is CallResult.COMPLETED
    assert run(MESSAGE, Started(), PromptEnded())[0].result is CallResult.COMPLETED


def test_R6_7_speech_interrupts_a_prompt_that_allows_it() -> None:
    state, done = run(QUESTION, Started(), Interrupted(heard_ms=300))
    assert isinstance(done[-1], Listen)
    state, done = run(QUESTION, Started(), Interrupted(heard_ms=300), Heard("да"))
    assert state.answers[0].answer == "yes"


@pytest.mark.parametrize("event", [Interrupted(heard_ms=10), Heard("да"), Pressed("1")])
def test_R6_7_nothing_interrupts_a_prompt_that_does_not_allow_it(event: DialogEvent) -> None:
    flow = flow_of(ask("q", "end", barge_in=False), END)
    state, done = run(flow, Started(), event)
    assert len(done) == 1
    assert (state.phase, state.answers) == (Phase.SPEAKING, ())


def test_R6_7_a_backchannel_changes_nothing() -> None:
    state, done = run(QUESTION, Started(), Heard("да"))
    assert (len(done), state.answers) == (1, ())


def test_R6_7_a_key_pressed_into_a_prompt_interrupts_and_answers() -> None:
    state, _ = run(QUESTION, Started(), Pressed("2"))
    assert state.answers[0].answer == "no"


def test_of_several_quick_keys_only_the_first_answers_the_question() -> None:
    flow = flow_of(ask("q1", "q2"), ask("q2", "end", barge_in=False), END)
    state, _ = run(flow, Started(), PromptEnded(), Pressed("1"), Pressed("2"), Pressed("2"))
    assert [answer.answer for answer in state.answers] == ["yes"]
    assert (state.at, state.phase) == ("q2", Phase.SPEAKING)


def test_an_early_key_answers_the_next_question_if_its_prompt_may_be_interrupted() -> None:
    state, _ = run(TWO, Started(), PromptEnded(), Pressed("1"), Pressed("2"))
    assert [(answer.step, answer.answer) for answer in state.answers] == [("q1", "yes"), ("q2", "no")]


def test_keys_pressed_while_a_reply_is_said_are_ignored() -> None:
    question = ask("q1", "q2")
    replying = tuple(msgspec.structs.replace(answer, reply=Prompt(text="Понял")) for answer in question.answers)
    flow = flow_of(msgspec.structs.replace(question, answers=replying), ask("q2", "end"), END)
    state, _ = run(flow, Started(), PromptEnded(), Pressed("1"), Pressed("1"), Interrupted(heard_ms=1), Heard("да"))
    assert [answer.step for answer in state.answers] == ["q1"]
    state, _ = run(flow, Started(), PromptEnded(), Pressed("1"), Pressed("1"), PromptEnded())
    assert state.at == "q2"


def test_a_message_of_keys_alone_is_stopped_by_keys_alone() -> None:
    _, done = run(REPEATABLE, Started())
    assert isinstance(done[0], Speak)
    assert (done[0].barge_in, done[0].keys_only) == (True, True)
    _, done = run(QUESTION, Started())
    assert isinstance(done[0], Speak)
    assert not done[0].keys_only


def test_a_message_cut_short_by_a_wrong_key_is_said_again() -> None:
    cut = (Interrupted(heard_ms=100), Pressed("9"))
    _, done = run(REPEATABLE, Started(), *cut)
    assert isinstance(done[-1], Speak)
    _, done = run(REPEATABLE, Started(), *cut * (MAX_CUT_SHORT + 1))
    assert isinstance(done[-1], Finish), "but not for ever"


def test_a_question_cut_short_by_words_is_begun_again_without_counting() -> None:
    cut = (Interrupted(heard_ms=100), Heard("алло"))
    wrong = (PromptEnded(), NoInput())
    for times in range(MAX_CUT_SHORT + 1):
        state, done = run(QUESTION, Started(), *cut * times, *wrong)
        assert (state.tries, state.cut_short) == (1, times)
        assert isinstance(done[-1], Speak)
    state, _ = run(QUESTION, Started(), *cut * (MAX_CUT_SHORT + 2))
    assert state.phase is Phase.ENDED, "but not for ever"


def test_a_wrong_key_into_a_question_counts() -> None:
    state, _ = run(QUESTION, Started(), Pressed("9"), Pressed("9"))
    assert state.phase is Phase.ENDED


def test_a_say_that_was_interrupted_goes_on_when_the_turn_is_over() -> None:
    flow = flow_of(say("greeting", "q", barge_in=True), ask("q", "end"), END)
    state, done = run(flow, Started(), Interrupted(heard_ms=50), Pressed("1"))
    assert (state.at, state.phase, state.answers) == ("q", Phase.SPEAKING, ())
    assert isinstance(done[-1], Speak)


@pytest.mark.parametrize(
    ("flow", "events", "result"),
    [
        (MESSAGE, [], CallResult.HUNG_UP_EARLY),
        (MESSAGE, [Started()], CallResult.HUNG_UP_EARLY),
        (QUESTION, [Started(), PromptEnded()], CallResult.HUNG_UP_EARLY),
        (TWO, [Started(), Pressed("1")], CallResult.HUNG_UP_EARLY),
        (REPEATABLE, [Started(), PromptEnded()], CallResult.COMPLETED),
        (REPEATABLE, [Started(), PromptEnded(), Pressed("1")], CallResult.COMPLETED),
        (REPEATABLE, [Started(), Pressed("1")], CallResult.HUNG_UP_EARLY),
    ],
)
def test_what_a_call_ends_with_when_the_caller_leaves(
    flow: Flow, events: list[DialogEvent], result: CallResult
) -> None:
    state, done = run(flow, *events, CallerGone())
    assert state.result is result
    assert done[-1] == Finish(result)


@pytest.mark.parametrize(
    ("heard", "result"), [(0.0, "hung_up_early"), (0.79, "hung_up_early"), (0.8, "completed"), (1.0, "completed")]
)
@pytest.mark.parametrize("flow", [MESSAGE, REPEATABLE])
def test_a_message_heard_almost_to_its_end_has_arrived(flow: Flow, heard: float, result: str) -> None:
    assert run(flow, Started(), CallerGone(heard))[0].result == result


def test_who_hangs_up_during_the_last_words_has_completed_the_call() -> None:
    closing = End(id=StepId("end"), prompt=Prompt(text="До свидания"), disposition="опрошен")
    flow = flow_of(ask("q", "end"), closing)
    state, _ = run(flow, Started(), Pressed("1"), CallerGone(0.0))
    assert (state.result, state.disposition) == (CallResult.COMPLETED, "опрошен")
    silent = (PromptEnded(), NoInput())
    assert run(flow, Started(), *silent, *silent, CallerGone(0.1))[0].result is CallResult.NO_INPUT


def test_a_question_whose_prompt_was_heard_is_not_the_last_words() -> None:
    assert run(QUESTION, Started(), CallerGone(1.0))[0].result is CallResult.HUNG_UP_EARLY


TRANSFER = flow_of(
    Transfer(
        id=StepId("transfer"), group="Продажи", otherwise=StepId("sorry"), prompt=Prompt(text="Соединяю"), wait_s=20
    ),
    End(id=StepId("sorry"), prompt=Prompt(text="Все заняты")),
)


def test_R6_3_a_transfer_ends_transferred_or_goes_on_otherwise() -> None:
    state, done = run(TRANSFER, Started(), PromptEnded())
    assert done[-1] == TransferTo(group="Продажи", wait_s=20)
    assert run(TRANSFER, Started(), PromptEnded(), TransferEnded(connected=True))[0].result is CallResult.TRANSFERRED
    state, done = run(TRANSFER, Started(), PromptEnded(), TransferEnded(connected=False))
    assert isinstance(done[-1], Speak)
    assert step(TRANSFER, state, PromptEnded())[0].result is CallResult.TRANSFER_FAILED
    assert step(TRANSFER, state, CallerGone(0.0))[0].result is CallResult.TRANSFER_FAILED


def test_R6_3_who_gives_up_waiting_for_an_operator_was_not_transferred() -> None:
    assert run(TRANSFER, Started(), PromptEnded(), CallerGone())[0].result is CallResult.TRANSFER_FAILED
    assert run(TRANSFER, Started(), CallerGone(1.0))[0].result is CallResult.HUNG_UP_EARLY


CALLBACK = flow_of(
    ask("q", "later"),
    Callback(id=StepId("later"), delay_min=60, then=StepId("bye")),
    say("bye", "more"),
    say("more", "end"),
    END,
)


@pytest.mark.parametrize(
    "rest", [[PromptEnded(), PromptEnded()], [CallerGone()], [CallerGone(1.0)], [PromptEnded(), CallerGone()]]
)
def test_R6_3_a_promised_callback_stays_promised(rest: list[DialogEvent]) -> None:
    state, _ = run(CALLBACK, Started(), Pressed("1"), *rest)
    assert (state.result, state.callback_delay_min) == (CallResult.CALLBACK_REQUESTED, 60)


def test_R6_3_who_leaves_during_the_reply_to_his_wish_gets_his_callback() -> None:
    question = ask("q", "later")
    replying = tuple(msgspec.structs.replace(answer, reply=Prompt(text="Перезвоним")) for answer in question.answers)
    later = Callback(id=StepId("later"), delay_min=5, then=StepId("end"))
    flow = flow_of(msgspec.structs.replace(question, answers=replying), later, END)
    state, _ = run(flow, Started(), Pressed("1"), CallerGone(0.1))
    assert (state.result, state.callback_delay_min) == (CallResult.CALLBACK_REQUESTED, 5)
    state, _ = run(flow, Started(), CallerGone(0.1))
    assert (state.result, state.callback_delay_min) == (CallResult.HUNG_UP_EARLY, None)


def test_a_prompt_without_words_is_skipped() -> None:
    flow = flow_of(say("note", "q", text="{note}"), ask("q", "end"), END)
    _, done = run(flow, Started())
    assert [command.text for command in done if isinstance(command, Speak)] == ["q?"]
    _, done = run(flow, Started(), variables={"note": "важно"})
    assert [command.text for command in done if isinstance(command, Speak)] == ["важно"]


def test_steps_that_lead_in_a_circle_end_as_a_system_error() -> None:
    flow = flow_of(say("a", "b", text=""), Callback(id=StepId("b"), delay_min=1, then=StepId("a")))
    state, done = run(flow, Started())
    assert done == [CallBackAt(None, 1), Finish(CallResult.SYSTEM_ERROR)]
    assert len(state.path) <= MAX_PATH


NAMES = ("a", "b", "c", "d", "e")
TEXTS = st.sampled_from(["", "текст", "{note}", "{first_name|друг}, 5 минут"])
PROMPTS = st.builds(Prompt, text=TEXTS)
LINKS = st.sampled_from([StepId(name) for name in NAMES])
ANSWERS = st.lists(
    st.builds(
        Answer,
        id=st.sampled_from(["x", "y"]),
        label=st.sampled_from(["", "Да", "Нет"]),
        then=LINKS,
        key=st.sampled_from([None, "1", "2"]),
        phrases=st.sampled_from([(), ("да",), ("нет", "не хочу")]),
        reply=st.none() | PROMPTS,
    ),
    max_size=3,
).map(tuple)


def steps(name: str) -> st.SearchStrategy[Step]:
    id_ = st.just(StepId(name))
    return st.one_of(
        st.builds(Say, id=id_, prompt=PROMPTS, then=LINKS, barge_in=st.booleans()),
        st.builds(
            Ask,
            id=id_,
            prompt=PROMPTS,
            answers=ANSWERS,
            otherwise=LINKS,
            question=st.sampled_from([None, "Вопрос"]),
            repeats=st.integers(0, 3),
            again=st.none() | PROMPTS,
            barge_in=st.booleans(),
        ),
        st.builds(Transfer, id=id_, group=st.just("Группа"), otherwise=LINKS, prompt=st.none() | PROMPTS),
        st.builds(Callback, id=id_, delay_min=st.integers(1, 99), then=LINKS),
        st.builds(End, id=id_, prompt=st.none() | PROMPTS, result=st.sampled_from(CallResult)),
    )


FLOWS = st.tuples(*(steps(name) for name in NAMES)).map(lambda made: flow_of(*made))
EVENTS: st.SearchStrategy[DialogEvent] = st.one_of(
    st.just(PromptEnded()),
    st.just(NoInput()),
    st.just(Started()),
    st.builds(Interrupted, heard_ms=st.integers(0, 9)),
    st.builds(Heard, text=st.sampled_from(["", "да", "нет", "не хочу", "алло"]), alternatives=st.just(("да",))),
    st.builds(Pressed, key=st.sampled_from("129*")),
    st.builds(TransferEnded, connected=st.booleans()),
)
LEAVING = st.builds(CallerGone, heard=st.sampled_from([None, 0.0, 0.5, 1.0]))


def check(flow: Flow, state: DialogState, done: Sequence[Command]) -> None:
    finishes = [command for command in done if isinstance(command, Finish)]
    assert len(finishes) == (state.phase is Phase.ENDED)
    assert [command.result for command in finishes] == ([state.result] if state.result else [])
    assert not state.path or state.path[0] == flow.start
    for here, there in zip(state.path, state.path[1:], strict=False):
        assert there in {target for _, target in links_of(flow.steps[here])}
    for answer in state.answers:
        asked = flow.steps[answer.step]
        assert isinstance(asked, Ask)
        assert answer.step in state.path
        assert (answer.question, answer.answer, answer.label) in {
            (asked.question, one.id, one.label) for one in asked.answers
        }
    assert msgspec.json.decode(msgspec.json.encode(state), type=DialogState) == state


@given(flow=FLOWS, events=st.lists(EVENTS | LEAVING, max_size=40), note=st.text(max_size=5))
def test_any_order_of_events_ends_at_most_once_and_keeps_the_state_whole(
    flow: Flow, events: list[DialogEvent], note: str
) -> None:
    state, done = begin({"note": note}), list[Command]()
    for event in events:
        before = state
        state, commands = step(flow, state, event)
        assert all(isinstance(command, ERRANDS) for command in commands[:-1])
        assert before.phase is not Phase.ENDED or (state == before and not commands)
        done.extend(commands)
        check(flow, state, done)


@given(flow=FLOWS, events=st.lists(EVENTS, max_size=20), leaving=LEAVING)
def test_a_call_always_ends_when_the_caller_leaves(flow: Flow, events: list[DialogEvent], leaving: CallerGone) -> None:
    state, done = run(flow, *events, leaving)
    assert state.phase is Phase.ENDED
    check(flow, state, done)


@given(flow=FLOWS)
def test_a_call_with_a_silent_caller_always_ends(flow: Flow) -> None:
    state, commands = step(flow, begin({}), Started())
    answer: dict[type, DialogEvent] = {
        Speak: PromptEnded(),
        Listen: NoInput(),
        TransferTo: TransferEnded(connected=False),
    }
    for _ in range(10 * MAX_PATH):
        if state.phase is Phase.ENDED:
            break
        state, commands = step(flow, state, answer[type(commands[-1])])
    assert state.phase is Phase.ENDED


@given(flow=FLOWS)
def test_a_flow_survives_being_stored(flow: Flow) -> None:
    assert flow_from_json(msgspec.json.decode(msgspec.json.encode(flow_to_json(flow)))) == flow
