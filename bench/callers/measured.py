"""From what the switch overheard to figures: waits of the caller, reaction to interruptions, frames that came late."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from bench.callers.network import Overheard
from bench.callers.waveform import AUDIBLE, falls_silent, first_loud, is_speaking, last_loud, loud_share
from core.audio import FRAME_SAMPLES, Samples, ms
from telephony_esl.simulator import DeedKind
from telephony_esl.simulator.audio import sound

FIRST_FRAME: Final = 1


@dataclass(slots=True)
class Waits:
    """Milliseconds, all read off waveforms; `talked_over` counts interruptions that the robot did not stop for."""

    turns: list[float] = field(default_factory=list)
    barge_ins: list[float] = field(default_factory=list)
    talked_over: int = 0
    unanswered: int = 0
    late_frames: int = 0
    rushed_frames: int = 0
    caller_share: list[float] = field(default_factory=list)
    frames: list[float] = field(default_factory=list)


def waits_of(calls: Sequence[Overheard], *, audible: int = AUDIBLE) -> Waits:
    """What the callers of these calls had to wait for; from `audible` on a sample of theirs is loud."""
    waits = Waits()
    for call in calls:
        waits.late_frames += max(0, call.account.frames_missed - call.rushed - FIRST_FRAME)
        waits.rushed_frames += call.rushed
        waits.caller_share.append(loud_share(call.caller))
        waits.frames.extend(call.answered_ms)
        _read(call, waits, audible)
    return waits


def _read(call: Overheard, waits: Waits, audible: int) -> None:
    interrupted = False
    for deed in call.account.deeds:
        if deed.kind is DeedKind.INTERRUPTED:
            interrupted = True
        if deed.kind is not DeedKind.SAID:
            continue
        begins = call.place(deed)
        ends = min(begins + len(sound(deed.what)) * FRAME_SAMPLES, len(call.caller))
        onset = first_loud(call.caller, begins, ends, audible=audible)
        end = last_loud(call.caller, begins, ends, audible=audible)
        if onset is None or end is None:
            continue
        heeded = interrupted and _interruption(call, onset, end, waits)
        interrupted = False
        if not heeded and is_speaking(call.robot, end):
            continue  # the robot talked over it: no turn was given
        reply = first_loud(call.robot, end)
        if reply is None:
            waits.unanswered += 1
        else:
            waits.turns.append(ms(Samples(reply - end)))


def _interruption(call: Overheard, onset: int, end: int, waits: Waits) -> bool:
    """Measures how the robot took an interruption; whether it fell silent for it."""
    if not is_speaking(call.robot, onset):
        return False  # the prompt was just over
    silent = falls_silent(call.robot, onset)
    if silent is None or silent > end:
        waits.talked_over += 1
        return False
    waits.barge_ins.append(ms(Samples(silent - onset)))
    return True


def percentile(values: Sequence[float], share: float, *, digits: int | None = None) -> float | None:
    """The value that `share` of all do not pass, rounded to so many digits; None of nothing."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], digits) if ordered else None


def median(values: Sequence[float]) -> float | None:
    """The middle one; None of nothing."""
    return round(statistics.median(values)) if values else None
