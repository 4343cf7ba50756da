"""How much louder a soft caller's turn is made for the recogniser.

Theory. A recogniser hears best at the level that it was trained with. Callers within `SOFT_DB` of it are left as they
are, so that a line's noise is not raised with them; who is softer is brought to it, by the loudest chunk of the turn's
beginning. One gain holds for a whole turn: one that changes within it would spoil what the recogniser adapted to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from core.audio import Pcm, from_ms
from robot.amd.sound import levels_db
from robot.ports import Ears, Recognised, Recogniser

USUAL_DB: Final = -16.0
"""The loudest 32 ms of a word as usual callers say it."""
SOFT_DB: Final = 10.0
MOST_DB: Final = 30.0
CHUNK: Final = from_ms(32)
UNCHANGED: Final = 1.0
BEGINNING: Final = from_ms(512)
"""What of a turn tells how loud the caller is, before the recogniser hears any of it; it begins before the speech."""


def gain_for(beginning: Pcm) -> float:
    """The factor for a turn that begins with this audio; `UNCHANGED` where it is loud enough or too short to tell."""
    size = 2 * CHUNK
    chunks = [beginning[at : at + size] for at in range(0, len(beginning) - size + 1, size)]
    if not chunks:
        return UNCHANGED
    missing_db = USUAL_DB - max(levels_db(chunks))
    return float(10 ** (min(missing_db, MOST_DB) / 20)) if missing_db > SOFT_DB else UNCHANGED


def amplified(pcm: Pcm, gain: float) -> Pcm:
    """The audio made louder; what would be too loud for 16 bits is cut there."""
    if gain == UNCHANGED:
        return pcm
    wave = np.frombuffer(pcm, dtype="<i2") * gain
    return bytes(np.clip(np.rint(wave), -32768, 32767).astype("<i2").tobytes())


class SoftEars:
    """The same ears, with soft callers made louder for them."""

    def __init__(self, ears: Ears) -> None:
        self._ears = ears

    def listen(self, phrases: Sequence[str], *, free: bool = False) -> SoftRecogniser:
        """A recogniser of the phrases, as the ears have it."""
        return SoftRecogniser(self._ears.listen(phrases, free=free))


class SoftRecogniser:
    """One turn; its `BEGINNING` is kept until it tells the gain."""

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        self._beginning: bytearray | None = bytearray()
        self._gain = UNCHANGED

    def accept(self, pcm: Pcm) -> str:
        """Takes the next audio; the text so far, empty while the beginning is kept."""
        if self._beginning is None:
            return self._recogniser.accept(amplified(pcm, self._gain))
        self._beginning += pcm
        return self._begin() if len(self._beginning) >= 2 * BEGINNING else ""

    def finish(self) -> Recognised:
        """The text of the turn."""
        self._begin()
        return self._recogniser.finish()

    def _begin(self) -> str:
        if not self._beginning:
            return ""
        beginning, self._beginning = bytes(self._beginning), None
        self._gain = gain_for(beginning)
        return self._recogniser.accept(amplified(beginning, self._gain))
