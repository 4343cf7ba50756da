"""Callees that do not listen: voicemails, operators' telephones, and the echo."""

from __future__ import annotations

from itertools import cycle
from typing import Final

from core.audio import FRAME_MS, Pcm
from telephony_esl.simulator.audio import Frames, is_loud, sound, tone
from telephony_esl.simulator.behaviour import OperatorPhone, Voicemail
from telephony_esl.simulator.callee import Deed, DeedKind, Moment, Uttered, frames_of, pause, speak

SMALL_TALK: Final = ("хорошо", "так", "угу")
SMALL_TALK_EVERY_S: Final = 2.0


class EchoOnPhone:
    """Sends back what it hears, frame by frame."""

    def __init__(self) -> None:
        self.deeds: list[Deed] = []
        self.message_ms = 0

    def frame(self, heard: Pcm) -> Uttered:
        """The same frame."""
        return Uttered(heard)

    def put_through(self, *, to_robot: bool) -> None:
        """Does not care who is at the other end."""


class _Playing:
    """Plays a plan to its end, then hangs up; the line hisses where the plan is silent."""

    def __init__(self, plan: list[Moment], noise: Frames) -> None:
        self.deeds: list[Deed] = []
        self.message_ms = 0
        self._plan = plan
        self._noise = noise
        self._clock = 0

    def frame(self, heard: Pcm) -> Uttered:
        """Plays the next frame of the plan."""
        hiss = self._noise[self._clock % len(self._noise)]
        if self._clock >= len(self._plan):
            self._note(DeedKind.HUNG_UP)
            return Uttered(hiss, hangs_up=True)
        moment = self._plan[self._clock]
        self._clock += 1
        if moment.note is not None:
            self._note(*moment.note)
        return Uttered(moment.pcm or hiss)

    def put_through(self, *, to_robot: bool) -> None:
        """Does not care who is at the other end."""

    def _note(self, kind: DeedKind, what: str = "") -> None:
        self.deeds.append(Deed(self._clock * FRAME_MS, 0, kind, what))


class VoicemailOnPhone(_Playing):
    """Greets, beeps, records; `message_ms` is how much voice was left after the beep."""

    def __init__(self, script: Voicemail, noise: Frames) -> None:
        greeting = [
            *pause(0.4),
            *speak(sound(script.greeting), DeedKind.GREETED, script.greeting),
            *pause(script.beep_after_s),
            *speak(tone(script.beep_hz, script.beep_s), DeedKind.BEEPED, f"{script.beep_hz:g} Hz"),
        ]
        self._records_from = len(greeting)
        super().__init__([*greeting, *pause(script.records_s)], noise)

    def frame(self, heard: Pcm) -> Uttered:
        """Plays the next frame and, after the beep, measures what is left."""
        if self._records_from <= self._clock < len(self._plan) and is_loud(heard):
            self.message_ms += FRAME_MS
        return super().frame(heard)


class OperatorOnPhone(_Playing):
    """Greets, murmurs now and then, and hangs up when the time of the talk is over."""

    def __init__(self, script: OperatorPhone, noise: Frames) -> None:
        plan = [*pause(0.3), *speak(sound(script.greeting), DeedKind.GREETED, script.greeting)]
        talk = frames_of(script.talks_s)
        for words in cycle(SMALL_TALK):
            if len(plan) >= talk:
                break
            plan += [*pause(SMALL_TALK_EVERY_S), *speak(sound(words), DeedKind.SAID, words)]
        super().__init__(plan[:talk], noise)
