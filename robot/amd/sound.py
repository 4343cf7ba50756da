"""What a chunk of audio sounds like, without a model: how loud it is, whether it is one pure tone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.audio import SAMPLE_RATE, Pcm

FLOOR_DB: Final = -120.0


@dataclass(frozen=True, slots=True)
class Tone:
    """The strongest frequency of a chunk and the share (0–1) of the energy that lies within 62 Hz of it."""

    hertz: float
    share: float


def level_db(pcm: Pcm) -> float:
    """RMS level in dB below full scale; `FLOOR_DB` for digital silence."""
    if not pcm:
        return FLOOR_DB
    wave = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    power = float(np.dot(wave, wave)) / len(wave) / 32768.0**2
    return max(FLOOR_DB, 10.0 * float(np.log10(power))) if power > 0 else FLOOR_DB


def levels_db(chunks: Sequence[Pcm]) -> list[float]:
    """The level of each of several chunks, as `level_db` has it; of chunks of one length quicker than one by one."""
    size = len(chunks[0])
    if not size or any(len(chunk) != size for chunk in chunks):
        return [level_db(chunk) for chunk in chunks]
    waves = np.frombuffer(b"".join(chunks), dtype="<i2").reshape(len(chunks), -1).astype(np.float64)
    power = np.einsum("ij,ij->i", waves, waves) / (waves.shape[1] * 32768.0**2)
    levels: list[float] = np.maximum(FLOOR_DB, 10.0 * np.log10(np.maximum(power, 1e-30))).tolist()
    return levels


def tone_of(pcm: Pcm) -> Tone:
    """The strongest tone of the chunk; a pure one has a share near 1, speech seldom above 0.8."""
    wave = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    if len(wave) < 64 or not wave.any():
        return Tone(0.0, 0.0)
    spectrum = np.abs(np.fft.rfft((wave - wave.mean()) * np.hanning(len(wave)))) ** 2
    total = float(spectrum.sum())
    if total <= 0.0:
        return Tone(0.0, 0.0)
    peak = int(spectrum.argmax())
    near = float(spectrum[max(0, peak - 2) : peak + 3].sum())
    return Tone(peak * SAMPLE_RATE / len(wave), near / total)
