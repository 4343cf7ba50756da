"""What happens to a dialog (events) and what it wants done (commands)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from core.results import CallResult
from robot.dialog.flow import Channel, ListenFor, StepId, VoiceSex
from robot.dialog.hints import Piece


@dataclass(frozen=True, slots=True)
class Started:
    """The line is open both ways; the dialog may begin."""


@dataclass(frozen=True, slots=True)
class PromptEnded:
    """The last commanded prompt was heard to its end; the end of an earlier one is not to be told."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The caller spoke or pressed into a prompt that allows it; `heard_ms` of it were played.

    The `Listen` that answers it is for the turn that has begun; `Heard`, `Pressed` or `NoInput` follows.
    """

    heard_ms: int


@dataclass(frozen=True, slots=True)
class IntentGuess:
    """An intent that a caller's words may mean, by its name in the flow, with its probability 0–1."""

    name: str
    probability: float


@dataclass(frozen=True, slots=True)
class Heard:
    """One whole turn of the caller as text; `confidence` is 0–1; `alternatives` are further readings, best first.

    `intents` are what a classifier takes the words for, best first, none below its threshold; whoever tells of the turn
    asks it, where the last `Listen` named intents. `value` is the instant that the words name, in ISO 8601 with its
    offset, where the last `Listen` wanted a time; None where they name none.
    """

    text: str
    confidence: float = 1.0
    alternatives: tuple[str, ...] = ()
    intents: tuple[IntentGuess, ...] = ()
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Pressed:
    """The caller pressed one key."""

    key: str


@dataclass(frozen=True, slots=True)
class NoInput:
    """The caller stayed silent as long as the last `Listen` allowed."""


@dataclass(frozen=True, slots=True)
class TransferEnded:
    """A commanded transfer is over: `connected` says whether an operator talked with the caller.

    Told before `CallerGone` when the caller hangs up after such a talk.
    """

    connected: bool


@dataclass(frozen=True, slots=True)
class CallerGone:
    """The caller hung up; `heard` is the share (0–1) of the last commanded prompt that was played until then.

    None where that is not known; such a prompt counts as not heard.
    """

    heard: float | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """The answer to the last `FetchThis`: the variables it saved, or the error (a problem's code) and no values.

    A pointer that the answer does not hold saves nothing and is no error.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Acted:
    """The end of the last `ActThis`: the slots that the action set (None: emptied), its replies, or the error."""

    slots: Mapping[str, str | None] = field(default_factory=dict)
    replies: tuple[str, ...] = ()
    error: str | None = None


DialogEvent = (
    Started | PromptEnded | Interrupted | Heard | Pressed | NoInput | TransferEnded | CallerGone | Fetched | Acted
)


@dataclass(frozen=True, slots=True)
class Speak:
    """Say `text` (variables filled in, figures in words) or play the stored `audio`.

    Keys and speech stop it if `barge_in`; where `keys_only` is set too, speech does not. `delivery` is the same text
    in pieces with their rates and pauses, where the designer gave any.
    """

    text: str
    audio: str | None
    voice: VoiceSex
    barge_in: bool
    keys_only: bool = False
    delivery: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Listen:
    """Hear the caller's next turn; `phrases` are the expected ones.

    Where `free` is set any words matter, else no phrases mean that no speech is expected, keys only. Given once for
    each turn; `NoInput` is due when `wait_s` have passed without one, and a turn is cut after `longest_s`. `intents`
    are those that a classifier may find in it now; `kind` says what the words are wanted for, and `wants_time` that a
    time in them matters (`Heard.value`). `hints` are what else the caller is likely to say: sentences by which those
    intents are known, and times; for ears that hear free speech poorly.
    """

    phrases: tuple[str, ...]
    keys: str
    wait_s: float
    free: bool = False
    longest_s: float = 15.0
    intents: tuple[str, ...] = ()
    kind: ListenFor = ListenFor.TEXT
    wants_time: bool = False
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TransferTo:
    """Put the caller through to `group`, waiting at most `wait_s` for an operator."""

    group: str
    wait_s: float


@dataclass(frozen=True, slots=True)
class FetchThis:
    """Make this HTTP call and tell `Fetched`, at the latest when `timeout_s` have passed for each try.

    Variables are put in already; `save` maps JSON pointers of the answer to the variables that keep them.
    """

    step: StepId
    method: str
    url: str
    headers: Mapping[str, str]
    body: str | None
    timeout_s: float
    retries: int
    save: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ActThis:
    """Run the action with these slots and tell `Acted`, at the latest after `timeout_s`."""

    step: StepId
    action: str
    slots: Mapping[str, str]
    timeout_s: float


@dataclass(frozen=True, slots=True)
class SendMessage:
    """Send a message; `to` empty means the contact's own phone or e-mail. No event answers it.

    `template` is one of the company's, filled with the `variables`; else `text` is sent as it is.
    """

    step: StepId
    channel: Channel
    to: str
    subject: str
    text: str
    template: str | None
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PutTag:
    """Put this tag on the contact. No event answers it."""

    tag: str


@dataclass(frozen=True, slots=True)
class Forbid:
    """Never call this number again; the caller wished so in the words `said`. No event answers it."""

    said: str


@dataclass(frozen=True, slots=True)
class CallBackAt:
    """Call again at the instant `at` (ISO 8601 with its offset), or `delay_min` minutes from now where it is None.

    A later one takes its place. No event answers it.
    """

    at: str | None
    delay_min: int | None


class How(StrEnum):
    """By what an answer was given."""

    KEY = "key"
    PHRASE = "phrase"
    INTENT = "intent"
    SPEECH = "speech"


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """One stored answer: to which question, which answer, and how it was given (SPEC R6.2)."""

    step: StepId
    question: str
    answer: str
    label: str
    how: How
    said: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Finish:
    """The dialog is over: hang up (unless the caller did) with this result."""

    result: CallResult
    disposition: str | None = None


Errand = FetchThis | ActThis | SendMessage | PutTag | Forbid | CallBackAt
"""What is done outside of the talk."""
Command = Speak | Listen | TransferTo | Finish | Errand


class Phase(StrEnum):
    """What the dialog waits for."""

    NEW = "new"
    SPEAKING = "speaking"
    LISTENING = "listening"
    TRANSFERRING = "transferring"
    WAITING = "waiting"
    ENDED = "ended"


class Frame(msgspec.Struct, frozen=True):
    """What a dialog comes back to: a `Call` that a sub-flow returns to, or what a handler's detour interrupted.

    `at` is the step. `by` is the handler that interrupted it (None: a `Call`), `detour` the one that was under way
    then; `tries` and `cut_short` are the interrupted step's.
    """

    at: StepId
    by: str | None = None
    detour: str | None = None
    tries: int = 0
    cut_short: int = 0


class DialogState(msgspec.Struct, frozen=True):
    """Everything a dialog remembers; serialisable, changed only by `step`.

    `at` and `path` name steps as the whole flow does (`pay/ask`); in the path a handler's detour is `@` and its id.
    `tries` counts how often the step has asked again, `cut_short` how often it began its prompt again without counting;
    `going_to` is where an answer's reply leads while it is said; `heard_out` are the steps whose prompt was heard
    to its end; `asked` says whether a question has been put, `transfer_failed` whether an operator did not come.
    `detour` is the handler under way, `frames` what is come back to after it and after sub-flows, innermost last;
    `used` counts each handler's detours, `unanswered` the turns in a row that answered nothing;
    `typed` are figures of a number that is being typed. `last` says that last words are being said: nothing more is
    owed to the caller.
    """

    variables: Mapping[str, str] = msgspec.field(default_factory=dict)
    at: StepId | None = None
    phase: Phase = Phase.NEW
    tries: int = 0
    cut_short: int = 0
    heard_anything: bool = False
    answers: tuple[GivenAnswer, ...] = ()
    path: tuple[StepId, ...] = ()
    going_to: StepId | None = None
    heard_out: tuple[StepId, ...] = ()
    asked: bool = False
    transfer_failed: bool = False
    callback_delay_min: int | None = None
    result: CallResult | None = None
    disposition: str | None = None
    callback_at: str | None = None
    detour: str | None = None
    frames: tuple[Frame, ...] = ()
    used: Mapping[str, int] = msgspec.field(default_factory=dict)
    unanswered: int = 0
    typed: str = ""
    last: bool = False
    forbidden: bool = False
    tags: tuple[str, ...] = ()
    messages: tuple[StepId, ...] = ()
