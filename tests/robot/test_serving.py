"""What would serve a language here, as checks of scenarios are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.manifest import ModelKind, known
from robot import serving
from robot.dialog.flow import Language, VoiceSex
from robot.serving import speech_of


def fetched(folder: Path, kind: ModelKind, language: str, *, listed: str = "", sex: str | None = None) -> Path:
    """A model that was fetched by hand; a recogniser that lists these words."""
    wanted = (model for model in known() if (model.kind, model.language, model.sex) == (kind, language, sex))
    model = next(one for one in wanted if not one.shipped and one.engine != "t-one")
    for file in (*model.needs, *(["graph/words.txt"] if listed else [])):
        path = folder / model.name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(listed if file.endswith("words.txt") else "")
    return folder


def test_russian_is_heard_in_the_words_of_the_model_that_ships(tmp_path: Path) -> None:
    speech = speech_of(Language.RU, [tmp_path])
    assert speech.hears
    assert speech.words is not None
    assert "да" in speech.words
    assert "vosk-model-small-ru-0.22" in speech.mend_ears


def test_english_is_not_heard_until_a_recogniser_is_fetched(tmp_path: Path) -> None:
    deaf = speech_of(Language.EN, [tmp_path])
    assert not deaf.hears
    assert "./zvonar models fetch vosk-model-small-en-us-0.15" in deaf.mend_ears
    heard = speech_of(Language.EN, [fetched(tmp_path, ModelKind.RECOGNISER, "en", listed="yes 1\nno 2\n")])
    assert heard.hears
    assert heard.words == {"yes", "no"}
    assert heard.mend_ears == ""


def test_a_recogniser_that_spells_any_word_lists_none(tmp_path: Path) -> None:
    model = next(one for one in known() if one.engine == "t-one")
    for file in model.needs:
        (tmp_path / model.name).mkdir()
        (tmp_path / model.name / file).write_bytes(b"")
    assert speech_of(Language.RU, [tmp_path]).words is None


def test_a_broken_model_hears_nothing_and_says_what_mends_it(tmp_path: Path) -> None:
    (tmp_path / "vosk-model-small-en-us-0.15").mkdir()
    speech = speech_of(Language.EN, [tmp_path])
    assert not speech.hears
    assert "models fetch" in speech.mend_ears


def test_espeak_has_every_voice_and_without_it_those_that_were_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(VoiceSex) == speech_of(Language.EN, [tmp_path]).voices
    monkeypatch.setattr(serving, "_espeak_is_here", lambda: False)
    none = speech_of(Language.EN, [tmp_path])
    assert none.voices == frozenset()
    assert "./zvonar models fetch" in none.mend_voices
    fetched(tmp_path, ModelKind.VOICE, "en", sex="male")
    assert speech_of(Language.EN, [tmp_path]).voices == {VoiceSex.MALE}
