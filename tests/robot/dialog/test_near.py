"""Which misspelt words stand for expected ones."""

from __future__ import annotations

import random
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot.dialog import library
from robot.dialog.flow import Language
from robot.dialog.lexicon import NEGATING_PREFIXES, REFUSALS
from robot.dialog.near import allowed_edits, sound, stands_for
from robot.dialog.word_forms import lemmas
from robot.dialog.words import cut


def vocabulary(language: Language) -> list[str]:
    sentences = [
        *library.neutral(language),
        *(text for name in library.names() for text in library.intent(name, language)),
    ]
    return sorted({word for sentence in sentences for word in cut(sentence) if len(word) >= 4})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("сегодня", "севодня"),
        ("хочу", "хачу"),
        ("подтверждаю", "патверждаю"),
        ("договорится", "договориться"),
        ("честно", "чесно"),
        ("ошибся", "ашипся"),
        ("длинный", "длиный"),
        ("считать", "щитать"),
        ("его", "ево"),
        ("write", "rite"),
        ("phone", "fone"),
    ],
)
def test_what_sounds_alike_has_one_sound(one: str, other: str) -> None:
    assert sound(one) == sound(other)


@pytest.mark.parametrize(("one", "other"), [("закажу", "откажу"), ("приеду", "уеду"), ("больше", "меньше")])
def test_what_sounds_different_has_two_sounds(one: str, other: str) -> None:
    assert sound(one) != sound(other)


@pytest.mark.parametrize("language", Language)
def test_words_of_callers_do_not_stand_for_each_other(language: Language) -> None:
    words = vocabulary(language)
    chosen = random.Random(1).sample(words, 500)
    taken = [
        (one, other)
        for one, other in permutations(chosen, 2)
        if stands_for(one, other) and lemmas(one).isdisjoint(lemmas(other))
    ]
    assert len(taken) <= 4, taken


VOWELS = {"о": "а", "а": "о", "е": "и", "и": "е", "я": "и", "ы": "и"}
CONSONANTS = dict(zip("бвгджзпфктшс", "пфктшсбвгджз", strict=True))


def test_most_long_words_with_one_wrong_sound_are_known_again() -> None:
    chance, words = random.Random(2), [word for word in vocabulary(Language.RU) if len(word) >= 9]
    found = tried = 0
    for word in words:
        at = chance.randrange(len(word))
        heard = word[:at] + (VOWELS.get(word[at]) or CONSONANTS.get(word[at]) or "") + word[at + 1 :]
        tried += heard != word
        found += heard != word and stands_for(heard, word)
    assert found / tried >= 0.7


@given(
    word=st.sampled_from(vocabulary(Language.RU) + vocabulary(Language.EN)), prefix=st.sampled_from(NEGATING_PREFIXES)
)
def test_a_word_never_gains_or_loses_a_negating_beginning(word: str, prefix: str) -> None:
    if not word.startswith(NEGATING_PREFIXES):
        assert not stands_for(prefix + word, word)
        assert not stands_for(word, prefix + word)


@given(word=st.sampled_from(vocabulary(Language.RU)), refusal=st.sampled_from(sorted(REFUSALS)))
def test_nothing_stands_for_a_refusal_and_no_refusal_for_anything(word: str, refusal: str) -> None:
    assert not stands_for(word, refusal)
    assert not stands_for(refusal, word)


@given(heard=st.text("абвеоитсьъ", max_size=3), wanted=st.text("абвеоитсьъ", max_size=6))
def test_short_words_are_never_misspelt(heard: str, wanted: str) -> None:
    assert not stands_for(heard, wanted)


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_words_can_be_compared(heard: str, wanted: str) -> None:
    assert stands_for(heard, wanted) in (True, False)


def test_longer_words_may_have_more_wrong_sounds() -> None:
    assert [allowed_edits(n) for n in (5, 6, 9, 10)] == [0, 1, 1, 2]
    assert [allowed_edits(n, english=True) for n in (7, 8, 11, 12)] == [0, 1, 1, 2]
