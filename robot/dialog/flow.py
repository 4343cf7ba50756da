"""The flow of a dialog: steps joined by name, as values that are stored and shown as JSON.

One model serves all robot campaigns; the simple kinds are templates that compile to it (`scripts`).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, NewType

import msgspec

from core.errors import BadInput
from core.results import CallResult

StepId = NewType("StepId", str)


class Language(StrEnum):
    """What the robot speaks and hears."""

    RU = "ru"
    EN = "en"


class VoiceSex(StrEnum):
    """Which of the language's two voices speaks."""

    MALE = "male"
    FEMALE = "female"


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """What is said: a text with `{variables}` of at most 500 characters, or a stored sound file instead."""

    text: str = ""
    audio: str | None = None
    voice: VoiceSex = VoiceSex.FEMALE


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One expected answer (SPEC R6.2): given by its key or by any of its phrases.

    `label` names it in statistics; an answer without one is a control (repeat) and is not stored.
    """

    id: str
    then: StepId
    label: str = ""
    key: str | None = None
    phrases: tuple[str, ...] = ()
    reply: Prompt | None = None


class Say(msgspec.Struct, frozen=True, kw_only=True, tag="say"):
    """Says the prompt and goes on."""

    id: StepId
    prompt: Prompt
    then: StepId
    barge_in: bool = False


class Ask(msgspec.Struct, frozen=True, kw_only=True, tag="ask"):
    """Says the prompt, listens for one of the answers, asks again up to `repeats` times, then takes `otherwise`.

    `question` is the short text for statistics; `again` is said instead of the prompt from the second time on;
    `wait_s` is how long silence lasts, after the prompt, before it counts as no answer. An Ask without a
    `question` is a control (repeat): its answers are not stored, and silence there is nothing unusual.
    """

    id: StepId
    prompt: Prompt
    answers: tuple[Answer, ...]
    otherwise: StepId
    question: str | None = None
    repeats: int = 1
    again: Prompt | None = None
    wait_s: float = 5.0
    barge_in: bool = True


class Transfer(msgspec.Struct, frozen=True, kw_only=True, tag="transfer"):
    """Puts the caller through to an operator group; nobody free within `wait_s` takes `otherwise`."""

    id: StepId
    group: str
    otherwise: StepId
    prompt: Prompt | None = None
    wait_s: float = 60.0


class Callback(msgspec.Struct, frozen=True, kw_only=True, tag="callback"):
    """Promises another call after `delay_min` minutes and goes on."""

    id: StepId
    delay_min: int
    then: StepId


class End(msgspec.Struct, frozen=True, kw_only=True, tag="end"):
    """Says the last words, where there are any, and hangs up with `result`."""

    id: StepId
    prompt: Prompt | None = None
    result: CallResult = CallResult.COMPLETED
    disposition: str | None = None


Step = Say | Ask | Transfer | Callback | End


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """A whole dialog: the steps by id and where it begins."""

    name: str
    start: StepId
    steps: dict[StepId, Step]
    language: Language = Language.RU


def flow_to_json(flow: Flow) -> dict[str, Any]:
    """The flow as plain JSON values, as it is stored."""
    plain: dict[str, Any] = msgspec.to_builtins(flow)
    return plain


def flow_from_json(value: object) -> Flow:
    """The flow of stored or imported JSON values; `BadInput` if they are no flow or name steps that do not exist."""
    try:
        flow = msgspec.convert(value, Flow)
    except msgspec.ValidationError as error:
        raise BadInput("bad_flow", f"This is not a flow: {error}.") from error
    check_links(flow)
    return flow


def links_of(step: Step) -> Iterator[tuple[str, StepId]]:
    """Each field of the step that names another step, with that name."""
    match step:
        case Say() | Callback():
            yield "then", step.then
        case Ask():
            for number, answer in enumerate(step.answers):
                yield f"answers.{number}.then", answer.then
            yield "otherwise", step.otherwise
        case Transfer():
            yield "otherwise", step.otherwise
        case End():
            pass


def check_links(flow: Flow) -> None:
    """Raises `BadInput` if the flow begins at, or leads to, a step that it does not have."""
    if flow.start not in flow.steps:
        raise BadInput("no_such_step", f"The flow begins at {flow.start!r}, which is no step of it.", field="start")
    for name, step in flow.steps.items():
        if step.id != name:
            raise BadInput("step_id", f"The step {name!r} calls itself {step.id!r}.", field=f"steps.{name}.id")
        for field, target in links_of(step):
            if target not in flow.steps:
                raise BadInput(
                    "no_such_step", f"{name!r} leads to {target!r}, which is no step.", field=f"steps.{name}.{field}"
                )
