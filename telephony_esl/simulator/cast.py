"""The cast: which number is answered by whom, call after call.

A cast file lists numbers with one behaviour, or with several under `tries` (first call, second call, …; the last one
repeats). Numbers that are not listed behave by `default`, or by the mixture of `mixture.py` when none is given::

    numbers:
      "+79000001007": {after_ring_s: 2, answers: [{say: "да"}, {press: "1"}]}
      "+79000001014": {tries: [{busy: true}, {answers: [{say: "нет"}]}]}
      "+79000001021": {voicemail: true}
      "101": {operator: true, answers_after_s: 1, talks_s: 5}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from core.errors import BadInput
from telephony_esl.simulator import cast_yaml
from telephony_esl.simulator.behaviour import Behaviour
from telephony_esl.simulator.mixture import mixed_behaviour


@dataclass(frozen=True, slots=True)
class Cast:
    """Who answers which number; each number has one behaviour or more, for its first call, its second, and so on."""

    numbers: Mapping[str, tuple[Behaviour, ...]] = field(default_factory=dict)
    default: tuple[Behaviour, ...] = ()

    @classmethod
    def parse(cls, text: str, *, folder: Path | None = None) -> Cast:
        """Reads the YAML text; relative WAV paths are looked for in `folder`. `BadInput` names line and remedy."""
        numbers, default = cast_yaml.parse(text, folder=folder)
        return cls(numbers, default)

    @classmethod
    def read(cls, path: Path) -> Cast:
        """Reads a cast file."""
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(
                "unreadable_cast",
                f"The cast file {path} cannot be read: {error}.",
                field="cast",
                hint="Name a readable file in UTF-8.",
            ) from error
        return cls.parse(text, folder=path.parent)

    def dump(self) -> str:
        """The same cast as YAML text that `parse` reads back."""
        return cast_yaml.dump(self.numbers, self.default)

    def behaviour(self, number: str, rng: Random, *, call: int = 0) -> Behaviour:
        """What `number` does at its `call`-th call (0 is the first)."""
        tries = self.numbers.get(number, self.default)
        if not tries:
            return mixed_behaviour(number, rng)
        return tries[min(call, len(tries) - 1)]
