"""The voice that needs no download: espeak-ng through ctypes, Russian and English, male and female.

espeak-ng keeps one state for the whole process, so one lock lets one utterance at a time through it.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import espeakng_loader
import numpy as np

from core.audio import Pcm
from core.errors import Unavailable
from robot.dialog.flow import Language, VoiceSex
from robot.tts.level import telephone

_SYNCHRONOUS: Final = 2
_DONT_EXIT: Final = 0x8000
_UTF8: Final = 1
_RATE_PARAMETER: Final = 1
_OK: Final = 0
WORDS_PER_MINUTE: Final = 155

VOICES: Final[Mapping[tuple[Language, VoiceSex], str]] = MappingProxyType(
    {
        (Language.RU, VoiceSex.MALE): "ru",
        (Language.RU, VoiceSex.FEMALE): "ru+f2",
        (Language.EN, VoiceSex.MALE): "en-us",
        (Language.EN, VoiceSex.FEMALE): "en-us+f2",
    }
)

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
_lock = threading.Lock()
_engine: _Engine | None = None


class _Engine:
    """The loaded library with the utterance that is being spoken."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(str(espeakng_loader.get_library_path()))
        self._pieces: list[bytes] = []
        self._callback = _Callback(self._take)
        path = str(espeakng_loader.get_data_path()).encode()
        self.rate = int(self._library.espeak_Initialize(_SYNCHRONOUS, 0, path, _DONT_EXIT))
        if self.rate <= 0:
            raise Unavailable(
                "voice_unusable",
                "espeak-ng cannot be started: its data are missing.",
                hint="Install the package espeakng-loader again.",
            )
        self._library.espeak_SetSynthCallback(self._callback)

    def _take(self, wave: ctypes._Pointer[ctypes.c_short], count: int, _events: int | None) -> int:
        if wave and count > 0:
            self._pieces.append(ctypes.string_at(wave, count * 2))
        return 0

    def say(self, text: str, voice: str, words_per_minute: int) -> bytes:
        """The utterance as 16-bit PCM at `rate`."""
        self._pieces.clear()
        encoded = text.encode()
        told = self._library.espeak_SetVoiceByName(voice.encode())
        if told == _OK:
            told = self._library.espeak_SetParameter(_RATE_PARAMETER, words_per_minute, 0)
        if told == _OK:
            told = self._library.espeak_Synth(encoded, len(encoded) + 1, 0, 1, 0, _UTF8, None, None)
        if told != _OK:
            raise Unavailable("voice_failed", f"espeak-ng's voice {voice!r} did not speak (code {told}).")
        return b"".join(self._pieces)


class EspeakVoice:
    """The `Voice` of espeak-ng; serves every language and sex there is."""

    name = "espeak-ng"

    def say(self, text: str, *, language: Language, sex: VoiceSex, rate: float = 1.0) -> Pcm:
        """The text as levelled telephone audio; empty for a text without anything to pronounce."""
        global _engine
        with _lock:
            if _engine is None:
                _engine = _Engine()
            wave = _engine.say(text.replace("\0", " "), VOICES[language, sex], round(WORDS_PER_MINUTE * rate))
            samples_per_s = _engine.rate
        return telephone(np.frombuffer(wave, dtype=np.int16), samples_per_s)
