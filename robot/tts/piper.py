"""A neural voice by Piper, where one was fetched."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
from piper import PiperVoice as Engine
from piper import SynthesisConfig

from core.audio import Pcm
from core.errors import Unavailable
from robot.dialog.flow import Language, VoiceSex
from robot.tts.level import telephone

_phonemiser = threading.Lock()
"""Piper's phonemiser is espeak-ng, which is one for the whole process."""


class PiperVoice:
    """One Piper voice: it speaks as it was trained, whatever language and sex are asked for."""

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        try:
            self._engine = Engine.load(path)
        except Exception as error:
            raise Unavailable(
                "voice_unusable",
                f"The voice {path} cannot be loaded: {error}.",
                hint=f"This mends it: ./zvonar models fetch {self.name}",
            ) from error

    def say(self, text: str, *, language: Language, sex: VoiceSex, rate: float = 1.0) -> Pcm:
        """The text as levelled telephone audio; `language` and `sex` are the chooser's matter."""
        settings = SynthesisConfig(length_scale=self._engine.config.length_scale / rate)
        with _phonemiser:
            chunks = list(self._engine.synthesize(text, settings))
        if not chunks:
            return b""
        wave = np.concatenate([chunk.audio_int16_array for chunk in chunks])
        return telephone(wave, chunks[0].sample_rate)
