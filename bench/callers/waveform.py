"""Times read off a call's stereo recording: nothing but the two sides' samples decides them.

A sound's edge is where it first or last passes `EDGE` of its own peak, or `AUDIBLE` where that is more: the line's
noise (-60 dBFS) is then no sound, and a word's fading end is one for about as long as an ear hears it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from core.audio import SAMPLE_RATE, Samples

Wave = npt.NDArray[np.int16]

EDGE: Final = 0.03
AUDIBLE: Final = 200
"""Of 32768: -44 dBFS."""
SILENT_FOR: Final = Samples(SAMPLE_RATE * 3 // 10)
"""A gap within a sentence is shorter than this."""


def last_loud(wave: Wave, start: int, end: int, *, audible: int = AUDIBLE) -> int | None:
    """Where the last loud sample of the sound within `start`..`end` is; None where nothing is loud."""
    found = _loud(wave[start:end], audible)
    return start + int(found[-1]) if len(found) else None


def first_loud(wave: Wave, start: int, end: int | None = None, *, audible: int = AUDIBLE) -> int | None:
    """Where the first loud sample from `start` on is; None where nothing is loud."""
    found = np.flatnonzero(np.abs(wave[start:end].astype(np.int32)) >= audible)
    return start + int(found[0]) if len(found) else None


def falls_silent(wave: Wave, start: int) -> int | None:
    """Where the sound under way at `start` ends: its last loud sample before `SILENT_FOR` of silence.

    `start` itself where it is silent already; None where the recording ends within the sound.
    """
    loud = np.flatnonzero(np.abs(wave[start:].astype(np.int32)) >= AUDIBLE)
    edges = np.concatenate(([-1], loud, [len(wave) - start]))
    gaps = np.flatnonzero(np.diff(edges) > SILENT_FOR)
    return None if len(gaps) == 0 else start + max(0, int(edges[gaps[0]]))


def is_speaking(wave: Wave, at: int) -> bool:
    """Whether something loud is within `SILENT_FOR` before `at`: a gap between two words counts as speaking."""
    return first_loud(wave, max(0, at - SILENT_FOR), at) is not None


def loud_share(wave: Wave) -> float:
    """The share of 20 ms frames that hold something loud."""
    whole = len(wave) // 160 * 160
    if not whole:
        return 0.0
    return float((np.abs(wave[:whole].astype(np.int32)).reshape(-1, 160).max(axis=1) >= AUDIBLE).mean())


def _loud(wave: Wave, audible: int) -> npt.NDArray[np.intp]:
    level = np.abs(wave.astype(np.int32))
    return np.flatnonzero(level >= max(audible, EDGE * int(level.max(initial=0))))
