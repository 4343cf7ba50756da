"""A model from the list brought into the models folder: fetched or copied, checked, unpacked, put in place at once.

Until it is whole it lies under `.fetching`; what is in place is never a half. Two that fetch at once wait for
each other.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import msgspec

from core.errors import Unavailable
from models.download import download
from models.manifest import RECORD, Download, Model, ModelFile, digest, megabytes
from models.unpack import unpack

FETCHING: Final = ".fetching"
SPARE_BYTES: Final = 64 * 1024 * 1024

FileProgress = Callable[[Download, int], None]
"""Told how many bytes of a file are here."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where files come from: an offline folder, else a mirror, else the addresses of the list.

    A mirror and a folder hold each file as `<model>/<file>`; in a folder the files may also lie directly.
    """

    client: httpx.Client
    mirror: str | None = None
    folder: Path | None = None


def install(model: Model, models: Path, source: Source, *, progress: FileProgress) -> tuple[Path, dict[str, str]]:
    """Brings the model under `models`; returns its folder and the SHA-256 of each file that came.

    Raises `Unavailable` with a sentence that says what failed; what was in place before stays there then.
    """
    if not model.downloads:
        raise Unavailable("model_ships", f"{model.name} ships with the project and is not fetched.")
    try:
        with _alone(models / FETCHING, model.name) as work:
            _check_room(model, work)
            sums = {part.file: _bring(model, part, work, source, progress) for part in model.downloads}
            fresh = _assemble(model, work)
            _check_structure(model, fresh)
            _write_record(fresh)
            _put(fresh, models / model.name)
            shutil.rmtree(work)
            return models / model.name, sums
    except OSError as error:
        raise Unavailable(
            "models_not_writable", f"{model.name} cannot be kept under {models}: {error.strerror or error}."
        ) from error


@contextmanager
def _alone(fetching: Path, name: str) -> Iterator[Path]:
    """The work folder of one model, held against others that fetch it too."""
    fetching.mkdir(parents=True, exist_ok=True)
    with (fetching / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        work = fetching / name
        work.mkdir(exist_ok=True)
        yield work


def _check_room(model: Model, work: Path) -> None:
    here = sum(path.stat().st_size for path in work.iterdir() if path.is_file())
    needed = model.bytes * (4 if any(part.unpack for part in model.downloads) else 1) + SPARE_BYTES - here
    if (free := shutil.disk_usage(work).free) < needed:
        raise Unavailable(
            "disk_full",
            f"{model.name} needs {megabytes(needed)} of disk, {megabytes(free)} are free in {work.parent.parent}.",
        )


def _bring(model: Model, part: Download, work: Path, source: Source, progress: FileProgress) -> str:
    place = work / part.file
    if source.folder is not None:
        shutil.copyfile(_in_folder(model, part, source.folder), place)
        progress(part, place.stat().st_size)
    elif not place.is_file():
        url = f"{source.mirror.rstrip('/')}/{model.name}/{part.file}" if source.mirror else part.url
        download(source.client, url, place, size=part.bytes, progress=lambda count: progress(part, count))
    return _checked(part, place)


def _in_folder(model: Model, part: Download, folder: Path) -> Path:
    for path in (folder / model.name / part.file, folder / part.file):
        if path.is_file():
            return path
    raise Unavailable(
        "not_in_folder",
        f"{folder} has no {model.name}/{part.file}.",
        hint=f"Bring it from {part.url} on a machine that can, and put it there.",
    )


def _checked(part: Download, place: Path) -> str:
    """The file's SHA-256; a file that is not the listed one is thrown away, so that the next try begins anew."""
    size, sha256 = place.stat().st_size, digest(place, "sha256")
    wrong = None
    if size != part.bytes:
        wrong = f"{size} bytes instead of {part.bytes}"
    elif part.sha256 is not None and sha256 != part.sha256:
        wrong = f"the SHA-256 {sha256} instead of {part.sha256}"
    elif part.md5 is not None and (md5 := digest(place, "md5")) != part.md5:
        wrong = f"the MD5 {md5} instead of {part.md5}"
    if wrong is None:
        return sha256
    place.unlink()
    raise Unavailable(
        "wrong_checksum",
        f"{part.file} came with {wrong}: it is not the file of the list and was thrown away.",
        hint="Try again, or take another mirror (ZVONAR_MODELS_MIRROR).",
    )


def _assemble(model: Model, work: Path) -> Path:
    fresh = work / "whole"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    for part in model.downloads:
        if not part.unpack:
            (work / part.file).replace(fresh / part.file)
            continue
        try:
            unpack(work / part.file, fresh)
        except Unavailable:
            (work / part.file).unlink()
            raise
    return fresh


def _check_structure(model: Model, fresh: Path) -> None:
    """What every copy must have is there and looks like what it is called."""
    for file in model.needs:
        path = fresh / file
        if not path.is_file() or not path.stat().st_size:
            raise Unavailable("model_unusable", f"{model.name} came without {file}; it is not put in place.")
        if file.endswith(".json") and not _is_json(path):
            raise Unavailable("model_unusable", f"{file} of {model.name} is no JSON file; it is not put in place.")


def _is_json(path: Path) -> bool:
    try:
        return isinstance(msgspec.json.decode(path.read_bytes()), dict)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


def _write_record(fresh: Path) -> None:
    record = {
        path.relative_to(fresh).as_posix(): ModelFile(bytes=path.stat().st_size, sha256=digest(path, "sha256"))
        for path in sorted(fresh.rglob("*"))
        if path.is_file()
    }
    (fresh / RECORD).write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1))


def _put(fresh: Path, place: Path) -> None:
    """Puts the folder in its place; one that was there, whole or not, goes."""
    old = fresh.with_name("old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.replace(old)
    fresh.replace(place)
    shutil.rmtree(old, ignore_errors=True)
