"""What a rehearsal found, as values that are shown as JSON, on the terminal and as a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from robot.dialog.flow import Language
from robot.rehearsal.ways import Way


@dataclass(frozen=True, slots=True)
class Reached:
    """How many dialogs came to a step or handler (`@id`), and how many callers hung up there."""

    step: str
    dialogs: int
    hung_up: int


@dataclass(frozen=True, slots=True)
class Misunderstood:
    """Words that were not taken for what was meant, so many times; `taken` is None where they were not understood.

    `said` is what the caller said, `heard` what the robot heard of it.
    """

    step: str
    meant: str
    taken: str | None
    said: str
    heard: str
    times: int


@dataclass(frozen=True, slots=True)
class Lengths:
    """The middle one of all dialogs, the one that nine of ten do not pass, and the longest."""

    median: float
    p90: float
    most: float


@dataclass(frozen=True, slots=True)
class PersonaOutcome:
    """What became of the dialogs of one persona: how many ended with each result, and where its callers hung up."""

    persona: str
    dialogs: int
    results: Mapping[str, int]
    dispositions: Mapping[str, int]
    hung_up: Mapping[str, int]
    turns: float
    seconds: float
    understood: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """A rehearsal: what was reached, what was not, what was misunderstood, and what came of it.

    `coverage` is the share of steps (0–1) that some dialog reached; `understood` the share of turns of words that
    were taken for what was meant, None where nobody said anything; `seconds` are estimated.
    """

    name: str
    language: Language
    dialogs: int
    seed: int
    coverage: float
    unreached: tuple[str, ...]
    dead: tuple[Way, ...]
    steps: tuple[Reached, ...]
    understood: float | None
    misunderstood: tuple[Misunderstood, ...]
    turns: Lengths
    seconds: Lengths
    results: Mapping[str, int]
    personas: tuple[PersonaOutcome, ...]

    @property
    def broken(self) -> int:
        """How many dialogs ended by a fault of the scenario."""
        return self.results.get("system_error", 0)

    def told(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        return asdict(self) | {"language": str(self.language), "broken": self.broken}
