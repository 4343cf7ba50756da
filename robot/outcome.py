"""What is kept of one robot call (SPEC R6.12)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.results import CallResult
from robot.dialog.events import GivenAnswer


class Speaker(StrEnum):
    """Whose words a line of the transcript holds."""

    ROBOT = "robot"
    CALLER = "caller"


@dataclass(frozen=True, slots=True)
class Utterance:
    """One line of the transcript; times are milliseconds of call audio since the link came up."""

    speaker: Speaker
    text: str
    start_ms: int
    end_ms: int
    confidence: float | None = None
    key: bool = False
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from the end of the caller's speech (or the key) to the reply's first frame, at one turn."""

    turn: int
    reply_ms: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The sum of one conversation; `verdict` and `verdict_probability` are the AMD's where it ran.

    A promised call is due at `callback_at` (ISO 8601), else `callback_delay_min` minutes after the end.
    """

    result: CallResult
    disposition: str | None = None
    answers: tuple[GivenAnswer, ...] = ()
    transcript: tuple[Utterance, ...] = ()
    path: tuple[str, ...] = ()
    latencies: tuple[Latency, ...] = ()
    callback_delay_min: int | None = None
    callback_at: str | None = None
    tags: tuple[str, ...] = ()
    verdict: str | None = None
    verdict_probability: float | None = None
    recording: Path | None = None
    audio_ms: int = 0
