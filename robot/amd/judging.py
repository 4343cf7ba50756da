"""When the detector is sure enough: from the probability at each moment to one verdict that is never taken back.

* a machine from `Thresholds.machine` on, a person up to `Thresholds.human` once `HEARD_OUT` of silence followed;
* at the campaign's limit, and at nobody's expense: who still talks may go on up to `TALKING_LIMIT`, a breath included
  where a machine is the likelier one;
* then uncertain, which counts as a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from core.audio import Pcm, Samples, from_ms
from robot.amd.cadence import Greeted, Verdict
from robot.amd.features import Track
from robot.amd.model import Thresholds
from robot.amd.tones import CHUNK
from robot.turns import Moment

TICK: Final = 3
"""Chunks between two looks: 96 ms."""
EVEN: Final = 0.5
HEARD_OUT: Final = from_ms(380)
DEFAULT_LIMIT: Final = from_ms(2_500)
BREATH: Final = from_ms(700)
"""A pause up to this may be a breath within a greeting, if that is what it sounds like."""
TALKING_LIMIT: Final = from_ms(5_500)


class MachineModel(Protocol):
    """Listens to who answers one call: the trained detector, or the cadence rule."""

    def take(self, chunk: Pcm, moment: Moment) -> Greeted | None:
        """Takes the next chunk and returns the verdict where it comes by it, once."""
        ...


class Answerer(StrEnum):
    """Who answers; `machine` is any recorded voice: a voicemail, an operator's announcement, a menu."""

    HUMAN = "human"
    MACHINE = "machine"
    FAX = "fax"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Limits:
    """When a verdict is due: of who is silent or paused, and of who talks without a pause."""

    paused: Samples = DEFAULT_LIMIT
    talking: Samples = TALKING_LIMIT


@dataclass(frozen=True, slots=True)
class Heard:
    """What a verdict needs of a moment: since the answer, whether somebody spoke, for how long nobody does."""

    now: Samples
    spoke: bool
    pause: Samples

    @classmethod
    def of(cls, track: Track) -> Heard:
        """The same of a track."""
        return cls(Samples(track.chunks * CHUNK), track.spoke, Samples(track.pause * CHUNK))


def verdict(heard: Heard, machine: float, thresholds: Thresholds, limits: Limits) -> Verdict | None:
    """The verdict at this moment, with `machine` the probability of one; None as long as more is to be heard."""
    if heard.spoke:
        if machine >= thresholds.machine:
            return Verdict.MACHINE
        if machine <= thresholds.human and heard.pause >= HEARD_OUT:
            return Verdict.HUMAN
    talks = heard.spoke and heard.pause < (BREATH if machine >= EVEN else HEARD_OUT)
    due = max(limits.talking, limits.paused) if talks else limits.paused
    return Verdict.UNCERTAIN if heard.now >= due else None
