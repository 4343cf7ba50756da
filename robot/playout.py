"""What the robot is saying right now: one frame out for each frame in, never ahead, silence where there is nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from core.audio import FRAME_BYTES, FRAME_SAMPLES, SILENCE, Pcm, Samples, ms, samples
from robot.amd.sound import level_db

REWIND_FRAMES: Final = 20
"""After a hold the prompt goes on from its quietest frame of the last 400 ms, as near as possible to a word's start."""


class Playout:
    """Plays one prompt at a time; stops or holds within one frame."""

    def __init__(self, *, on_start: Callable[[], None], on_end: Callable[[], None]) -> None:
        self._on_start = on_start
        self._on_end = on_end
        self._pcm: Pcm | None = None
        self._position = 0
        self._held = False

    @property
    def playing(self) -> bool:
        """Whether a prompt has begun and is not over, held or not."""
        return self._pcm is not None

    @property
    def heard_ms(self) -> int:
        """How much of the present prompt went out."""
        return 0 if self._pcm is None else round(ms(samples(self._pcm[: self._position])))

    @property
    def share(self) -> float:
        """How much of the present prompt went out, 0-1."""
        return 0.0 if not self._pcm else min(1.0, self._position / len(self._pcm))

    @property
    def left(self) -> Samples:
        """How much of the present prompt is still to go out."""
        return Samples(0) if self._pcm is None else Samples(max(0, len(self._pcm) - self._position) // 2)

    def say(self, pcm: Pcm) -> None:
        """Begins a prompt with the next frame, in place of the present one."""
        self._pcm, self._position, self._held = pcm, 0, False

    def frame(self) -> Pcm:
        """The next frame; `on_start` is called before a prompt's first frame, `on_end` after its last."""
        if self._pcm is None or self._held:
            return SILENCE
        if self._position == 0:
            self._on_start()
        piece = self._pcm[self._position : self._position + FRAME_BYTES]
        self._position += FRAME_BYTES
        if self._position >= len(self._pcm):
            self._pcm = None
            self._on_end()
        return piece if len(piece) == FRAME_BYTES else piece + SILENCE[len(piece) :]

    def stop(self) -> int:
        """Ends the prompt at once and returns its `heard_ms`; its end is not reported."""
        heard = self.heard_ms
        self._pcm = None
        return heard

    def hold(self) -> None:
        """Falls silent at once, for as long as it is not known whether the caller interrupts."""
        self._held = True

    def go_on(self) -> None:
        """Speaks on after a hold."""
        if not self._held:
            return
        self._held = False
        if self._pcm is not None:
            self._position = _quietest(self._pcm, self._position)


def _quietest(pcm: Pcm, position: int) -> int:
    earliest = max(FRAME_BYTES, position - REWIND_FRAMES * FRAME_BYTES)
    places = range(position - FRAME_BYTES, earliest - 1, -FRAME_BYTES)
    return min(places, key=lambda at: level_db(pcm[at : at + FRAME_SAMPLES * 2]), default=position)
