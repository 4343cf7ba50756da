"""How long things take to say: an estimate by the number of letters, as neither a voice nor a line is at hand."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from robot.dialog.events import Speak

LETTERS_PER_S: Final = 14.0
AUDIO_S: Final = 5.0
"""What a stored sound file is taken for: its length is not known here."""
PAUSE_S: Final = 0.6
"""Between the end of one's words and the beginning of the other's."""


def spoken_s(speak: Speak) -> float:
    """How long the robot takes to say it."""
    if speak.audio is not None:
        return AUDIO_S + PAUSE_S
    if speak.delivery:
        said = sum(len(piece.text) / (LETTERS_PER_S * piece.rate) + piece.pause_ms / 1000 for piece in speak.delivery)
        return said + PAUSE_S
    return len(speak.text) / LETTERS_PER_S + PAUSE_S


@lru_cache(maxsize=4096)
def heard_s(text: str) -> float:
    """How long a caller takes to say it."""
    return len(text) / LETTERS_PER_S + PAUSE_S
