"""Events as the switch writes them: the common headers, and the headers that tell of a channel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

CORE_UUID: Final = "5e1f0c0e-0000-4000-8000-73696d756c61"
HOSTNAME: Final = "simulator"

Fields = dict[str, str]


@dataclass(slots=True)
class Stamps:
    """Gives each event its number and its time."""

    now: Callable[[], datetime]
    fired: int = 0

    def stamp(self, name: str) -> Fields:
        """The headers that every event begins with."""
        self.fired += 1
        now = self.now()
        return {
            "Event-Name": name,
            "Core-UUID": CORE_UUID,
            "FreeSWITCH-Hostname": HOSTNAME,
            "FreeSWITCH-Switchname": HOSTNAME,
            "FreeSWITCH-IPv4": "127.0.0.1",
            "FreeSWITCH-IPv6": "::1",
            "Event-Date-Local": f"{now:%Y-%m-%d %H:%M:%S}",
            "Event-Date-GMT": f"{now.astimezone(UTC):%a, %d %b %Y %H:%M:%S} GMT",
            "Event-Date-Timestamp": micros(now),
            "Event-Calling-File": "simulator",
            "Event-Calling-Function": "simulator",
            "Event-Calling-Line-Number": "1",
            "Event-Sequence": str(self.fired),
        }


def micros(instant: datetime) -> str:
    """An instant as the switch writes it: microseconds since 1970."""
    return str(round(instant.timestamp() * 1_000_000))


@dataclass(frozen=True, slots=True)
class Signs:
    """The three words by which events tell how far a channel is."""

    state: str = "CS_NONE"
    call_state: str = "DOWN"
    answer_state: str = "ringing"


@dataclass(frozen=True, slots=True)
class ChannelView:
    """What the headers of an event tell of a channel at this moment; `caller` is the number shown to the callee."""

    uuid: str
    number: str
    caller: str
    signs: Signs
    created: datetime
    answered: datetime | None
    hung_up: datetime | None
    variables: Fields


STATE_NUMBERS: Final = {
    "CS_NONE": "13",
    "CS_INIT": "1",
    "CS_ROUTING": "2",
    "CS_SOFT_EXECUTE": "3",
    "CS_EXECUTE": "4",
    "CS_EXCHANGE_MEDIA": "5",
    "CS_PARK": "6",
    "CS_CONSUME_MEDIA": "7",
    "CS_HIBERNATE": "8",
    "CS_RESET": "9",
    "CS_HANGUP": "10",
    "CS_REPORTING": "11",
    "CS_DESTROY": "12",
}


def channel_headers(view: ChannelView) -> Fields:
    """The headers of a channel's event, its variables last; an outbound leg shows the callee as its Caller-ID."""
    name = f"sofia/external/{view.number}"
    headers = {
        "Channel-State": view.signs.state,
        "Channel-Call-State": view.signs.call_state,
        "Channel-State-Number": STATE_NUMBERS[view.signs.state],
        "Channel-Name": name,
        "Unique-ID": view.uuid,
        "Call-Direction": "outbound",
        "Presence-Call-Direction": "outbound",
        "Channel-HIT-Dialplan": "false",
        "Channel-Call-UUID": view.uuid,
        "Answer-State": view.signs.answer_state,
    }
    if view.answered is not None:
        headers |= {
            "Channel-Read-Codec-Name": "PCMA",
            "Channel-Read-Codec-Rate": "8000",
            "Channel-Read-Codec-Bit-Rate": "64000",
            "Channel-Write-Codec-Name": "PCMA",
            "Channel-Write-Codec-Rate": "8000",
            "Channel-Write-Codec-Bit-Rate": "64000",
        }
    headers |= {
        "Caller-Direction": "outbound",
        "Caller-Logical-Direction": "outbound",
        "Caller-Caller-ID-Name": view.number,
        "Caller-Caller-ID-Number": view.number,
        "Caller-Orig-Caller-ID-Number": view.caller,
        "Caller-Callee-ID-Number": view.caller,
        "Caller-Network-Addr": "127.0.0.1",
        "Caller-ANI": view.caller,
        "Caller-Destination-Number": view.number,
        "Caller-Unique-ID": view.uuid,
        "Caller-Source": "src/switch_ivr_originate.c",
        "Caller-Context": "default",
        "Caller-Channel-Name": name,
        "Caller-Profile-Index": "1",
        "Caller-Profile-Created-Time": micros(view.created),
        "Caller-Channel-Created-Time": micros(view.created),
        "Caller-Channel-Answered-Time": micros(view.answered) if view.answered else "0",
        "Caller-Channel-Hangup-Time": micros(view.hung_up) if view.hung_up else "0",
    }
    headers |= {f"variable_{name}": value for name, value in view.variables.items()}
    return headers
