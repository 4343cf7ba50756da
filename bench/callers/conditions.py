"""How many expected answers are understood, by the condition of the line: the same clips, spoilt in known ways.

A clip is one answer to a question that expects it among others. It goes through the listener as a call's audio does
(VAD, turn, recogniser), and the words of its first turn through the matching.
"""

from __future__ import annotations

import csv
import wave
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict

import numpy as np
import numpy.typing as npt

from core.audio import SAMPLE_RATE, SILENCE, Pcm
from robot.dialog.flow import Answer, StepId
from robot.dialog.phrases import match
from robot.listener import Listener
from robot.pauses import Attend, attention
from robot.senses import Senses
from robot.turns import TurnEnded

SHIPPED = Path(__file__).resolve().parents[2] / "telephony_esl" / "simulator" / "sounds"
KINDS: Final = ("yes", "no", "number", "objection")
OTHER_KINDS: Final = ("objection", "control", "backchannel", "greeting", "free", "voicemail", "screening")
TUNED: Final = frozenset({"elena", "aleksandr"})
BAND_HZ: Final = (300.0, 3400.0)
CLIPPED_S: Final = 0.06
"""So much of a word's start is lost where a line opens late."""

Sound = npt.NDArray[np.float64]


class Understood(TypedDict):
    """One voice in one condition; `right` and `wrong` are shares of the clips."""

    voice: str
    tuned: bool
    condition: str
    clips: int
    right: float
    wrong: float


class Mistaken(TypedDict):
    """How many of the clips that are no answer were taken for one."""

    condition: str
    clips: int
    yes: int
    no: int


@dataclass(frozen=True, slots=True)
class Clip:
    """One answer: its words, of which kind it is, who says it."""

    path: Path
    kind: str
    text: str
    voice: str


def understood(senses: Senses, shared: Path) -> list[Understood]:
    """One line for each voice and condition: of how many clips how many were taken for the answer that was said.

    `wrong` were taken for another one; the others the robot asks again. On the `tuned` voices the limits of recognition
    were chosen, so what counts is read off the others.
    """
    clips = list(_clips(shared, KINDS))
    answers = _answers(clips)
    heard: Counter[tuple[str, str, bool | None]] = Counter()
    asked = Counter(clip.voice for clip in clips)
    for clip in clips:
        sound = _read(clip.path)
        for name, spoil in CONDITIONS.items():
            taken = _taken_for(senses, answers[clip.kind], spoil(sound))
            heard[clip.voice, name, None if taken is None else clip.text in taken.phrases] += 1
    return [
        {
            "voice": voice,
            "tuned": voice in TUNED,
            "condition": name,
            "clips": count,
            "right": round(heard[voice, name, True] / count, 4),
            "wrong": round(heard[voice, name, False] / count, 4),
        }
        for voice, count in asked.items()
        for name in CONDITIONS
    ]


def mistaken(senses: Senses, shared: Path) -> list[Mistaken]:
    """One line for each condition: how much of what answers no yes-or-no question was taken for a yes, for a no."""
    answers = _answers(list(_clips(shared, KINDS)))["yes"]
    expected = {phrase for answer in answers for phrase in answer.phrases}
    clips = [clip for clip in _clips(shared, OTHER_KINDS) if clip.text not in expected]
    taken: Counter[tuple[str, str]] = Counter()
    for clip in clips:
        sound = _read(clip.path)
        for name, spoil in CONDITIONS.items():
            if (answer := _taken_for(senses, answers, spoil(sound))) is not None:
                taken[name, answer.id] += 1
    return [
        {"condition": name, "clips": len(clips), "yes": taken[name, "yes"], "no": taken[name, "no"]}
        for name in CONDITIONS
    ]


def _taken_for(senses: Senses, answers: tuple[Answer, ...], sound: Sound) -> Answer | None:
    """The answer that the first turn is taken for."""
    wanted = attention(1, Attend.ANSWER, phrases=tuple(phrase for answer in answers for phrase in answer.phrases))
    listener = Listener(senses.vad(), senses.ears, greeting=False)
    for event in listener.hear(SILENCE * 25 + _pcm(sound) + SILENCE * 75, wanted):
        if isinstance(event, TurnEnded):
            found = match(answers, (event.said.text, *event.said.alternatives))
            return None if found is None else found.answer
    return None


def _answers(clips: list[Clip]) -> dict[str, tuple[Answer, ...]]:
    """For each kind the question's answers; all texts of a consent are one answer, and all of a refusal."""
    consents = tuple(dict.fromkeys(clip.text for clip in clips if clip.kind == "yes"))
    refusals = tuple(dict.fromkeys(clip.text for clip in clips if clip.kind == "no"))
    either = (_answer("yes", *consents), _answer("no", *refusals))
    each = {
        kind: tuple(_answer(text, text) for text in dict.fromkeys(c.text for c in clips if c.kind == kind))
        for kind in KINDS
    }
    return each | {"yes": either, "no": either}


def _answer(name: str, *phrases: str) -> Answer:
    return Answer(id=name, label=name, then=StepId("next"), phrases=phrases)


def _clips(shared: Path, kinds: tuple[str, ...]) -> Iterator[Clip]:
    """The voice that ships, and the others where they are."""
    callers = shared / "audio" / "ru-callers"
    folders = [SHIPPED, *([callers] if callers.is_dir() else [])]
    seen: set[str] = set()
    for folder in folders:
        with (folder / "manifest.csv").open(encoding="utf-8", newline="") as manifest:
            for row in csv.DictReader(manifest):
                if row["kind"] in kinds and row["path"] not in seen:
                    seen.add(row["path"])
                    voice = row.get("voice") or Path(row["path"]).stem.rsplit("_", 1)[-1]
                    yield Clip(folder / row["path"], row["kind"], row["text"], voice)


def _read(path: Path) -> Sound:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.float64)


def _pcm(sound: Sound) -> Pcm:
    return bytes(np.clip(np.round(sound), -32768, 32767).astype("<i2").tobytes())


def _band(sound: Sound) -> Sound:
    """What a telephone line lets through."""
    spectrum = np.fft.rfft(sound)
    hz = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)
    return np.fft.irfft(np.where((hz >= BAND_HZ[0]) & (hz <= BAND_HZ[1]), spectrum, 0), len(sound))


def _noisy(snr_db: float) -> Callable[[Sound], Sound]:
    """Adds pink noise within the telephone band, so far below the clip's mean power; also around the clip."""

    def spoil(sound: Sound) -> Sound:
        padded = np.concatenate((np.zeros(SAMPLE_RATE // 2), sound, np.zeros(SAMPLE_RATE)))
        noise = np.random.default_rng(1).normal(size=len(padded))
        spectrum = np.fft.rfft(noise)
        hz = np.fft.rfftfreq(len(padded), 1 / SAMPLE_RATE)
        noise = _band(np.fft.irfft(spectrum / np.sqrt(np.maximum(hz, 50.0)), len(padded)))
        wanted = np.sqrt(np.mean(sound**2)) * 10 ** (-snr_db / 20)
        return np.asarray(_band(padded) + noise * wanted / np.sqrt(np.mean(noise**2)))

    return spoil


def _clipped(sound: Sound) -> Sound:
    """Loses the first `CLIPPED_S` of what can be heard."""
    loud = np.flatnonzero(np.abs(sound) >= 0.03 * np.abs(sound).max())
    return sound[int(loud[0]) + round(CLIPPED_S * SAMPLE_RATE) :]


CONDITIONS: Final[dict[str, Callable[[Sound], Sound]]] = {
    "clean": lambda sound: sound,
    "telephone band": _band,
    "noise 20 dB": _noisy(20),
    "noise 10 dB": _noisy(10),
    "clipped start": _clipped,
}
