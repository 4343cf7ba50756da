"""One dialog of a rehearsal: a persona against the true `step`, with what is noted of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final, assert_never

from core.results import CallResult
from robot.dialog.events import (
    Acted,
    ActThis,
    CallerGone,
    Command,
    DialogEvent,
    DialogState,
    Fetched,
    FetchThis,
    Heard,
    How,
    Interrupted,
    Listen,
    NoInput,
    Phase,
    Pressed,
    PromptEnded,
    Speak,
    Started,
    TransferEnded,
    TransferTo,
)
from robot.dialog.flow import Flow, StepId
from robot.dialog.step import begin, step
from robot.dialog.values import value_of
from robot.rehearsal.personas import CHARACTERS, Asked, Deed, Keys, Leaves, Persona, Said, Silence
from robot.rehearsal.repertoire import ANSWER, HANDLER, NOTHING, VALUE, Meant, Place, Repertoire, contact_of
from robot.rehearsal.speaking_time import heard_s, spoken_s

MOST_EVENTS: Final = 2_000
OPERATOR_COMES: Final = 0.5
ERRAND_FAILS: Final = 0.2
"""How often a call over HTTP or an action fails in a rehearsal."""
FAILURE: Final = "rehearsed_failure"
INTERRUPTED_MS: Final = 900
DIAL_AND_GREET_S: Final = 1.0

Hearing = Callable[[str, Listen], Heard]
"""What the robot hears of words, with the intents that its classifier finds and the time that they name."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """One turn of words: where, what was said and heard, what was meant, and what it was taken for (None: nothing)."""

    step: str
    meant: Meant
    taken: str | None
    said: str
    heard: str

    @property
    def right(self) -> bool:
        """Whether it was taken for what was meant."""
        if self.meant.kind == NOTHING:
            return self.taken is None
        return self.taken is not None and self.taken in (self.meant.label, self.meant.intent)


@dataclass(slots=True)
class Course:
    """How a dialog went; `seconds` are estimated, `hung_up_at` is the step at which the caller left, if he did.

    `escalated` are handlers whose limit was passed.
    """

    persona: Persona
    result: CallResult = CallResult.SYSTEM_ERROR
    disposition: str | None = None
    path: tuple[StepId, ...] = ()
    answers: tuple[tuple[str, str], ...] = ()
    turns: int = 0
    seconds: float = DIAL_AND_GREET_S
    hung_up_at: str | None = None
    escalated: tuple[str, ...] = ()
    understandings: list[Understanding] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)


class Talk:
    """A persona on the telephone with the flow."""

    def __init__(
        self,
        flow: Flow,
        repertoire: Repertoire,
        persona: Persona,
        *,
        hear: Hearing,
        rng: Random,
        variables: Mapping[str, str],
        visits: Mapping[str, int],
    ) -> None:
        self._flow = flow
        self._handlers = {handler.id: handler for handler in flow.handlers}
        self._repertoire = repertoire
        self._character = CHARACTERS[persona]
        self._hear = hear
        self._rng = rng
        self._state: DialogState = begin(variables)
        self._keys = ""
        self._last: Deed | None = None
        self._visits = visits
        self.course = Course(persona)

    def run(self) -> Course:
        """Talks until the call is over; a dialog that does not end within `MOST_EVENTS` is a system error."""
        event: DialogEvent = Started()
        deed: Deed | None = None
        course = self.course
        for _ in range(MOST_EVENTS):
            before = self._state
            self._state, commands = step(self._flow, before, event)
            if isinstance(deed, Said):
                self._note(before, deed)
            if self._state.phase is Phase.ENDED:
                break
            event, deed = self._react(commands)
        state = self._state
        course.path, course.disposition = state.path, state.disposition
        course.answers = tuple((str(one.step), one.answer) for one in state.answers)
        if state.result is not None:
            course.result = state.result
        return course

    def _react(self, commands: tuple[Command, ...]) -> tuple[DialogEvent, Deed | None]:
        """What happens next, and the deed of the caller that it is, if it is one."""
        command = commands[-1] if commands else None
        match command:
            case Speak():
                return self._while_spoken_to(command), None
            case Listen():
                return self._turn(command)
            case TransferTo(wait_s=wait_s):
                connected = self._rng.random() < OPERATOR_COMES
                self.course.seconds += 5.0 if connected else wait_s
                return TransferEnded(connected=connected), None
            case FetchThis() | ActThis():
                return self._errand(command), None
            case _:
                return NoInput() if self._state.phase is Phase.LISTENING else PromptEnded(), None

    def _while_spoken_to(self, speak: Speak) -> DialogEvent:
        length, chance, character = spoken_s(speak), self._rng.random(), self._character
        if chance < character.leaves:
            share = self._rng.random()
            self.course.seconds += share * length
            self._leave()
            return CallerGone(share)
        if speak.barge_in and not speak.keys_only and chance < character.leaves + character.interrupts:
            self.course.seconds += min(length, INTERRUPTED_MS / 1000)
            return Interrupted(INTERRUPTED_MS)
        self.course.seconds += length
        return PromptEnded()

    def _turn(self, listen: Listen) -> tuple[DialogEvent, Deed | None]:
        if self._keys:
            key, self._keys = self._keys[0], self._keys[1:]
            return Pressed(key), None
        course, state = self.course, self._state
        place = self._repertoire.places[state.at or ""]
        asked = Asked(
            place=place,
            listen=listen,
            turn=course.turns,
            repertoire=self._repertoire,
            when=self._is_asked_when(),
            again=state.tries > 0 and isinstance(self._last, Silence),
            visits=self._visits,
        )
        deed = self._character.turn(asked, self._rng)
        course.turns += 1
        course.deeds.append(deed)
        self._last = deed
        match deed:
            case Said(heard=heard):
                course.seconds += heard_s(heard)
                return self._hear(heard, listen), deed
            case Keys(keys=keys):
                course.seconds += 1.0 + 0.3 * len(keys)
                self._keys = keys[1:]
                return Pressed(keys[0]), deed
            case Silence():
                course.seconds += listen.wait_s
                return NoInput(), deed
            case Leaves():
                self._leave()
                return CallerGone(), None
            case _:
                assert_never(deed)

    def _is_asked_when(self) -> bool:
        return self._state.detour is not None and self._state.detour in self._repertoire.asking_when

    def _leave(self) -> None:
        state = self._state
        self.course.hung_up_at = f"@{state.detour}" if state.detour is not None else str(state.at)

    def _errand(self, command: FetchThis | ActThis) -> DialogEvent:
        self.course.seconds += 0.7
        fails = self._rng.random() < ERRAND_FAILS
        if isinstance(command, ActThis):
            return Acted(error=FAILURE) if fails else Acted()
        return Fetched(error=FAILURE) if fails else Fetched(self._values(command))

    def _values(self, command: FetchThis) -> Mapping[str, str]:
        values = self._repertoire.values
        return {name: self._rng.choice(values[name.strip().casefold()]) for name in command.save.values()}

    # ---- what was understood

    def _note(self, before: DialogState, deed: Said) -> None:
        """Notes what was made of a turn; not of one within a detour, nor where plain words happen to be an answer."""
        place, meant = self._repertoire.places[before.at or ""], deed.saying.meant
        taken = self._taken_for(before, place, meant)
        if before.detour is not None or self._is_closed(before, meant):
            return
        if meant.kind == NOTHING and taken is not None and not self._is_guessed(before, taken):
            return
        found = Understanding(str(before.at), meant, taken, deed.saying.text, deed.heard)
        self.course.understandings.append(found)

    def _is_closed(self, before: DialogState, meant: Meant) -> bool:
        """Whether the handler that was meant could not be called any more."""
        if meant.kind != HANDLER:
            return False
        handler = self._handlers[meant.name]
        passed = before.used.get(handler.id, 0) >= handler.limit and handler.escalation is None
        return passed or any(frame.by == handler.id for frame in before.frames)

    def _is_guessed(self, before: DialogState, taken: str) -> bool:
        """Whether words that mean nothing were taken for an intent."""
        given = len(self._state.answers) > len(before.answers)
        return taken.startswith("@") or (given and self._state.answers[-1].how is How.INTENT)

    def _taken_for(self, before: DialogState, place: Place, meant: Meant) -> str | None:
        """The label of what the words were taken for, by what they changed."""
        state = self._state
        new = state.path[len(before.path) :]
        target = str(state.going_to or (new[0] if new else ""))
        if new and target.startswith("@"):
            return target
        if place.kept is not None and (kept := self._kept(before, place, target, meant)) is not None:
            return kept
        if len(state.answers) > len(before.answers):
            label = place.labels.get(state.answers[-1].answer, state.answers[-1].label)
            return meant.label if place.leads.get(meant.label) == place.leads.get(label) else label
        if self._is_escalated(before, target, meant):
            self.course.escalated = (*self.course.escalated, meant.name)
            return meant.label
        if not target or (before.tries >= place.repeats and state.going_to is None and meant.kind != ANSWER):
            return None
        labels = [label for label in place.unstored if place.leads[label] == target]
        return meant.label if meant.label in labels else min(labels, default=None)

    def _kept(self, before: DialogState, place: Place, target: str, meant: Meant) -> str | None:
        value = value_of(self._state.variables, place.kept or "")
        unchanged = place.then == place.otherwise and value == value_of(before.variables, place.kept or "")
        if target != place.then or unchanged:
            return None
        return value if meant.name or meant.kind != VALUE else meant.label

    def _is_escalated(self, before: DialogState, target: str, meant: Meant) -> bool:
        """Whether the handler that was meant has passed its limit and led to where it then leads."""
        if meant.kind != HANDLER:
            return False
        handler = self._handlers[meant.name]
        return handler.escalation == target and before.used.get(handler.id, 0) >= handler.limit


def variables_of(flow: Flow, repertoire: Repertoire, rng: Random) -> dict[str, str]:
    """What is known of the contact who is called next: branches are taken one way and the other."""
    chosen = {name: rng.choice(values) for name, values in repertoire.given.items()}
    return {**contact_of(flow.language), **{name: value for name, value in chosen.items() if value}}
