"""Which speech models the product knows, which of them are here, and whether their files are whole.

Full models are fetched into a folder of the installation; the small ones that ship stand beside this module. The
list is in the order of preference, so a fetched model wins over the shipped one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path

import msgspec

from core.errors import Unavailable

SHIPPED = Path(__file__).resolve().parent


class ModelKind(StrEnum):
    """What a model is for."""

    RECOGNISER = "recogniser"
    VAD = "vad"
    VOICE = "voice"


class ModelFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a model as it must be."""

    bytes: int
    sha256: str


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the list; `files` are known for what ships, `needs` are the files that any copy must have.

    `language` is None where the model serves every language; `source` is where it comes from or can be fetched.
    """

    name: str
    kind: ModelKind
    language: str | None
    licence: str
    source: str
    note: str = ""
    shipped: bool = False
    sex: str | None = None
    files: dict[str, ModelFile] = {}
    needs: tuple[str, ...] = ()

    def place(self, folder: Path) -> Path | None:
        """Where this model lies under `folder`: in a folder of its name, or directly; None if not."""
        own = folder / self.name
        if own.is_dir():
            return own
        return folder if self.needs and all((folder / file).is_file() for file in self.needs) else None


@cache
def known() -> tuple[Model, ...]:
    """All models, the better ones first."""
    return msgspec.json.decode((SHIPPED / "manifest.json").read_bytes(), type=tuple[Model, ...])


def find(
    kind: ModelKind, language: str | None, folders: Sequence[Path], *, sex: str | None = None
) -> tuple[Model, Path] | None:
    """The best model for the purpose that lies in `folders` or ships, with its folder; None where there is none.

    Raises `Unavailable` if the one that is found lacks a file or has one of another size: a half-fetched model is
    not passed over in silence.
    """
    for model in known():
        if model.kind is not kind or model.language not in (None, language) or model.sex not in (None, sex):
            continue
        for folder in (SHIPPED,) if model.shipped else folders:
            if (place := model.place(folder)) is not None:
                check_sizes(model, place)
                return model, place
    return None


def what_to_fetch(kind: ModelKind, language: str) -> str:
    """A sentence that tells where a full model for the purpose can be had."""
    for model in known():
        if model.kind is kind and model.language == language and not model.shipped:
            return f"Fetch {model.source} and unpack it as {model.name} in the models folder (var/models)."
    return f"No {kind} for the language {language!r} is known."


def check_sizes(model: Model, place: Path) -> None:
    """Raises `Unavailable` naming the first file that is missing or has the wrong size."""
    for file in model.needs:
        if not (place / file).is_file():
            raise _broken(model, place, f"{file} is missing")
    for file, wanted in model.files.items():
        path = place / file
        if not path.is_file():
            raise _broken(model, place, f"{file} is missing")
        if (size := path.stat().st_size) != wanted.bytes:
            raise _broken(model, place, f"{file} has {size} bytes instead of {wanted.bytes}")


def verify(model: Model, place: Path) -> None:
    """Raises `Unavailable` naming the first file whose contents are not the listed ones; reads everything."""
    check_sizes(model, place)
    for file, wanted in model.files.items():
        with (place / file).open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != wanted.sha256:
                raise _broken(model, place, f"{file} has other contents than listed")


def _broken(model: Model, place: Path, what: str) -> Unavailable:
    hint = "Restore the file from the project." if model.shipped else f"Fetch it again: {model.source}"
    return Unavailable("model_broken", f"The model {model.name} in {place} is not whole: {what}.", hint=hint)
