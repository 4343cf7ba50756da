"""Finds and reads the word vectors that were fetched for a language."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from models.manifest import ModelKind, find
from robot.dialog.flow import Language
from robot.dialog.vectors import Navec, read_navec


def vectors_in(models: Path | None, language: Language) -> Navec | None:
    """The vectors of the language in the folder of fetched models; None where there is no such folder."""
    return None if models is None else word_vectors(language, [models])


def word_vectors(language: Language, folders: Sequence[Path]) -> Navec | None:
    """The vectors of the language; None where none are fetched, `BadInput` or `Unavailable` where they are broken.

    They take their file's size of memory (25 MB) and are read once in a process.
    """
    found = find(ModelKind.VECTORS, language.value, folders)
    if found is None:
        return None
    model, place = found
    return _read(place / model.needs[0])


@lru_cache(maxsize=2)
def _read(path: Path) -> Navec:
    return read_navec(path.read_bytes())
