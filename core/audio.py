"""Telephone audio: signed 16-bit little-endian mono PCM at 8 kHz, cut into frames of 20 ms.

Inside a call time is the number of samples received, never the wall clock.
"""

from __future__ import annotations

from typing import Final, NewType

Pcm = bytes
Samples = NewType("Samples", int)

SAMPLE_RATE: Final = 8000
FRAME_MS: Final = 20
FRAME_SAMPLES: Final = Samples(SAMPLE_RATE * FRAME_MS // 1000)
FRAME_BYTES: Final = FRAME_SAMPLES * 2
SILENCE: Final[Pcm] = bytes(FRAME_BYTES)


def samples(pcm: Pcm) -> Samples:
    """Counts the 16-bit samples of `pcm`."""
    return Samples(len(pcm) // 2)


def ms(count: Samples) -> float:
    """Converts a number of samples to milliseconds."""
    return count * 1000 / SAMPLE_RATE


def from_ms(milliseconds: float) -> Samples:
    """Converts milliseconds to the nearest whole number of samples."""
    return Samples(round(milliseconds * SAMPLE_RATE / 1000))
