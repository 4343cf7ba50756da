"""One caller's audio turned into turn events: VAD, echo, turn-taking, recogniser, detector of answering machines.

Without a clock: the same samples give the same events, however they are cut. `hear` does everything at once; `take`
leaves to its caller what is slow, so that it can be done elsewhere. One chunk at a time. The recogniser gets a turn in
blocks of `BLOCK`, and what is left whenever its words are wanted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final

from core.audio import Pcm, Samples, from_ms, samples
from robot.amd.cadence import Greeted
from robot.amd.detector import CadenceDetector
from robot.amd.judging import MachineModel
from robot.amd.sound import level_db
from robot.echo import Echo
from robot.pauses import Attention
from robot.ports import Ears, Recognised, Recogniser, Vad
from robot.turns import SPEECH_OFF, Advance, Moment, TurnEvent, TurnState, Want, advance, told

PREROLL: Final = from_ms(320)
"""Audio before the onset that the recogniser hears too: soft beginnings of words lie there."""

BLOCK: Final = from_ms(128)

ListenerEvent = TurnEvent | Greeted
Slow = Callable[[], list[ListenerEvent]]


class Listener:
    """Hears one call from its first sample to its last; with `greeting` it first tells who answers, by `machines`."""

    def __init__(
        self, vad: Vad, ears: Ears | None, *, greeting: bool, machines: Callable[[], MachineModel] = CadenceDetector
    ) -> None:
        self.vad = vad
        self._ears = ears
        self._position = Samples(0)
        self._rest = b""
        self._state = TurnState()
        self._before: deque[Pcm] = deque(maxlen=max(1, PREROLL // vad.chunk_samples))
        self._turn = bytearray()
        self._recogniser: Recogniser | None = None
        self._recognised = 0
        self._was_read = False
        self._phrases: tuple[str, ...] = ()
        self._machines = machines() if greeting else None
        self._echo = Echo()

    @property
    def position(self) -> Samples:
        """How much of the call was heard."""
        return self._position

    def hear(self, pcm: Pcm, wanted: Attention, *, played: Pcm = b"") -> list[ListenerEvent]:
        """Takes the next audio, and what the robot played meanwhile, and returns what became known by it."""
        self.play(played)
        self._rest += pcm
        size = self.vad.chunk_samples * 2
        events: list[ListenerEvent] = []
        while len(self._rest) >= size:
            chunk, self._rest = self._rest[:size], self._rest[size:]
            found = self.take(chunk, self.vad.probability(chunk), level_db(chunk), wanted)
            events += found if isinstance(found, list) else found()
        return events

    def play(self, played: Pcm) -> None:
        """Notes what the robot plays from where the last was noted; it may come back as an echo."""
        self._echo.play(played)

    def skip(self, lost: Samples) -> None:
        """Notes audio that was lost on the way: time goes on without it."""
        self._position = Samples(self._position + samples(self._rest) + lost)
        self._rest = b""

    def take(self, chunk: Pcm, speech: float, level: float, wanted: Attention) -> list[ListenerEvent] | Slow:
        """Takes the next chunk with its speech probability and its level in dBFS.

        Returns what became known, or what must be run to know it: that where the recogniser has to work. Until it has
        run, no further chunk may be taken.
        """
        start = self._position
        self._position = end = Samples(start + len(chunk) // 2)
        self._echo.hear(chunk, start, level)
        if speech >= SPEECH_OFF and self._echo.is_echo(level):
            speech = 0.0
        moment = Moment(start, end, speech, level)
        events: list[ListenerEvent] = self._greeting(chunk, moment) if self._machines is not None else []
        step, was_speaking = advance(self._state, moment, wanted), self._state.speaking
        self._state = step.state
        events += step.events
        if not was_speaking:
            self._before.append(chunk)
            if not step.state.speaking:
                return events
            self._turn = bytearray(b"".join(self._before))
        else:
            self._turn += chunk
        if step.want is not None or (was_speaking and self._is_due(wanted)):
            work = partial(self._in_turn, step, wanted, events)
            return work if self._ears is not None and wanted.wants_words else work()
        if not step.state.speaking:
            self._forget()
        return events

    def _greeting(self, chunk: Pcm, moment: Moment) -> list[ListenerEvent]:
        """The first listening; when it is over the dialog begins, and the greeting is no turn of it."""
        verdict = None if self._machines is None else self._machines.take(chunk, moment)
        if verdict is None:
            return []
        self._machines = None
        self._state = TurnState(now=moment.start, floor=self._state.floor)
        self._forget()
        return [verdict]

    def _is_due(self, wanted: Attention) -> bool:
        """Whether the recogniser has a block to hear; one that gave its reading hears the turn anew once asked."""
        if self._ears is None or not wanted.wants_words or len(self._turn) - self._recognised < 2 * BLOCK:
            return False
        return not self._was_read if self._recogniser is None else self._phrases == wanted.phrases

    def _in_turn(self, step: Advance, wanted: Attention, events: list[ListenerEvent]) -> list[ListenerEvent]:
        """Gives the recogniser what it needs within a turn, and goes on with what its words tell."""
        if step.want is None:
            self._recognise(wanted)
        while step.want is not None:
            step = self._tell(step.state, step.want, wanted)
            self._state = step.state
            events += step.events
        if not self._state.speaking:
            self._forget()
        return events

    def _recognise(self, wanted: Attention) -> str:
        """Has a recogniser of what is wanted hear the turn up to here; the text so far, empty where nobody wants it."""
        if self._recogniser is None or self._phrases != wanted.phrases:
            if self._ears is None or not wanted.wants_words:
                self._recogniser = None
                return ""
            self._recogniser, self._phrases = self._ears.listen(wanted.phrases, free=wanted.free), wanted.phrases
            self._recognised = 0
        block = bytes(self._turn[self._recognised :])
        self._recognised = len(self._turn)
        return self._recogniser.accept(block)

    def _tell(self, state: TurnState, want: Want, wanted: Attention) -> Advance:
        text = self._recognise(wanted)
        if self._recogniser is None:
            return told(state, want, Recognised("", 0.0), wanted)
        if want is Want.GLANCE:
            return told(state, want, Recognised(text, 0.0), wanted)
        said = self._recogniser.finish()
        self._recogniser, self._was_read = None, True
        return told(state, want, said, wanted)

    def _forget(self) -> None:
        self._before.clear()
        self._turn = bytearray()
        self._recogniser, self._recognised, self._was_read = None, 0, False
