"""The log of what really happened in each simulated call, for comparing with what the product recorded."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from telephony_esl.simulator.callee import Deed, DeedKind

LONGEST_LOG: Final = 20_000


class EndedBy(StrEnum):
    """Whose doing the end of a call was."""

    CALLEE = "callee"
    SWITCH = "switch"
    LIMIT = "limit"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class SimulatedCall:
    """One call from the dialling to its end; times are milliseconds of the call's own time since the dialling.

    `call` counts the calls to this number from 0; `behaviour` is one word (person, voicemail, operator, or why the
    call was not taken); `cause` is the switch's word for the end; `talked_with` are the numbers it was bridged with;
    `message_ms` is how much voice a voicemail recorded; deeds count their time since the answer. Which leg it was and
    when the dialling was on the network's calendar are no part of equality.
    """

    number: str
    call: int
    behaviour: str
    ended_by: EndedBy
    cause: str
    answered_ms: int | None
    ended_ms: int
    deeds: tuple[Deed, ...] = ()
    talked_with: tuple[str, ...] = ()
    message_ms: int = 0
    leg: str = field(default="", compare=False)
    at: datetime | None = field(default=None, compare=False)
    frames_heard: int = field(default=0, compare=False)
    frames_missed: int = field(default=0, compare=False)

    @property
    def said(self) -> tuple[str, ...]:
        """What was said at the turns, in order: no greeting, no murmur."""
        return tuple(deed.what for deed in self.deeds if deed.kind is DeedKind.SAID)

    @property
    def pressed(self) -> str:
        """The keys in the order in which they were let go."""
        return "".join(deed.what for deed in self.deeds if deed.kind is DeedKind.PRESSED)
