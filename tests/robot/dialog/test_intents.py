"""SPEC R6.6: which intent free words mean."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.errors import BadInput
from robot.dialog import library
from robot.dialog.features import Features
from robot.dialog.flow import Language
from robot.dialog.intents import Trained, train
from tests.robot.dialog.test_library import held_out

FEW = {
    "price": ["сколько стоит", "какая цена", "почём это", "какая стоимость", "сколько платить", "цена какая у вас"],
    "robot": ["вы робот", "это робот", "ты бот", "вы живой человек", "это автоответчик", "я говорю с машиной"],
}


class Meanings:
    """Vectors of three words that mean the same, and of one that does not."""

    name = "meanings"
    size = 2

    def vector(self, word: str) -> NDArray[np.float32] | None:
        known = {"цена": (1, 0), "стоимость": (1, 0), "прайс": (1, 0), "робот": (0, 1), "автомат": (0, 1)}
        return np.array(known[word], dtype=np.float32) if word in known else None


@cache
def of_library(language: Language) -> Trained:
    return train({name: library.intent(name, language) for name in library.names()}, language)


def few(**more: list[str]) -> Trained:
    return train(FEW | more, Language.RU)


def test_R6_6_what_was_trained_is_understood() -> None:
    trained = few()
    assert trained.ranked("а сколько это стоит")[0].name == "price"
    assert trained.ranked("вы что робот")[0].name == "robot"


def test_R6_6_words_that_were_never_heard_mean_nothing() -> None:
    assert few().guess("щщщ ъъъ") == few().guess("") == ()


def test_R6_6_guesses_come_best_first_and_none_below_the_threshold() -> None:
    trained = of_library(Language.RU)
    guesses = trained.guess("соедините меня с оператором")
    assert guesses[0].name == "operator"
    assert all(guess.probability >= trained.report.threshold for guess in guesses)
    assert [guess.probability for guess in guesses] == sorted((g.probability for g in guesses), reverse=True)
    assert trained.guess("соедините меня с оператором", only=("price",)) == ()


# The floors lie a little below what was measured when they were set; nothing is tuned on these sentences.
@pytest.mark.parametrize(
    ("language", "least_right", "most_wrong", "most_false"),
    [(Language.RU, 0.78, 0.03, 0.10), (Language.EN, 0.74, 0.05, 0.07)],
)
def test_R6_6_ready_intents_understand_sentences_that_they_were_not_trained_on(
    language: Language, least_right: float, most_wrong: float, most_false: float
) -> None:
    trained, tried = of_library(language), held_out(language)
    neutral = [bool(trained.guess(sentence)) for sentence in tried.pop("neutral")]
    first = [
        (name, guesses[0].name if (guesses := trained.guess(sentence)) else None)
        for name, sentences in tried.items()
        for sentence in sentences
    ]
    right = sum(name == guessed for name, guessed in first) / len(first)
    wrong = sum(guessed not in (None, name) for name, guessed in first) / len(first)
    assert right >= least_right, right
    assert wrong <= most_wrong, wrong
    assert sum(neutral) / len(neutral) <= most_false


def test_R6_6_the_threshold_keeps_false_triggers_few() -> None:
    for language in Language:
        report = of_library(language).report
        assert report.false_triggers <= 0.05
        assert 0.4 <= report.threshold < 1.0


def test_R6_6_the_report_shows_which_examples_are_confused() -> None:
    mixed = few(cost=["сколько стоит это", "цена какая", "какая у вас стоимость", "сколько надо платить", "почём оно"])
    confused = {(one.intent, one.guessed) for one in mixed.report.confused}
    assert ("price", "cost") in confused or ("cost", "price") in confused
    assert any("price" in advice and "cost" in advice for advice in mixed.report.advice)
    assert {one.name: one.examples for one in mixed.report.intents} == {"price": 6, "robot": 6, "cost": 5}


def test_R6_6_a_report_counts_every_example_once() -> None:
    report = of_library(Language.RU).report
    missed = sum(round(one.examples * (1 - one.recall)) for one in report.intents)
    assert missed == len(report.confused)
    assert [one.name for one in report.intents] == list(library.names())


def test_training_is_the_same_each_time() -> None:
    assert few().to_bytes() == few().to_bytes()
    assert train(FEW, Language.RU, seed=1).to_bytes() == train(FEW, Language.RU, seed=1).to_bytes()


def test_a_stored_classifier_guesses_the_same() -> None:
    trained = of_library(Language.EN)
    again = Trained.from_bytes(trained.to_bytes())
    assert (again.names, again.language, again.report) == (trained.names, trained.language, trained.report)
    for sentences in held_out(Language.EN).values():
        assert [again.guess(sentence) for sentence in sentences] == [trained.guess(sentence) for sentence in sentences]


def test_a_call_needs_no_scikit_learn() -> None:
    program = (
        "import sys, robot.dialog.intents as i, robot.dialog.library as l\n"
        "t = i.Trained.from_bytes(sys.stdin.buffer.read()); print(t.ranked('вы робот')[0].name)\n"
        "print([m for m in ('sklearn', 'scipy', 'pickle') if m in sys.modules and m != 'pickle'])"
    )
    done = subprocess.run([sys.executable, "-c", program], input=few().to_bytes(), capture_output=True, check=True)
    assert done.stdout.decode().split() == ["robot", "[]"]


def test_word_vectors_carry_meaning_to_words_that_no_example_has() -> None:
    with_vectors = train(FEW, Language.RU, vectors=Meanings())
    assert with_vectors.ranked("прайс")[0].name == "price"
    stored = with_vectors.to_bytes()
    again = Trained.from_bytes(stored, find=lambda _: Meanings())
    assert again.ranked("прайс") == with_vectors.ranked("прайс")


def test_a_classifier_is_not_used_without_its_word_vectors() -> None:
    stored = train(FEW, Language.RU, vectors=Meanings()).to_bytes()
    with pytest.raises(BadInput) as refused:
        Trained.from_bytes(stored)
    assert refused.value.code == "vectors_missing"


@pytest.mark.parametrize(
    ("intents", "code"),
    [({}, "no_intents"), ({"a": ["раз", "Раз!", "два"]}, "too_few_examples"), ({"a": ["", "?"]}, "too_few_examples")],
)
def test_too_little_to_learn_from_is_refused(intents: dict[str, list[str]], code: str) -> None:
    with pytest.raises(BadInput) as refused:
        train(intents, Language.RU)
    assert refused.value.code == code


@pytest.mark.parametrize("data", [b"", b"\x80", b"not one", few().to_bytes()[:-1], b"\x80" * 40])
def test_what_is_no_classifier_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput) as refused:
        Trained.from_bytes(data)
    assert refused.value.code == "bad_classifier"


@given(st.text(max_size=200))
def test_any_text_can_be_guessed(text: str) -> None:
    guesses = of_library(Language.RU).ranked(text)
    assert all(0.0 <= guess.probability <= 1.0 for guess in guesses)


@given(
    st.lists(st.sampled_from(["я", "не", "хочу", "звоните", "мне", "больше", "сколько", "стоит", "дорого"]), max_size=6)
)
def test_each_kind_of_feature_has_length_one(words: list[str]) -> None:
    features = Features.of(library.intent("price", Language.RU))
    columns, values = features.row(" ".join(words))
    assert len(set(columns.tolist())) == len(columns)
    assert float(values @ values) <= 0.5**2 + 0.7**2 + 1.2**2 + 1e-4
