"""What a dialog is made of: the steps, as values that are stored and shown as JSON.

Each step names the ones that may follow it, within its own flow or sub-flow. Where a field holds a text that is not
said (an address, a value, a letter), `{variables}` are put in as they are in prompts.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, NewType

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
    """What is said: a text with `{variables}` of at most 500 characters, or a stored sound file instead.

    Without a `voice` of its own it is said in the flow's.
    """

    text: str = ""
    audio: str | None = None
    voice: VoiceSex | None = None


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
    `wait_s` is how long silence lasts, after the prompt, before it counts as no answer, `longest_s` how long one turn
    may be. `forms` lets other forms of a phrase's words count. `intents` are further ways on, by the name of one of
    the flow's intents. An Ask without a `question` is a control (repeat): its answers are not stored, and silence
    there is nothing unusual.
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
    longest_s: float = 15.0
    forms: bool = False
    intents: dict[str, StepId] = {}


class ListenFor(StrEnum):
    """What a `Listen` makes of the caller's words before it stores them.

    `text` keeps them, `number` and `phone` keep figures, `yes_no` keeps "yes" or "no", `date_time` an ISO 8601 instant
    with its offset.
    """

    TEXT = "text"
    NUMBER = "number"
    PHONE = "phone"
    DATE_TIME = "date_time"
    YES_NO = "yes_no"


class Listen(msgspec.Struct, frozen=True, kw_only=True, tag="listen"):
    """Hears any words and keeps them in `variable`; asks again where they are not of the `kind`, then `otherwise`.

    Numbers and phones may be typed too, ended by # or a pause; a number lies within `least` and `most`, where given.
    With a `question` the words are stored as its answer too.
    """

    id: StepId
    variable: str
    then: StepId
    otherwise: StepId
    prompt: Prompt | None = None
    kind: ListenFor = ListenFor.TEXT
    question: str | None = None
    repeats: int = 1
    again: Prompt | None = None
    wait_s: float = 5.0
    longest_s: float = 30.0
    barge_in: bool = True
    least: float | None = None
    most: float | None = None


class Op(StrEnum):
    """How a variable is compared; as numbers where both sides are such, else as texts without regard to case."""

    IS = "is"
    IS_NOT = "is_not"
    CONTAINS = "contains"
    LESS = "less"
    AT_MOST = "at_most"
    AT_LEAST = "at_least"
    MORE = "more"
    EMPTY = "empty"
    FILLED = "filled"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One way on from a `Branch`; `value` may hold variables and is not looked at for `empty` and `filled`."""

    variable: str
    then: StepId
    op: Op = Op.IS
    value: str = ""


class Branch(msgspec.Struct, frozen=True, kw_only=True, tag="branch"):
    """Goes on with the first case that holds, else with `otherwise`."""

    id: StepId
    cases: tuple[Case, ...]
    otherwise: StepId


class Set(msgspec.Struct, frozen=True, kw_only=True, tag="set"):
    """Gives `variable` the text `value`, in which variables are put in."""

    id: StepId
    variable: str
    value: str
    then: StepId


class Fetch(msgspec.Struct, frozen=True, kw_only=True, tag="fetch"):
    """Calls out over HTTP and keeps values of the JSON answer; what goes wrong or takes too long takes `failed`.

    Values are percent-encoded in `url` and escaped for a JSON string in `body`. `save` maps JSON pointers
    ("/order/sum") to variables. `prompt` is said before.
    """

    id: StepId
    url: str
    then: StepId
    failed: StepId
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    headers: dict[str, str] = {}
    body: str | None = None
    timeout_s: float = 5.0
    retries: int = 1
    save: dict[str, str] = {}
    prompt: Prompt | None = None


class Act(msgspec.Struct, frozen=True, kw_only=True, tag="act"):
    """Runs a custom action with the variables as its slots, says its replies and keeps the slots it sets."""

    id: StepId
    action: str
    then: StepId
    failed: StepId
    timeout_s: float = 5.0
    prompt: Prompt | None = None


class Transfer(msgspec.Struct, frozen=True, kw_only=True, tag="transfer"):
    """Puts the caller through to an operator group; nobody free within `wait_s` takes `otherwise`."""

    id: StepId
    group: str
    otherwise: StepId
    prompt: Prompt | None = None
    wait_s: float = 60.0


class Channel(StrEnum):
    """By what a message is sent."""

    SMS = "sms"
    EMAIL = "email"
    WEBHOOK = "webhook"


class Message(msgspec.Struct, frozen=True, kw_only=True, tag="message"):
    """Sends `text`, or the company's `template`, and goes on without waiting for it.

    `to` is a phone, an address or a URL; empty: the contact's own phone or e-mail.
    """

    id: StepId
    then: StepId
    channel: Channel = Channel.SMS
    template: str | None = None
    text: str = ""
    subject: str = ""
    to: str = ""


class Callback(msgspec.Struct, frozen=True, kw_only=True, tag="callback"):
    """Promises another call and goes on: at the instant kept in `variable`, else after `delay_min` minutes.

    The variable is one that a `Listen` for a `date_time` filled; without it and without a delay nothing is promised.
    """

    id: StepId
    then: StepId
    delay_min: int | None = None
    variable: str | None = None


class Tag(msgspec.Struct, frozen=True, kw_only=True, tag="tag"):
    """Puts a tag on the contact and goes on."""

    id: StepId
    tag: str
    then: StepId


class Dispose(msgspec.Struct, frozen=True, kw_only=True, tag="dispose"):
    """Notes the disposition that the call ends with, unless a later step notes another, and goes on."""

    id: StepId
    disposition: str
    then: StepId


class Call(msgspec.Struct, frozen=True, kw_only=True, tag="call"):
    """Runs a sub-flow and goes on when it returns."""

    id: StepId
    flow: str
    then: StepId


class Return(msgspec.Struct, frozen=True, kw_only=True, tag="return"):
    """Ends a sub-flow: back to the step that called it, or to the one that a handler's detour interrupted."""

    id: StepId


class End(msgspec.Struct, frozen=True, kw_only=True, tag="end"):
    """Says the last words, where there are any, and hangs up with `result`."""

    id: StepId
    prompt: Prompt | None = None
    result: CallResult = CallResult.COMPLETED
    disposition: str | None = None


Step = (
    Say
    | Ask
    | Listen
    | Branch
    | Set
    | Fetch
    | Act
    | Transfer
    | Message
    | Callback
    | Tag
    | Dispose
    | Call
    | Return
    | End
)
