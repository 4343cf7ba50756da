"""Which forms belong to one word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot.dialog.word_forms import is_known, lemma, lemmas, warm


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("хотел", "хочу"),
        ("хотели", "хотим"),
        ("согласен", "согласна"),
        ("записи", "запись"),
        ("операторы", "оператором"),
        ("want", "wanted"),
        ("stops", "stopping"),
        ("tries", "tried"),
        ("closed", "closing"),
        ("ticket", "tickets"),
        ("boxes", "box"),
        ("went", "going"),
        ("agreed", "agree"),
        ("paid", "pay"),
    ],
)
def test_forms_of_a_word_share_it(one: str, other: str) -> None:
    assert lemmas(one) & lemmas(other)
    assert lemma(one) == lemma(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("хочу", "могу"),
        ("закажу", "откажу"),
        ("интересно", "неинтересно"),
        ("this", "thing"),
        ("bus", "buy"),
        ("business", "busy"),
        ("nothing", "not"),
        ("bring", "bred"),
    ],
)
def test_other_words_do_not(one: str, other: str) -> None:
    assert not lemmas(one) & lemmas(other)


def test_the_dictionary_knows_its_words() -> None:
    warm()
    assert is_known("перевести")
    assert not is_known("апператор")
    assert not is_known("operator")


@given(st.text(max_size=20))
def test_every_word_is_a_form_of_itself(word: str) -> None:
    assert word in lemmas(word)
    assert isinstance(lemma(word), str)
