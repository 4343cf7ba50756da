"""What happens to a dialog (events) and what it wants done (commands)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from core.results import CallResult
from robot.dialog.flow import StepId, VoiceSex
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
class Heard:
    """One whole turn of the caller as text; `confidence` is 0–1; `alternatives` are further readings, best first."""

    text: str
    confidence: float = 1.0
    alternatives: tuple[str, ...] = ()


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


DialogEvent = Started | PromptEnded | Interrupted | Heard | Pressed | NoInput | TransferEnded | CallerGone


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
    """Hear the caller's next turn; `phrases` are the expected ones (empty: no speech is expected, keys only).

    Given once for each turn; `NoInput` is due when `wait_s` have passed without one.
    """

    phrases: tuple[str, ...]
    keys: str
    wait_s: float


@dataclass(frozen=True, slots=True)
class TransferTo:
    """Put the caller through to `group`, waiting at most `wait_s` for an operator."""

    group: str
    wait_s: float


class How(StrEnum):
    """By what an answer was given."""

    KEY = "key"
    PHRASE = "phrase"


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


Command = Speak | Listen | TransferTo | Finish


class Phase(StrEnum):
    """What the dialog waits for."""

    NEW = "new"
    SPEAKING = "speaking"
    LISTENING = "listening"
    TRANSFERRING = "transferring"
    ENDED = "ended"


class DialogState(msgspec.Struct, frozen=True):
    """Everything a dialog remembers; serialisable, changed only by `step`.

    `tries` counts how often the step has asked again, `cut_short` how often it began its prompt again without counting;
    `going_to` is where an answer's reply leads while it is said; `heard_out` are the steps whose prompt was heard
    to its end; `asked` says whether a question has been put, `transfer_failed` whether an operator did not come.
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
