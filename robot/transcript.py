"""What was said, when, and how long each reply took, all in audio time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from core.audio import Samples, ms
from robot.outcome import Latency, Speaker, Utterance


@dataclass(slots=True)
class Transcript:
    """Gathers the lines of one call; the robot's are added when they end. `tell` is told each line as it is added."""

    tell: Callable[[Utterance], None] | None = None
    lines: list[Utterance] = field(default_factory=list)
    latencies: list[Latency] = field(default_factory=list)
    _turn: int = 0
    _since: Samples | None = None
    _prompt: str | None = None
    _prompt_start: Samples | None = None

    def caller_said(self, text: str, start: Samples, end: Samples, confidence: float) -> None:
        """A turn of the caller; the reply's latency counts from its end."""
        self._add(Utterance(Speaker.CALLER, text, _ms(start), _ms(end), confidence=confidence))
        self._await_reply(end)

    def caller_spoke_along(self, text: str, start: Samples, end: Samples, confidence: float) -> None:
        """Words into a prompt that did not stop it: no reply is owed."""
        self._add(Utterance(Speaker.CALLER, text, _ms(start), _ms(end), confidence=confidence))

    def caller_pressed(self, key: str, at: Samples) -> None:
        """A key; the reply's latency counts from here."""
        self._add(Utterance(Speaker.CALLER, key, _ms(at), _ms(at), key=True))
        self._await_reply(at)

    def nothing_came(self) -> None:
        """The caller stayed silent, or did what nobody listens to: what follows is no reply."""
        self._since = None

    def prompt_commanded(self, text: str) -> None:
        """A prompt is about to begin."""
        self._prompt, self._prompt_start = text, None

    def prompt_began(self, at: Samples) -> None:
        """The prompt's first frame goes out."""
        if self._prompt is None:
            return
        self._prompt_start = at
        if self._since is not None:
            self.latencies.append(Latency(self._turn, max(0, _ms(at) - _ms(self._since))))
            self._since = None

    def prompt_over(self, at: Samples, *, interrupted: bool) -> None:
        """The prompt was heard to its end or cut; one that never began leaves no line."""
        if self._prompt is not None and self._prompt_start is not None:
            start = self._prompt_start
            self._add(Utterance(Speaker.ROBOT, self._prompt, _ms(start), _ms(at), interrupted=interrupted))
        self._prompt = self._prompt_start = None

    def in_order(self) -> tuple[Utterance, ...]:
        """All lines by the time at which they began."""
        return tuple(sorted(self.lines, key=lambda line: line.start_ms))

    def _add(self, line: Utterance) -> None:
        self.lines.append(line)
        if self.tell is not None:
            self.tell(line)

    def _await_reply(self, since: Samples) -> None:
        self._turn += 1
        self._since = since


def _ms(at: Samples) -> int:
    return round(ms(at))
