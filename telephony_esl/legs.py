"""What FreeSWITCH's events mean for one leg: (state, event) → (state, leg events); pure.

FreeSWITCH promises little about order. The answer to the originate (BACKGROUND_JOB) may come before or after the
channel's own events; a leg that failed before it had a channel is told by BACKGROUND_JOB alone; a channel tells its
end by CHANNEL_HANGUP_COMPLETE exactly once. So:

- the answer is CHANNEL_ANSWER and nothing else; a park before it is held back until the answer;
- a failed originate ends the leg at once if no channel was seen; otherwise it is kept, for the channel's own end,
  which also tells the SIP status, must come; if it does not, `on_silence` ends the leg with what is known;
- a leg that hangs up leaves its bridge before it tells its end; `Unbridged` is told only of one that lives on;
- `HungUp` is told once and last; whatever comes after it is told to nobody.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from core.legs import Answered, Bridged, EarlyMedia, HungUp, KeyPressed, LegEvent, LegId, Parked, Ringing, Unbridged
from telephony_esl.causes import result_of

EVENTS: Final = (
    "BACKGROUND_JOB",
    "CHANNEL_OUTGOING",
    "CHANNEL_CREATE",
    "CHANNEL_PROGRESS",
    "CHANNEL_PROGRESS_MEDIA",
    "CHANNEL_ANSWER",
    "CHANNEL_PARK",
    "CHANNEL_UNPARK",
    "CHANNEL_BRIDGE",
    "CHANNEL_UNBRIDGE",
    "CHANNEL_HANGUP",
    "CHANNEL_HANGUP_COMPLETE",
    "DTMF",
)
"""All that a client must subscribe to."""

CONNECTION_LOST: Final = "CONNECTION_LOST"
KEYS: Final = frozenset("0123456789*#ABCD")
_SIP_STATUS: Final = re.compile(r"[3-6][0-9]{2}")  # answered legs carry a 200, which is no refusal
_OURS: Final = frozenset({"send_bye", "send_cancel", "send_refuse"})
_THEIRS: Final = frozenset({"recv_bye", "recv_cancel", "recv_refuse"})

Step = tuple["LegState", tuple[LegEvent, ...]]


@dataclass(frozen=True, slots=True)
class LegState:
    """What is known of one leg; `park` counts its parks, so that each can be told from the one before."""

    id: LegId
    seen: bool = False
    rang: bool = False
    early_media: bool = False
    answered: bool = False
    parked: bool = False
    park: int = 0
    bridged_to: LegId | None = None
    failed: str | None = None
    ending: bool = False
    dying: bool = False
    over: bool = False

    @property
    def leaving(self) -> bool:
        """Whether the leg is over or about to be: nothing can be ordered of it any more."""
        return self.over or self.ending or self.dying


def on_event(state: LegState, event: Mapping[str, str]) -> Step:
    """Takes one channel event that concerns this leg; events of other kinds change nothing."""
    if state.over:
        return state, ()
    name = event.get("Event-Name", "")
    if not state.seen and name.startswith("CHANNEL_"):
        state = replace(state, seen=True)
    match name:
        case "CHANNEL_PROGRESS" if not (state.rang or state.early_media or state.answered):
            return replace(state, rang=True), (Ringing(),)
        case "CHANNEL_PROGRESS_MEDIA" if not (state.early_media or state.answered):
            return replace(state, early_media=True), (EarlyMedia(),)
        case "CHANNEL_ANSWER" if not state.answered:
            return replace(state, answered=True), (Answered(), *((Parked(),) if state.parked else ()))
        case "CHANNEL_PARK":
            parked = replace(state, parked=True, park=state.park + 1)
            return parked, ((Parked(),) if state.answered else ())
        case "CHANNEL_UNPARK":
            return replace(state, parked=False), ()
        case "CHANNEL_HANGUP":
            return replace(state, dying=True, parked=False), ()
        case "CHANNEL_BRIDGE" | "CHANNEL_UNBRIDGE":
            return _on_bridge(state, event, joined=name == "CHANNEL_BRIDGE")
        case "DTMF" if state.answered and (key := event.get("DTMF-Digit", "").upper()) in KEYS:
            return state, (KeyPressed(key),)
        case "CHANNEL_HANGUP_COMPLETE":
            return _over(state, event.get("Hangup-Cause") or "NONE", event)
        case _:
            return state, ()


def on_job(state: LegState, body: str) -> Step:
    """Takes the answer to the originate: `+OK <uuid>` says nothing new, `-ERR <cause>` that the leg failed."""
    answer = body.strip()
    if state.over or answer.startswith("+OK"):
        return state, ()
    cause = answer.removeprefix("-ERR").strip() if answer.startswith("-ERR ") else ""
    failed = replace(state, failed=cause if cause.isidentifier() else "ORIGINATE_REFUSED")
    return (failed, ()) if state.seen else on_silence(failed)


def on_silence(state: LegState) -> Step:
    """Ends a leg whose channel ought to have told its end by now."""
    return _over(state, state.failed or "NO_END")


def on_hang_up(state: LegState) -> LegState:
    """Notes that our side asked for the end."""
    return replace(state, ending=True)


def on_defect(state: LegState, cause: str) -> Step:
    """Ends the leg at once for a reason of our own, without waiting for the switch."""
    return _over(replace(state, ending=True), cause)


def other_leg(event: Mapping[str, str], leg: LegId) -> LegId | None:
    """The other party of a bridge event, which FreeSWITCH fires on one of the two channels only."""
    for name in ("Bridge-A-Unique-ID", "Bridge-B-Unique-ID", "Other-Leg-Unique-ID"):
        other = event.get(name)
        if other and other != leg:
            return LegId(other)
    return None


def legs_of(event: Mapping[str, str]) -> tuple[LegId, ...]:
    """The legs that an event concerns: both of a bridge, one otherwise, none for what is no channel's event."""
    names = ["Unique-ID"]
    if event.get("Event-Name") in ("CHANNEL_BRIDGE", "CHANNEL_UNBRIDGE"):
        names += ["Bridge-A-Unique-ID", "Bridge-B-Unique-ID"]
    return tuple(dict.fromkeys(LegId(event[name]) for name in names if event.get(name)))


def _on_bridge(state: LegState, event: Mapping[str, str], *, joined: bool) -> Step:
    if joined:
        other = other_leg(event, state.id)
        if other is None or other == state.bridged_to:
            return state, ()
        return replace(state, bridged_to=other, parked=False), ((Bridged(other),) if state.answered else ())
    if state.bridged_to is None:
        return state, ()
    return replace(state, bridged_to=None), ((Unbridged(),) if state.answered and not state.dying else ())


def _over(state: LegState, cause: str, event: Mapping[str, str] | None = None) -> Step:
    if state.over:
        return state, ()
    event = event or {}
    text = event.get("variable_sip_term_status", "")
    status = int(text) if _SIP_STATUS.fullmatch(text) else None
    disposition = event.get("variable_sip_hangup_disposition", "")
    by_us = disposition in _OURS or (state.ending and disposition not in _THEIRS)
    result = result_of(cause, status, rang=state.rang or state.early_media)
    over = replace(state, over=True, parked=False, bridged_to=None)
    return over, (HungUp(cause=cause, result=result, sip_status=status, by_us=by_us),)
