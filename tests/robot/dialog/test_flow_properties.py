"""What holds for any flow and any caller, flows with everything in them: R6.6's steps, handlers and sub-flows."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bench.dialog import TALK, measure
from core.results import CallResult
from robot.dialog.checking import Severity, check
from robot.dialog.events import (
    Acted,
    CallerGone,
    Command,
    DialogEvent,
    DialogState,
    Fetched,
    Finish,
    Heard,
    IntentGuess,
    NoInput,
    Phase,
    PromptEnded,
    Started,
    TransferEnded,
)
from robot.dialog.flow import (
    Answer,
    Ask,
    End,
    Flow,
    Handler,
    HandlerKind,
    Intent,
    Prompt,
    StepId,
    flow_from_json,
    flow_to_json,
    steps_of,
)
from robot.dialog.flow import Listen as ListenStep
from robot.dialog.passing import MAX_FRAMES
from robot.dialog.step import MAX_PATH, begin, interruption, step
from tests.robot.dialog.flows import ERRANDS, EVENTS, LEAVING, Caller, flows, is_sound

BOUND = 60 * MAX_PATH
"""Events that no dialog outlasts: a step is asked a few times, its prompt cut short twice, its number typed."""


def whole(flow: Flow, state: DialogState, done: Sequence[Command]) -> None:
    """The state is consistent with itself, with the flow and with what was commanded."""
    finishes = [command for command in done if isinstance(command, Finish)]
    assert [command.result for command in finishes] == ([state.result] if state.phase is Phase.ENDED else [])
    names = {name for _, name, _ in steps_of(flow)}
    handlers = {handler.id: handler for handler in flow.handlers}
    assert {one for one in state.path if not one.startswith("@")} <= names
    assert all(times <= handlers[name].limit for name, times in state.used.items())
    assert len(state.frames) <= MAX_FRAMES + 1
    asked = {name: one for _, name, one in steps_of(flow)}
    for answer in state.answers:
        at = asked[answer.step]
        assert isinstance(at, Ask | ListenStep)
        assert answer.question == at.question
        if isinstance(at, Ask):
            assert answer.answer in {one.id for one in at.answers} | set(at.intents)


@given(flow=flows(), events=st.lists(EVENTS | LEAVING, max_size=30), note=st.text(max_size=5))
def test_any_events_in_any_order_keep_the_state_whole_and_end_it_once(
    flow: Flow, events: list[DialogEvent], note: str
) -> None:
    state, done = begin({"note": note}), list[Command]()
    for event in (Started(), *events):
        before = state
        state, commands = step(flow, state, event)
        assert all(isinstance(command, ERRANDS) for command in commands[:-1])
        assert before.phase is not Phase.ENDED or (state == before and not commands)
        done.extend(commands)
        whole(flow, state, done)
        interruption(flow, state) if state.phase is not Phase.NEW else None


@given(flow=flows(), events=st.lists(EVENTS, max_size=25), cut=st.integers(0, 25))
def test_a_stored_dialog_goes_on_as_if_it_had_not_been_stored(flow: Flow, events: list[DialogEvent], cut: int) -> None:
    kept, stored = begin({}), begin({})
    again = flow_from_json(msgspec.json.decode(msgspec.json.encode(flow_to_json(flow))))
    assert again == flow
    for number, event in enumerate((Started(), *events)):
        if number == cut:
            stored = msgspec.json.decode(msgspec.json.encode(stored), type=DialogState)
        kept, one = step(flow, kept, event)
        stored, other = step(again, stored, event)
        assert (stored, other) == (kept, one)


@settings(deadline=None)
@given(flow=flows(), seed=st.integers(0, 2**32), silent=st.booleans())
def test_every_dialog_ends_whatever_the_caller_does(flow: Flow, seed: int, silent: bool) -> None:
    caller = Caller(seed, silent=silent)
    state, commands = step(flow, begin({}), Started())
    events = 1
    while state.phase is not Phase.ENDED:
        assert commands, "the dialog waits for nothing"
        state, following = step(flow, state, caller.next(commands[-1]))
        commands = following or commands
        events += 1
        assert events < BOUND
    assert isinstance(commands[-1], Finish)
    if silent and is_sound(flow):
        assert state.result is not CallResult.SYSTEM_ERROR


@given(flow=flows(), events=st.lists(EVENTS, max_size=20), leaving=LEAVING)
def test_a_dialog_always_ends_when_the_caller_leaves(
    flow: Flow, events: list[DialogEvent], leaving: CallerGone
) -> None:
    state = begin({})
    for event in (Started(), *events, leaving):
        state, _ = step(flow, state, event)
    assert state.phase is Phase.ENDED


@given(flow=flows())
def test_a_flow_is_looked_over_the_same_however_often(flow: Flow) -> None:
    assert check(flow) == check(flow)


@given(flow=flows())
def test_no_event_of_another_phase_changes_what_is_waited_for(flow: Flow) -> None:
    state, _ = step(flow, begin({}), Started())
    assume(state.phase is Phase.SPEAKING)
    for event in (NoInput(), TransferEnded(connected=True), Fetched(), Acted()):
        assert step(flow, state, event) == (state, ())


NEGATED = st.builds(
    " ".join,
    st.tuples(
        st.sampled_from(["", "ну", "я", "нет я", "да нет"]),
        st.sampled_from(["не", "никогда не", "не очень", "вряд ли", "не сильно то"]),
        st.sampled_from(["", "ну", "бы"]),
        st.sampled_from(["хочу", "согласен", "дорого", "интересно мне"]),
        st.sampled_from(["", "пожалуйста", "сейчас", "это всё"]),
    ),
)
WANTING = Flow(
    name="wanting",
    start=StepId("q"),
    steps={
        StepId("q"): Ask(
            id=StepId("q"),
            prompt=Prompt(text="Хотите?"),
            answers=(Answer(id="yes", label="Да", phrases=("хочу", "согласен"), then=StepId("end")),),
            otherwise=StepId("end"),
            question="Вопрос",
            intents={"interest": StepId("end")},
        ),
        StepId("end"): End(id=StepId("end")),
    },
    intents={
        "interest": Intent(phrases=("интересно мне",), examples=("мне интересно",)),
        "price": Intent(phrases=("дорого",), examples=("дороговато",)),
    },
    handlers=(Handler(id="price", kind=HandlerKind.OBJECTION, intent="price", reply=Prompt(text="Зато")),),
)
GUESSES = st.lists(
    st.builds(IntentGuess, name=st.sampled_from(["interest", "price"]), probability=st.floats(0, 1)), max_size=2
).map(tuple)


@given(
    said=NEGATED,
    further=st.sampled_from([(), ("хочу",), ("дорого", "согласен")]),
    guesses=GUESSES,
    forms=st.booleans(),
)
def test_R6_4_nothing_makes_a_negated_phrase_its_positive(
    said: str, further: tuple[str, ...], guesses: tuple[IntentGuess, ...], forms: bool
) -> None:
    asked = WANTING.steps[StepId("q")]
    assert isinstance(asked, Ask)
    asking = msgspec.structs.replace(asked, forms=forms)
    flow = msgspec.structs.replace(WANTING, steps={**WANTING.steps, StepId("q"): asking})
    named = {"дорого": "price", "интересно мне": "interest"}
    wanted = next((name for phrase, name in named.items() if phrase in said), None)
    guesses = tuple(guess for guess in guesses if guess.name == wanted)
    state, _ = step(flow, step(flow, begin({}), Started())[0], PromptEnded())
    state, _ = step(flow, state, Heard(said, 0.9, further, guesses))
    assert (state.answers, state.used) == ((), {})


def test_the_flow_of_the_measured_talk_is_a_good_one() -> None:
    assert [one for one in check(flow_from_json(TALK)) if one.severity is Severity.ERROR] == []
    assert measure(20, seed=1)["dialogs_per_s"]
