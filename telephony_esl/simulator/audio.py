"""The sounds of the network: recorded clips, tones, the hold melody, line noise, and how loud a frame is.

All sounds are tuples of whole 20 ms frames, made once and shared by all calls.
"""

from __future__ import annotations

import csv
import math
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from core.audio import FRAME_BYTES, FRAME_SAMPLES, SAMPLE_RATE, SILENCE, Pcm
from core.errors import BadInput

FOLDER: Final = Path(__file__).parent / "sounds"
NOISE_DBFS: Final = -60.0
VOICE_DBFS: Final = -45.0
FILLER: Final[Pcm] = b"\xff" * FRAME_BYTES
"""What the switch hands on while the caller's side sends nothing."""

_FULL_SCALE = 32768.0
_NOISE_FRAMES = 100
_LOUD_ENERGY = FRAME_SAMPLES * (_FULL_SCALE * 10 ** (VOICE_DBFS / 20)) ** 2

Frames = tuple[Pcm, ...]


@dataclass(frozen=True, slots=True)
class Clip:
    """One recorded phrase of the collection."""

    path: Path
    kind: str
    text: str


@cache
def clips() -> Mapping[str, Clip]:
    """The collection by text; where two clips say the same, the first one."""
    found: dict[str, Clip] = {}
    with (FOLDER / "manifest.csv").open(encoding="utf-8", newline="") as manifest:
        for row in csv.DictReader(manifest):
            found.setdefault(row["text"], Clip(FOLDER / row["path"], row["kind"], row["text"]))
    return MappingProxyType(found)


def sound(say: str) -> Frames:
    """The frames of a text of the collection, or of a WAV file named by its path."""
    clip = clips().get(say)
    return _wav(clip.path if clip is not None else Path(say))


@lru_cache(maxsize=512)
def _wav(path: Path) -> Frames:
    try:
        with wave.open(str(path)) as file:
            shape = (file.getnchannels(), file.getsampwidth(), file.getframerate())
            pcm = file.readframes(file.getnframes())
    except (OSError, wave.Error, EOFError) as error:
        raise BadInput(
            "unreadable_sound",
            f"The sound {path} cannot be read: {error}.",
            field="say",
            hint="Name a text of the clip collection or the path of a WAV file.",
        ) from error
    if shape != (1, 2, SAMPLE_RATE):
        raise BadInput(
            "wrong_sound_format",
            f"The sound {path} has {shape[0]} channels of {8 * shape[1]} bits at {shape[2]} Hz.",
            field="say",
            hint="Convert it to mono, 16 bits, 8000 Hz.",
        )
    return cut(pcm)


def cut(pcm: Pcm) -> Frames:
    """Cuts audio into whole frames; the last one is filled up with silence."""
    return tuple(pcm[at : at + FRAME_BYTES].ljust(FRAME_BYTES, b"\0") for at in range(0, len(pcm), FRAME_BYTES))


@lru_cache(maxsize=64)
def tone(hz: float, seconds: float, level_dbfs: float = -9.0) -> Frames:
    """A sine whose RMS is at `level_dbfs`, with edges of 5 ms that do not click."""
    count = round(seconds * SAMPLE_RATE)
    wave_ = np.sin(2 * math.pi * hz * np.arange(count) / SAMPLE_RATE)
    edge = np.minimum(1.0, np.minimum(np.arange(count), np.arange(count)[::-1]) / (0.005 * SAMPLE_RATE))
    return cut(_pcm(wave_ * edge * math.sqrt(2) * 10 ** (level_dbfs / 20)))


@cache
def melody() -> Frames:
    """The hold melody: some seconds of plain notes, to be repeated."""
    notes = (392.0, 493.88, 587.33, 783.99, 587.33, 493.88)
    return tuple(frame for hz in notes for frame in tone(hz, 0.4, -24.0))


@cache
def ringback() -> Frames:
    """The ringing that is heard before the answer: 425 Hz, one second of five."""
    return tone(425.0, 1.0, -20.0) + (SILENCE,) * 200


@lru_cache(maxsize=16)
def line_noise(seed: int) -> Frames:
    """Two seconds of white noise at -60 dBFS, to be repeated."""
    noise = np.random.default_rng(seed).normal(0.0, 10 ** (NOISE_DBFS / 20), _NOISE_FRAMES * FRAME_SAMPLES)
    return cut(_pcm(noise))


def _pcm(wave_: npt.NDArray[np.float64]) -> Pcm:
    return (np.clip(wave_, -1.0, 1.0) * (_FULL_SCALE - 1)).astype("<i2").tobytes()


def is_loud(frame: Pcm) -> bool:
    """Whether a frame holds somebody's voice, by its energy alone."""
    return frame != SILENCE and _energy(frame) > _LOUD_ENERGY


def level_dbfs(pcm: Pcm) -> float:
    """The RMS level; digital silence is -inf."""
    energy = _energy(pcm)
    return 10 * math.log10(energy / (len(pcm) // 2) / _FULL_SCALE**2) if energy else -math.inf


def _energy(pcm: Pcm) -> float:
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32)
    return float(samples @ samples)
