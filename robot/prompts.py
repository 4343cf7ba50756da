"""What the robot says, as 8 kHz PCM ready to be played: rendered once, kept in memory and in files.

A file's name is a hash of the voice, the language and the text, so it never goes stale; it is written beside and
renamed, so several processes may share the folder. Stored sound files are prompts too.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import wave
from collections import OrderedDict
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import soxr
import structlog

from core.audio import SAMPLE_RATE, Pcm
from core.errors import Unavailable
from robot.dialog.events import Speak
from robot.dialog.flow import Flow, Language, VoiceSex
from robot.dialog.prompts import speeches
from robot.tts.voices import Voices
from robot.workers import Workers

log = structlog.get_logger(__name__)

FORMAT: Final = "1"
MEMORY_BYTES: Final = 64 * 1024 * 1024
DISK_BYTES: Final = 1024 * 1024 * 1024


class Prompts:
    """The prompts of one language, shared by all calls."""

    def __init__(
        self,
        voices: Voices,
        language: Language,
        *,
        cache: Path,
        sounds: Path,
        workers: Workers,
        memory_bytes: int = MEMORY_BYTES,
        disk_bytes: int = DISK_BYTES,
    ) -> None:
        self._voices = voices
        self._language = language
        self._cache = cache
        self._sounds = sounds
        self._workers = workers
        self._memory_bytes = memory_bytes
        self._disk_bytes = disk_bytes
        self._memory: OrderedDict[str, Pcm] = OrderedDict()
        self._kept = 0
        self._written = 0
        self._rendering: dict[str, asyncio.Event] = {}

    async def get(self, text: str, *, sex: VoiceSex) -> Pcm:
        """The spoken text; asked for twice at once it is rendered once."""
        name = "\0".join((FORMAT, self._voices.name(sex), self._language, text))
        key = hashlib.sha256(name.encode()).hexdigest()
        return await self._once(key, partial(self._load_or_render, key, text, sex))

    async def sound(self, name: str) -> Pcm:
        """The stored sound file; `Unavailable` if it is missing or no WAV."""
        return await self._once(f"sound:{name}", partial(read_sound, self._sounds, name))

    async def spoken(self, speech: Speak) -> Pcm:
        """What a command says: its sound file where it names one, else its text."""
        if speech.audio is not None:
            return await self.sound(speech.audio)
        return await self.get(speech.text, sex=speech.voice)

    async def prepare(self, flow: Flow, variables: Mapping[str, str]) -> None:
        """Renders everything that a call of this flow may say, so that no reply waits for synthesis."""
        for speech in speeches(flow, variables):
            await self.spoken(speech)

    async def _once(self, key: str, make: partial[Pcm]) -> Pcm:
        while (pcm := self._memory.get(key)) is None:
            if (other := self._rendering.get(key)) is not None:
                await other.wait()
                continue
            done = self._rendering[key] = asyncio.Event()
            try:
                pcm = await self._workers.speak(make)
                self._keep(key, pcm)
                return pcm
            finally:
                del self._rendering[key]
                done.set()
        self._memory.move_to_end(key)
        return pcm

    def _keep(self, key: str, pcm: Pcm) -> None:
        self._memory[key] = pcm
        self._kept += len(pcm)
        while self._kept > self._memory_bytes and len(self._memory) > 1:
            self._kept -= len(self._memory.popitem(last=False)[1])

    def _load_or_render(self, key: str, text: str, sex: VoiceSex) -> Pcm:
        path = self._cache / key[:2] / f"{key}.pcm"
        if (pcm := _read(path)) is not None:
            return pcm
        pcm = self._voices.say(text, language=self._language, sex=sex)
        try:
            _write(path, pcm)
        except OSError as error:  # the prompt is there all the same: a full disk must not silence the robot
            log.error("prompts.not_kept", folder=str(self._cache), error=str(error))
            return pcm
        self._written += len(pcm)
        if self._written > self._disk_bytes // 10:
            self._written = 0
            shrink(self._cache, self._disk_bytes)
        return pcm


def _read(path: Path) -> Pcm | None:
    """The kept prompt; None where there is none, or one that a crash left empty or cut within a sample."""
    try:
        pcm = path.read_bytes()
    except FileNotFoundError:
        return None
    return pcm if pcm and len(pcm) % 2 == 0 else None


def _write(path: Path, pcm: Pcm) -> None:
    """Puts the file in its place in one piece; several processes may do so at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        beside.write_bytes(pcm)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def shrink(folder: Path, most_bytes: int) -> None:
    """Deletes the oldest files below `folder` until at most `most_bytes` are left."""
    found: list[tuple[float, int, Path]] = []
    for path in folder.glob("*/*.pcm"):
        try:
            stat = path.stat()
        except FileNotFoundError:  # another process was quicker
            continue
        found.append((stat.st_mtime, stat.st_size, path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= most_bytes:
            return
        path.unlink(missing_ok=True)
        total -= size


def read_sound(folder: Path, name: str) -> Pcm:
    """A stored WAV file as 8 kHz mono PCM; `Unavailable` says what about it cannot be used."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise Unavailable("sound_outside", f"The sound file {name!r} does not lie in the folder of sounds.")
    try:
        with wave.open(str(path), "rb") as sound:
            rate, width, channels = sound.getframerate(), sound.getsampwidth(), sound.getnchannels()
            frames = sound.readframes(sound.getnframes())
    except FileNotFoundError as error:
        raise Unavailable(
            "sound_missing", f"The sound file {name!r} is missing.", hint="Upload it again in the scenario."
        ) from error
    except (wave.Error, EOFError) as error:
        raise Unavailable(
            "sound_unusable", f"{name!r} is no WAV file: {error}.", hint="Upload it as WAV, 16 bit."
        ) from error
    if width != 2 or rate <= 0:
        raise Unavailable(
            "sound_unusable", f"{name!r} has {8 * width} bits a sample.", hint="Upload it as WAV with 16 bits a sample."
        )
    if rate == SAMPLE_RATE and channels == 1:
        return frames
    mono = np.frombuffer(frames, dtype="<i2").reshape(-1, channels).mean(axis=1)
    narrow = mono if rate == SAMPLE_RATE else soxr.resample(mono, rate, SAMPLE_RATE, quality="HQ")
    return bytes(np.clip(np.round(narrow), -32768, 32767).astype("<i2").tobytes())
