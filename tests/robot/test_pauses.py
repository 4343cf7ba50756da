"""How long is waited for more: unfinished phrases, numbers and addresses, and the line's noise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from core.audio import Samples, from_ms
from robot.dialog.flow import ListenFor
from robot.dialog.phrases import words_of
from robot.noise import QUIETEST_DB, WINDOW, Floor, floor_after
from robot.pauses import (
    COMPLETE_PAUSE,
    DICTATION_PAUSE,
    HALFWAY_PAUSE,
    OPEN_PAUSE,
    UNFINISHED_PAUSE,
    Attend,
    attention,
    figures_in,
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


PHONE = "восемь девятьсот двенадцать сто тридцать пять сорок шесть"


@pytest.mark.parametrize(
    ("kind", "text", "pause"),
    [
        (ListenFor.YES_NO, "да", COMPLETE_PAUSE),
        (ListenFor.YES_NO, "ну да конечно", COMPLETE_PAUSE),
        (ListenFor.YES_NO, "нет", COMPLETE_PAUSE),
        (ListenFor.YES_NO, "да но", UNFINISHED_PAUSE),
        (ListenFor.YES_NO, "нет мне удобно", OPEN_PAUSE),
        (ListenFor.NUMBER, "двадцать", DICTATION_PAUSE),
        (ListenFor.NUMBER, "примерно", OPEN_PAUSE),
        (ListenFor.PHONE, PHONE, DICTATION_PAUSE),
        (ListenFor.PHONE, f"{PHONE} семьдесят восемь", HALFWAY_PAUSE),
        (ListenFor.PHONE, "девятьсот двенадцать сто тридцать пять сорок шесть семьдесят восемь", HALFWAY_PAUSE),
        (ListenFor.DATE_TIME, "двадцать пятого в", UNFINISHED_PAUSE),
        (ListenFor.DATE_TIME, "завтра в десять", DICTATION_PAUSE),
        (ListenFor.DATE_TIME, "завтра утром", OPEN_PAUSE),
        (ListenFor.TEXT, "да", OPEN_PAUSE),
    ],
)
def test_a_step_waits_by_what_it_wants_to_hear(kind: ListenFor, text: str, pause: Samples) -> None:
    wanted = attention(1, Attend.ANSWER, free=True, kind=kind)
    assert pause_after(Recognised(text, 0.9), from_ms(1000), wanted) == pause


def test_figures_are_waited_for_though_phrases_are_expected() -> None:
    keys = attention(1, Attend.ANSWER, phrases=["не знаю"], kind=ListenFor.PHONE)
    assert pause_after(Recognised("девятьсот", 0.9), from_ms(500), keys) == DICTATION_PAUSE


def test_an_expected_answer_ends_a_turn_soon_where_any_words_may_come_too() -> None:
    wanted = attention(1, Attend.ANSWER, phrases=["да", "нет"], free=True)
    assert wanted.phrases == ("да", "нет")
    assert wanted.answerable
    assert pause_after(Recognised("да", 0.9), from_ms(400), wanted) == COMPLETE_PAUSE
    assert pause_after(Recognised("да я подумаю", 0.9), from_ms(900), wanted) == OPEN_PAUSE


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("девятьсот двенадцать три", 4),
        ("один два три", 3),
        ("двадцать двадцать пять", 4),
        ("сто пять", 3),
        ("десять пять", 3),
        ("семнадцать семь", 3),
        ("плюс семь девять", 2),
        ("nine one two", 3),
        ("89121234567", 11),
    ],
)
def test_dictated_figures_are_counted(text: str, count: int) -> None:
    assert figures_in(words_of(text)) == count


@given(number=st.integers(0, 999))
def test_a_number_in_words_has_as_many_figures_as_it_is_written_with(number: int) -> None:
    assert figures_in(words_of(str(num2words(number, lang="ru")))) == len(str(number))
