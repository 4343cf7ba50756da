"""One caller's audio turned into turn events: VAD, echo, turn-taking, recogniser, answering-machine rule.

Without a clock: the same samples give the same events, however they are cut. `hear` does everything at once; `take`
leaves to its caller what is slow, so that it can be done elsewhere. One chunk at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final

from core.audio import Pcm, Samples, from_ms, samples
from robot.amd.cadence import Cadence, Greeted, cadence_after
from robot.amd.sound import level_db, tone_of
from robot.echo import Echo
from robot.pauses import Attention
from robot.ports import Ears, Recognised, Recogniser, Vad
from robot.turns import SPEECH_OFF, Advance, Moment, SpeechStarted, TurnEvent, TurnState, Want, advance, told

PREROLL: Final = from_ms(256)
"""Audio before the onset that the recogniser hears too: soft beginnings of words lie there."""

ListenerEvent = TurnEvent | Greeted
Slow = Callable[[], list[ListenerEvent]]


class Listener:
    """Hears one call from its first sample to its last."""

    def __init__(self, vad: Vad, ears: Ears | None, *, greeting: bool) -> None:
        self.vad = vad
        self._ears = ears
        self._position = Samples(0)
        self._rest = b""
        self._state = TurnState()
        self._before: deque[Pcm] = deque(maxlen=max(1, PREROLL // vad.chunk_samples))
        self._turn = bytearray()
        self._recogniser: Recogniser | None = None
        self._phrases: tuple[str, ...] = ()
        self._cadence: Cadence | None = Cadence() if greeting else None
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
            found = self.take(chunk, self.vad.probability(chunk), wanted)
            events += found if isinstance(found, list) else found()
        return events

    def play(self, played: Pcm) -> None:
        """Notes what the robot plays from where the last was noted; it may come back as an echo."""
        self._echo.play(played)

    def skip(self, lost: Samples) -> None:
        """Notes audio that was lost on the way: time goes on without it."""
        self._position = Samples(self._position + samples(self._rest) + lost)
        self._rest = b""

    def take(self, chunk: Pcm, speech: float, wanted: Attention) -> list[ListenerEvent] | Slow:
        """Takes the next chunk with its speech probability; returns what became known, or what must be run to know it.

        The latter where the recogniser has to work; until it has run, no further chunk may be taken.
        """
        start = self._position
        self._position = end = Samples(start + len(chunk) // 2)
        level = level_db(chunk)
        self._echo.hear(chunk, start)
        if speech >= SPEECH_OFF and self._echo.is_echo(level):
            speech = 0.0
        moment = Moment(start, end, speech, level)
        events: list[ListenerEvent] = []
        if self._cadence is not None:
            events += self._greeting(chunk, moment)
        step = advance(self._state, moment, wanted)
        if not step.state.speaking and not self._state.speaking:
            self._state = step.state
            self._before.append(chunk)
            return [*events, *step.events] if events or step.events else []
        work = partial(self._in_turn, chunk, step, wanted, events)
        return work if self._ears is not None and wanted.wants_words else work()

    def _greeting(self, chunk: Pcm, moment: Moment) -> list[ListenerEvent]:
        """The first listening; when it is over the dialog begins, and the greeting is no turn of it."""
        assert self._cadence is not None
        self._cadence = cadence_after(self._cadence, moment, tone_of(chunk))
        verdict = self._cadence.verdict
        if verdict is None:
            return []
        self._cadence = None
        self._state = TurnState(now=moment.start, floor=self._state.floor)
        self._forget()
        return [verdict]

    def _in_turn(
        self, chunk: Pcm, step: Advance, wanted: Attention, events: list[ListenerEvent]
    ) -> list[ListenerEvent]:
        """Goes on with a step within a turn, at its beginning or its end; gives the recogniser what it needs."""
        was_speaking = self._state.speaking
        self._keep(chunk, wanted, speaking=was_speaking)
        while True:
            self._state = step.state
            events += step.events
            if any(isinstance(event, SpeechStarted) for event in step.events):
                self._begin(wanted)
            if step.want is None:
                break
            step = self._tell(step.state, step.want, wanted)
        if was_speaking and not self._state.speaking:
            self._forget()
        return events

    def _keep(self, chunk: Pcm, wanted: Attention, *, speaking: bool) -> None:
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

    def _tell(self, state: TurnState, want: Want, wanted: Attention) -> Advance:
        if self._recogniser is None or self._phrases != wanted.phrases:
            self._open(wanted)
        if self._recogniser is None:
            return told(state, want, Recognised("", 0.0), wanted)
        if want is Want.GLANCE:
            return told(state, want, Recognised(self._recogniser.accept(b""), 0.0), wanted)
        said = self._recogniser.finish()
        self._recogniser = None
        return told(state, want, said, wanted)

    def _forget(self) -> None:
        self._before.clear()
        self._turn = bytearray()
        self._recogniser = None
