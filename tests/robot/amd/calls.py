"""Tiny recordings that need no shared data: synthesised words and prompts, tones, hiss."""

from __future__ import annotations

import wave
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np

from core.audio import SAMPLE_RATE
from models.manifest import SHIPPED
from robot.amd.channel import Audio, Wave
from robot.amd.composing import Clip, Role, trimmed
from robot.amd.model import Trained, load
from robot.dialog.flow import Language, VoiceSex
from robot.tts.espeak import EspeakVoice


def sine(hertz: float, ms: float, amplitude: float = 8000) -> Audio:
    time = np.arange(round(SAMPLE_RATE * ms / 1000)) / SAMPLE_RATE
    return np.round(amplitude * np.sin(2 * np.pi * hertz * time)).astype(np.int16)


def still(ms: float) -> Audio:
    return np.zeros(round(SAMPLE_RATE * ms / 1000), dtype=np.int16)


def hiss(ms: float, amplitude: float = 8, seed: int = 1) -> Audio:
    return np.random.default_rng(seed).normal(0, amplitude, round(SAMPLE_RATE * ms / 1000)).astype(np.int16)


TEXT = "you have reached the office of the north company nobody is here to answer your call please leave a message"


@cache
def spoken(seconds: float, sex: VoiceSex = VoiceSex.FEMALE) -> Wave:
    """So much of a synthesised voice's speech."""
    pcm = EspeakVoice().say(TEXT, language=Language.EN, sex=sex)
    wave = trimmed(np.frombuffer(pcm, dtype="<i2").astype(np.float64) / 32768.0)
    return wave[: round(SAMPLE_RATE * seconds)]


def clips() -> list[Clip]:
    found = []
    for number, source in enumerate(("north", "south", "west")):
        sex = tuple(VoiceSex)[number % 2]
        found += [Clip(Role.PROMPT, source, source, "prompt", spoken(s, sex)) for s in (1.8, 2.5, 4.0)]
        found += [Clip(Role.WORD, source, source, "word", spoken(s, sex)) for s in (0.3, 0.5)]
        found += [Clip(Role.BEEP, source, source, "beep", sine(900, 400) / 32768.0)]
    found += [Clip(Role.WORD, "people", name, "digit word", spoken(0.4)) for name in ("ann", "bob", "cy")]
    noise = np.random.default_rng(5).normal(0, 0.1, SAMPLE_RATE * 8)
    found += [Clip(Role.NOISE, "noise", "noise", "background", noise)]
    found += [Clip(Role.TONE, "tones", "tones", "fax-ced", sine(2100, 3000) / 32768.0)]
    return found


def write(path: Path, audio: Audio, *, rate: int = SAMPLE_RATE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(audio.astype("<i2").tobytes())


def manifest(folder: Path, rows: Iterable[tuple[str, ...]], head: str = "path,label") -> Path:
    text = "\n".join([head, *(",".join(row) for row in rows)]) + "\n"
    (folder / "manifest.csv").write_text(text, encoding="utf-8")
    return folder


@cache
def shipped() -> Trained:
    return load(SHIPPED / "machine-detector" / "detector.json")
