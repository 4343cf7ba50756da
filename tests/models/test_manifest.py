"""The list of models agrees with what ships, finds the better model first, and notices half a model."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.errors import Unavailable
from models.manifest import SHIPPED, ModelKind, check_sizes, find, known, verify, what_to_fetch


@pytest.mark.parametrize("model", [m for m in known() if m.shipped], ids=lambda m: m.name)
def test_what_ships_is_whole_and_lists_every_file(model) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    place = model.place(SHIPPED)
    assert place is not None
    verify(model, place)
    assert {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()} == set(model.files)


def test_every_model_says_its_licence_and_source() -> None:
    for model in known():
        assert model.licence
        assert model.source
        assert model.shipped or model.needs
    assert len({model.name for model in known()}) == len(known())


def test_without_a_fetched_model_the_shipped_one_serves_russian(tmp_path: Path) -> None:
    found = find(ModelKind.RECOGNISER, "ru", [tmp_path])
    assert found is not None
    assert found[0].name == "vosk-standin-ru-mini"
    assert found[1] == SHIPPED / "vosk-standin-ru-mini"


def test_a_fetched_model_wins(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED / "vosk-standin-ru-mini", tmp_path / "vosk-model-small-ru-0.22")
    found = find(ModelKind.RECOGNISER, "ru", [tmp_path])
    assert found is not None
    assert found[1] == tmp_path / "vosk-model-small-ru-0.22"


def test_half_a_fetched_model_is_named_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "vosk-model-small-ru-0.22" / "conf").mkdir(parents=True)
    with pytest.raises(Unavailable, match=r"vosk-model-small-ru-0\.22.*am/final\.mdl is missing") as caught:
        find(ModelKind.RECOGNISER, "ru", [tmp_path])
    assert caught.value.hint == "This mends it: ./zvonar models fetch vosk-model-small-ru-0.22"


def test_english_has_no_recogniser_until_one_is_fetched(tmp_path: Path) -> None:
    assert find(ModelKind.RECOGNISER, "en", [tmp_path]) is None
    assert "vosk-model-small-en-us-0.15" in what_to_fetch(ModelKind.RECOGNISER, "en")


def test_the_vad_serves_every_language(tmp_path: Path) -> None:
    assert find(ModelKind.VAD, None, [tmp_path]) is not None
    assert find(ModelKind.VAD, "en", [tmp_path]) is not None


def test_changed_files_are_noticed(tmp_path: Path) -> None:
    model = next(m for m in known() if m.name == "silero-vad")
    place = shutil.copytree(SHIPPED / "silero-vad", tmp_path / "silero-vad")
    network = place / "silero_vad.onnx"
    whole = network.read_bytes()
    network.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    check_sizes(model, place)
    with pytest.raises(Unavailable, match="other contents"):
        verify(model, place)
    network.write_bytes(whole[:-1])
    with pytest.raises(Unavailable, match="2327523 bytes instead of 2327524"):
        check_sizes(model, place)
    network.unlink()
    with pytest.raises(Unavailable, match="is missing"):
        check_sizes(model, place)


def test_an_unknown_purpose_has_an_answer_too() -> None:
    assert "No recogniser" in what_to_fetch(ModelKind.RECOGNISER, "de")
