"""What one callee does with one call, as values; all durations are in seconds of the call's own time.

A callee either does not take the call (`Refusal`), or is a `Person`, a `Voicemail`, an `OperatorPhone` or an
`Echo`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Failure(StrEnum):
    """Why a call is not taken; the values are the words of a cast file."""

    BUSY = "busy"
    REJECTS = "rejects"
    NO_ANSWER = "no_answer"
    NONEXISTENT = "nonexistent"
    UNREACHABLE = "unreachable"
    CONGESTION = "congestion"
    NUMBER_CHANGED = "number_changed"
    CARRIER_ERROR = "carrier_error"
    REDIRECTS = "redirects"


@dataclass(frozen=True, slots=True)
class Refused:
    """How the switch reports a failure: its cause, the Q.850 number, and the carrier's SIP answer."""

    cause: str
    q850: int
    sip_status: int
    phrase: str


REFUSED: Final = {
    Failure.BUSY: Refused("USER_BUSY", 17, 486, "Busy Here"),
    Failure.REJECTS: Refused("CALL_REJECTED", 21, 603, "Decline"),
    Failure.NONEXISTENT: Refused("UNALLOCATED_NUMBER", 1, 404, "Not Found"),
    Failure.UNREACHABLE: Refused("SUBSCRIBER_ABSENT", 20, 480, "Temporarily Unavailable"),
    Failure.CONGESTION: Refused("NORMAL_CIRCUIT_CONGESTION", 34, 503, "Service Unavailable"),
    Failure.NUMBER_CHANGED: Refused("NUMBER_CHANGED", 22, 410, "Gone"),
    Failure.CARRIER_ERROR: Refused("NORMAL_TEMPORARY_FAILURE", 41, 500, "Server Internal Error"),
    Failure.REDIRECTS: Refused("REQUESTED_CHAN_UNAVAIL", 44, 302, "Moved Temporarily"),
}
"""Every failure but `NO_ANSWER`, which rings until the switch gives up."""


class Then(StrEnum):
    """What a person does at a turn for which nothing is written."""

    SILENT = "silent"
    REPEAT = "repeat"
    HANG_UP = "hang_up"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person does at one of its turns, in this order: waits, says, presses, hangs up.

    `silent` lets the turn pass. With `interrupt_after_s` the turn begins inside the prompt, that long after the robot
    began to speak. `backchannel` is murmured `backchannel_after_s` into the prompt and is no turn. `wait_s` is the
    pause before the answer; None lets the person take its time.
    """

    say: str | None = None
    press: str | None = None
    silent: bool = False
    hang_up: bool = False
    interrupt_after_s: float | None = None
    backchannel: str | None = None
    backchannel_after_s: float = 1.0
    wait_s: float | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who answers, greets, listens, and answers turn by turn.

    `turn_silence_s` is how long the robot must be silent to give the turn; `patience_s` how long nothing at all may be
    heard before the person hangs up; `first` is done unasked, after the greeting; with `vanishes_after_s` the
    connection dies without a hang-up (no audio comes); with `early_media_s` the ringing is heard as audio, that long
    after the dialling.
    """

    answers: tuple[Answer, ...] = ()
    after_ring_s: float = 2.0
    greeting: str | None = "алло"
    greets_after_s: float = 0.4
    hang_up_after_s: float | None = None
    vanishes_after_s: float | None = None
    turn_silence_s: float = 0.7
    patience_s: float = 30.0
    first: Answer | None = None
    then: Then = Then.SILENT
    early_media_s: float | None = None


@dataclass(frozen=True, slots=True)
class Voicemail:
    """A machine: a spoken greeting, a beep, then it records in silence until its own limit and hangs up."""

    after_ring_s: float = 4.0
    greeting: str = "здравствуйте, я сейчас не могу ответить, оставьте сообщение после сигнала"
    beep_hz: float = 1000.0
    beep_s: float = 0.4
    beep_after_s: float = 0.5
    records_s: float = 30.0
    early_media_s: float | None = None


@dataclass(frozen=True, slots=True)
class OperatorPhone:
    """An operator's telephone: answers and talks, or refuses, or rings out."""

    answers_after_s: float = 1.0
    talks_s: float = 5.0
    refuses: bool = False
    rings_out: bool = False
    greeting: str = "слушаю вас"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The call is not taken; the refusal comes after `after_ring_s` (`NO_ANSWER` rings on)."""

    failure: Failure
    after_ring_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Echo:
    """A measuring device: answers and sends back each frame that it hears."""

    after_ring_s: float = 0.0


Behaviour = Person | Voicemail | OperatorPhone | Echo | Refusal
