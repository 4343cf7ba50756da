"""Which speech models the product knows, which of them are here, and whether their files are whole.

Full models are fetched into a folder of the installation; the small ones that ship stand beside this module. The
list is in the order of preference, so a fetched model wins over the shipped one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from core.errors import BadInput, Unavailable

SHIPPED = Path(__file__).resolve().parent
RECORD: Final = ".files.json"
"""Beside a fetched model: what its files were when they came, for they are not all known beforehand."""


class ModelKind(StrEnum):
    """What a model is for."""

    RECOGNISER = "recogniser"
    VAD = "vad"
    VOICE = "voice"
    VECTORS = "vectors"
    MACHINES = "machines"


class ModelFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a model as it must be."""

    bytes: int
    sha256: str


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """One file to be fetched: a part of the model under its name `file`, or an archive of all of it (`unpack`).

    `sha256` is None where nobody publishes one; the size and, where there is one, the `md5` are held to then.
    """

    url: str
    file: str
    bytes: int
    sha256: str | None
    md5: str | None = None
    unpack: bool = False


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the list; `files` are known for what ships, `needs` are the files that any copy must have.

    `engine` is what runs it, `cleaned` whether it hears better where noise is taken out, `narrow` whether it hears free
    speech too poorly to be let off the expected words; `language` is None where it serves every one; `source` is a page
    about it, and `without` says what is less without it.
    """

    name: str
    kind: ModelKind
    engine: str
    language: str | None = None
    licence: str
    source: str
    note: str = ""
    without: str = ""
    shipped: bool = False
    cleaned: bool = False
    narrow: bool = False
    sex: str | None = None
    files: dict[str, ModelFile] = {}
    needs: tuple[str, ...] = ()
    downloads: tuple[Download, ...] = ()

    @property
    def bytes(self) -> int:
        """How much is fetched for it, or lies here if it ships."""
        return sum(part.bytes for part in (self.downloads or self.files.values()))

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


def named(name: str) -> Model:
    """The model of that name; `BadInput` lists the names if there is none."""
    for model in known():
        if model.name == name:
            return model
    names = ", ".join(model.name for model in known() if not model.shipped)
    raise BadInput("no_such_model", f"There is no model {name!r}.", field="name", hint=f"There are: {names}.")


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


def fetch_command(model: Model) -> str:
    """What to type to have the model."""
    return f"./zvonar models fetch {model.name}"


def what_to_fetch(kind: ModelKind, language: str) -> str:
    """A sentence that tells by which command the smallest full model for the purpose comes."""
    fitting = [m for m in known() if m.kind is kind and m.language == language and not m.shipped]
    if not fitting:
        return f"No {kind} for the language {language!r} is known."
    model = min(fitting, key=lambda m: m.bytes)
    return f"{fetch_command(model)} brings {model.name} ({megabytes(model.bytes)})."


def megabytes(count: int) -> str:
    """A size as people read it."""
    return f"{count / 1e6:.0f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def record_of(place: Path) -> Mapping[str, ModelFile]:
    """What the files of a fetched model were when they came; empty for a model that was put there by hand."""
    try:
        return msgspec.json.decode((place / RECORD).read_bytes(), type=dict[str, ModelFile])
    except FileNotFoundError:
        return {}
    except msgspec.MsgspecError:
        return {RECORD: ModelFile(bytes=-1, sha256="")}


def check_sizes(model: Model, place: Path) -> None:
    """Raises `Unavailable` naming the first file that is missing or has the wrong size."""
    for file in model.needs:
        if not (place / file).is_file():
            raise broken(model, place, f"{file} is missing")
    for file, wanted in (model.files or record_of(place)).items():
        path = place / file
        if not path.is_file():
            raise broken(model, place, f"{file} is missing")
        if (size := path.stat().st_size) != wanted.bytes:
            raise broken(model, place, f"{file} has {size} bytes instead of {wanted.bytes}")


def verify(model: Model, place: Path) -> bool:
    """Raises `Unavailable` naming the first file whose contents are not the listed ones; reads everything.

    False means that nothing is known about the contents: the model was put there by hand and has all it needs.
    """
    check_sizes(model, place)
    wanted = model.files or record_of(place)
    for file, as_listed in wanted.items():
        if digest(place / file, "sha256") != as_listed.sha256:
            raise broken(model, place, f"{file} has other contents than listed")
    return bool(wanted)


def digest(path: Path, algorithm: str) -> str:
    """The checksum of a file as hexadecimal figures."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()


def broken(model: Model, place: Path, what: str) -> Unavailable:
    """The error that says what is wrong with a model and how it is mended."""
    hint = (
        "Restore the file from the project (git checkout models)."
        if model.shipped
        else f"This mends it: {fetch_command(model)}"
    )
    return Unavailable("model_broken", f"The model {model.name} in {place} is not whole: {what}.", hint=hint)
