"""One caller's audio turned into turn events: VAD, turn-taking, recogniser, answering-machine rule, in that order.

Synchronous and without a clock: the same samples give the same events, however they are cut. It is driven from one
thread at a time (`hearing`).
"""

from __future__ import annotations

from collections import deque
from typing import Final

from core.audio import Pcm, Samples, from_ms, samples
from robot.amd.cadence import Cadence, Greeted, cadence_after
from robot.amd.sound import level_db, tone_of
from robot.ports import Ears, Recognised, Recogniser, Vad
from robot.turns import (
    Advance,
    Attention,
    Moment,
    SpeechStarted,
    TurnEvent,
    TurnState,
    Want,
    advance,
    told,
)

PREROLL: Final = from_ms(256)
"""Audio before the onset that the recogniser hears too: soft beginnings of words lie there."""

ListenerEvent = TurnEvent | Greeted


class Listener:
    """Hears one call from its first sample to its last."""

    def __init__(self, vad: Vad, ears: Ears | None, *, greeting: bool) -> None:
        self._vad = vad
        self._ears = ears
        self._position = Samples(0)
        self._rest = b""
        self._state = TurnState()
        self._before: deque[Pcm] = deque(maxlen=max(1, PREROLL // vad.chunk_samples))
        self._turn = bytearray()
        self._recogniser: Recogniser | None = None
        self._phrases: tuple[str, ...] = ()
        self._cadence: Cadence | None = Cadence() if greeting else None

    def hear(self, pcm: Pcm, wanted: Attention) -> list[ListenerEvent]:
        """Takes the next audio and returns what became known by it."""
        self._rest += pcm
        size = self._vad.chunk_samples * 2
        events: list[ListenerEvent] = []
        while len(self._rest) >= size:
            chunk, self._rest = self._rest[:size], self._rest[size:]
            events += self._chunk(chunk, wanted)
        return events

    def skip(self, lost: Samples) -> None:
        """Notes audio that was lost on the way: time goes on without it."""
        self._position = Samples(self._position + samples(self._rest) + lost)
        self._rest = b""

    def _chunk(self, chunk: Pcm, wanted: Attention) -> list[ListenerEvent]:
        start = self._position
        self._position = Samples(start + samples(chunk))
        moment = Moment(start, self._position, self._vad.probability(chunk), level_db(chunk))
        events: list[ListenerEvent] = []
        if self._cadence is not None:
            self._cadence = cadence_after(self._cadence, moment, tone_of(chunk))
            if self._cadence.verdict is not None:
                events.append(self._cadence.verdict)
                self._cadence = None
                self._state = TurnState(now=start)  # the greeting is no turn: the dialog begins after it
                self._forget()
        was_speaking = self._state.speaking
        self._keep(chunk, was_speaking, wanted)
        step = advance(self._state, moment, wanted)
        while True:
            self._state = step.state
            events += step.events
            if any(isinstance(event, SpeechStarted) for event in step.events):
                self._begin(wanted)
            if step.want is None:
                break
            step = self._tell(step, wanted)
        if was_speaking and not self._state.speaking:
            self._forget()
        return events

    def _keep(self, chunk: Pcm, speaking: bool, wanted: Attention) -> None:
        if not speaking:
            self._before.append(chunk)
            return
        self._turn += chunk
        if self._recogniser is not None and self._phrases == wanted.phrases:
            self._recogniser.accept(chunk)

    def _begin(self, wanted: Attention) -> None:
        self._turn = bytearray(b"".join(self._before))
        self._open(wanted)

    def _open(self, wanted: Attention) -> None:
        """A fresh recogniser that has heard the turn so far; none where nobody wants words."""
        self._recogniser = None
        self._phrases = wanted.phrases
        if self._ears is not None and wanted.wants_words:
            self._recogniser = self._ears.listen(wanted.phrases)
            self._recogniser.accept(bytes(self._turn))

    def _tell(self, step: Advance, wanted: Attention) -> Advance:
        if step.want is None:
            return step
        if self._recogniser is None or self._phrases != wanted.phrases:
            self._open(wanted)
        if self._recogniser is None:
            return told(step.state, step.want, Recognised("", 0.0), wanted)
        if step.want is Want.GLANCE:
            return told(step.state, step.want, Recognised(self._recogniser.accept(b""), 0.0), wanted)
        said = self._recogniser.finish()
        self._recogniser = None
        return told(step.state, step.want, said, wanted)

    def _forget(self) -> None:
        self._before.clear()
        self._turn = bytearray()
        self._recogniser = None
