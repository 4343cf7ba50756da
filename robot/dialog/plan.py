"""A flow made ready to be run: each step with what is said and expected there, each handler with its phrases.

Made once for a flow and kept with it. A `Spot` is a step under its name in the whole flow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from robot.dialog import library
from robot.dialog.events import DialogState, Speak
from robot.dialog.events import Listen as ListenTo
from robot.dialog.flow import (
    Act,
    Answer,
    Ask,
    End,
    Fetch,
    Flow,
    Handler,
    HandlerKind,
    Intent,
    Listen,
    ListenFor,
    Prompt,
    Say,
    Step,
    StepId,
    Transfer,
    inside,
    steps_of,
)
from robot.dialog.lexicon import Words
from robot.dialog.prompts import speak
from robot.dialog.time_words import TIME_WORDS
from robot.dialog.values import is_fixed
from robot.dialog.words import words_of

DIGITS: Final = "0123456789*#"
WAIT_AFTER_BARGE_IN_S: Final = 1.0
"""How long a turn that cut a `Say` short may stay silent before the flow goes on."""
WAIT_FOR_KEY_S: Final = 3.0
"""How long a number that is being typed waits for its next key."""
_INTENT: Final = "intent:"
_PLAN: Final = "_plan"


class Line:
    """A prompt as one place says it; one without variables is made out once."""

    __slots__ = ("_barge_in", "_flow", "_keys_only", "_made", "_prompt")

    def __init__(self, flow: Flow, prompt: Prompt | None, *, barge_in: bool = False, keys_only: bool = False) -> None:
        self._flow = flow
        self._prompt = prompt
        self._barge_in = barge_in
        self._keys_only = keys_only
        self._made = self._speak({}) if prompt is None or is_fixed(prompt.text) else _UNMADE

    def said(self, variables: Mapping[str, str]) -> Speak | None:
        """The command that says it; None where there is nothing to say."""
        return self._speak(variables) if isinstance(self._made, _Unmade) else self._made

    def _speak(self, variables: Mapping[str, str]) -> Speak | None:
        return speak(
            self._prompt,
            variables,
            self._flow.language,
            barge_in=self._barge_in,
            keys_only=self._keys_only,
            voice=self._flow.voice,
        )


class _Unmade:
    """Stands for what differs from call to call."""


_UNMADE: Final = _Unmade()


@dataclass(frozen=True, slots=True)
class Spot:
    """A step as a call meets it; `answers` hold the step's intents too, `intents` their names by the answers' ids.

    `listen` is what the turn after its prompt is heard by; None where the step hears nothing.
    """

    name: StepId
    flow: str | None
    step: Step
    prompt: Line
    again: Line
    answers: tuple[Answer, ...]
    forms: bool
    listen: ListenTo | None
    replies: Mapping[str, Line]
    intents: Mapping[str, str]

    @property
    def barge_in(self) -> bool:
        """Whether the caller may stop the prompt."""
        return isinstance(self.step, Say | Ask | Listen) and self.step.barge_in

    def to(self, target: StepId) -> StepId:
        """The name in the whole flow of a step that this one names."""
        return inside(self.flow, target)


@dataclass(frozen=True, slots=True)
class Detour:
    """A handler as a call meets it; `listen` is what it hears the caller by after its reply, where it does."""

    handler: Handler
    reply: Line
    again: Line
    goodbye: Line
    listen: ListenTo | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The flow, its steps and its handlers; `known` are the examples of its intents, word for word."""

    flow: Flow
    spots: Mapping[StepId, Spot]
    detours: Mapping[str, Detour]
    calls: tuple[tuple[tuple[Answer, ...], bool], ...]
    known: Mapping[Words, tuple[str, ...]]

    def here(self, state: DialogState) -> Spot:
        """The step at which the dialog stands."""
        if state.at is None:
            raise AssertionError(f"a dialog that is {state.phase} stands at a step")
        return self.spots[state.at]


def plan_of(flow: Flow) -> Plan:
    """The flow's plan, made at first need."""
    plan = flow.__dict__.get(_PLAN)
    if not isinstance(plan, Plan):
        plan = flow.__dict__[_PLAN] = _made(flow)
    return plan


def examples_of(flow: Flow, intent: Intent) -> tuple[str, ...]:
    """The intent's examples, those of the library included; a name that the library lacks adds none."""
    known = intent.library is not None and intent.library in library.names()
    return (*intent.examples, *library.intent(intent.library or "", flow.language)) if known else intent.examples


def _made(flow: Flow) -> Plan:
    anywhere = _Anywhere(flow)
    spots = {name: _spot(flow, sub, name, step, anywhere) for sub, name, step in steps_of(flow)}
    known: dict[Words, tuple[str, ...]] = {}
    for name, intent in flow.intents.items():
        for example in examples_of(flow, intent):
            words = words_of(example)
            known[words] = (*known.get(words, ()), name)
    known.pop((), None)
    detours = {handler.id: _detour(flow, handler, anywhere) for handler in flow.handlers}
    return Plan(flow, spots, detours, anywhere.calls(), known)


class _Anywhere:
    """What the handlers expect at every step."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self.intents = tuple(dict.fromkeys(handler.intent for handler in flow.handlers))
        self.phrases = tuple(phrase for intent in self.intents for phrase in flow.intents[intent].phrases)
        self.free = self.learnt(self.intents)
        self.later = any(handler.kind is HandlerKind.LATER for handler in flow.handlers)

    def learnt(self, intents: tuple[str, ...]) -> bool:
        """Whether one of them is known by examples, so that any words may mean it."""
        named = (self._flow.intents[intent] for intent in intents)
        return any(intent.examples or intent.library is not None for intent in named)

    def hints(self, intents: tuple[str, ...]) -> tuple[str, ...]:
        """The examples by which they are known, each once, and times where one may be named for a call later."""
        found = [examples_of(self._flow, self._flow.intents[intent]) for intent in intents]
        if self.later and any(found):
            found.append(TIME_WORDS[self._flow.language])
        return tuple(dict.fromkeys(example for examples in found for example in examples))

    def calls(self) -> tuple[tuple[tuple[Answer, ...], bool], ...]:
        """The handlers as answers, those apart whose words may have other forms."""
        groups: dict[bool, list[Answer]] = {False: [], True: []}
        for handler in self._flow.handlers:
            intent = self._flow.intents[handler.intent]
            if intent.phrases:
                groups[intent.forms].append(Answer(id=handler.id, then=StepId(""), phrases=intent.phrases))
        return tuple((tuple(answers), forms) for forms, answers in groups.items() if answers)


def _spot(flow: Flow, sub: str | None, name: StepId, step: Step, anywhere: _Anywhere) -> Spot:
    answers: tuple[Answer, ...] = ()
    added: tuple[Answer, ...] = ()
    forms = False
    again = None
    replies: dict[str, Line] = {}
    match step:
        case Ask():
            meant = tuple((intent, target, flow.intents[intent]) for intent, target in step.intents.items())
            added = tuple(Answer(id=f"{_INTENT}{one}", then=then, phrases=what.phrases) for one, then, what in meant)
            answers, again = (*step.answers, *added), step.again
            forms = step.forms or any(what.forms for _, _, what in meant)
            replies = {answer.id: Line(flow, answer.reply) for answer in step.answers if answer.reply is not None}
        case Listen():
            again = step.again
        case _:
            pass
    barge_in = isinstance(step, Say | Ask | Listen) and step.barge_in
    keys_only = (
        isinstance(step, Ask) and barge_in and not any(answer.phrases for answer in answers) and not step.intents
    )
    prompt = step.prompt if isinstance(step, Say | Ask | Listen | Fetch | Act | Transfer | End) else None
    return Spot(
        name=name,
        flow=sub,
        step=step,
        prompt=Line(flow, prompt, barge_in=barge_in, keys_only=keys_only),
        again=Line(flow, again or prompt, barge_in=barge_in, keys_only=keys_only),
        answers=answers,
        forms=forms,
        listen=_listen(step, answers, anywhere),
        replies=replies,
        intents={answer.id: answer.id.removeprefix(_INTENT) for answer in added},
    )


def _listen(step: Step, answers: tuple[Answer, ...], anywhere: _Anywhere) -> ListenTo | None:
    """How the turn at the step is heard: by its own phrases and those of the handlers."""
    own = tuple(phrase for answer in answers for phrase in answer.phrases)
    match step:
        case Ask():
            intents = tuple(dict.fromkeys((*step.intents, *anywhere.intents)))
            return ListenTo(
                phrases=(*own, *anywhere.phrases),
                keys="".join(answer.key for answer in answers if answer.key),
                wait_s=step.wait_s,
                free=anywhere.learnt(intents),
                longest_s=step.longest_s,
                intents=intents if anywhere.learnt(intents) else (),
                wants_time=anywhere.later,
                hints=anywhere.hints(intents),
            )
        case Listen():
            return ListenTo(
                phrases=(),
                keys=DIGITS if step.kind in (ListenFor.NUMBER, ListenFor.PHONE) else "",
                wait_s=step.wait_s,
                free=True,
                longest_s=step.longest_s,
                intents=anywhere.intents if anywhere.free else (),
                kind=step.kind,
                wants_time=anywhere.later or step.kind is ListenFor.DATE_TIME,
            )
        case Say(barge_in=True):
            return ListenTo(
                phrases=anywhere.phrases,
                keys="",
                wait_s=WAIT_AFTER_BARGE_IN_S,
                free=anywhere.free,
                intents=anywhere.intents if anywhere.free else (),
                wants_time=anywhere.later,
                hints=anywhere.hints(anywhere.intents),
            )
        case _:
            return None


def _detour(flow: Flow, handler: Handler, anywhere: _Anywhere) -> Detour:
    later = handler.kind is HandlerKind.LATER
    listen = None
    if later or handler.kind is HandlerKind.WAIT:
        listen = ListenTo(
            phrases=(),
            keys=DIGITS if not later else "",
            wait_s=5.0 if later else handler.wait_s,
            free=True,
            intents=anywhere.intents if anywhere.free else (),
            kind=ListenFor.DATE_TIME if later else ListenFor.TEXT,
            wants_time=anywhere.later,
        )
    again = handler.again or handler.reply
    return Detour(
        handler=handler,
        reply=Line(flow, handler.reply, barge_in=later),
        again=Line(flow, again, barge_in=later),
        goodbye=Line(flow, handler.goodbye),
        listen=listen,
    )
