"""What a conversation needs from the outside: a line to the caller, ears and a voice, somebody who runs its errands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.audio import Pcm
from core.legs import LegEvent
from robot.dialog.events import (
    Acted,
    ActThis,
    CallBackAt,
    Fetched,
    FetchThis,
    Forbid,
    IntentGuess,
    PutTag,
    SendMessage,
)
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

    def listen(self, phrases: Sequence[str], *, free: bool = False) -> Recogniser:
        """A recogniser that expects `phrases` (as written by the designer; empty: any speech).

        With `free` any other words count as well; a model that hears free speech poorly may keep to the phrases.
        """
        ...


class Errands(Protocol):
    """What a dialog wants done outside of the talk, for the contact of one call.

    Each may take some seconds; whoever asks sets the limit. A `ZvonarError` is what went wrong, by its code.
    """

    async def fetch(self, call: FetchThis) -> Fetched:
        """Makes a call over HTTP and takes the wanted values out of its answer."""
        ...

    async def act(self, wanted: ActThis) -> Acted:
        """Runs a custom action."""
        ...

    async def message(self, message: SendMessage) -> None:
        """Sends a message, or sees to it that it will be sent."""
        ...

    async def tag(self, tag: PutTag) -> None:
        """Puts a tag on the contact."""
        ...

    async def forbid(self, wish: Forbid) -> None:
        """Sees to it that the number is never called again."""
        ...

    async def callback(self, wish: CallBackAt) -> None:
        """Notes a promised call; whether it becomes the lead's next one is said by the call's outcome."""
        ...


class Meaning(Protocol):
    """What words mean besides the phrases in them; quick, for it is asked between two frames."""

    def guess(self, text: str, *, only: Sequence[str]) -> tuple[IntentGuess, ...]:
        """Those of the flow's intents that a classifier takes the words for, best first, none below its threshold."""
        ...

    def instant(self, text: str) -> str | None:
        """The instant that the words name, in ISO 8601 with its offset; None if they name none."""
        ...


class Voice(Protocol):
    """Synthesis of one text to 8 kHz PCM."""

    def say(self, text: str, *, language: Language, sex: VoiceSex, rate: float = 1.0) -> Pcm:
        """The whole utterance at `rate` times the usual speed. CPU-bound: run it off the event loop."""
        ...
