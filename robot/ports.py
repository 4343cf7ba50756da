"""What a conversation needs from the outside: a line to the caller, ears, and a voice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.audio import Pcm
from core.legs import LegEvent
from robot.dialog.flow import Language, VoiceSex

Exchange = Callable[[Pcm], Pcm]
"""Takes the caller's 20 ms frame and returns the robot's; called once for each frame received."""


class Line(Protocol):
    """An answered leg as the conversation sees it."""

    async def link(self, exchange: Exchange) -> None:
        """Opens the audio both ways; returns when the first frame came. Raises `Unavailable` if none comes."""
        ...

    async def next_event(self) -> LegEvent:
        """The next event of the leg; `HungUp` is the last one and is repeated for ever after."""
        ...

    async def transfer(self, group: str, wait_s: float) -> bool:
        """Takes the caller off the robot's audio to an operator; returns after the talk: True, or nobody came: False.

        After False the line may be linked again. The audio link has ended when this begins.
        """
        ...

    async def hang_up(self) -> None:
        """Ends the leg; returns at once, also when it is already over."""
        ...


class Vad(Protocol):
    """Speech probability of one stream of audio; one instance per call."""

    chunk_samples: int

    def probability(self, chunk: Pcm) -> float:
        """How surely the next `chunk_samples` samples hold speech, 0–1."""
        ...


@dataclass(frozen=True, slots=True)
class Recognised:
    """Text of one turn with the recogniser's mean word confidence, and further readings, best first."""

    text: str
    confidence: float
    alternatives: tuple[str, ...] = ()


class Recogniser(Protocol):
    """Turns one caller's turn into text; made anew for each turn, used by one thread at a time."""

    def accept(self, pcm: Pcm) -> str:
        """Takes the next audio and returns the text so far (may be empty). CPU-bound: run it off the event loop."""
        ...

    def finish(self) -> Recognised:
        """Ends the turn and returns its text."""
        ...


class Ears(Protocol):
    """Makes recognisers from one shared model."""

    def listen(self, phrases: Sequence[str]) -> Recogniser:
        """A recogniser that expects `phrases` (as written by the designer; empty: any speech)."""
        ...


class Voice(Protocol):
    """Synthesis of one text to 8 kHz PCM."""

    def say(self, text: str, *, language: Language, sex: VoiceSex, rate: float = 1.0) -> Pcm:
        """The whole utterance at `rate` times the usual speed. CPU-bound: run it off the event loop."""
        ...
