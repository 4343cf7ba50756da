"""What happens to a dialog (events) and what it wants done (commands)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from core.results import CallResult
from robot.dialog.flow import StepId, VoiceSex


@dataclass(frozen=True, slots=True)
class Started:
    """The line is open both ways; the dialog may begin."""


@dataclass(frozen=True, slots=True)
class PromptEnded:
    """The last commanded prompt was heard to its end."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The caller spoke or pressed into a prompt that allows it; `heard_ms` of it were played."""

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
    """A commanded transfer is over: `connected` says whether an operator talked with the caller."""

    connected: bool


@dataclass(frozen=True, slots=True)
class CallerGone:
    """The caller hung up."""


DialogEvent = Started | PromptEnded | Interrupted | Heard | Pressed | NoInput | TransferEnded | CallerGone


@dataclass(frozen=True, slots=True)
class Speak:
    """Say `text` (variables already filled in) or play the stored `audio`; keys and speech stop it if `barge_in`."""

    text: str
    audio: str | None
    voice: VoiceSex
    barge_in: bool


@dataclass(frozen=True, slots=True)
class Listen:
    """Hear the caller's next turn; `phrases` are the expected ones (empty: no speech is expected, keys only)."""

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


@dataclass(frozen=True, slots=True)
class DialogState:
    """Everything a dialog remembers; serialisable, changed only by `step`."""

    variables: Mapping[str, str] = field(default_factory=dict)
    at: StepId | None = None
    phase: Phase = Phase.NEW
    tries: int = 0
    heard_anything: bool = False
    answers: tuple[GivenAnswer, ...] = ()
    path: tuple[StepId, ...] = ()
    callback_delay_min: int | None = None
    result: CallResult | None = None
    disposition: str | None = None
