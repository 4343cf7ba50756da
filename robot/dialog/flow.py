"""The flow of a dialog: steps joined by name, as values that are stored and shown as JSON.

One model serves all robot campaigns; the simple kinds are templates that compile to it (`templates`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import NewType

import msgspec

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
    """One expected answer (SPEC R6.2): given by its key or by any of its phrases; `label` names it in statistics."""

    id: str
    label: str
    then: StepId
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
    `wait_s` is how long silence lasts, after the prompt, before it counts as no answer; an Ask without a
    `question` is a control (repeat, confirm) and is not stored as a survey answer.
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
