"""A company's sound files for prompts: stored as telephone audio, found again by name, and texts heard beforehand.

A sound is a file in the company's own folder, named by its contents. A prompt's `audio` is `<company>/<name>`, the
path below the folder of all sounds.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from campaigns.campaign import CompanyId
from core.audio import ms, samples
from core.errors import BadInput, NotFound
from robot.dialog.flow import Flow, Language, Prompt
from robot.dialog.prompts import prompts_of, speak
from robot.dialog.texts import check_text
from robot.prompts import Prompts
from robot.tts.sounds import keep_sound, telephone_sound, wav_of

_NAME = re.compile(r"[0-9a-f]{32}\.wav")


@dataclass(frozen=True, slots=True)
class StoredSound:
    """A stored sound: `audio` is what a prompt names."""

    audio: str
    seconds: float


async def store_sound(sounds: Path, company: CompanyId, content: bytes) -> StoredSound:
    """Checks and stores an uploaded WAV, MP3, OGG or FLAC file; `BadInput` (field `file`) says what is wrong."""
    pcm = await asyncio.to_thread(telephone_sound, content)
    name = await asyncio.to_thread(keep_sound, sounds / str(company), pcm)
    return StoredSound(audio=f"{company}/{name}", seconds=ms(samples(pcm)) / 1000)


def sound_path(sounds: Path, company: CompanyId, audio: str) -> Path:
    """The file of one of the company's sounds; `NotFound` for another's, a missing one, or what is no sound's name."""
    folder, _, name = audio.partition("/")
    path = sounds / str(company) / name
    if folder != str(company) or not _NAME.fullmatch(name) or not path.is_file():
        raise NotFound("no_such_sound", f"There is no sound file {audio!r}.", hint="Upload it again.")
    return path


def check_sounds(flow: Flow, sounds: Path, company: CompanyId) -> None:
    """Raises `BadInput` if a prompt of the flow names a sound that the company does not have: before publishing."""
    for prompt in prompts_of(flow):
        if prompt.audio:
            try:
                sound_path(sounds, company, prompt.audio)
            except NotFound as error:
                raise BadInput(error.code, error.message, field="audio", hint=error.hint) from error


async def preview(prompts: Prompts, prompt: Prompt, language: Language, variables: Mapping[str, str]) -> bytes:
    """A prompt as it will be heard, as a WAV file of 8 kHz; `BadInput` if there is nothing to hear.

    Whoever asks has checked that a sound which the prompt names is the company's (`sound_path`).
    """
    check_text(prompt.text, field="text")
    speech = speak(prompt, variables, language)
    if speech is None:
        raise BadInput("no_text", "There is neither a text nor a sound file.", field="text")
    return wav_of(await prompts.spoken(speech))
