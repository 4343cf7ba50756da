"""Calls composed from recordings of voices, prompts, tones and noise, to train and to measure on (SPEC R7).

A person says something short and waits; a machine greets for `GREETING_S`. Both classes take the same voices: a person
may speak with the voice of a prompt, so that nothing but behaviour tells them apart. All pieces of a call come from
one part of the sources, and timings are drawn widely. Pure: the same seed and recordings give the same calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from core.audio import SAMPLE_RATE
from robot.amd.channel import Audio, Wave, carry, draw_line

CALL_S: Final = 6.5
GREETING_S: Final = (3.0, 10.0)
LONGEST_PHRASE_S: Final = 2.2
FADE: Final = SAMPLE_RATE * 5 // 1000


class Role(StrEnum):
    """What a recording is used for."""

    WORD = "word"
    PROMPT = "prompt"
    BEEP = "beep"
    TONE = "tone"
    NOISE = "noise"


class Label(StrEnum):
    """Who is there in truth."""

    HUMAN = "human"
    MACHINE = "machine"
    FAX = "fax"
    SILENCE = "silence"


class Shape(StrEnum):
    """How a person's answer is made, or what a machine does."""

    WORD = "one word"
    WORDS = "two words"
    PHRASE = "a phrase"
    LONG = "a long answer"
    PROMPT_WORD = "one word in a prompt's voice"
    GREETING = "greeting"
    SIT = "special information tone"
    FAX = "fax"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """One recording of one source; `voice` is the speaker, the source again where it has only one."""

    role: Role
    source: str
    voice: str
    kind: str
    wave: Wave


@dataclass(frozen=True, slots=True)
class Timing:
    """Between which seconds pauses are drawn: before the first word (of either class), between a greeting's pieces."""

    name: str
    before_s: tuple[float, float]
    between_s: tuple[float, float]


TRAINING_TIMING: Final = Timing("training", (0.2, 1.5), (0.15, 0.8))
OTHER_TIMING: Final = Timing("other", (0.05, 2.2), (0.3, 1.1))


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """The first `CALL_S` seconds after the answer, and what they are in truth; `group` is where the voice is from."""

    label: Label
    shape: Shape
    group: str
    audio: Audio


def compose(clips: Sequence[Clip], count: int, timing: Timing, random: np.random.Generator) -> list[Call]:
    """`count` people, as many machines, and a tenth as many of fax, special tones and silent lines each."""
    some = max(1, count // 10)
    makers = [(_person, count), (_machine, count), (_fax, some), (_sit, some // 2), (_silent, some)]
    calls: list[Call] = []
    for maker, wanted in makers:
        for _ in range(wanted):
            label, shape, group, voice = maker(clips, timing, random)
            line = draw_line(random)
            calls.append(Call(label, shape, group, carry(_fit(voice), _noise(clips, random), line, random)))
    return calls


Made = tuple[Label, Shape, str, Wave]


def _person(clips: Sequence[Clip], timing: Timing, random: np.random.Generator) -> Made:
    voices = sorted({(clip.source, clip.voice) for clip in clips if clip.role is Role.WORD})
    prompts = {clip.source for clip in clips if clip.role is Role.PROMPT}
    source, voice = voices[random.integers(len(voices))]
    mine = [clip for clip in clips if (clip.source, clip.voice) == (source, voice)]
    words = [clip for clip in mine if clip.role is Role.WORD]
    shape = (Shape.WORD, Shape.WORDS, Shape.PHRASE, Shape.LONG)[random.choice(4, p=(0.58, 0.2, 0.16, 0.06))]
    answer = _answer(shape, words, [clip for clip in mine if clip.role is Role.PROMPT], random)
    parts = [_pause(timing.before_s, random), answer]
    if random.random() < 0.3:  # nobody replies: the person says it again
        parts += [_pause((0.7, 2.0), random), _pick(words, random).wave]
    if shape is Shape.WORD and source in prompts:
        shape = Shape.PROMPT_WORD
    return Label.HUMAN, shape, f"{source}/{voice}", np.concatenate(parts)


def _answer(shape: Shape, words: Sequence[Clip], prompts: Sequence[Clip], random: np.random.Generator) -> Wave:
    if shape in (Shape.WORD, Shape.WORDS):
        count, between = (1, (0.05, 0.05)) if shape is Shape.WORD else (2, (0.05, 0.4))
        return _joined([_pick(words, random) for _ in range(count)], between, random)
    limit = LONGEST_PHRASE_S if shape is Shape.PHRASE else LONGEST_PHRASE_S + 0.5
    short = [clip for clip in prompts if len(clip.wave) <= limit * SAMPLE_RATE]
    if short and random.random() < 0.5:
        return _pick(short, random).wave
    count = int(random.integers(2, 4)) if shape is Shape.PHRASE else int(random.integers(3, 6))
    return _joined([_pick(words, random) for _ in range(count)], (0.02, 0.25), random)[: round(limit * SAMPLE_RATE)]


def _machine(clips: Sequence[Clip], timing: Timing, random: np.random.Generator) -> Made:
    prompts = [clip for clip in clips if clip.role is Role.PROMPT]
    source = (sources := sorted({clip.source for clip in prompts}))[random.integers(len(sources))]
    mine = [clip for clip in prompts if clip.source == source]
    length = random.uniform(*GREETING_S) * SAMPLE_RATE
    pieces: list[Wave] = []
    while sum(map(len, pieces)) < length:
        pieces += [_pick(mine, random).wave, _pause(timing.between_s, random)]
    greeting = np.concatenate(pieces)[: round(length)]
    beeps = [clip.wave for clip in clips if clip.role is Role.BEEP]
    parts = [_pause(timing.before_s, random), greeting]
    if beeps:
        parts += [_pause((0.1, 0.8), random), beeps[random.integers(len(beeps))]]
    return Label.MACHINE, Shape.GREETING, source, np.concatenate(parts)


def _fax(clips: Sequence[Clip], timing: Timing, random: np.random.Generator) -> Made:
    return _toned(clips, "fax-ced", Label.FAX, Shape.FAX, random)


def _sit(clips: Sequence[Clip], timing: Timing, random: np.random.Generator) -> Made:
    """An announcement after the special information tones, where a recording of these is here."""
    _, shape, _, tone = _toned(clips, "sit", Label.MACHINE, Shape.SIT, random)
    label, greeting, source, spoken = _machine(clips, timing, random)
    if shape is not Shape.SIT:
        return label, greeting, source, spoken
    return label, shape, source, np.concatenate([tone, spoken])


def _toned(clips: Sequence[Clip], kind: str, label: Label, shape: Shape, random: np.random.Generator) -> Made:
    tones = [clip for clip in clips if clip.role is Role.TONE and clip.kind == kind]
    if not tones:
        return _silent(clips, TRAINING_TIMING, random)
    tone = _pick(tones, random)
    return label, shape, tone.source, np.concatenate([_pause((0.2, 1.5), random), tone.wave])


def _silent(clips: Sequence[Clip], timing: Timing, random: np.random.Generator) -> Made:
    return Label.SILENCE, Shape.SILENCE, "silence", np.zeros(1)


def _pick(clips: Sequence[Clip], random: np.random.Generator) -> Clip:
    return clips[int(random.integers(len(clips)))]


def _pause(between_s: tuple[float, float], random: np.random.Generator) -> Wave:
    return np.zeros(round(random.uniform(*between_s) * SAMPLE_RATE))


def _joined(clips: Sequence[Clip], between_s: tuple[float, float], random: np.random.Generator) -> Wave:
    parts: list[Wave] = []
    for clip in clips:
        parts += [clip.wave, _pause(between_s, random)]
    return np.concatenate(parts[:-1])


def _fit(wave: Wave) -> Wave:
    length = round(CALL_S * SAMPLE_RATE)
    fitted = np.zeros(length)
    fitted[: min(length, len(wave))] = wave[:length]
    return fitted


def _noise(clips: Sequence[Clip], random: np.random.Generator) -> Wave:
    """A piece of recorded noise, or hiss where there is none or by chance."""
    length = round(CALL_S * SAMPLE_RATE)
    long = [clip for clip in clips if clip.role is Role.NOISE and len(clip.wave) > length]
    if not long or random.random() < 0.3:
        return random.normal(0.0, 1.0, length)
    wave = _pick(long, random).wave
    start = int(random.integers(len(wave) - length))
    return wave[start : start + length]


def trimmed(wave: Wave, *, below_db: float = -40.0) -> Wave:
    """The wave without the silence around it: what is so far below its loudest is silence."""
    if not len(wave):
        return wave
    loud = np.flatnonzero(np.abs(wave) > np.abs(wave).max() * 10.0 ** (below_db / 20.0))
    cut = wave[loud[0] : loud[-1] + 1].copy()
    edge = min(FADE, len(cut) // 2)
    cut[:edge] *= np.linspace(0.0, 1.0, edge)
    cut[len(cut) - edge :] *= np.linspace(1.0, 0.0, edge)
    return cut
