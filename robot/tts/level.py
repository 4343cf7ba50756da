"""Speech of any rate brought to telephone audio: 8 kHz, an even level, no silence at its ends.

The level is the RMS of what is spoken, pauses left out, so a text with many pauses is not made louder. The peak is
the true one, between the samples too, for a codec or a converter further on plays those.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import soxr

from core.audio import FRAME_SAMPLES, SAMPLE_RATE, Pcm

TARGET_RMS_DB: Final = -20.0
PEAK_DB: Final = -1.0
_KNEE: Final = 0.5
_QUIET_DB: Final = -40.0
_SILENT_DB: Final = -80.0
_MARGIN: Final = 160
OVERSAMPLED: Final = 4 * SAMPLE_RATE

Wave = npt.NDArray[np.float64]


def telephone(wave: npt.NDArray[np.int16] | npt.NDArray[np.float32], rate: int) -> Pcm:
    """Mono speech at `rate` as 8 kHz PCM: about -20 dBFS RMS without pauses, peaks below -1 dBFS, ends trimmed."""
    scaled = wave.astype(np.float64) / 32768.0 if wave.dtype == np.int16 else wave.astype(np.float64)
    narrow: Wave = scaled if rate == SAMPLE_RATE else soxr.resample(scaled, rate, SAMPLE_RATE, quality="VHQ")
    return pcm_of(limit(trim(narrow)))


def pcm_of(wave: Wave) -> Pcm:
    """A wave between -1 and 1 as 16-bit PCM."""
    return np.round(wave * 32767.0).astype("<i2").tobytes()


def true_peak_db(wave: Wave) -> float:
    """The greatest level in dBFS that the wave reaches at or between its samples; -120 for silence."""
    if not len(wave):
        return -120.0
    finer = soxr.resample(np.pad(wave, _MARGIN), SAMPLE_RATE, OVERSAMPLED, quality="VHQ")
    return float(20.0 * np.log10(max(np.abs(finer).max(), np.abs(wave).max(), 1e-6)))


def speech_rms_db(wave: Wave) -> float:
    """RMS level in dBFS of the 20 ms pieces within 30 dB of the loudest one; -120 for silence."""
    powers = _powers(wave)
    if not len(powers) or powers.max() <= 1e-12:
        return -120.0
    return float(10.0 * np.log10(powers[powers >= powers.max() * 1e-3].mean()))


def trim(wave: Wave) -> Wave:
    """The wave without what lies 40 dB below its loudest 20 ms, or below -80 dBFS, before and after; 20 ms are left."""
    powers = _powers(wave)
    least = max(powers.max(initial=0.0) * 10.0 ** (_QUIET_DB / 10.0), 10.0 ** (_SILENT_DB / 10.0))
    loud = np.flatnonzero(powers >= least)
    if not len(loud):
        return wave[:0]
    return wave[max(0, loud[0] * FRAME_SAMPLES - _MARGIN) : (loud[-1] + 1) * FRAME_SAMPLES + _MARGIN]


def limit(wave: Wave) -> Wave:
    """The wave at the wanted level; what would pass the knee is bent softly towards the greatest peak."""
    if speech_rms_db(wave) <= -120.0:
        return wave
    ceiling = 10.0 ** (PEAK_DB / 20.0) * 0.99
    bent = wave
    for _ in range(4):
        bent = _bend(bent * 10.0 ** ((TARGET_RMS_DB - speech_rms_db(bent)) / 20.0), ceiling)
        if (over := true_peak_db(bent) - PEAK_DB) > 0.0:
            ceiling = max(_KNEE * 1.05, ceiling * 10.0 ** (-over / 20.0))
    return np.asarray(bent * min(1.0, 10.0 ** ((PEAK_DB - 0.01 - true_peak_db(bent)) / 20.0)))


def _bend(wave: Wave, ceiling: float) -> Wave:
    size = np.abs(wave)
    over = np.maximum(0.0, size - _KNEE)
    room = ceiling - _KNEE
    return np.sign(wave) * (np.minimum(size, _KNEE) + room * np.tanh(over / room))


def _powers(wave: Wave) -> Wave:
    """Mean power of each 20 ms; the last piece may be short."""
    if not len(wave):
        return np.zeros(0)
    padded = np.zeros(-(-len(wave) // FRAME_SAMPLES) * FRAME_SAMPLES)
    padded[: len(wave)] = wave
    return np.asarray((padded.reshape(-1, FRAME_SAMPLES) ** 2).mean(axis=1))
