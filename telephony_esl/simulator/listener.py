"""How a person knows whose turn it is: by listening alone, one frame of 20 ms after another.

The robot speaks once its voice was heard for some frames on end (a click is no speech), and has fallen silent once
nothing was heard for long enough (a pause inside a sentence is no turn)::

    quiet ──voice for `voice_frames`──▶ STARTED ──▶ speaking ──silence for `silence_frames`──▶ MY_TURN ──▶ quiet
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final


class Cue(Enum):
    """What a listener notices at a frame."""

    STARTED = auto()
    MY_TURN = auto()


@dataclass(frozen=True, slots=True)
class Ear:
    """How long voice and silence must last to be believed, in frames."""

    voice_frames: int = 3
    silence_frames: int = 35


@dataclass(frozen=True, slots=True)
class Listening:
    """What was heard so far: whether the robot speaks, since how many frames, and how long the contrary has lasted."""

    speaking: bool = False
    spoken: int = 0
    contrary: int = 0


FRESH: Final = Listening()


def hear(state: Listening, ear: Ear, *, loud: bool) -> tuple[Listening, Cue | None]:
    """Takes in one frame; names the cue if the frame completes one."""
    if not state.speaking:
        if not loud:
            return FRESH, None
        if state.contrary + 1 < ear.voice_frames:
            return replace(state, contrary=state.contrary + 1), None
        return Listening(speaking=True, spoken=ear.voice_frames), Cue.STARTED
    if loud:
        return Listening(speaking=True, spoken=state.spoken + 1), None
    if state.contrary + 1 < ear.silence_frames:
        return Listening(speaking=True, spoken=state.spoken + 1, contrary=state.contrary + 1), None
    return FRESH, Cue.MY_TURN
