"""Noise taken out of what a recogniser hears, where its model was trained without any.

Theory. A turn begins with audio from before the caller's first sound (`robot.listener.PREROLL`): its mean spectrum is
the line's noise. Each 32 ms are weighed by how far they stand above `OVER` times that noise (a Wiener filter over two
frames), but by no less than `LEAST_GAIN`, so that nothing is cut to the ground and no tones are left. Under all lies
a hiss of `HISS` (-64 dBFS), always the same: features of a model without noise fall apart where a line carries nothing
at all, as above and below a telephone's band. The same samples come out whatever pieces they came in.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from core.audio import Pcm, from_ms

FRAME: Final = 256
HOP: Final = 128
LEARN: Final = from_ms(192)
OVER: Final = 3.0
LEAST_GAIN: Final = 0.15
EARLIER: Final = 0.7
"""So much of a frame's weight comes from the frame before, which keeps single tones of noise out."""
HISS: Final = 20.0

_WINDOW: Final = np.sqrt(np.hanning(FRAME + 1)[:-1])
_HISS: Final = HISS * np.random.default_rng(0).normal(size=8000)

Wave = npt.NDArray[np.float64]


class Cleaner:
    """Cleans one turn from its beginning; what comes out is `HOP` samples late."""

    def __init__(self) -> None:
        self._waiting = np.zeros(0)
        self._before = np.zeros(HOP)
        self._overlap = np.zeros(HOP)
        self._noise: Wave | None = None
        self._last: Wave | None = None
        self._position = 0

    def clean(self, pcm: Pcm) -> Pcm:
        """Takes the next audio and returns what is ready; nothing until the noise is known."""
        self._waiting = np.concatenate((self._waiting, np.frombuffer(pcm, dtype="<i2")))
        if self._noise is None:
            if len(self._waiting) < LEARN:
                return b""
            self._noise = _noise(self._waiting[:LEARN])
        count = len(self._waiting) // HOP
        if count == 0:
            return b""
        audio, self._waiting = self._waiting[: count * HOP], self._waiting[count * HOP :]
        return self._cleaned(audio, count)

    def rest(self) -> Pcm:
        """What is still to come out once nothing more comes in."""
        missing = max(0, LEARN - len(self._waiting)) if self._noise is None else 0
        return self.clean(bytes(2 * (missing + 2 * HOP)))

    def _cleaned(self, audio: Wave, count: int) -> Pcm:
        frames = np.lib.stride_tricks.sliding_window_view(np.concatenate((self._before, audio)), FRAME)[::HOP]
        self._before = audio[-HOP:]
        spectra = np.fft.rfft(frames * _WINDOW)
        said = np.fft.irfft(spectra * self._gains(np.abs(spectra) ** 2), FRAME) * _WINDOW
        heads, tails = said[:, :HOP], said[:, HOP:]
        heads[0] += self._overlap
        heads[1:] += tails[:-1]
        self._overlap = tails[-1].copy()
        hiss = _HISS.take(np.arange(self._position, self._position + count * HOP), mode="wrap")
        self._position += count * HOP
        return bytes(np.clip(np.round(heads.reshape(-1) + hiss), -32768, 32767).astype("<i2").tobytes())

    def _gains(self, power: Wave) -> Wave:
        assert self._noise is not None
        over = np.maximum(power / self._noise - OVER, 0)
        before = np.concatenate((over[:1] if self._last is None else self._last, over[:-1]))
        self._last = over[-1:]
        smooth = EARLIER * before + (1 - EARLIER) * over
        return np.asarray(np.maximum(smooth / (1 + smooth), LEAST_GAIN))


def _noise(audio: Wave) -> Wave:
    """The mean power spectrum of what lies before the words; never quite nothing."""
    frames = np.lib.stride_tricks.sliding_window_view(audio, FRAME)[:: HOP // 2]
    return np.asarray((np.abs(np.fft.rfft(frames * _WINDOW)) ** 2).mean(axis=0) + 1e-9)
