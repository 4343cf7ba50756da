"""One file over HTTP, however often the connection breaks: what has come is kept and gone on from.

The part that has come lies beside its place as `….part`, with the server's name for that version (its ETag) in
`….part.tag`; a server that has another version, or cannot send a part, sends all of it again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import httpx

from core.errors import Unavailable

TRIES: Final = 5
"""How many times in a row a connection may break without having brought anything."""
CONNECT_S: Final = 15.0
SILENCE_S: Final = 30.0
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")

Progress = Callable[[int], None]
"""Told how many bytes of the file are here, each time some came."""


class _Broken(Exception):
    """The connection ended before the file was whole."""


def open_client(*, silence_s: float = SILENCE_S) -> httpx.Client:
    """A client that follows redirects and gives up on a server that is silent for `silence_s`."""
    return httpx.Client(follow_redirects=True, timeout=httpx.Timeout(silence_s, connect=CONNECT_S))


def download(client: httpx.Client, url: str, place: Path, *, size: int, progress: Progress) -> None:
    """Fetches `url`, which must have `size` bytes, to `place`; goes on from what an earlier run left.

    Raises `Unavailable`: the server refuses, has another size, or stays away.
    """
    part = place.with_name(f"{place.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    failures, before = 0, -1
    while (here := _size(part)) != size:
        if here > size:
            _forget(part)
            here = 0
        failures = failures + 1 if here <= before else 1
        before = max(before, here)
        try:
            _get(client, url, part, size=size, progress=progress)
        except (_Broken, httpx.TransportError) as error:
            if failures >= TRIES:
                raise Unavailable(
                    "download_broken",
                    f"{url} stays broken off at {_size(part)} of {size} bytes: {_reason(error)}.",
                    hint="Run the same command again: it goes on from there. Or set ZVONAR_MODELS_MIRROR.",
                ) from error
    part.replace(place)
    _forget(part)


def _get(client: httpx.Client, url: str, part: Path, *, size: int, progress: Progress) -> None:
    here = _size(part)
    headers = {"Accept-Encoding": "identity"}
    if here and (tag := _tag(part)):
        headers |= {"Range": f"bytes={here}-", "If-Range": tag}
    elif here:
        headers["Range"] = f"bytes={here}-"
    with client.stream("GET", url, headers=headers) as answer:
        begin = _begin(answer, url, here, size)
        if begin is None:
            return _forget(part)
        _note_tag(part, answer.headers.get("etag"))
        with part.open("ab" if begin else "wb") as file:
            count = begin
            for block in answer.iter_raw():
                count += len(block)
                if count > size:
                    _forget(part)
                    raise _other_size(url, f"more than {size}", size)
                file.write(block)
                progress(count)
    if count < size:
        raise _Broken("the connection ended early")


def _begin(answer: httpx.Response, url: str, here: int, size: int) -> int | None:
    """From which byte on the answer brings the file; None if what is here must be thrown away and asked for anew."""
    if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE and here:
        return None
    if answer.status_code >= 500:
        raise _Broken(f"the server says {answer.status_code} {answer.reason_phrase}")
    if answer.status_code not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
        raise Unavailable(
            "download_refused",
            f"{url} cannot be had: the server says {answer.status_code} {answer.reason_phrase}.",
            hint="Fetch it from a mirror (ZVONAR_MODELS_MIRROR) or from a folder (--from FOLDER).",
        )
    if answer.status_code == httpx.codes.PARTIAL_CONTENT:
        found = _RANGE.fullmatch(answer.headers.get("content-range", ""))
        if found is None or int(found[1]) != here:
            return None
        if found[2] not in ("*", str(size)):
            raise _other_size(url, found[2], size)
        return here
    length = answer.headers.get("content-length", "")
    if length.isdecimal() and int(length) != size:
        raise _other_size(url, length, size)
    return 0


def _other_size(url: str, length: str, size: int) -> Unavailable:
    return Unavailable(
        "download_other_size",
        f"{url} has {length} bytes instead of {size}: it is not the file of the list.",
        hint="Take another mirror, or a newer Zvonar.",
    )


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _size(part: Path) -> int:
    try:
        return part.stat().st_size
    except FileNotFoundError:
        return 0


def _tag_file(part: Path) -> Path:
    return part.with_name(f"{part.name}.tag")


def _tag(part: Path) -> str:
    with suppress(FileNotFoundError):
        return _tag_file(part).read_text()
    return ""


def _note_tag(part: Path, tag: str | None) -> None:
    """Keeps a strong ETag; a weak one cannot vouch for the bytes."""
    if tag and not tag.startswith("W/"):
        _tag_file(part).write_text(tag)
    else:
        _tag_file(part).unlink(missing_ok=True)


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    _tag_file(part).unlink(missing_ok=True)
