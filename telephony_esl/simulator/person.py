"""A person on the telephone, who is told nothing but what is heard.

Greets after the answer, then waits for the robot to speak and to fall silent; that is a turn. Before the answer there
is a short pause for thought: if the robot speaks on in it, the silence was only a breath and the person goes on
listening. An interruption that the robot talks over is said again at the robot's next silence, as people do.
"""

from __future__ import annotations

from collections import deque
from random import Random
from typing import Final

from core.audio import FRAME_MS, Pcm
from telephony_esl.simulator.audio import Frames, is_loud, sound
from telephony_esl.simulator.behaviour import Answer, Person, Then
from telephony_esl.simulator.callee import Deed, DeedKind, Moment, Uttered, frames_of, pause, press, speak
from telephony_esl.simulator.listener import FRESH, Cue, Ear, hear

THOUGHT_S: Final = (0.2, 0.6)
HEEDED_S: Final = 0.3
TALKED_OVER_S: Final = 0.8


class PersonOnPhone:
    """One person in one call; `noise` is the line's, repeated for ever."""

    def __init__(self, script: Person, rng: Random, noise: Frames) -> None:
        self.deeds: list[Deed] = []
        self.message_ms = 0
        self._script = script
        self._rng = rng
        self._noise = noise
        self._ear = Ear(silence_frames=max(1, frames_of(script.turn_silence_s)))
        self._clock = 0
        self._turn = 0
        self._hearing = FRESH
        self._with_robot = True
        self._idle = 0
        self._murmuring = False
        self._thinking: int | None = None
        self._pending: Answer | None = None
        self._mouth: deque[Moment] = deque()
        self._watch: int | None = None
        self._quiet = 0
        self._greet()

    def frame(self, heard: Pcm) -> Uttered:
        """Lives through 20 ms."""
        self._clock += 1
        script = self._script
        if script.vanishes_after_s is not None and self._clock >= frames_of(script.vanishes_after_s):
            if self._clock == frames_of(script.vanishes_after_s):
                self._note(DeedKind.VANISHED)
            return Uttered(None)
        if script.hang_up_after_s is not None and self._clock >= frames_of(script.hang_up_after_s):
            return self._leave()
        loud = is_loud(heard)
        self._listen(loud=loud)
        if self._mouth:
            self._idle = 0
            return self._utter(self._mouth.popleft())
        self._idle = 0 if loud else self._idle + 1
        if self._idle >= frames_of(script.patience_s):
            return self._leave()
        return Uttered(self._hiss())

    def put_through(self, *, to_robot: bool) -> None:
        """Starts to listen anew, to the robot or to somebody else."""
        if to_robot != self._with_robot:
            self._with_robot = to_robot
            self._hearing, self._thinking, self._watch, self._pending = FRESH, None, None, None

    def _greet(self) -> None:
        if self._script.greeting is not None:
            self._mouth.extend(pause(self._script.greets_after_s))
            self._mouth.extend(speak(sound(self._script.greeting), DeedKind.GREETED, self._script.greeting))
        if (first := self._script.first) is not None:
            self._mouth.extend(pause(first.wait_s or 0.0))
            self._mouth.extend(_plan(first))

    def _listen(self, *, loud: bool) -> None:
        if self._watch is not None:
            self._watch_robot(loud=loud)
            return
        if self._mouth and not self._murmuring:
            return
        self._hearing, cue = hear(self._hearing, self._ear, loud=loud)
        if cue is Cue.MY_TURN:
            self._begin_thinking()
        elif self._hearing.speaking:
            self._thinking = None
            self._speak_into_prompt()
        elif self._thinking is not None:
            self._thinking -= 1
            if self._thinking <= 0:
                self._thinking = None
                self._take_turn()

    def _begin_thinking(self) -> None:
        answer = self._pending or self._written()
        wait_s = self._rng.uniform(*THOUGHT_S) if answer is None or answer.wait_s is None else answer.wait_s
        self._thinking = frames_of(wait_s)

    def _written(self) -> Answer | None:
        """What is to be done at the next turn; None lets it pass."""
        answers = self._script.answers
        if not self._with_robot:
            return None
        if self._turn < len(answers):
            return answers[self._turn]
        match self._script.then:
            case Then.REPEAT:
                return answers[-1] if answers else None
            case Then.HANG_UP:
                return Answer(hang_up=True)
            case Then.SILENT:
                return None

    def _take_turn(self) -> None:
        """Does what is written for this turn, or says again what the robot talked over."""
        again, self._pending = self._pending, None
        answer = again or self._written()
        if not self._with_robot:
            return
        if again is None:
            self._turn += 1
        self._murmuring = False
        if answer is None or answer.silent:
            self._note(DeedKind.STAYED_SILENT)
        if answer is not None:
            self._mouth.extend(_plan(answer))

    def _speak_into_prompt(self) -> None:
        answer = self._written()
        if answer is None or self._pending is not None:
            return
        spoken = self._hearing.spoken
        if answer.backchannel is not None and spoken == frames_of(answer.backchannel_after_s):
            self._murmuring = True
            self._mouth.extend(speak(sound(answer.backchannel), DeedKind.BACKCHANNELLED, answer.backchannel))
        if answer.interrupt_after_s is not None and spoken >= frames_of(answer.interrupt_after_s):
            self._turn += 1
            self._note(DeedKind.INTERRUPTED)
            self._mouth.extend(_plan(answer))
            self._pending = answer
            self._watch = len(self._mouth) + frames_of(TALKED_OVER_S)
            self._quiet = 0

    def _watch_robot(self, *, loud: bool) -> None:
        """After an interruption: has the robot stopped for it, or does it talk on?"""
        assert self._watch is not None
        self._watch -= 1
        self._quiet = 0 if loud else self._quiet + 1
        if self._quiet >= frames_of(HEEDED_S):
            self._pending, self._watch, self._hearing = None, None, FRESH
        elif self._watch <= 0:
            self._watch = None

    def _utter(self, moment: Moment) -> Uttered:
        if moment.note is not None:
            self._note(*moment.note)
        if not self._mouth and self._murmuring:
            self._murmuring = False
        if moment.hangs_up:
            return self._leave()
        return Uttered(moment.pcm or self._hiss(), moment.key)

    def _leave(self) -> Uttered:
        self._note(DeedKind.HUNG_UP)
        return Uttered(self._hiss(), hangs_up=True)

    def _note(self, kind: DeedKind, what: str = "") -> None:
        self.deeds.append(Deed(self._clock * FRAME_MS, self._turn, kind, what))

    def _hiss(self) -> Pcm:
        return self._noise[self._clock % len(self._noise)]


def _plan(answer: Answer) -> list[Moment]:
    plan: list[Moment] = []
    if answer.say is not None:
        plan += speak(sound(answer.say), DeedKind.SAID, answer.say)
    if answer.press is not None:
        plan += press(answer.press)
    if answer.hang_up:
        plan.append(Moment(hangs_up=True))
    return plan
