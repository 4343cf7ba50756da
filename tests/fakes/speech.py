"""Ears and a voice that compute nothing: a phrase is a square wave whose amplitude names it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from core.audio import SAMPLE_RATE, Pcm
from robot.dialog.flow import Language, VoiceSex
from robot.ports import Recognised

LOUD = 300


def sound(amplitude: int, length_ms: int) -> Pcm:
    """What a caller "says": the fake ears know it by its amplitude."""
    count = SAMPLE_RATE * length_ms // 1000
    wave = np.full(count, amplitude, dtype="<i2")
    wave[1::2] *= -1
    return wave.tobytes()


def quiet(length_ms: int) -> Pcm:
    return bytes(SAMPLE_RATE * length_ms // 1000 * 2)


class FakeVad:
    """Loud is speech."""

    chunk_samples = 256

    def probability(self, chunk: Pcm) -> float:
        if len(chunk) != self.chunk_samples * 2:
            raise ValueError("a chunk is 256 samples")
        wave = np.frombuffer(chunk, dtype="<i2").astype(float)
        return 0.95 if np.sqrt((wave**2).mean()) >= LOUD else 0.02


class FakeEars:
    """Knows phrases by the greatest amplitude in a turn."""

    def __init__(self, known: Mapping[int, str]) -> None:
        self._known = dict(known)
        self.asked: list[tuple[str, ...]] = []

    def listen(self, phrases: Sequence[str], *, free: bool = False) -> FakeRecogniser:
        self.asked.append(tuple(phrases))
        return FakeRecogniser(self._known)


class FakeRecogniser:
    def __init__(self, known: Mapping[int, str]) -> None:
        self._known = known
        self._loudest = 0

    def accept(self, pcm: Pcm) -> str:
        if pcm:
            self._loudest = max(self._loudest, int(np.abs(np.frombuffer(pcm, dtype="<i2")).max()))
        return self._known.get(self._loudest, "")

    def finish(self) -> Recognised:
        text = self._known.get(self._loudest, "")
        return Recognised(text, 0.9 if text else 0.0)


class FakeVoice:
    """Speaks 60 ms a letter at the usual rate; counts how often it was asked."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str, *, language: Language, sex: VoiceSex, rate: float = 1.0) -> Pcm:
        self.said.append(text)
        return sound(3000, round(60 * len(text) / rate)) if any(sign.isalnum() for sign in text) else b""
