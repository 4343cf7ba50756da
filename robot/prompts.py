"""What the robot says, as 8 kHz PCM ready to be played: rendered once, kept in memory and in files.

A file's name is a hash of the voice, the language and the text, so it never goes stale; it is written beside and
renamed, so several processes may share the folder. It begins with a checksum: a damaged one is rendered again. What
was not used for longest goes when the folder grows too large. Stored sound files are prompts too.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import wave
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from core.audio import SAMPLE_RATE, Pcm
from core.errors import Unavailable
from robot.dialog.events import Speak
from robot.dialog.flow import Flow, Language, VoiceSex
from robot.dialog.hints import Piece
from robot.dialog.prompts import fixed_speeches, speeches
from robot.tts.voices import Voices, deliver
from robot.workers import Workers

log = structlog.get_logger(__name__)

FORMAT: Final = "2"
CHECKSUM_BYTES: Final = 16
MEMORY_BYTES: Final = 64 * 1024 * 1024
DISK_BYTES: Final = 1024 * 1024 * 1024
FORGOTTEN_S: Final = 3600
"""A file half written that is so much older than the newest prompt was left by a process that died."""


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

    async def get(self, text: str, *, sex: VoiceSex, delivery: tuple[Piece, ...] = ()) -> Pcm:
        """The spoken text, in the pieces of `delivery` where there are any; asked for twice at once rendered once."""
        key = self._key(text, sex, delivery)
        return await self._once(key, partial(self._load_or_render, key, text, delivery, sex))

    async def sound(self, name: str) -> Pcm:
        """The stored sound file; `Unavailable` if it is missing or no WAV."""
        return await self._once(f"sound:{name}", partial(read_sound, self._sounds, name))

    async def spoken(self, speech: Speak) -> Pcm:
        """What a command says: its sound file where it names one, else its text."""
        if speech.audio is not None:
            return await self.sound(speech.audio)
        return await self.get(speech.text, sex=speech.voice, delivery=speech.delivery)

    async def prepare(self, flow: Flow, variables: Mapping[str, str]) -> None:
        """Renders everything that a call of this flow may say, so that no reply waits for synthesis."""
        await self._render_all(speeches(flow, variables))

    async def render_fixed(self, flow: Flow) -> None:
        """Renders what every call of this flow says alike; for the moment when it is published."""
        await self._render_all(fixed_speeches(flow))

    def is_rendered(self, speech: Speak) -> bool:
        """Whether a call that says this finds it ready; reads the disk."""
        if speech.audio is not None:
            return f"sound:{speech.audio}" in self._memory or (self._sounds / speech.audio).is_file()
        key = self._key(speech.text, speech.voice, speech.delivery)
        return key in self._memory or self._path(key).is_file()

    def _key(self, text: str, sex: VoiceSex, delivery: tuple[Piece, ...]) -> str:
        pieces = (f"{piece.rate:g}\1{piece.pause_ms}\1{piece.text}" for piece in delivery)
        name = "\0".join((FORMAT, self._voices.name(sex), self._language, text, *pieces))
        return hashlib.sha256(name.encode()).hexdigest()

    def _path(self, key: str) -> Path:
        return self._cache / key[:2] / f"{key}.pcm"

    async def _render_all(self, wanted: Iterable[Speak]) -> None:
        for speech in wanted:
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

    def _load_or_render(self, key: str, text: str, delivery: tuple[Piece, ...], sex: VoiceSex) -> Pcm:
        path = self._path(key)
        if (pcm := _read(path)) is not None:
            return pcm
        pcm = deliver(self._voices, delivery or (Piece(text),), language=self._language, sex=sex)
        try:
            _write(path, pcm)
        except OSError as error:  # the prompt is there all the same: a full disk must not silence the robot
            log.error("prompts.not_kept", folder=str(self._cache), error=str(error))
            return pcm
        self._written += len(pcm)
        if self._written > self._disk_bytes // 20:
            self._written = 0
            shrink(self._cache, self._disk_bytes)
        return pcm


def _read(path: Path) -> Pcm | None:
    """The kept prompt, marked as just used; None where there is none, or one whose checksum is not its own."""
    try:
        kept = path.read_bytes()
        pcm = kept[CHECKSUM_BYTES:]
        if kept[:CHECKSUM_BYTES] == _checksum(pcm):
            os.utime(path)
            return pcm
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning("prompts.unreadable", file=path.name, error=str(error))
        return None
    log.warning("prompts.damaged", file=path.name)
    return None


def _checksum(pcm: Pcm) -> bytes:
    return hashlib.blake2b(pcm, digest_size=CHECKSUM_BYTES).digest()


def _write(path: Path, pcm: Pcm) -> None:
    """Puts the file in its place in one piece; several processes may do so at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        beside.write_bytes(_checksum(pcm) + pcm)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def shrink(folder: Path, most_bytes: int) -> None:
    """Deletes the files below `folder` that were not used for longest until at most `most_bytes` are left."""
    found: list[tuple[float, int, Path]] = []
    for path in folder.glob("*/*.pcm*"):
        try:
            stat = path.stat()
        except FileNotFoundError:  # another process was quicker
            continue
        found.append((stat.st_mtime, stat.st_size, path))
    newest = max((used for used, _, _ in found), default=0.0)
    total = sum(size for _, size, _ in found)
    for used, size, path in sorted(found):
        half_written = path.suffix != ".pcm"
        if (total > most_bytes and not half_written) or (half_written and used < newest - FORGOTTEN_S):
            path.unlink(missing_ok=True)
            total -= size


def read_sound(folder: Path, name: str) -> Pcm:
    """A stored sound: an 8 kHz WAV file of one channel and 16 bits; `Unavailable` says why it cannot be used."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise Unavailable("sound_outside", f"The sound file {name!r} does not lie in the folder of sounds.")
    try:
        with wave.open(str(path), "rb") as sound:
            shape = sound.getframerate(), sound.getsampwidth(), sound.getnchannels()
            frames = sound.readframes(sound.getnframes())
    except FileNotFoundError as error:
        raise Unavailable(
            "sound_missing", f"The sound file {name!r} is missing.", hint="Upload it again in the scenario."
        ) from error
    except (wave.Error, EOFError, OSError) as error:
        raise Unavailable(
            "sound_unusable", f"{name!r} is no WAV file: {error}.", hint="Upload it again in the scenario."
        ) from error
    if shape != (SAMPLE_RATE, 2, 1):
        raise Unavailable(
            "sound_unusable",
            f"{name!r} has {shape[2]} channels of {8 * shape[1]} bits at {shape[0]} Hz.",
            hint="Upload it in the scenario: that makes it telephone audio.",
        )
    return frames
