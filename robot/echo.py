"""Whether a chunk of the caller's side is the robot's own voice that comes back.

Theory. An echo is what was played, later and quieter: its phases fit at one delay, the same all through the call. So
what the voice detector takes for speech while the robot speaks is compared with what was played up to `LONGEST_DELAY`
before, by phase alone (the cross-correlation of the whitened spectra, GCC-PHAT), and the correlations are summed up
over the call: on a line with an echo one delay soon stands out. Then whatever is no louder than that echo is one.
Until it is known whether the line has an echo, what is far quieter than the robot (`SUSPECT_DB`) is taken for one; what
is nearly as loud is the caller's own at any time. Half a second of sound that nothing fits shows that there is no echo.

What is heard while the robot speaks and nobody else does bounds the echo before anybody interrupts: it is no louder
than that. So on a quiet line a soft caller is not taken for an echo (`Bound`), not even if some delay seemed to fit.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np
import numpy.typing as npt

from core.audio import SILENCE, Pcm, Samples, from_ms
from robot.amd.sound import levels_db

LONGEST_DELAY: Final = from_ms(320)
WINDOW: Final = from_ms(96)
"""What is compared: the chunk with what came before it."""
KEPT_CHUNKS: Final = 8
"""They hold the window, whatever the voice detector's chunk is."""
SUSPECT_DB: Final = 16.0
LEAST_PEAK: Final = 8.0
"""How far one delay must stand above the others, in their standard deviations."""
LEAST_CHUNKS: Final = 4
ENOUGH_CHUNKS: Final = 16
FADE: Final = 0.97
OVER_ECHO_DB: Final = 6.0
FORGET_SHARE: Final = 0.02
"""So much of the way the known loudness of the echo goes down to a quieter one."""
BOUND_WINDOW: Final = from_ms(384)
"""Longer than any delay: what was played in one window has come back by the end of the next."""
BOUND_WINDOWS: Final = 6
SETTLE_CHUNKS: Final = 4
"""Within so many chunks the voice detector has noticed a soft beginning that lay in the window before."""
PLAYED_DB: Final = -25.0
OVER_BOUND_DB: Final = 3.0
EDGE: Final = from_ms(3)
"""Delays so near to the shortest and the longest are not looked at: there the windows' own edges fit each other."""
_BLOCK: Final = 256
SILENT_DB: Final = -55.0
_SPAN: Final = LONGEST_DELAY + WINDOW
_FFT: Final = 4096


class Bound:
    """How far below the robot's voice an echo on this line is at least, by the last seconds in which it spoke."""

    def __init__(self) -> None:
        self.until = Samples(BOUND_WINDOW)
        self._heard_db = self._heard_before_db = -120.0
        self._played_before_db = -120.0
        self._found: deque[float] = deque(maxlen=BOUND_WINDOWS)
        self._windows_spoilt = 0
        self._pending: float | None = None
        self._settling = 0

    @property
    def gain_db(self) -> float | None:
        """The greatest gain that an echo can have; None until it is known."""
        return max(self._found, default=None)

    def hear(self, level: float) -> None:
        """Notes how loud the next chunk of the caller's side is."""
        self._heard_db = max(self._heard_db, level)
        if self._pending is not None:
            self._settling += 1
            if self._settling >= SETTLE_CHUNKS:
                self._found.append(self._pending)
                self._pending = None

    def spoil(self) -> None:
        """Notes speech in this window: neither it nor the next nor the one just over tell how quiet the line is."""
        self._windows_spoilt, self._pending = 2, None

    def close(self, played_db: float) -> None:
        """Ends the window; `played_db` is the loudest that the robot played in it.

        Only where it speaks on in the next window does the one before tell something: callers answer after its end.
        """
        if self._windows_spoilt:
            self._windows_spoilt -= 1
        elif min(self._played_before_db, played_db) >= PLAYED_DB:
            self._pending = max(self._heard_before_db, self._heard_db) - self._played_before_db
            self._settling = 0
        self._heard_before_db, self._heard_db, self._played_before_db = self._heard_db, -120.0, played_db
        self.until = Samples(self.until + BOUND_WINDOW)


class Echo:
    """Remembers half a second of both sides."""

    def __init__(self) -> None:
        self._played = bytearray()
        self._played_until = 0
        self._loud_until = -1
        self._heard: deque[Pcm] = deque(maxlen=KEPT_CHUNKS)
        self._heard_until = 0
        self._sum: npt.NDArray[np.float64] | None = None
        self._compared = 0
        self._gain_db: float | None = None
        self._bound = Bound()

    def play(self, pcm: Pcm) -> None:
        """Notes what the robot plays next."""
        if not pcm:
            return
        self._played += pcm
        self._played_until += len(pcm) // 2
        if len(self._played) > 8 * _SPAN:
            del self._played[: -4 * _SPAN]
        if pcm is not SILENCE and pcm != SILENCE:
            self._loud_until = self._played_until

    def hear(self, chunk: Pcm, start: Samples, level: float) -> None:
        """Notes the next chunk of the caller's side, which begins at `start`, and its level."""
        if self._heard_until != start:
            self._heard.clear()
        self._heard.append(chunk)
        self._heard_until = end = start + len(chunk) // 2
        self._bound.hear(level)
        if end >= self._bound.until:
            self._close_bound(end)

    def is_echo(self, level: float) -> bool:
        """Whether the chunk heard last, of that level, is an echo of what was played."""
        end = self._heard_until
        if self._loud_until < end - _SPAN:
            return False
        heard = b"".join(self._heard)[-2 * WINDOW :]
        played = self._between(end - _SPAN, end)
        if played is None or len(heard) < 2 * WINDOW:
            return False
        loud = _loudest_db(played)
        if loud < SILENT_DB:
            return False
        found = self._may_be_echo(level, loud) and self._is_like(heard, played, level, loud)
        if not found or self._gain_db is None:
            self._bound.spoil()
        return found

    def _may_be_echo(self, level: float, loud: float) -> bool:
        """Whether the level allows an echo of something that was played at `loud`."""
        if level > loud - SUSPECT_DB:
            return False
        bound = self._bound.gain_db
        margin = OVER_BOUND_DB if self._gain_db is None else OVER_ECHO_DB
        return bound is None or level <= loud + bound + margin

    def _is_like(self, heard: Pcm, played: Pcm, level: float, loud: float) -> bool:
        """Compares what is heard with what was played; while nothing is known of the line, it is taken for an echo."""
        self._compare(heard, played, level - loud)
        if self._gain_db is not None:
            return level <= loud + self._gain_db + OVER_ECHO_DB
        return self._compared < ENOUGH_CHUNKS

    def _close_bound(self, end: int) -> None:
        played = self._between(end - BOUND_WINDOW, end) if self._loud_until > end - BOUND_WINDOW else None
        self._bound.close(_loudest_db(played) if played is not None else -120.0)

    def _compare(self, heard: Pcm, played: Pcm, loss_db: float) -> None:
        """Adds the present window to what is known of the line."""
        found = _correlation(heard, played)
        self._sum = found if self._sum is None else FADE * self._sum + found
        self._compared += 1
        if self._compared < LEAST_CHUNKS:
            return
        spread = float(self._sum.std())
        if spread > 0 and float(self._sum.max()) >= LEAST_PEAK * spread:
            known = self._gain_db if self._gain_db is not None else loss_db
            self._gain_db = known + FORGET_SHARE * (loss_db - known) if loss_db < known else loss_db
        elif self._compared >= ENOUGH_CHUNKS:
            self._gain_db = None

    def _between(self, start: int, end: int) -> Pcm | None:
        """What was played from `start` to `end`; None where that is not known."""
        first = self._played_until - len(self._played) // 2
        if start < first or end > self._played_until:
            return None
        return bytes(self._played[(start - first) * 2 : (end - first) * 2])


def _correlation(heard: Pcm, played: Pcm) -> npt.NDArray[np.float64]:
    """How well each delay fits, by phase."""
    cross = np.fft.rfft(_wave(played), _FFT) * np.fft.rfft(_wave(heard), _FFT).conj()
    whitened = np.fft.irfft(cross / np.maximum(np.abs(cross), 1e-9))
    return np.asarray(whitened[EDGE : LONGEST_DELAY - EDGE])


def _loudest_db(played: Pcm) -> float:
    size = 2 * _BLOCK
    return max(levels_db([played[at : at + size] for at in range(0, len(played) - size + 1, size)]))


def _wave(pcm: Pcm) -> npt.NDArray[np.float64]:
    return np.frombuffer(pcm, dtype="<i2").astype(np.float64)
