"""What would serve a language here, told from the files of the models without loading them: for checks of scenarios."""

from __future__ import annotations

from collections.abc import Container, Sequence
from functools import cache
from pathlib import Path

import espeakng_loader

from core.errors import Unavailable
from models.manifest import Model, ModelKind, find, what_to_fetch
from robot.asr.vocabulary import vosk_words
from robot.dialog.finding import Speech
from robot.dialog.flow import Language, VoiceSex


def speech_of(language: Language, folders: Sequence[Path]) -> Speech:
    """What can be heard and said by the models in `folders` and those that ship; a broken one serves nobody."""
    hears, words, mend_ears = _ears(language, folders)
    voices, mend_voices = _voices(language, folders)
    return Speech(hears=hears, words=words, voices=voices, mend_ears=mend_ears, mend_voices=mend_voices)


def _ears(language: Language, folders: Sequence[Path]) -> tuple[bool, Container[str] | None, str]:
    try:
        found = find(ModelKind.RECOGNISER, language.value, folders)
    except Unavailable as error:
        return False, None, error.hint or error.message
    fetch = what_to_fetch(ModelKind.RECOGNISER, language.value)
    if found is None:
        return False, None, fetch
    model, place = found
    return True, _words(model, place), fetch if model.shipped else ""


def _words(model: Model, place: Path) -> Container[str] | None:
    """The words that the recogniser knows; None for one that hears letters, or does not list them."""
    return vosk_words(place) if model.engine == "vosk" else None


def _voices(language: Language, folders: Sequence[Path]) -> tuple[frozenset[VoiceSex], str]:
    """The sexes that there is a voice for; espeak-ng has every one in every language."""
    if _espeak_is_here():
        return frozenset(VoiceSex), ""
    try:
        served = {sex for sex in VoiceSex if find(ModelKind.VOICE, language.value, folders, sex=sex.value) is not None}
    except Unavailable as error:
        return frozenset(), error.hint or error.message
    return frozenset(served), what_to_fetch(ModelKind.VOICE, language.value)


@cache
def _espeak_is_here() -> bool:
    return Path(espeakng_loader.get_library_path()).is_file() and Path(espeakng_loader.get_data_path()).is_dir()
