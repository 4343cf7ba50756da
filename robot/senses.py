"""What all calls in one language share: the ears, the voices with their prompts, the threads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import Unavailable
from models.manifest import ModelKind, find, what_to_fetch
from robot.asr.silero import Silero
from robot.asr.tone import ToneEars
from robot.asr.vosk_ears import VoskEars
from robot.detector import Detector
from robot.dialog.flow import Ask, Flow, Language, VoiceSex
from robot.hearing import HearingCounts
from robot.ports import Ears, Vad
from robot.prompts import DISK_BYTES, Prompts, shrink
from robot.tts.espeak import EspeakVoice
from robot.tts.voices import Voices, choose_voices
from robot.workers import Workers


@dataclass(frozen=True, slots=True)
class Senses:
    """Ears and voice of one language; `ears` is None where no recogniser is here, then keys alone can answer.

    `notices` are sentences for whoever runs the product: what serves, and what a better model would need. `detector`
    computes voice activity for all calls together (None: for each by itself); `heard` sums up the calls that are over.
    """

    language: Language
    vad: Callable[[], Vad]
    ears: Ears | None
    prompts: Prompts
    workers: Workers
    notices: tuple[str, ...] = ()
    detector: Detector | None = None
    heard: HearingCounts = field(default_factory=HearingCounts)

    def require(self, flow: Flow) -> None:
        """Raises `Unavailable` if the flow asks something that only speech can answer and nothing here hears words."""
        if self.ears is not None:
            return
        for step in flow.steps.values():
            if isinstance(step, Ask) and any(answer.phrases and answer.key is None for answer in step.answers):
                raise Unavailable(
                    "no_recogniser",
                    f"The step {step.id!r} has answers that only speech can give, and no recogniser "
                    f"for the language {self.language.value!r} is here.",
                    hint=f"{what_to_fetch(ModelKind.RECOGNISER, self.language.value)} Or give each answer a key.",
                )


def open_senses(
    language: Language, *, models: Path, cache: Path, sounds: Path, workers: Workers, cache_bytes: int = DISK_BYTES
) -> Senses:
    """Loads what serves the language: fetched models under `models` first, else what ships with the product.

    `cache` holds rendered prompts up to `cache_bytes`, `sounds` the stored sound files. Takes up to some seconds:
    run it off the loop.
    """
    detector = find(ModelKind.VAD, None, [models])
    if detector is None:
        raise Unavailable(
            "no_vad", "The voice activity model is missing.", hint="Restore models/silero-vad from the project."
        )
    ears, heard = _ears(language, models)
    vad = Silero(detector[1] / "silero_vad.onnx")
    voices = choose_voices(language, [models])
    shrink(cache, cache_bytes)
    return Senses(
        language=language,
        vad=vad.open,
        ears=ears,
        prompts=Prompts(voices, language, cache=cache, sounds=sounds, workers=workers, disk_bytes=cache_bytes),
        workers=workers,
        notices=(*heard, *_spoken(language, voices)),
        detector=Detector(workers, vad.probabilities),
    )


def _ears(language: Language, models: Path) -> tuple[Ears | None, tuple[str, ...]]:
    found = find(ModelKind.RECOGNISER, language.value, [models])
    fetch = what_to_fetch(ModelKind.RECOGNISER, language.value)
    if found is None:
        return None, (f"Nothing here hears {_NAMES[language]}: phrases are not understood, keys work. {fetch}",)
    model, place = found
    notices = (f"{_NAMES[language]} is heard by {model.name}.",)
    ears: Ears = ToneEars(place, language) if model.engine == "t-one" else VoskEars(place, language)
    return ears, (*notices, f"{model.note} {fetch}") if model.shipped else notices


def _spoken(language: Language, voices: Voices) -> tuple[str, ...]:
    fetch = what_to_fetch(ModelKind.VOICE, language.value)
    names = {sex: voices.name(sex) for sex in VoiceSex}
    served = ", ".join(f"{name} ({sex.value})" for sex, name in names.items())
    poor = (f"A neural voice sounds better. {fetch}",) if EspeakVoice.name in names.values() else ()
    return (f"{_NAMES[language]} is spoken by {served}.", *poor)


_NAMES = {Language.RU: "Russian", Language.EN: "English"}
