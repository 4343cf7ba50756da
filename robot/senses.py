"""What all calls in one language share: the ears, the voices with their prompts, the threads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from core.errors import Unavailable
from models.manifest import Model, ModelKind, find, what_to_fetch
from robot.amd.detector import CadenceDetector, MachineDetector
from robot.amd.judging import MachineModel
from robot.amd.model import Bias, load
from robot.asr.silero import Silero
from robot.asr.tone import ToneEars
from robot.asr.vosk_ears import VoskEars
from robot.detector import Detector
from robot.dialog.check_hearing import needs_words
from robot.dialog.flow import Flow, Language, VoiceSex, steps_of
from robot.gain import SoftEars
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
    computes voice activity for all calls together (None: for each by itself); `heard` sums up the calls that are over;
    `machines` makes what tells people from machines in one call.
    """

    language: Language
    vad: Callable[[], Vad]
    ears: Ears | None
    prompts: Prompts
    workers: Workers
    notices: tuple[str, ...] = ()
    detector: Detector | None = None
    heard: HearingCounts = field(default_factory=HearingCounts)
    machines: Callable[[], MachineModel] = CadenceDetector

    def require(self, flow: Flow) -> None:
        """Raises `Unavailable` if the flow asks something that only speech can answer and nothing here hears words."""
        if self.ears is not None:
            return
        for _, name, step in steps_of(flow):
            if needs_words(step):
                raise Unavailable(
                    "no_recogniser",
                    f"The step {name!r} has answers that only speech can give, and no recogniser "
                    f"for the language {self.language.value!r} is here.",
                    hint=f"{what_to_fetch(ModelKind.RECOGNISER, self.language.value)} Or give each answer a key.",
                )


def open_senses(
    language: Language,
    *,
    models: Path,
    cache: Path,
    sounds: Path,
    workers: Workers,
    cache_bytes: int = DISK_BYTES,
    machines: Bias | None = Bias.PEOPLE_FIRST,
) -> Senses:
    """Loads what serves the language: fetched models under `models` first, else what ships with the product.

    `cache` holds rendered prompts up to `cache_bytes`, `sounds` the stored sound files. `machines` is the bias of the
    trained detector of answering machines; None has the cadence rule instead. Takes up to some seconds: run it off the
    loop.
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
        machines=CadenceDetector if machines is None else _machines(models, machines),
    )


def _machines(models: Path, bias: Bias) -> Callable[[], MachineModel]:
    """Makes the trained detector for one call after the other; `Unavailable` where its file is missing or broken."""
    found = find(ModelKind.MACHINES, None, [models])
    if found is None:
        raise Unavailable(
            "no_amd",
            "The detector of answering machines is missing.",
            hint="Restore models/machine-detector from the project, or set ZVONAR_MACHINE_RULE=cadence.",
        )
    trained = load(found[1] / "detector.json")
    return partial(MachineDetector, trained, bias=bias)


def _ears(language: Language, models: Path) -> tuple[Ears | None, tuple[str, ...]]:
    found = find(ModelKind.RECOGNISER, language.value, [models])
    fetch = what_to_fetch(ModelKind.RECOGNISER, language.value)
    if found is None:
        return None, (f"Nothing here hears {_NAMES[language]}: phrases are not understood, keys work. {fetch}",)
    model, place = found
    notices = (f"{_NAMES[language]} is heard by {model.name}.",)
    ears: Ears = ToneEars(place, language) if model.engine == "t-one" else SoftEars(_vosk(model, place, language))
    return ears, (*notices, f"{model.note} {fetch}") if model.shipped else notices


def _vosk(model: Model, place: Path, language: Language) -> VoskEars:
    return VoskEars(place, language, cleaned=model.cleaned, narrow=model.narrow)


def _spoken(language: Language, voices: Voices) -> tuple[str, ...]:
    fetch = what_to_fetch(ModelKind.VOICE, language.value)
    names = {sex: voices.name(sex) for sex in VoiceSex}
    served = ", ".join(f"{name} ({sex.value})" for sex, name in names.items())
    poor = (f"A neural voice sounds better. {fetch}",) if EspeakVoice.name in names.values() else ()
    return (f"{_NAMES[language]} is spoken by {served}.", *poor)


_NAMES = {Language.RU: "Russian", Language.EN: "English"}
