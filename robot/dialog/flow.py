"""The flow of a dialog: steps joined by name, with what is handled anywhere in it, as one value stored as JSON.

One model serves all robot campaigns; the simple kinds are templates that compile to it (`scripts`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, Final, assert_never

import msgspec

from core.errors import BadInput
from robot.dialog.steps import (
    Act,
    Answer,
    Ask,
    Branch,
    Call,
    Callback,
    Case,
    Channel,
    Dispose,
    End,
    Fetch,
    Language,
    Listen,
    ListenFor,
    Message,
    Op,
    Prompt,
    Return,
    Say,
    Set,
    Step,
    StepId,
    Tag,
    Transfer,
    VoiceSex,
)

__all__ = [
    "BUILT_IN",
    "Act",
    "Answer",
    "Ask",
    "Branch",
    "Call",
    "Callback",
    "Case",
    "Channel",
    "Dispose",
    "End",
    "Fetch",
    "Flow",
    "Handler",
    "HandlerKind",
    "Intent",
    "Language",
    "Listen",
    "ListenFor",
    "Message",
    "Op",
    "Prompt",
    "Return",
    "Say",
    "Set",
    "Step",
    "StepId",
    "SubFlow",
    "Tag",
    "Transfer",
    "VoiceSex",
    "check_links",
    "flow_from_json",
    "flow_to_json",
    "inside",
    "links_of",
    "steps_of",
]

BUILT_IN: Final = frozenset({"said", "answer", "callback_time", "today"})
"""Variables that are there by themselves: the last words heard, the label of the last answer stored, the instant of a
promised call, and the day of the call (the last put in by whoever begins the dialog)."""


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller may mean: said by one of the phrases, or in words like those of the examples.

    `library` names a ready intent whose examples are added to the own ones; `forms` lets other forms of a phrase's
    words count.
    """

    examples: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    library: str | None = None
    forms: bool = False


class HandlerKind(StrEnum):
    """What a handler does besides its reply."""

    OBJECTION = "objection"
    REPEAT = "repeat"
    WAIT = "wait"
    WHO = "who"
    ROBOT = "robot"
    LATER = "later"
    NOT_INTERESTED = "not_interested"
    DO_NOT_CALL = "do_not_call"
    OPERATOR = "operator"


class Handler(msgspec.Struct, frozen=True, kw_only=True):
    """What is done with an intent wherever it is heard: at most `limit` times in a call, then `escalation`.

    The reply (from the second time on `again`, where given) is said, then the sub-flow `flow` runs where one is named,
    then the dialog goes on with `then`, or without one:

    * objection, repeat, who, robot: back at the interrupted step, whose question is put again;
    * wait: silent for up to `wait_s`, then back at the interrupted step;
    * later: the reply asks when; a time that is understood is promised, else `delay_min`; then the call ends;
    * not_interested: the call ends; do_not_call: the number is forbidden at once, then the call ends;
    * operator: a transfer to `group` for at most `wait_s`; nobody there leads to `then`, or back.

    Where the limit is passed and there is no `escalation`, the words count as no answer at the interrupted step.
    `goodbye` is said last by a later, not_interested or do_not_call that ends the call, with its `disposition`.
    """

    id: str
    kind: HandlerKind
    intent: str
    reply: Prompt | None = None
    again: Prompt | None = None
    limit: int = 2
    then: StepId | None = None
    escalation: StepId | None = None
    flow: str | None = None
    wait_s: float = 30.0
    delay_min: int = 60
    group: str | None = None
    goodbye: Prompt | None = None
    disposition: str | None = None


class SubFlow(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a dialog that several places call; its steps lead to each other alone, and out by a `Return`."""

    start: StepId
    steps: dict[StepId, Step]


class Flow(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A whole dialog: the steps by id and where it begins.

    `variables` are declared with their defaults; what is known of the contact is there without. A step of the
    sub-flow `pay` that is called `ask` there is `pay/ask` to the whole flow.
    """

    name: str
    start: StepId
    steps: dict[StepId, Step]
    language: Language = Language.RU
    variables: dict[str, str] = {}
    intents: dict[str, Intent] = {}
    handlers: tuple[Handler, ...] = ()
    flows: dict[str, SubFlow] = {}
    voice: VoiceSex = VoiceSex.FEMALE


def flow_to_json(flow: Flow) -> dict[str, Any]:
    """The flow as plain JSON values, as it is stored."""
    plain: dict[str, Any] = msgspec.to_builtins(flow)
    return plain


def flow_from_json(value: object) -> Flow:
    """The flow of stored or imported JSON values; `BadInput` if they are no flow or name what does not exist."""
    try:
        flow = msgspec.convert(value, Flow)
    except msgspec.ValidationError as error:
        raise BadInput("bad_flow", f"This is not a flow: {error}.") from error
    check_links(flow)
    return flow


def inside(flow: str | None, step: StepId) -> StepId:
    """The name that a step of the sub-flow has in the whole flow; None is the flow itself."""
    return step if flow is None else StepId(f"{flow}/{step}")


def steps_of(flow: Flow) -> Iterator[tuple[str | None, StepId, Step]]:
    """Every step: the sub-flow it is in (None: the flow itself), its name in the whole flow, and the step."""
    for name, step in flow.steps.items():
        yield None, name, step
    for called, sub in flow.flows.items():
        for name, step in sub.steps.items():
            yield called, inside(called, name), step


def steps_in_order(flow: Flow) -> Iterator[tuple[StepId, Step]]:
    """Every step by its name in the whole flow, in the order in which a caller may come to them, sub-flows last."""
    parts: list[tuple[str | None, Flow | SubFlow]] = [(None, flow), *flow.flows.items()]
    for called, part in parts:
        found: dict[StepId, None] = {}
        waiting = [part.start]
        while waiting:
            name = waiting.pop()
            if name in found or name not in part.steps:
                continue
            found[name] = None
            waiting.extend(reversed([to for _, to in links_of(part.steps[name])]))
        for name in dict.fromkeys((*found, *part.steps)):
            yield (name if called is None else inside(called, name)), part.steps[name]


def links_of(step: Step) -> Iterator[tuple[str, StepId]]:
    """Each field of the step that names another step of the same flow, with that name."""
    match step:
        case Say() | Set() | Message() | Callback() | Tag() | Dispose() | Call():
            yield "then", step.then
        case Ask():
            for number, answer in enumerate(step.answers):
                yield f"answers.{number}.then", answer.then
            for intent, target in step.intents.items():
                yield f"intents.{intent}", target
            yield "otherwise", step.otherwise
        case Listen():
            yield "then", step.then
            yield "otherwise", step.otherwise
        case Branch():
            for number, case in enumerate(step.cases):
                yield f"cases.{number}.then", case.then
            yield "otherwise", step.otherwise
        case Fetch() | Act():
            yield "then", step.then
            yield "failed", step.failed
        case Transfer():
            yield "otherwise", step.otherwise
        case End() | Return():
            pass
        case _:
            assert_never(step)


def check_links(flow: Flow) -> None:
    """Raises `BadInput` if the flow begins at, leads to or names a step, a sub-flow or an intent that is not there."""
    _check_steps(flow, flow.start, flow.steps, "")
    for name, sub in flow.flows.items():
        _check_steps(flow, sub.start, sub.steps, f"flows.{name}.")
        for step in sub.steps:
            if inside(name, step) in flow.steps:
                taken = f"{inside(name, step)!r} is both a step of the flow and one of the sub-flow {name!r}."
                raise BadInput("step_id", taken, field=f"flows.{name}.steps.{step}", hint="Rename one of them.")
    for number, handler in enumerate(flow.handlers):
        _check_handler(flow, handler, f"handlers.{number}")
        if any(handler.id == other.id for other in flow.handlers[:number]):
            message = f"Two handlers call themselves {handler.id!r}."
            raise BadInput("handler_id", message, field=f"handlers.{number}.id")


def _check_steps(flow: Flow, start: StepId, steps: Mapping[StepId, Step], place: str) -> None:
    if start not in steps:
        what = "sub-flow" if place else "flow"
        raise BadInput(
            "no_such_step", f"The {what} begins at {start!r}, which is no step of it.", field=f"{place}start"
        )
    for name, step in steps.items():
        field = f"{place}steps.{name}"
        if step.id != name:
            raise BadInput("step_id", f"The step {name!r} calls itself {step.id!r}.", field=f"{field}.id")
        for link, target in links_of(step):
            if target not in steps:
                message = f"{name!r} leads to {target!r}, which is no step."
                raise BadInput("no_such_step", message, field=f"{field}.{link}")
        if isinstance(step, Call):
            _check_named(flow.flows, step.flow, "sub-flow", f"{field}.flow")
        if isinstance(step, Ask):
            for intent in step.intents:
                _check_named(flow.intents, intent, "intent", f"{field}.intents.{intent}")


def _check_handler(flow: Flow, handler: Handler, field: str) -> None:
    _check_named(flow.intents, handler.intent, "intent", f"{field}.intent")
    if handler.flow is not None:
        _check_named(flow.flows, handler.flow, "sub-flow", f"{field}.flow")
    for link, target in (("then", handler.then), ("escalation", handler.escalation)):
        if target is not None and target not in flow.steps:
            message = f"The handler {handler.id!r} leads to {target!r}, which is no step."
            raise BadInput("no_such_step", message, field=f"{field}.{link}")


def _check_named(known: Mapping[str, object], name: str, what: str, field: str) -> None:
    if name not in known:
        hint = f"Known are: {', '.join(sorted(known)) or 'none'}."
        code = "no_such_flow" if what == "sub-flow" else "no_such_intent"
        raise BadInput(code, f"There is no {what} {name!r}.", field=field, hint=hint)
