"""Sound files that people upload, made telephone audio: checked, mixed to one channel, 8 kHz, levelled.

Read in blocks, so a long file at a high rate is refused without ever lying in memory as a whole.
"""

from __future__ import annotations

import hashlib
import io
import os
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from core.audio import SAMPLE_RATE, Pcm
from core.errors import BadInput
from robot.tts.level import limit, pcm_of, speech_rms_db

FORMATS: Final = frozenset({"WAV", "WAVEX", "RF64", "MP3", "OGG", "FLAC"})
MOST_BYTES: Final = 50 * 1024 * 1024
MOST_S: Final = 300
LEAST_S: Final = 0.1
SILENT_DB: Final = -60.0
MOST_CHANNELS: Final = 8
RATES: Final = (4_000, 192_000)
_BLOCK_S: Final = 5
FIELD: Final = "file"


def telephone_sound(content: bytes) -> Pcm:
    """The sound of a WAV, MP3, OGG or FLAC file as levelled 8 kHz PCM; `BadInput` says what about it cannot be used.

    Its pauses stay, at the beginning and the end too. CPU-bound: run it off the event loop.
    """
    if len(content) > MOST_BYTES:
        raise BadInput(
            "sound_too_big",
            f"The file has {len(content) / 1e6:.0f} MB; at most {MOST_BYTES // 1024**2} MB can be used.",
            field=FIELD,
            hint="Save it as MP3 or OGG.",
        )
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as sound:
            _check(sound)
            pieces = list(_narrow(sound))
    except soundfile.SoundFileError as error:
        raise BadInput(
            "sound_unreadable",
            f"The file cannot be read as sound: {error}.",
            field=FIELD,
            hint="Upload a WAV, MP3, OGG or FLAC file.",
        ) from error
    narrow = np.concatenate(pieces) if pieces else np.zeros(0)
    if len(narrow) < LEAST_S * SAMPLE_RATE:
        raise BadInput("sound_too_short", "The file holds no sound of any length.", field=FIELD)
    if not np.isfinite(narrow).all():
        raise BadInput("sound_unreadable", "The file holds samples that are no numbers.", field=FIELD)
    if (level := speech_rms_db(narrow)) < SILENT_DB:
        message = f"The file is silent: {level:.0f} dBFS at its loudest." if level > -120 else "The file is silent."
        raise BadInput("sound_silent", message, field=FIELD, hint="Record it louder.")
    return pcm_of(limit(narrow))


def wav_of(pcm: Pcm) -> bytes:
    """A WAV file of telephone audio."""
    whole = io.BytesIO()
    with wave.open(whole, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(pcm)
    return whole.getvalue()


def sound_name(pcm: Pcm) -> str:
    """The name of the file that holds this sound, made of its contents."""
    return f"{hashlib.sha256(pcm).hexdigest()[:32]}.wav"


def keep_sound(folder: Path, pcm: Pcm) -> str:
    """Stores the sound under the name of its contents and returns the name; the same sound is stored once."""
    name = sound_name(pcm)
    place, content = folder / name, wav_of(pcm)
    folder.mkdir(parents=True, exist_ok=True)
    if place.is_file() and place.read_bytes() == content:
        return name
    beside = folder / f".{name}.{os.getpid()}.{os.urandom(4).hex()}"
    try:
        beside.write_bytes(content)
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)
    return name


def _check(sound: soundfile.SoundFile) -> None:
    if sound.format not in FORMATS:
        raise BadInput(
            "sound_format",
            f"A file of the kind {sound.format} is not taken.",
            field=FIELD,
            hint="Upload a WAV, MP3, OGG or FLAC file.",
        )
    if not RATES[0] <= sound.samplerate <= RATES[1] or sound.channels > MOST_CHANNELS:
        raise BadInput(
            "sound_format",
            f"The file has {sound.channels} channels at {sound.samplerate} Hz.",
            field=FIELD,
            hint="Save it with one or two channels at 8 to 48 kHz.",
        )
    if sound.frames > MOST_S * sound.samplerate and sound.format != "MP3":  # an MP3 file only estimates its length
        raise _too_long(sound.frames / sound.samplerate)


def _narrow(sound: soundfile.SoundFile) -> Iterator[npt.NDArray[np.float64]]:
    """The file at 8 kHz, one channel; a block that is ready comes as soon as it can."""
    stream = soxr.ResampleStream(sound.samplerate, SAMPLE_RATE, 1, dtype="float64", quality="VHQ")
    size, read = sound.samplerate * _BLOCK_S, 0
    while True:
        block = sound.read(size, dtype="float64", always_2d=True)
        read += len(block)
        if read > MOST_S * sound.samplerate:
            raise _too_long(read / sound.samplerate)
        last = len(block) < size
        mono = np.ascontiguousarray(block.mean(axis=1)) if len(block) else np.zeros(0)
        yield stream.resample_chunk(mono, last=last)
        if last:
            return


def _too_long(seconds: float) -> BadInput:
    return BadInput(
        "sound_too_long",
        f"The sound lasts {seconds / 60:.1f} minutes or more; at most {MOST_S // 60} can be used.",
        field=FIELD,
        hint="Cut it into several prompts.",
    )
