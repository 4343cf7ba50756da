"""What a caller can do at each step of a flow: the answers that it expects, what may be said anywhere, and what not.

Made once for a rehearsal. All words come from the flow itself, its intents and the library, so that a rehearsal says
nothing of words that the designer did not think of, but much of those that he did.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Final

from robot.dialog import library
from robot.dialog.flow import (
    Ask,
    Branch,
    Call,
    Case,
    Fetch,
    Flow,
    HandlerKind,
    Language,
    Listen,
    ListenFor,
    Op,
    Step,
    StepId,
    inside,
    links_of,
    steps_of,
)
from robot.dialog.negation import Attitude, attitude_of
from robot.dialog.plan import examples_of, plan_of
from robot.dialog.values import filled_by
from robot.rehearsal.mishearing import VARIANTS, mishear

MOST_WORDINGS: Final = 40
"""So many wordings of one intent are said."""
ALIKE: Final = "1980"
"""What two variables both hold that a branch compares with each other, now and then."""
_VARIABLE: Final = re.compile(r"\{([^{}|]+)(?:\|[^{}]*)?\}")
ANSWER, HANDLER, VALUE, NOTHING = "answer", "handler", "value", "nothing"


@dataclass(frozen=True, slots=True)
class Meant:
    """What the caller wants to be understood as: an answer of the step, a handler, a value, or nothing at all.

    `name` is the answer's or the handler's id, or the value; `label` is how a report calls it; `intent` is the
    handler's, which a step may know as a way of its own.
    """

    kind: str
    name: str = ""
    label: str = ""
    intent: str = ""


@dataclass(frozen=True, slots=True)
class Saying:
    """What the caller says, and what the robot hears; a `mumbled` one may be heard as one of several things."""

    text: str
    meant: Meant
    mumbled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to answer a step: by words, by its key, or both."""

    meant: Meant
    sayings: tuple[Saying, ...] = ()
    key: str | None = None
    refusing: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """What a caller can do at one step, and what comes of it.

    `labels` are the answers' by their ids; `leads` says for each label to which step it leads (its name in the whole
    flow), `unstored` are the labels of those that are controls;
    `ahead` says for each choice's label, "" for silence, which steps may come then;
    `kept` is the variable of a `Listen`, `kind` what it is after, `then` and `otherwise` where it leads.
    """

    step: StepId
    choices: tuple[Choice, ...] = ()
    agreeing: tuple[Choice, ...] = ()
    refusing: tuple[Choice, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    leads: Mapping[str, str] = field(default_factory=dict)
    unstored: frozenset[str] = frozenset()
    ahead: Mapping[str, frozenset[str]] = field(default_factory=dict)
    repeats: int = 0
    kept: str | None = None
    kind: ListenFor = ListenFor.TEXT
    then: str | None = None
    otherwise: str | None = None


@dataclass(frozen=True, slots=True)
class Repertoire:
    """What callers can do anywhere in the flow.

    `handlers` are the ways to call each handler, by its kind; `asking_when` those that ask for a time; `values` are
    telling values of variables, `given` those of the variables that are known of a contact.
    """

    places: Mapping[str, Place]
    handlers: Mapping[HandlerKind, tuple[Choice, ...]]
    neutral: tuple[Saying, ...]
    hello: tuple[Saying, ...]
    machine: tuple[Saying, ...]
    times: tuple[Saying, ...]
    values: Mapping[str, tuple[str, ...]]
    given: Mapping[str, tuple[str, ...]]
    asking_when: frozenset[str]

    def called(self, *kinds: HandlerKind) -> tuple[Choice, ...]:
        """The ways to call handlers of these kinds."""
        return tuple(choice for kind in kinds for choice in self.handlers.get(kind, ()))


_NOTHING: Final = Meant(NOTHING)
_VALUE: Final = Meant(VALUE)
_WORDS: Final[Mapping[Language, Mapping[str, tuple[str, ...]]]] = {
    Language.RU: {
        "hello": ("алло", "да, слушаю", "говорите", "алло, алло", "слушаю вас"),
        "machine": (
            "здравствуйте, сейчас я не могу ответить, оставьте сообщение после сигнала",
            "абонент не может ответить на ваш звонок, оставьте сообщение",
            "вызываемый абонент недоступен, перезвоните позднее",
        ),
        "date_time": (
            *("завтра после трёх", "через полчаса", "завтра в десять утра", "в пятницу вечером", "послезавтра днём"),
            *("через час", "сегодня в шесть вечера", "в понедельник в девять"),
        ),
        "phone": ("восемь девятьсот двенадцать три четыре пять шесть семь восемь девять", "плюс 7 900 123 45 67"),
        "text": (
            *("не знаю даже", "мне всё понравилось", "долго ждал ответа", "далеко ездить", "цена высокая"),
            *("всё было вежливо и быстро", "оператор не смог помочь", "улица ленина дом пять", "пока ничего"),
        ),
        "yes": ("да", "да, конечно", "верно"),
        "no": ("нет", "нет, неверно"),
    },
    Language.EN: {
        "hello": ("hello", "yes, speaking", "hello hello", "hi", "yes hello"),
        "machine": (
            "hi, you have reached my voicemail, please leave a message after the tone",
            "the person you are calling is not available, please leave a message",
        ),
        "date_time": (
            *("tomorrow after three", "in half an hour", "tomorrow at ten in the morning", "on friday evening"),
            *("in an hour", "today at six pm", "on monday at nine"),
        ),
        "phone": ("nine one two three four five six seven eight nine", "plus 1 202 555 0123"),
        "text": (
            *("i do not know really", "everything was fine", "i waited too long", "it is too far", "the price is high"),
            *("everybody was kind and quick", "the operator could not help", "five main street", "nothing so far"),
        ),
        "yes": ("yes", "yes of course", "correct"),
        "no": ("no", "no, wrong"),
    },
}


def repertoire_of(flow: Flow, seed: int) -> Repertoire:
    """Everything that a caller may do; the same for the same seed."""
    making = _Making(flow, Random(f"repertoire {seed}"))
    words = _WORDS[flow.language]
    return Repertoire(
        places={str(name): making.place(sub, name, step) for sub, name, step in steps_of(flow)},
        handlers=making.handlers(),
        neutral=making.sayings(library.neutral(flow.language), _NOTHING),
        hello=making.sayings(words["hello"], _NOTHING),
        machine=making.sayings(words["machine"], _NOTHING),
        times=making.sayings(words["date_time"], _VALUE),
        values=making.values,
        given={name: values for name, values in making.values.items() if name not in filled_by(flow)},
        asking_when=frozenset(one.id for one in flow.handlers if one.kind is HandlerKind.LATER),
    )


class _Making:
    def __init__(self, flow: Flow, rng: Random) -> None:
        self._flow = flow
        self._rng = rng
        self._words = _WORDS[flow.language]
        self._ahead = ahead_of(flow)
        self.values = values_of(flow)

    def sayings(self, texts: tuple[str, ...], meant: Meant) -> tuple[Saying, ...]:
        return tuple(
            Saying(text, meant, tuple(mishear(text, self._rng) for _ in range(VARIANTS)))
            for text in dict.fromkeys(texts)
        )

    def wordings(self, intent: str) -> tuple[str, ...]:
        what = self._flow.intents[intent]
        return (*what.phrases, *examples_of(self._flow, what)[:MOST_WORDINGS])

    def handlers(self) -> dict[HandlerKind, tuple[Choice, ...]]:
        found: dict[HandlerKind, tuple[Choice, ...]] = {}
        for handler in self._flow.handlers:
            meant = Meant(HANDLER, handler.id, f"@{handler.id}", handler.intent)
            choice = Choice(meant, self.sayings(self.wordings(handler.intent), meant))
            found[handler.kind] = (*found.get(handler.kind, ()), choice)
        return found

    def place(self, sub: str | None, name: StepId, step: Step) -> Place:
        """What can be done at this step."""
        match step:
            case Ask():
                return self._asked(sub, name, step)
            case Listen():
                choices = tuple(self._wanted(step))
                refusing = tuple(choice for choice in choices if choice.refusing)
                agreeing = tuple(choice for choice in choices if not choice.refusing)
                then, otherwise = str(inside(sub, step.then)), str(inside(sub, step.otherwise))
                return Place(
                    step=name,
                    choices=choices,
                    agreeing=agreeing,
                    refusing=refusing or choices[-1:],
                    kept=step.variable.strip().casefold(),
                    kind=step.kind,
                    then=then,
                    otherwise=otherwise,
                    ahead={choice.meant.label: self._ahead[then] for choice in choices} | {"": self._ahead[otherwise]},
                )
            case _:
                return Place(name)

    def _asked(self, sub: str | None, name: StepId, step: Ask) -> Place:
        choices = tuple(self._answers(name, step))
        refusing = tuple(choice for choice in choices if choice.refusing)
        agreeing = tuple(choice for choice in choices if not choice.refusing)
        leads = {one.label or one.id: str(inside(sub, one.then)) for one in step.answers}
        leads |= {intent: str(inside(sub, target)) for intent, target in step.intents.items()}
        controls = (one.id for one in step.answers if not one.label)
        return Place(
            step=name,
            choices=choices,
            agreeing=agreeing or choices,
            refusing=refusing or choices[-1:],
            labels={one.id: one.label or one.id for one in step.answers} | {intent: intent for intent in step.intents},
            leads=leads,
            unstored=frozenset(leads if step.question is None else controls),
            ahead={label: self._ahead[target] for label, target in leads.items()}
            | {"": self._ahead[str(inside(sub, step.otherwise))]},
            repeats=step.repeats,
        )

    def _answers(self, name: StepId, step: Ask) -> Iterator[Choice]:
        for answer in step.answers:
            meant = Meant(ANSWER, answer.id, answer.label or answer.id)
            sayings = self.sayings((*answer.phrases, *self._around(answer.phrases)), meant)
            refusing = attitude_of(answer.phrases) is Attitude.REFUSING
            yield Choice(meant, sayings, answer.key, refusing)
        spot = plan_of(self._flow).spots[name]
        for id_, intent in spot.intents.items():
            meant = Meant(ANSWER, id_, intent)
            yield Choice(meant, self.sayings(self.wordings(intent), meant))

    def _around(self, phrases: tuple[str, ...]) -> Iterator[str]:
        """The phrases as people say them: with a word before or after."""
        before, after = ("ну ", " пожалуйста") if self._flow.language is Language.RU else ("well ", " please")
        for number, phrase in enumerate(phrases):
            yield f"{before}{phrase}" if number % 2 else f"{phrase}{after}"

    def _wanted(self, step: Listen) -> Iterator[Choice]:
        match step.kind:
            case ListenFor.YES_NO:
                for word in ("yes", "no"):
                    meant = Meant(VALUE, word, word)
                    yield Choice(meant, self.sayings(self._words[word], meant), refusing=word == "no")
            case ListenFor.NUMBER:
                for number in self._numbers(step):
                    meant = Meant(VALUE, number, number)
                    yield Choice(meant, self.sayings((number,), meant), f"{number}#")
            case kind:
                yield Choice(_VALUE, self.sayings((*self._words[kind.value], *self._named(step)), _VALUE))

    def _numbers(self, step: Listen) -> tuple[str, ...]:
        """Numbers within the bounds; those that a branch looks for are half of them."""
        least = round(step.least if step.least is not None else 0)
        most = round(step.most if step.most is not None else least + 100)
        spread = tuple(map(str, range(least, most + 1, max(1, (most - least) // 10))))
        named = tuple(value for value in self._named(step) if value.isdecimal() and least <= int(value) <= most)
        telling = tuple(dict.fromkeys(named))
        return (*telling * (len(spread) // len(telling)), *spread) if telling else spread

    def _named(self, step: Listen) -> tuple[str, ...]:
        return tuple(value for value in self.values.get(step.variable.strip().casefold(), ()) if value)


def ahead_of(flow: Flow) -> dict[str, frozenset[str]]:
    """For each step all that may come from there on, itself included; what follows a sub-flow counts with its call."""
    ways: dict[str, set[str]] = {}
    for sub, id_, step in steps_of(flow):
        name = str(id_)
        ways[name] = {str(inside(sub, target)) for _, target in links_of(step)}
        if isinstance(step, Call):
            ways[name].add(str(inside(step.flow, flow.flows[step.flow].start)))
    found: dict[str, frozenset[str]] = {}
    for begin in ways:
        reached = {begin}
        todo = [begin]
        while todo:
            new = ways[todo.pop()] - reached
            reached |= new
            todo += new
        found[begin] = frozenset(reached)
    return found


def values_of(flow: Flow) -> dict[str, tuple[str, ...]]:
    """For each variable that a branch looks at or a step saves, values that take it one way and the other."""
    found: dict[str, list[str]] = {}
    for _, _, step in steps_of(flow):
        if isinstance(step, Branch):
            for case in step.cases:
                found.setdefault(case.variable.strip().casefold(), []).extend(_telling(case))
                if (other := _VARIABLE.fullmatch(case.value.strip())) is not None:
                    found.setdefault(other[1].strip().casefold(), []).extend([ALIKE] * 3)
        if isinstance(step, Fetch):
            for name in step.save.values():
                found.setdefault(name.strip().casefold(), []).append("100")
    return {name: tuple(values) for name, values in found.items()}


def _telling(case: Case) -> Iterator[str]:
    """Values for which the case holds and does not hold."""
    match case.op:
        case Op.EMPTY | Op.FILLED:
            yield from ("", "1")
        case Op.IS | Op.IS_NOT | Op.CONTAINS if "{" not in case.value:
            yield from (case.value, "")
        case _ if _VARIABLE.fullmatch(case.value.strip()):
            yield from (ALIKE, "")
        case _ if case.value.lstrip("-").isdecimal():
            yield from (str(int(case.value) + by) for by in (-1, 0, 1))
        case _:
            yield ""


@cache
def contact_of(language: Language) -> Mapping[str, str]:
    """What is known of a contact in a rehearsal."""
    if language is Language.RU:
        return {"first_name": "Анна", "last_name": "Иванова", "middle_name": "Петровна", "phone": "+79001234567"}
    return {"first_name": "Anna", "last_name": "Brown", "phone": "+12025550123"}
