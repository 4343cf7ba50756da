"""Whether a chunk of the caller's side is the robot's own voice that comes back.

Theory. An echo is what was played, later and quieter: its phases fit at one delay, the same all through the call. So
what the voice detector takes for speech while the robot speaks is compared with what was played up to `LONGEST_DELAY`
before, by phase alone (the cross-correlation of the whitened spectra, GCC-PHAT), and the correlations are summed up
over the call: on a line with an echo one delay soon stands out. Then whatever is no louder than that echo is one.
Until it is known whether the line has an echo, what is far quieter than the robot (`SUSPECT_DB`) is taken for one; what
is nearly as loud is the caller's own at any time. Half a second of sound that nothing fits shows that there is no echo.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from core.audio import Pcm, Samples, from_ms
from robot.amd.sound import level_db

LONGEST_DELAY: Final = from_ms(320)
WINDOW: Final = from_ms(96)
"""What is compared: the chunk with what came before it."""
SUSPECT_DB: Final = 16.0
LEAST_PEAK: Final = 8.0
"""How far one delay must stand above the others, in their standard deviations."""
LEAST_CHUNKS: Final = 4
ENOUGH_CHUNKS: Final = 16
FADE: Final = 0.97
OVER_ECHO_DB: Final = 6.0
FORGET_SHARE: Final = 0.02
"""So much of the way the known loudness of the echo goes down to a quieter one."""
_BLOCK: Final = 256
SILENT_DB: Final = -55.0
_SPAN: Final = LONGEST_DELAY + WINDOW
_FFT: Final = 4096


class Echo:
    """Remembers half a second of both sides."""

    def __init__(self) -> None:
        self._played = bytearray()
        self._played_until = 0
        self._loud_until = -1
        self._heard = b""
        self._heard_until = 0
        self._sum: npt.NDArray[np.float64] | None = None
        self._compared = 0
        self._gain_db: float | None = None

    def play(self, pcm: Pcm) -> None:
        """Notes what the robot plays next."""
        if not pcm:
            return
        self._played += pcm
        self._played_until += len(pcm) // 2
        if len(self._played) > 8 * _SPAN:
            del self._played[: -4 * _SPAN]
        if pcm.count(0) != len(pcm):
            self._loud_until = self._played_until

    def hear(self, chunk: Pcm, start: Samples) -> None:
        """Notes the next chunk of the caller's side, which begins at `start`."""
        self._heard = (self._heard if self._heard_until == start else b"")[-2 * WINDOW :] + chunk
        self._heard_until = start + len(chunk) // 2

    def is_echo(self, level: float) -> bool:
        """Whether the chunk heard last, of that level, is an echo of what was played."""
        end = self._heard_until
        if self._loud_until < end - _SPAN or len(self._heard) < 2 * WINDOW:
            return False
        played = self._between(end - _SPAN, end)
        if played is None:
            return False
        loud = _loudest_db(played)
        if loud < SILENT_DB or level > loud - SUSPECT_DB:
            return False
        self._compare(played, level - loud)
        if self._gain_db is not None:
            return level <= loud + self._gain_db + OVER_ECHO_DB
        return self._compared < ENOUGH_CHUNKS

    def _compare(self, played: Pcm, loss_db: float) -> None:
        """Adds the present window to what is known of the line."""
        found = _correlation(self._heard[-2 * WINDOW :], played)
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
    return np.asarray(whitened[:LONGEST_DELAY])


def _loudest_db(played: Pcm) -> float:
    return max(level_db(played[at : at + 2 * _BLOCK]) for at in range(0, len(played) - 2 * _BLOCK + 1, 2 * _BLOCK))


def _wave(pcm: Pcm) -> npt.NDArray[np.float64]:
    return np.frombuffer(pcm, dtype="<i2").astype(np.float64)
