"""Composed calls: the same seed gives the same calls, no voice is in two parts, the line does what it should."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audio import SAMPLE_RATE
from robot.amd.channel import Codec, Line, a_law, carry, draw_line, mu_law, rms, scaled
from robot.amd.composing import CALL_S, TRAINING_TIMING, Label, Role, compose, trimmed
from robot.amd.dataset import composed, folds_of
from tests.robot.amd.calls import clips, spoken


def test_the_same_seed_gives_the_same_calls_and_another_seed_others() -> None:
    def audio(seed: int) -> list[bytes]:
        return [call.audio.tobytes() for call in compose(clips(), 10, TRAINING_TIMING, np.random.default_rng(seed))]

    assert audio(1) == audio(1)
    assert audio(1) != audio(2)


def test_both_classes_are_as_frequent_and_each_call_is_as_long() -> None:
    calls = compose(clips(), 20, TRAINING_TIMING, np.random.default_rng(1))
    counts = Counter(call.label for call in calls)
    assert counts[Label.HUMAN] == 20
    assert counts[Label.MACHINE] >= 20
    assert counts[Label.SILENCE] >= 2
    assert {len(call.audio) for call in calls} == {round(CALL_S * SAMPLE_RATE)}


def test_a_prompts_voice_speaks_in_both_classes() -> None:
    calls = compose(clips(), 200, TRAINING_TIMING, np.random.default_rng(1))
    voices = {label: {call.group.split("/")[0] for call in calls if call.label is label} for label in Label}
    assert {"north", "south"} <= voices[Label.HUMAN] & voices[Label.MACHINE]


def test_no_voice_is_in_two_parts() -> None:
    parts = folds_of(clips())
    assert len(parts) == 3
    voices = [{(c.source, c.voice) for c in part if c.role in (Role.WORD, Role.PROMPT)} for part in parts]
    assert not voices[0] & voices[1] | voices[1] & voices[2] | voices[0] & voices[2]
    assert all(any(c.role is Role.WORD for c in part) and any(c.role is Role.PROMPT for c in part) for part in parts)


def test_no_call_of_one_part_has_a_voice_of_another() -> None:
    groups: dict[str, set[int]] = {}
    for fold, _, call in composed(clips(), people=20, seed=1):
        if call.label is not Label.SILENCE and call.label is not Label.FAX:
            groups.setdefault(call.group, set()).add(fold)
    assert all(len(folds) == 1 for folds in groups.values())


@pytest.mark.parametrize("law", [a_law, mu_law])
@given(st.lists(st.floats(-1, 1), min_size=1, max_size=50))
def test_g711_is_near_in_proportion_to_the_loudness(law: object, values: list[float]) -> None:
    assert callable(law)
    wave = np.array(values)
    assert np.all(np.abs(law(wave) - wave) <= 0.05 * np.abs(wave) + 0.002)


@given(st.floats(-34, -14), st.floats(-60, -36), st.sampled_from([Codec.A_LAW, Codec.MU_LAW]), st.integers(0, 99))
def test_a_line_has_the_level_and_the_noise_it_says(level: float, noise_db: float, codec: Codec, seed: int) -> None:
    random = np.random.default_rng(seed)
    noise = random.normal(0, 1, 16_000)
    alone = carry(np.zeros(16_000), noise, Line(level, noise_db, Codec.MU_LAW, 0.0), random)
    assert 20 * np.log10(max(rms(alone / 32768.0), 1e-9)) == pytest.approx(noise_db, abs=1.5)
    voice = carry(spoken(2.0), noise, Line(level, -80.0, codec, 0.0), random)
    assert 20 * np.log10(rms(voice / 32768.0)) == pytest.approx(level, abs=6)


def test_lost_packets_leave_holes() -> None:
    random = np.random.default_rng(1)
    held = carry(spoken(2.0), np.zeros(16_000), Line(-14, -60, Codec.A_LAW, 0.5), random)
    assert np.mean(np.abs(held.reshape(-1, 160)).max(axis=1) < 40) > 0.1


def test_lines_are_drawn_from_all_there_are() -> None:
    random = np.random.default_rng(1)
    assert {draw_line(random).codec for _ in range(50)} == set(Codec)


def test_trimming_takes_the_silence_away() -> None:
    cut = trimmed(np.concatenate([np.zeros(4000), spoken(0.5), np.zeros(4000)]))
    assert len(cut) <= 4000
    assert len(trimmed(np.zeros(0))) == 0
    assert rms(scaled(cut, -20)) == pytest.approx(0.1, rel=0.3)
