"""What serves a language on a fresh machine, and how plainly it says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import Unavailable
from robot.dialog.flow import Answer, Ask, End, Flow, Language, Prompt, Step, StepId
from robot.senses import Senses, open_senses
from robot.workers import Workers


def opened(folder: Path, language: Language) -> Senses:
    return open_senses(
        language, models=folder / "models", cache=folder / "cache", sounds=folder / "sounds", workers=Workers.inline()
    )


def asking(*answers: Answer) -> Flow:
    ask, end = StepId("ask"), StepId("end")
    steps: dict[StepId, Step] = {
        ask: Ask(id=ask, prompt=Prompt(text="Well?"), answers=answers, otherwise=end),
        end: End(id=end),
    }
    return Flow(name="f", start=ask, steps=steps, language=Language.EN)


BY_KEY = Answer(id="1", label="yes", then=StepId("end"), key="1")
BY_BOTH = Answer(id="2", label="no", then=StepId("end"), key="2", phrases=("no",))
BY_PHRASE = Answer(id="3", label="later", then=StepId("end"), phrases=("later",))


def test_russian_is_heard_and_spoken_without_any_download(tmp_path: Path) -> None:
    senses = opened(tmp_path, Language.RU)
    assert senses.ears is not None
    senses.require(asking(BY_PHRASE))
    told = " ".join(senses.notices)
    for name in ("vosk-standin-ru-mini", "vosk-model-small-ru-0.22", "espeak-ng"):
        assert name in told


def test_english_says_that_nothing_hears_it_and_what_to_fetch(tmp_path: Path) -> None:
    senses = opened(tmp_path, Language.EN)
    assert senses.ears is None
    assert "vosk-model-small-en-us-0.15" in senses.notices[0]
    senses.require(asking(BY_KEY, BY_BOTH))
    with pytest.raises(Unavailable, match="'ask'") as caught:
        senses.require(asking(BY_KEY, BY_PHRASE))
    assert caught.value.code == "no_recogniser"
    assert "vosk-model-small-en-us-0.15" in str(caught.value.hint)
