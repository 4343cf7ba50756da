"""A scripted caller against a flow: what he says in order, what the robot says to it, and what comes of it.

Time does not pass: prompts are heard out unless he interrupts them, and when his script is over he is silent until the
robot ends the call. What a call would ask of the world (an HTTP address, an action, an operator) is answered as
the script says, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, assert_never

import msgspec

from core.results import CallResult
from robot.dialog.events import (
    Acted,
    ActThis,
    CallBackAt,
    CallerGone,
    Command,
    DialogEvent,
    DialogState,
    Fetched,
    FetchThis,
    Finish,
    Forbid,
    GivenAnswer,
    Heard,
    Interrupted,
    Listen,
    NoInput,
    Phase,
    Pressed,
    PromptEnded,
    PutTag,
    SendMessage,
    Speak,
    Started,
    TransferEnded,
    TransferTo,
)
from robot.dialog.flow import Flow
from robot.dialog.step import begin, step

MOST_EVENTS: Final = 5_000
NOT_CONNECTED: Final = "not_connected"


@dataclass(frozen=True, slots=True)
class Says:
    """The caller says this; with `interrupting` into the next prompt that lets him."""

    text: str
    interrupting: bool = False


@dataclass(frozen=True, slots=True)
class Presses:
    """The caller presses these keys, one after the other."""

    keys: str


@dataclass(frozen=True, slots=True)
class Silent:
    """The caller says nothing for one turn."""


@dataclass(frozen=True, slots=True)
class HangsUp:
    """The caller hangs up instead of answering."""


Turn = Says | Presses | Silent | HangsUp
Hearing = Callable[[str, Listen], Heard]
"""What the robot hears of the caller's words, by what it listens for."""


@dataclass(frozen=True, slots=True)
class Script:
    """What the caller does in order, and how the world answers.

    `fetched` are the values that a `fetch` or `act` step gets, by the step's name; a step that is not there fails.
    `operator` says whether one comes when the caller is transferred.
    """

    turns: tuple[Turn, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    fetched: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    operator: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the talk; `speaker` is "robot" or "caller"."""

    speaker: str
    text: str


@dataclass(slots=True)
class Played:
    """What came of a dialog; `left` are the turns that the caller had no occasion for."""

    result: CallResult = CallResult.SYSTEM_ERROR
    disposition: str | None = None
    path: tuple[str, ...] = ()
    answers: tuple[GivenAnswer, ...] = ()
    lines: list[Line] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    messages: list[SendMessage] = field(default_factory=list)
    callback: CallBackAt | None = None
    forbidden: bool = False
    left: tuple[Turn, ...] = ()

    @property
    def prompts(self) -> tuple[str, ...]:
        """What the robot said, as it was spoken."""
        return tuple(line.text for line in self.lines if line.speaker == "robot")

    def told(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        return {
            "path": list(self.path),
            "prompts": list(self.prompts),
            "answers": [
                {"question": one.question, "answer": one.label or one.answer, "how": str(one.how), "said": one.said}
                for one in self.answers
            ],
            "disposition": self.disposition,
            "result": str(self.result),
            "lines": [{"speaker": line.speaker, "text": line.text} for line in self.lines],
            "tags": self.tags,
            "messages": [
                {"channel": str(one.channel), "to": one.to, "text": one.text, "template": one.template}
                for one in self.messages
            ],
            "callback": msgspec.to_builtins(self.callback),
            "do_not_call": self.forbidden,
            "turns_left": len(self.left),
        }


def heard_as_said(text: str, _listen: Listen) -> Heard:
    """Words that are heard as they were said, without a classifier."""
    return Heard(text)


def play(flow: Flow, script: Script, *, hear: Hearing = heard_as_said) -> Played:
    """Plays the whole dialog; never raises for a flow whose links hold."""
    caller = _Caller(flow, script, hear)
    event: DialogEvent | None = Started()
    for _ in range(MOST_EVENTS):
        if event is None:
            break
        event = caller.tell(event)
    return caller.over()


class _Caller:
    def __init__(self, flow: Flow, script: Script, hear: Hearing) -> None:
        self._flow = flow
        self._script = script
        self._hear = hear
        self._turns = _single_keys(script.turns)
        self._state: DialogState = begin(script.variables)
        self._played = Played()

    def tell(self, event: DialogEvent) -> DialogEvent | None:
        """Tells the dialog one event; the event that answers what it then wants, None when it is over."""
        self._state, commands = step(self._flow, self._state, event)
        if self._state.phase is Phase.ENDED:
            for command in commands:
                self._do(command)
            return None
        answers = [answer for command in commands if (answer := self._do(command)) is not None]
        return answers[-1] if answers else self._next_turn(None)

    def over(self) -> Played:
        """What came of it."""
        state, played = self._state, self._played
        played.path = tuple(str(one) for one in state.path)
        played.answers, played.left = state.answers, tuple(self._turns)
        if state.result is not None:
            played.result, played.disposition = state.result, state.disposition
        return played

    def _do(self, command: Command) -> DialogEvent | None:
        """The event that answers the command; None where none does."""
        played = self._played
        match command:
            case Speak():
                return self._hear_out(command)
            case Listen():
                return self._next_turn(command)
            case TransferTo():
                return TransferEnded(connected=self._script.operator)
            case FetchThis() | ActThis():
                return self._fetch(command)
            case SendMessage():
                played.messages.append(command)
            case PutTag(tag=tag):
                played.tags.append(tag)
            case CallBackAt():
                played.callback = command
            case Forbid():
                played.forbidden = True
            case Finish(result=result, disposition=disposition):
                played.result, played.disposition = result, disposition
            case _:
                assert_never(command)
        return None

    def _hear_out(self, speak: Speak) -> DialogEvent:
        self._played.lines.append(Line("robot", speak.text or f"[{speak.audio}]"))
        turn = self._turns[0] if self._turns else None
        if isinstance(turn, HangsUp):
            self._turns.pop(0)
            return CallerGone(0.0)
        if speak.barge_in and not speak.keys_only and isinstance(turn, Says) and turn.interrupting:
            return Interrupted(heard_ms=500)
        return PromptEnded()

    def _next_turn(self, listen: Listen | None) -> DialogEvent:
        if listen is None:
            return NoInput() if self._state.phase is Phase.LISTENING else PromptEnded()
        turn = self._turns.pop(0) if self._turns else Silent()
        match turn:
            case Says(text=text):
                self._played.lines.append(Line("caller", text))
                return self._hear(text, listen)
            case Presses(keys=key):
                self._played.lines.append(Line("caller", f"[{key}]"))
                return Pressed(key)
            case Silent():
                return NoInput()
            case HangsUp():
                return CallerGone()
            case _:
                assert_never(turn)

    def _fetch(self, command: FetchThis | ActThis) -> DialogEvent:
        values = self._script.fetched.get(str(command.step))
        if isinstance(command, FetchThis):
            return Fetched(error=NOT_CONNECTED) if values is None else Fetched(values)
        return Acted(error=NOT_CONNECTED) if values is None else Acted(dict(values))


def _single_keys(turns: Sequence[Turn]) -> list[Turn]:
    found: list[Turn] = []
    for turn in turns:
        found.extend([Presses(key) for key in turn.keys] if isinstance(turn, Presses) else [turn])
    return found
