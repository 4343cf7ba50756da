"""One leg of a call as values: what is ordered, and what happens to it.

The order of events of a leg is: `Ringing`? `EarlyMedia`? `Answered`? (`KeyPressed` | `Parked` | `Bridged` |
`Unbridged`)* `HungUp`. `HungUp` comes exactly once and is always the last, whatever breaks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import NewType

from core.results import CallResult

LegId = NewType("LegId", str)


@dataclass(frozen=True, slots=True)
class DialOrder:
    """All that a switch must know to place one leg; nothing of the contact but the number.

    `destination` is digits with an optional leading `+` (also `*` and `#` for operators' extensions);
    `labels` become channel variables and may hold only `[A-Za-z0-9_.:-]`. `call_label` is what the callee's telephone
    is to show of who calls; it goes out where the trunk's carrier takes one.
    """

    leg: LegId
    trunk: str
    destination: str
    caller_number: str | None = None
    ring_timeout: timedelta = timedelta(seconds=30)
    max_duration: timedelta = timedelta(minutes=30)
    labels: dict[str, str] = field(default_factory=dict)
    call_label: str | None = None


@dataclass(frozen=True, slots=True)
class Ringing:
    """The far telephone rings."""


@dataclass(frozen=True, slots=True)
class EarlyMedia:
    """Audio comes before the answer: ringback or an announcement."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The far side took the call; billing begins here."""


@dataclass(frozen=True, slots=True)
class Parked:
    """The leg is parked: audio may be linked once in this park."""


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """One key of `0123456789*#ABCD`, reported when it was let go."""

    key: str


@dataclass(frozen=True, slots=True)
class Bridged:
    """The leg talks with another leg."""

    other: LegId


@dataclass(frozen=True, slots=True)
class Unbridged:
    """The talk with the other leg ended; this leg lives on."""


@dataclass(frozen=True, slots=True)
class HungUp:
    """The leg is over; `cause` is the switch's own word, `sip_status` the carrier's answer where there was one.

    `by_us` says that our side ended it; `result` is what the cause means for a leg that was never answered.
    """

    cause: str
    result: CallResult
    sip_status: int | None = None
    by_us: bool = False


LegEvent = Ringing | EarlyMedia | Answered | Parked | KeyPressed | Bridged | Unbridged | HungUp
