"""Before a flow's first call everything is loaded that its turns are understood by, and nothing that they are not."""

from __future__ import annotations

import pytest

from robot.dialog import features, word_forms
from robot.dialog.flow import Flow, flow_from_json
from robot.dialog.intents import train
from robot.dialog.library import intent
from robot.dialog.plan import plan_of
from robot.warming import hears_words, warm


def flow(language: str = "ru", **answer: object) -> Flow:
    bye = {"type": "end", "id": "bye", "prompt": {"text": "Спасибо"}}
    answers = [{"id": "a", "label": "Да", "then": "bye", "key": "1", **answer}]
    ask = {"type": "ask", "id": "ask", "prompt": {"text": "Да?"}, "otherwise": "bye", "answers": answers}
    return flow_from_json({"name": "x", "start": "ask", "language": language, "steps": {"ask": ask, "bye": bye}})


@pytest.fixture
def unloaded() -> None:
    word_forms._dictionary.cache_clear()


@pytest.mark.usefixtures("unloaded")
def test_the_dictionary_is_loaded_for_russian_words_alone() -> None:
    warm(flow(), None)
    warm(flow("en", phrases=["yes"]), None)
    assert word_forms._dictionary.cache_info().currsize == 0
    warm(flow(phrases=["да"]), None)
    assert word_forms._dictionary.cache_info().currsize == 1


def test_words_matter_where_a_turn_is_understood_by_them() -> None:
    assert not hears_words(plan_of(flow()))
    assert hears_words(plan_of(flow(phrases=["да"])))


@pytest.mark.usefixtures("unloaded")
def test_a_classifier_is_asked_once_before_a_call_asks_it() -> None:
    one = flow(phrases=["да"])
    trained = train({name: intent(name, one.language) for name in ("who", "expensive")}, one.language)
    word_forms.lemma.cache_clear()
    features._features.cache_clear()
    warm(one, trained)
    assert word_forms.lemma.cache_info().currsize > 0
