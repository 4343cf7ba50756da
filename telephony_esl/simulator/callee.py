"""What all callees share: they live by the frame, say one frame for each one heard, and keep account of their deeds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from core.audio import FRAME_MS, Pcm
from telephony_esl.simulator.audio import Frames


class DeedKind(StrEnum):
    """The kinds of things that callees do."""

    GREETED = "greeted"
    SAID = "said"
    PRESSED = "pressed"
    STAYED_SILENT = "stayed_silent"
    INTERRUPTED = "interrupted"
    BACKCHANNELLED = "backchannelled"
    BEEPED = "beeped"
    VANISHED = "vanished"
    HUNG_UP = "hung_up"


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing done: at which time of the talk, at which turn (1 is the first; 0: before it), and what exactly."""

    at_ms: int
    turn: int
    kind: DeedKind
    what: str = ""


class Uttered(NamedTuple):
    """What comes from the callee at one frame: audio (None: nothing is sent), the key let go, and the end."""

    pcm: Pcm | None
    key: str = ""
    hangs_up: bool = False


class Callee(Protocol):
    """One callee in one answered call."""

    deeds: list[Deed]
    message_ms: int

    def frame(self, heard: Pcm) -> Uttered:
        """Lives through 20 ms: hears a frame, utters another."""
        ...

    def put_through(self, *, to_robot: bool) -> None:
        """Tells whether the robot is at the other end; with anybody else there the written turns are not used."""
        ...


class Moment(NamedTuple):
    """One planned frame: its audio (None: the line's noise), what is noted when it begins, the key let go in it."""

    pcm: Pcm | None = None
    note: tuple[DeedKind, str] | None = None
    key: str = ""
    hangs_up: bool = False


def frames_of(seconds: float) -> int:
    """The number of whole frames in `seconds`."""
    return round(seconds * 1000 / FRAME_MS)


def pause(seconds: float) -> list[Moment]:
    """Says nothing for so long."""
    return [Moment()] * frames_of(seconds)


def speak(sound: Frames, kind: DeedKind, what: str) -> list[Moment]:
    """Plays a sound to its end."""
    return [Moment(pcm, (kind, what) if at == 0 else None) for at, pcm in enumerate(sound)]


def press(keys: str, *, held_s: float = 0.12, gap_s: float = 0.1) -> list[Moment]:
    """Presses keys one after another; each counts when it is let go."""
    plan: list[Moment] = []
    for key in keys:
        plan += [*pause(held_s)[:-1], Moment(note=(DeedKind.PRESSED, key), key=key), *pause(gap_s)]
    return plan
