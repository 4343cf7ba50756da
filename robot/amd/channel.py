"""What a telephone line does to a voice: level, noise, codec, narrow band, lost packets (SPEC R7).

Pure: the same generator state gives the same line. Audio is float, full scale 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from core.audio import FRAME_SAMPLES, SAMPLE_RATE

Wave = npt.NDArray[np.float64]
Audio = npt.NDArray[np.int16]

LEVELS_DB: Final = (-34.0, -14.0)
NOISE_DB: Final = (-60.0, -36.0)
MOST_LOST: Final = 0.04


class Codec(StrEnum):
    """How the voice was carried."""

    A_LAW = "a-law"
    MU_LAW = "mu-law"
    MOBILE = "mobile"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: the speech's level and the noise's in dBFS, the codec, the share of 20 ms packets that are lost."""

    level_db: float
    noise_db: float
    codec: Codec
    lost: float


def draw_line(random: np.random.Generator) -> Line:
    """A line such as calls have: half of them without loss."""
    return Line(
        level_db=random.uniform(*LEVELS_DB),
        noise_db=random.uniform(*NOISE_DB),
        codec=tuple(Codec)[random.choice(3, p=(0.45, 0.2, 0.35))],
        lost=0.0 if random.random() < 0.5 else random.uniform(0.0, MOST_LOST),
    )


def carry(voice: Wave, noise: Wave, line: Line, random: np.random.Generator) -> Audio:
    """What arrives of `voice` over the line; `noise` is as long, of any level."""
    voice = scaled(voice, line.level_db)
    mixed = voice + noise * (10.0 ** (line.noise_db / 20.0) / max(rms(noise), 1e-9))
    if line.codec is Codec.MOBILE:
        mixed = _narrow(mixed)
        mixed = mixed + random.normal(0.0, 1.0, len(mixed)) * np.abs(mixed) * 0.03
    mixed = np.clip(mixed, -1.0, 1.0)
    mixed = a_law(mixed) if line.codec is Codec.A_LAW else mu_law(mixed)
    return np.round(_with_losses(mixed, line.lost, random) * 32767.0).astype(np.int16)


def rms(wave: Wave) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(wave**2))) if len(wave) else 0.0


def scaled(wave: Wave, level_db: float) -> Wave:
    """The wave with the RMS of what is not silence in it at `level_db`."""
    loud = wave[np.abs(wave) > 0.01]
    return wave * (10.0 ** (level_db / 20.0) / max(rms(loud), 1e-6)) if len(loud) else wave


def mu_law(wave: Wave) -> Wave:
    """There and back through the µ-law of G.711, by its formula."""
    packed = np.sign(wave) * np.log1p(255.0 * np.abs(wave)) / np.log(256.0)
    packed = np.round(packed * 127.0) / 127.0
    back: Wave = np.sign(packed) * np.expm1(np.abs(packed) * np.log(256.0)) / 255.0
    return back


def a_law(wave: Wave) -> Wave:
    """There and back through the A-law of G.711, by its formula."""
    size, bend = np.abs(wave), 1.0 + np.log(_A)
    packed = np.where(size < 1.0 / _A, _A * size / bend, (1.0 + np.log(np.maximum(_A * size, 1.0))) / bend)
    packed = (np.floor(packed * 128.0) + 0.5) / 128.0
    back = np.where(packed < 1.0 / bend, packed * bend / _A, np.exp(packed * bend - 1.0) / _A)
    result: Wave = np.sign(wave) * back
    return np.clip(result, -1.0, 1.0)


def _narrow(wave: Wave) -> Wave:
    """The band that a mobile telephone carries."""
    spectrum = np.fft.rfft(wave)
    hertz = np.fft.rfftfreq(len(wave), 1.0 / SAMPLE_RATE)
    spectrum *= 1.0 / (1.0 + (300.0 / np.maximum(hertz, 1.0)) ** 4) / (1.0 + (hertz / 3_400.0) ** 16)
    narrow: Wave = np.fft.irfft(spectrum, len(wave))
    return narrow


def _with_losses(wave: Wave, share: float, random: np.random.Generator) -> Wave:
    """Lost packets are silence, or the packet before once more, as receivers have it."""
    if share <= 0.0:
        return wave
    wave = wave.copy()
    for frame in np.flatnonzero(random.random(len(wave) // FRAME_SAMPLES) < share):
        start = int(frame) * FRAME_SAMPLES
        repeat = start >= FRAME_SAMPLES and random.random() < 0.5
        wave[start : start + FRAME_SAMPLES] = wave[start - FRAME_SAMPLES : start] * 0.7 if repeat else 0.0
    return wave


_A: Final = 87.6
