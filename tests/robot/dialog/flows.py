"""Random flows with everything in them, and random callers: for whatever must hold for any of them.

`flows()` gives flows whose links hold, good or bad; `is_sound` says whether `check` accepts their ways. `EVENTS` are
events in any order, `Caller` answers each command as a line with some caller would.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from hypothesis import strategies as st

from core.results import CallResult
from robot.dialog.checking import Severity, check
from robot.dialog.events import (
    Acted,
    ActThis,
    CallBackAt,
    CallerGone,
    Command,
    DialogEvent,
    Fetched,
    FetchThis,
    Forbid,
    Heard,
    IntentGuess,
    Interrupted,
    Listen,
    NoInput,
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
    Act,
    Answer,
    Ask,
    Branch,
    Call,
    Callback,
    Case,
    Dispose,
    End,
    Fetch,
    Flow,
    Handler,
    HandlerKind,
    Intent,
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
    Transfer,
    check_links,
)
from robot.dialog.flow import Listen as ListenStep

T = TypeVar("T")
NAMES = ("a", "b", "c", "d", "e", "f")
INTENTS = ("price", "who", "yes_please", "stop")
SAID = (
    *("", "да", "нет", "не хочу", "хочу", "алло", "дорого", "нет дорого", "кто это", "это дорого для меня", "позже"),
    *("не звоните больше", "нет больше не звоните", "подождите", "повторите", "восемь", "девять из десяти", "да да"),
    *("8 912 345 67 89", "не дорого", "оператора", "завтра в три"),
)
ENDINGS = (CallResult.COMPLETED, CallResult.NO_INPUT, CallResult.CALLBACK_REQUESTED)
ERRANDS = (SendMessage, PutTag, Forbid, CallBackAt)

PHRASES = {
    "price": ("дорого", "нет дорого"),
    "who": ("кто это",),
    "yes_please": ("хочу",),
    "stop": ("не звоните", "больше не звоните"),
    "repeat": ("повторите",),
    "wait": ("подождите",),
    "later": ("позже", "завтра"),
    "operator": ("оператора",),
}


TEXTS = ("", "текст", "{note}", "{first_name|друг}, 5 минут", "{said} и {callback_time}")
VARIABLES = ("note", "Итог", "sum")


class Maker:
    """Makes steps, handlers and flows at random; the same seed makes the same."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.one = self.random.choice

    def some(self, what: Callable[[], T], most: int) -> tuple[T, ...]:
        """Up to `most` of them."""
        return tuple(what() for _ in range(self.random.randint(0, most)))

    def prompt(self) -> Prompt:
        return Prompt(text=self.one(TEXTS))

    def maybe(self) -> Prompt | None:
        return self.one([None, self.prompt()])

    def answer(self, names: Sequence[str]) -> Answer:
        return Answer(
            id=self.one("xy"),
            label=self.one(["", "Да", "Нет"]),
            then=StepId(self.one(names)),
            key=self.one([None, "1", "2"]),
            phrases=self.one([(), ("да",), ("нет", "не хочу"), ("хочу",)]),
            reply=self.maybe(),
        )

    def case(self, names: Sequence[str]) -> Case:
        value = self.one(["", "5", "да", "{note}"])
        return Case(variable=self.one(VARIABLES), op=self.one(list(Op)), value=value, then=StepId(self.one(names)))

    def step(self, id_: StepId, names: Sequence[str], *, returns: bool) -> Step:
        """A step of any kind."""
        then, other = StepId(self.one(names)), StepId(self.one(names))
        match self.random.randint(0, 15 if returns else 14):
            case 0 | 1:
                return Say(id=id_, prompt=self.prompt(), then=then, barge_in=self.one([True, False]))
            case 2 | 3:
                return self.ask(id_, names)
            case 4:
                return self.listen(id_, then, other)
            case 5:
                return Transfer(id=id_, group="Группа", otherwise=then, prompt=self.maybe())
            case 6:
                save = {self.one(["/sum", "/x"]): self.one(VARIABLES)}
                url, body = "https://crm.example/{note}", self.one([None, '{"n": "{note}"}'])
                return Fetch(id=id_, url=url, body=body, save=save, then=then, failed=other, prompt=self.maybe())
            case 7:
                return Act(id=id_, action="price", then=then, failed=other, prompt=self.maybe())
            case 8:
                return End(id=id_, prompt=self.maybe(), result=self.one(ENDINGS))
            case 9:
                return Branch(id=id_, cases=self.some(lambda: self.case(names), 2), otherwise=other)
            case 10:
                value = self.one(["7", "{said}", "{note}!"])
                return Set(id=id_, variable=self.one(VARIABLES), value=value, then=then)
            case 11:
                return Message(id=id_, then=then, text=self.one(TEXTS))
            case 12:
                delay_min, variable = self.one([None, 5, 90]), self.one([None, *VARIABLES])
                return Callback(id=id_, delay_min=delay_min, variable=variable, then=then)
            case 13:
                if self.random.random() < 0.5:
                    return Dispose(id=id_, disposition="Думает", then=then)
                return Tag(id=id_, tag=self.one(["горячий", "холодный"]), then=then)
            case 14:
                return Call(id=id_, flow="other" if returns else self.one(["sub", "other"]), then=then)
            case _:
                return Return(id=id_)

    def ask(self, id_: StepId, names: Sequence[str]) -> Ask:
        back = self.one([names, names, [*names, id_]])
        return Ask(
            id=id_,
            prompt=self.prompt(),
            answers=self.some(lambda: self.answer(back), 3),
            otherwise=StepId(self.one(names)),
            question=self.one([None, "Вопрос"]),
            repeats=self.random.randint(0, 3),
            again=self.maybe(),
            barge_in=self.one([True, False]),
            forms=self.one([True, False]),
            intents={name: StepId(self.one(names)) for name in self.some(lambda: self.one(INTENTS[2:]), 2)},
        )

    def listen(self, id_: StepId, then: StepId, otherwise: StepId) -> ListenStep:
        return ListenStep(
            id=id_,
            variable=self.one(VARIABLES),
            then=then,
            otherwise=otherwise,
            prompt=self.maybe(),
            kind=self.one(list(ListenFor)),
            question=self.one([None, "Почему"]),
            repeats=self.random.randint(0, 2),
            least=self.one([None, 0.0, 5.0]),
        )

    def steps(self, names: Sequence[str], *, returns: bool, forward: bool) -> dict[StepId, Step]:
        """One step for each name; `forward` ones lead to later ones alone and come to an end."""
        if not forward:
            return {StepId(name): self.step(StepId(name), names, returns=returns) for name in names}
        last = StepId(names[-1])
        made: dict[StepId, Step] = {last: Return(id=last) if returns else End(id=last, result=self.one(ENDINGS))}
        for number, name in enumerate(names[:-1]):
            made[StepId(name)] = self.step(StepId(name), names[number + 1 :], returns=returns)
        return made

    def handler(self, kind: HandlerKind) -> Handler:
        links = [None, *map(StepId, NAMES)]
        return Handler(
            id=f"{kind.value}!",
            kind=kind,
            intent=self.one([*INTENTS, kind.value, kind.value]),
            reply=self.maybe(),
            again=self.maybe(),
            limit=self.random.randint(1, 3),
            then=self.one([None, self.one(links)]),
            escalation=self.one(links),
            flow=self.one([None, None, "sub"]),
            group=self.one([None, "Группа"]),
            goodbye=self.maybe(),
        )


def random_flow(seed: int) -> Flow:
    """A flow whose links hold, whatever else is wrong with it."""
    make = Maker(seed)
    forward = make.random.random() < 0.5
    names = (*INTENTS, *(kind.value for kind in HandlerKind))
    flow = Flow(
        name="random",
        start=StepId("a"),
        steps=make.steps(NAMES, returns=False, forward=forward),
        variables={"note": "пусто"},
        intents={
            name: Intent(
                phrases=PHRASES.get(name, ()),
                examples=make.one([(), (f"пример {name}",)]),
                forms=make.random.random() < 0.2,
            )
            for name in names
        },
        handlers=tuple(make.handler(kind) for kind in HandlerKind if make.random.random() < 0.5),
        flows={
            "sub": SubFlow(start=StepId("a"), steps=make.steps(NAMES[:3], returns=True, forward=forward)),
            "other": SubFlow(start=StepId("a"), steps=make.steps(NAMES[:2], returns=True, forward=forward)),
        },
    )
    check_links(flow)
    return flow


def flows() -> st.SearchStrategy[Flow]:
    """Random flows; made by a seed, for drawing each of their fields would take longer than running them."""
    return st.integers(0, 2**32).map(random_flow)


def is_sound(flow: Flow) -> bool:
    """Whether `check` finds no error that concerns the ways through the flow."""
    ways = {"dead_end", "loop_without_turn", "recursive_flow", "flows_too_deep", "return_outside"}
    return not any(one.severity is Severity.ERROR and one.code in ways for one in check(flow))


HEARD = st.builds(
    Heard,
    text=st.sampled_from(SAID),
    alternatives=st.sampled_from([(), ("да",), ("хочу",)]),
    intents=st.lists(
        st.builds(IntentGuess, name=st.sampled_from([*INTENTS, "unknown"]), probability=st.just(0.9)), max_size=2
    ).map(tuple),
    value=st.sampled_from([None, "2026-11-26T15:00:00+03:00", "завтра", "2026-11-26T15:00:00"]),
)
PRESSED = st.builds(Pressed, key=st.sampled_from("129*#"))
FETCHED = st.builds(
    Fetched,
    values=st.dictionaries(st.sampled_from(["sum", "note", "Итог", "strange"]), st.sampled_from(["", "5"]), max_size=2),
    error=st.sampled_from([None, None, "timeout"]),
)
ACTED = st.builds(
    Acted,
    slots=st.dictionaries(st.sampled_from(["sum", "Note"]), st.sampled_from([None, "5"]), max_size=2),
    replies=st.sampled_from([(), ("Цена {note} [pause]", "пять")]),
    error=st.sampled_from([None, None, "timeout"]),
)
TRANSFERRED = st.builds(TransferEnded, connected=st.booleans())
INTERRUPTED = st.builds(Interrupted, heard_ms=st.integers(0, 9))
LEAVING = st.builds(CallerGone, heard=st.sampled_from([None, 0.0, 0.5, 1.0]))
EVENTS: st.SearchStrategy[DialogEvent] = st.one_of(
    HEARD,
    PRESSED,
    st.just(NoInput()),
    st.just(PromptEnded()),
    st.just(Started()),
    INTERRUPTED,
    FETCHED,
    ACTED,
    TRANSFERRED,
)


class Caller:
    """Answers each command at random; never hangs up, so that the flow alone can end the dialog."""

    def __init__(self, seed: int, *, silent: bool = False) -> None:
        self.random = random.Random(seed)
        self.silent = silent

    def next(self, command: Command) -> DialogEvent:
        """What happens after the command that is waited for."""
        one = self.random.random
        match command:
            case Speak(barge_in=True) if not self.silent and one() < 0.3:
                return Interrupted(100)
            case Speak():
                return PromptEnded()
            case Listen():
                if self.silent or one() < 0.2:
                    return NoInput()
                return Pressed(self.random.choice("129*#")) if one() < 0.2 else Heard(self.random.choice(SAID))
            case TransferTo():
                return TransferEnded(connected=False)
            case FetchThis():
                return Fetched({"sum": "5"}) if one() < 0.5 else Fetched(error="timeout")
            case ActThis():
                return Acted({"sum": "7"}, ("да",)) if one() < 0.5 else Acted(error="timeout")
            case _:
                raise AssertionError(command)
