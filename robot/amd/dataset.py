"""From recordings to heard calls: parts of the sources that share no voice, calls composed in each, all heard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, TypeVar

import numpy as np

from robot.amd.channel import Audio
from robot.amd.composing import OTHER_TIMING, TRAINING_TIMING, Call, Clip, Label, Role, Shape, compose
from robot.amd.recordings import Recorded, read_audio
from robot.amd.tones import CHUNK, measure
from robot.amd.training import Listened, listened
from robot.asr.silero import Silero

TOGETHER: Final = 64
FOLDS: Final = 4
OTHER_SHARE: Final = 0.5
"""How many calls of the other timing there are for one of the training timing."""

Composed = tuple[int, str, Call]
Item = TypeVar("Item")


def folds_of(clips: Sequence[Clip]) -> list[list[Clip]]:
    """The clips in parts: each voice of prompts leads one, people's voices, noises and beeps are dealt out to them.

    Tones made by formula are the same everywhere, so each part has them.
    """
    leaders = sorted({clip.source for clip in clips if clip.role is Role.PROMPT})
    parts: list[list[Clip]] = [[] for _ in leaders]
    place = {(source, source): number for number, source in enumerate(leaders)}
    dealt: dict[Role, int] = {}
    for clip in clips:
        if clip.role is Role.TONE:
            for part in parts:
                part.append(clip)
            continue
        by_file = clip.role is Role.NOISE
        key = (clip.source, clip.voice)
        if by_file or key not in place:
            number = dealt.get(clip.role, 0) % len(parts)
            dealt[clip.role] = dealt.get(clip.role, 0) + 1
            if not by_file:
                place[key] = number
        else:
            number = place[key]
        parts[number].append(clip)
    return parts


def composed(clips: Sequence[Clip], *, people: int, seed: int) -> list[Composed]:
    """`people` calls of people and as many of machines in each part, and half as many with other timings."""
    calls: list[Composed] = []
    for fold, part in enumerate(folds_of(clips)):
        random = np.random.default_rng((seed, fold))
        calls += [(fold, TRAINING_TIMING.name, call) for call in compose(part, people, TRAINING_TIMING, random)]
        other = compose(part, round(people * OTHER_SHARE), OTHER_TIMING, random)
        calls += [(fold, OTHER_TIMING.name, call) for call in other]
    return calls


def recorded(calls: Sequence[Recorded]) -> list[Composed]:
    """Labelled recordings of whole calls, the sources dealt out to `FOLDS` parts."""
    groups = {group: number % FOLDS for number, group in enumerate(sorted({call.group for call in calls}))}
    found: list[Composed] = []
    for call in calls:
        label = _LABELS.get(call.label, Label.MACHINE if call.is_machine else Label.HUMAN)
        shape = Shape.GREETING if call.is_machine else Shape.WORD
        one = Call(label, shape, call.group, read_audio(call.path, call.row))
        found.append((groups[call.group], "recorded", one))
    return found


def listen_to(
    calls: Sequence[Composed], vad: Silero, *, told: Callable[[int], None] = lambda count: None
) -> list[Listened]:
    """Hears all calls, `TOGETHER` at a time; `told` how many are done."""
    done: list[Listened] = []
    for batch in _batches(calls, TOGETHER):
        spoken = speech_in([call.audio for _, _, call in batch], vad)
        for (fold, timing, call), speech in zip(batch, spoken, strict=True):
            measured = measure(call.audio)
            done.append(
                listened(
                    call.label, call.shape, group=call.group, fold=fold, timing=timing, speech=speech, measured=measured
                )
            )  # fmt: skip
        told(len(done))
    return done


def speech_in(audios: Sequence[Audio], vad: Silero) -> list[list[float]]:
    """The speech probability of each whole chunk of each recording."""
    streams = [vad.open() for _ in audios]
    found: list[list[float]] = [[] for _ in audios]
    counts = [len(audio) // CHUNK for audio in audios]
    for chunk in range(max(counts, default=0)):
        going = [number for number, count in enumerate(counts) if chunk < count]
        pieces = [audios[number][chunk * CHUNK : (chunk + 1) * CHUNK].tobytes() for number in going]
        for number, speech in zip(going, vad.probabilities([streams[n] for n in going], pieces), strict=True):
            found[number].append(speech)
    return found


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


_LABELS: Final = {"fax": Label.FAX, "silence": Label.SILENCE, "uncertain": Label.SILENCE}
