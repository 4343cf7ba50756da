"""Word vectors are found where they were fetched, and missed where not."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import BadInput
from models.manifest import ModelKind, known
from robot.dialog.flow import Language
from robot.word_vectors import word_vectors
from tests.robot.dialog.test_vectors import navec


def fetched(folder: Path, data: bytes) -> Path:
    model = next(model for model in known() if model.kind is ModelKind.VECTORS and model.language == "ru")
    file = folder / model.name / model.needs[0]
    file.parent.mkdir(parents=True)
    file.write_bytes(data)
    return folder


def test_fetched_vectors_are_read_once(tmp_path: Path) -> None:
    folder = fetched(tmp_path, navec(["да", "нет"], [[0, 2], [1, 0]]))
    found = word_vectors(Language.RU, [folder])
    assert found is not None
    assert found.vector("да") is not None
    assert word_vectors(Language.RU, [folder]) is found


def test_none_are_there_until_they_are_fetched(tmp_path: Path) -> None:
    assert word_vectors(Language.RU, [tmp_path]) is None
    assert word_vectors(Language.EN, [tmp_path]) is None


def test_a_broken_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no word vectors"):
        word_vectors(Language.RU, [fetched(tmp_path, b"half a file")])
