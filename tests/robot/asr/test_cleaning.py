"""Noise is taken out of a turn, the same whatever pieces it came in; nothing of its length or its words is lost."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audio import SAMPLE_RATE
from robot.asr.cleaning import HISS, HOP, LEARN, Cleaner

Wave = npt.NDArray[np.float64]
RNG = np.random.default_rng(3)
NOISE: Wave = 300 * RNG.normal(size=2 * SAMPLE_RATE)
SECOND = np.arange(SAMPLE_RATE) / SAMPLE_RATE
VOICE: Wave = np.concatenate((np.zeros(SAMPLE_RATE // 2), 6000 * np.sin(2 * np.pi * 500 * SECOND), np.zeros(4000)))


def pcm_of(wave: Wave) -> bytes:
    return bytes(np.clip(np.round(wave), -32768, 32767).astype("<i2").tobytes())


def cleaned(pcm: bytes, cuts: tuple[int, ...] = ()) -> Wave:
    cleaner = Cleaner()
    ends = [0, *sorted(2 * cut for cut in cuts), len(pcm)]
    out = b"".join(cleaner.clean(pcm[a:b]) for a, b in pairwise(ends))
    return np.frombuffer(out + cleaner.rest(), dtype="<i2").astype(np.float64)


def rms(wave: Wave) -> float:
    return float(np.sqrt(np.mean(wave**2)))


@given(cuts=st.lists(st.integers(0, 2 * SAMPLE_RATE), max_size=8).map(tuple))
def test_the_pieces_change_nothing(cuts: tuple[int, ...]) -> None:
    noisy = pcm_of(NOISE + VOICE)
    assert np.array_equal(cleaned(noisy, cuts), cleaned(noisy))


def test_noise_gets_quieter_and_the_voice_stays() -> None:
    out = cleaned(pcm_of(NOISE + VOICE))
    before = slice(LEARN, SAMPLE_RATE // 2 - 2 * HOP)
    within = slice(SAMPLE_RATE // 2 + 4 * HOP, SAMPLE_RATE)
    assert rms(out[before]) < 0.35 * rms(NOISE[before])
    assert rms(out[within]) == pytest.approx(rms(VOICE[within]), rel=0.05)
    shifted = out[within.start + HOP : within.stop + HOP]
    assert np.corrcoef(shifted, VOICE[within])[0, 1] > 0.99, "what comes out is one step late"


def test_a_line_without_noise_is_left_as_it_is_but_for_the_hiss() -> None:
    out = cleaned(pcm_of(VOICE))
    difference = out[HOP : HOP + len(VOICE)] - VOICE
    assert rms(difference) < 1.2 * HISS


@pytest.mark.parametrize("length", [0, 1, HOP, LEARN - 1, LEARN, LEARN + 1, 5000])
def test_all_that_went_in_comes_out(length: int) -> None:
    out = cleaned(pcm_of(NOISE[:length]))
    assert len(out) >= length + HOP
    assert len(out) <= max(length, LEARN) + 3 * HOP


def test_the_loudest_sound_does_not_run_over() -> None:
    loud = cleaned(pcm_of(32767 * np.sign(np.sin(2 * np.pi * 300 * SECOND))))
    assert np.abs(loud).max() <= 32768
