"""Ready intents, their examples and the sentences they are measured by."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from core.errors import BadInput
from robot.dialog import library
from robot.dialog.flow import HandlerKind, Language
from robot.dialog.texts import check_text
from robot.dialog.words import cut

GOLDEN = Path(__file__).parents[2] / "golden" / "intents"
EVERY = [(name, language) for language in Language for name in library.names()]


def held_out(language: Language) -> dict[str, list[str]]:
    read = yaml.safe_load((GOLDEN / f"{language.value}.yaml").read_text("utf-8"))
    return {name: text.split("\n")[:-1] for name, text in read.items()}


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_every_ready_intent_has_40_different_examples_and_a_reply_in_both_languages(
    name: str, language: Language
) -> None:
    ready = library.ready(name, language)
    assert len({cut(example) for example in ready.examples}) == len(ready.examples) >= 40
    assert ready.title
    assert ready.replies
    for reply in ready.replies:
        check_text(reply, field="reply", custom=())


def test_every_kind_of_handler_has_a_ready_intent() -> None:
    kinds = {library.ready(name, Language.RU).kind for name in library.names()}
    assert kinds == set(HandlerKind)
    objections = [n for n in library.names() if library.ready(n, Language.EN).kind is HandlerKind.OBJECTION]
    assert len(objections) >= 12


def test_both_languages_have_the_same_intents() -> None:
    for name in library.names():
        assert library.ready(name, Language.RU).kind is library.ready(name, Language.EN).kind


@pytest.mark.parametrize("language", Language)
def test_no_example_stands_in_two_places(language: Language) -> None:
    examples = [text for name in library.names() for text in library.intent(name, language)]
    tried = [text for texts in held_out(language).values() for text in texts]
    count = Counter(map(cut, [*examples, *library.neutral(language), *tried]))
    assert [words for words, times in count.items() if times > 1] == []


@pytest.mark.parametrize("language", Language)
def test_there_are_neutral_and_held_out_sentences_enough(language: Language) -> None:
    assert len(set(library.neutral(language))) >= 150
    tried = held_out(language)
    assert set(tried) == {*library.names(), "neutral"}
    assert min(map(len, tried.values())) >= 12


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadInput) as refused:
        library.intent("weather", Language.RU)
    assert refused.value.code == "no_such_intent"
    assert "do_not_call" in (refused.value.hint or "")
