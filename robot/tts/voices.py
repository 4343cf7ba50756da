"""Which voice speaks for a language and a sex: a fetched Piper voice, else espeak-ng's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.audio import Pcm, from_ms
from models.manifest import ModelKind, find
from robot.dialog.flow import Language, VoiceSex
from robot.dialog.hints import Piece
from robot.ports import Voice
from robot.tts.espeak import EspeakVoice
from robot.tts.piper import PiperVoice


@dataclass(frozen=True, slots=True)
class NamedVoice:
    """A voice with the name by which its prompts are cached and it is spoken of."""

    name: str
    voice: Voice


@dataclass(frozen=True, slots=True)
class Voices:
    """The voices of one language by sex: together a `Voice` again."""

    by_sex: Mapping[VoiceSex, NamedVoice]

    def name(self, sex: VoiceSex) -> str:
        """The name of the voice that serves `sex`."""
        return self.by_sex[sex].name

    def say(self, text: str, *, language: Language, sex: VoiceSex, rate: float = 1.0) -> Pcm:
        """The whole utterance by the voice that serves `sex`."""
        return self.by_sex[sex].voice.say(text, language=language, sex=sex, rate=rate)


def deliver(voice: Voice, pieces: Iterable[Piece], *, language: Language, sex: VoiceSex) -> Pcm:
    """A text in pieces, each at its rate, joined by their pauses; a piece without words is only its pause."""
    said: list[Pcm] = []
    for piece in pieces:
        if any(map(str.isalnum, piece.text)):
            said.append(voice.say(piece.text, language=language, sex=sex, rate=piece.rate))
        said.append(bytes(2 * from_ms(piece.pause_ms)))
    return b"".join(said)


def choose_voices(language: Language, folders: Sequence[Path]) -> Voices:
    """The first voice that is here for each sex, loaded."""
    return Voices({sex: _choose(language, sex, folders) for sex in VoiceSex})


def _choose(language: Language, sex: VoiceSex, folders: Sequence[Path]) -> NamedVoice:
    found = find(ModelKind.VOICE, language.value, folders, sex=sex.value)
    if found is None:
        return NamedVoice(EspeakVoice.name, EspeakVoice())
    model, place = found
    return NamedVoice(model.name, PiperVoice(place / f"{model.name}.onnx"))
