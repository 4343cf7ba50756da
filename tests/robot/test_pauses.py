"""How long is waited for more: unfinished phrases, numbers and addresses, and the line's noise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audio import Samples, from_ms
from robot.noise import QUIETEST_DB, WINDOW, Floor, floor_after
from robot.pauses import (
    COMPLETE_PAUSE,
    DICTATION_PAUSE,
    OPEN_PAUSE,
    UNFINISHED_PAUSE,
    Attend,
    attention,
    pause_after,
)
from robot.ports import Recognised

ANSWERS = attention(1, Attend.ANSWER, phrases=["да", "нет", "двадцать пять тридцать"])
FREE = attention(1, Attend.ANSWER, free=True)


@pytest.mark.parametrize(
    ("text", "pause"),
    [
        ("да", COMPLETE_PAUSE),
        ("ну да", COMPLETE_PAUSE),
        ("давайте завтра", OPEN_PAUSE),
        ("ну э", UNFINISHED_PAUSE),
        ("да но", UNFINISHED_PAUSE),
        ("позвоните после", OPEN_PAUSE),
        ("давайте на", UNFINISHED_PAUSE),
        ("сейчас", UNFINISHED_PAUSE),
        ("двадцать", DICTATION_PAUSE),
        ("улица Ленина дом", DICTATION_PAUSE),
        ("пять", OPEN_PAUSE),
    ],
)
def test_a_phrase_that_cannot_end_here_is_waited_for(text: str, pause: Samples) -> None:
    assert pause_after(Recognised(text, 0.9), from_ms(900), ANSWERS) == pause


@pytest.mark.parametrize(
    ("text", "pause"),
    [("восемь девятьсот", DICTATION_PAUSE), ("мой адрес улица", DICTATION_PAUSE), ("меня зовут Анна", OPEN_PAUSE)],
)
def test_in_free_speech_numbers_and_addresses_are_waited_for(text: str, pause: Samples) -> None:
    assert pause_after(Recognised(text, 0.9), from_ms(900), FREE) == pause


@given(levels=st.lists(st.floats(-120, 0), min_size=1, max_size=300))
def test_the_noise_of_a_line_lies_at_its_quietest_of_the_last_seconds(levels: list[float]) -> None:
    floor = Floor()
    for number, level in enumerate(levels):
        floor = floor_after(floor, Samples((number + 1) * 256), level)
    recent = levels[-(WINDOW // 256) :]
    assert QUIETEST_DB <= floor.db <= max(QUIETEST_DB, min(recent))


def test_a_line_that_grows_noisy_is_known_for_it_within_three_seconds() -> None:
    floor, at = Floor(), 0
    for level in [-65.0] * 100 + [-40.0] * 100:
        at += 256
        floor = floor_after(floor, Samples(at), level)
    assert floor.db == -40.0
