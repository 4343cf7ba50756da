"""The detector on one call: one verdict for ever, however the audio is cut, with probabilities that sum up to 1."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audio import Samples
from models.manifest import SHIPPED
from robot.amd.cadence import Greeted, Verdict
from robot.amd.detector import MachineDetector
from robot.amd.features import NAMES, Track
from robot.amd.judging import BREATH, DEFAULT_LIMIT, TALKING_LIMIT, Answerer, Heard, Limits, verdict
from robot.amd.model import Bias, Thresholds
from robot.amd.tones import CHUNK, Measured, measure
from robot.asr.silero import Silero
from robot.listener import Listener
from robot.pauses import Attention
from tests.fakes.speech import FakeVad
from tests.robot.amd.calls import hiss, shipped, sine, still

SPEECH, QUIET = Measured(-20.0, 0.0, 0.1, 0.3), Measured(-60.0, 0.0, 0.1, 0.5)
MS = CHUNK / 8
THRESHOLDS = Thresholds(machine=0.9, human=0.2, people_taken_for_machines=0.0, machines_missed=0.0)
PARTS = st.lists(st.tuples(st.sampled_from([0.01, 0.4, 0.95]), st.integers(1, 120)), max_size=12)


def chunks(parts: Sequence[tuple[float, float]]) -> Iterator[tuple[float, Measured]]:
    """Chunks of a row of (speech probability, milliseconds), with the loudness of syllables."""
    for speech, ms in parts:
        for number in range(round(ms / MS)):
            yield speech, SPEECH._replace(level_db=-18.0 - 14.0 * (number % 7 == 6)) if speech > 0.3 else QUIET


def judged(*parts: tuple[float, float], bias: Bias = Bias.PEOPLE_FIRST) -> tuple[Greeted, MachineDetector]:
    detector = MachineDetector(shipped(), bias=bias)
    for speech, measured in chunks(parts):
        detector.take_measured(speech, measured)
    return detector.finish(), detector


@given(before=st.integers(200, 1200), word=st.integers(200, 900))
def test_whoever_says_a_word_and_waits_is_a_person(before: int, word: int) -> None:
    greeted, _ = judged((0.01, before), (0.95, word), (0.01, 5000))
    assert greeted.verdict is not Verdict.MACHINE
    assert greeted.at / 8 <= 2600 + MS * 3


@given(before=st.integers(200, 1200))
def test_whoever_talks_on_and_on_is_no_person(before: int) -> None:
    assert judged((0.01, before), (0.95, 9000))[0].verdict is not Verdict.HUMAN
    assert judged((0.01, before), (0.95, 9000), bias=Bias.MACHINES_OUT)[0].verdict is Verdict.MACHINE


@given(PARTS)
def test_a_verdict_comes_in_time_and_is_never_taken_back(parts: list[tuple[float, int]]) -> None:
    row = [(speech, count * MS) for speech, count in parts]
    greeted, _ = judged(*row, (0.01, 6000))
    assert greeted.at <= TALKING_LIMIT + 3 * CHUNK
    assert 0.0 <= greeted.score <= 1.0
    assert judged(*row, (0.01, 6000), (0.95, 4000))[0] == greeted


@given(PARTS)
def test_probabilities_sum_up_to_one_at_every_moment(parts: list[tuple[float, int]]) -> None:
    detector = MachineDetector(shipped())
    for speech, measured in chunks([(speech, count * MS) for speech, count in parts]):
        detector.take_measured(speech, measured)
        now = detector.probabilities
        values = (now.human, now.machine, now.fax, now.silence)
        assert sum(values) == pytest.approx(1.0)
        assert min(values) >= 0.0


@given(st.lists(st.integers(2, 3000), min_size=1, max_size=40), st.integers(0, 20))
def test_the_verdict_does_not_depend_on_how_the_audio_is_cut(cuts: list[int], seed: int) -> None:
    audio = np.concatenate([still(300), sine(300, 600), still(400), sine(350, 900), still(3000)])
    pcm = (audio + hiss(5200, 10, seed)).astype("<i2").tobytes()

    def heard(pieces: Sequence[bytes]) -> list[Greeted]:
        listener = Listener(FakeVad(), None, greeting=True, machines=lambda: MachineDetector(shipped()))
        return [e for piece in pieces for e in listener.hear(piece, Attention()) if isinstance(e, Greeted)]

    edges = sorted({0, len(pcm), *(min(2 * sum(cuts[: n + 1]), len(pcm)) for n in range(len(cuts)))})
    assert heard([pcm]) == heard([pcm[a:b] for a, b in pairwise(edges)])


def test_silence_is_doubt_and_counts_as_a_person() -> None:
    greeted, detector = judged((0.01, 6000))
    assert greeted.verdict is Verdict.UNCERTAIN
    assert detector.probabilities.most_likely is Answerer.SILENCE
    assert greeted.at / 8 <= 2600 + 3 * MS


@pytest.mark.parametrize(
    ("audio", "answerer"),
    [
        (sine(2100, 3000), Answerer.FAX),
        (np.concatenate([sine(hertz, 330) for hertz in (950, 1400, 1800)]), Answerer.MACHINE),
        (sine(1000, 500), Answerer.MACHINE),
    ],
    ids=["fax", "special information tone", "beep"],
)
def test_tones_are_machines_at_once(audio: np.ndarray[tuple[int], np.dtype[np.int16]], answerer: Answerer) -> None:
    vad = Silero(SHIPPED / "silero-vad" / "silero_vad.onnx").open()
    detector = MachineDetector(shipped())
    full = np.concatenate([still(300), audio, still(3000)])
    for number, measured in enumerate(measure(full)):
        speech = vad.probability(full[number * CHUNK : (number + 1) * CHUNK].tobytes())
        if (greeted := detector.take_measured(speech, measured)) is not None:
            break
    assert greeted is not None
    assert greeted.verdict is Verdict.MACHINE
    assert detector.probabilities.most_likely is answerer
    assert greeted.at / 8 <= 300 + 1100


@pytest.mark.parametrize(
    ("heard", "machine", "found"),
    [
        (Heard(Samples(8000), True, Samples(0)), 0.95, Verdict.MACHINE),
        (Heard(Samples(8000), True, Samples(0)), 0.1, None),
        (Heard(Samples(8000), True, Samples(4000)), 0.1, Verdict.HUMAN),
        (Heard(Samples(8000), True, Samples(4000)), 0.5, None),
        (Heard(Samples(8000), False, Samples(8000)), 0.95, None),
        (Heard(DEFAULT_LIMIT, False, DEFAULT_LIMIT), 0.95, Verdict.UNCERTAIN),
        (Heard(DEFAULT_LIMIT, True, Samples(4000)), 0.5, None),
        (Heard(DEFAULT_LIMIT, True, Samples(4000)), 0.4, Verdict.UNCERTAIN),
        (Heard(DEFAULT_LIMIT, True, BREATH), 0.5, Verdict.UNCERTAIN),
        (Heard(DEFAULT_LIMIT, True, Samples(0)), 0.5, None),
        (Heard(TALKING_LIMIT, True, Samples(0)), 0.5, Verdict.UNCERTAIN),
    ],
)
def test_when_a_verdict_is_due(heard: Heard, machine: float, found: Verdict | None) -> None:
    assert verdict(heard, machine, THRESHOLDS, Limits()) is found


def test_figures_say_what_was_done() -> None:
    track = Track()
    for speech, measured in chunks([(0.01, 512), (0.95, 640), (0.01, 640), (0.95, 320), (0.01, 320)]):
        track.take(speech, measured)
    told = dict(zip(NAMES, track.figures(), strict=True))
    assert told["segments"] == 2
    assert told["first_s"] == pytest.approx(0.64)
    assert told["longest_gap_s"] == pytest.approx(0.64)
    assert told["pause_s"] == pytest.approx(0.32)
    assert told["span_s"] == pytest.approx(1.6)


def test_a_look_costs_little() -> None:
    detector = MachineDetector(shipped())
    row = list(chunks([(0.01, 320), (0.95, 2000)]))
    began = time.process_time()
    for speech, measured in row:
        detector.take_measured(speech, measured)
    assert (time.process_time() - began) / (len(row) / 3) < 0.01
