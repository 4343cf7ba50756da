"""Word vectors in the format of navec: a tar of the words (`vocab.bin`) and their quantised vectors (`pq.bin`).

A vector is put together from `parts` pieces, each one of 256 in a common table, so that 250,000 words of 300 numbers
take 25 MB. All figures in the file are little-endian.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput

PROTOCOL: Final = 1
_WORD: Final = np.dtype("<u4")
_FLOAT: Final = np.dtype("<f4")
_NO_WORDS: Final = frozenset({"<unk>", "<pad>"})


class _Meta(msgspec.Struct, frozen=True):
    id: str
    protocol: int


class Navec:
    """Words and their vectors, as read from a file."""

    __slots__ = ("_columns", "_ids", "_pieces", "_table", "name", "size")

    def __init__(self, name: str, ids: dict[str, int], pieces: NDArray[np.uint8], table: NDArray[np.float32]) -> None:
        self.name = name
        self.size = table.shape[0] * table.shape[2]
        self._ids = ids
        self._pieces = pieces
        self._table = table
        self._columns = np.arange(table.shape[0])

    def vector(self, word: str) -> NDArray[np.float32] | None:
        """The vector of the word in small letters; None for a word that it does not know."""
        number = self._ids.get(word)
        if number is None:
            return None
        vector: NDArray[np.float32] = self._table[self._columns, self._pieces[number]].reshape(self.size)
        return vector


def read_navec(data: bytes) -> Navec:
    """The vectors of a file's contents; `BadInput` if they are none."""
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
            meta = msgspec.json.decode(_member(tar, "meta.json"), type=_Meta)
            if meta.protocol != PROTOCOL:
                raise ValueError(f"protocol {meta.protocol} instead of {PROTOCOL}")
            words = _words(gzip.decompress(_member(tar, "vocab.bin")))
            pieces, table = _vectors(_member(tar, "pq.bin"))
        if len(words) != len(pieces):
            raise ValueError(f"{len(words)} words and {len(pieces)} vectors")
    except (tarfile.TarError, KeyError, ValueError, EOFError, OSError, zlib.error, msgspec.DecodeError) as error:
        hint = "Fetch the file again: ./zvonar models fetch"
        raise BadInput("bad_vectors", f"These are no word vectors: {error}.", hint=hint) from error
    # ё and е are one letter to the phrases: of two words that differ by it alone the first, more frequent one counts
    ids: dict[str, int] = {}
    for number, word in enumerate(words):
        if word not in _NO_WORDS:
            ids.setdefault(word.replace("ё", "е"), number)
    return Navec(meta.id, ids, pieces, table)


def _member(tar: tarfile.TarFile, name: str) -> bytes:
    member = tar.extractfile(name)
    if member is None:
        raise ValueError(f"{name} is no file")
    return member.read()


def _words(data: bytes) -> list[str]:
    count = int(np.frombuffer(data, _WORD, 1)[0])
    return data[_WORD.itemsize * (1 + count) :].decode().split("\n")


def _vectors(data: bytes) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    count, size, parts, centroids = (int(figure) for figure in np.frombuffer(data, _WORD, 4))
    begin = 4 * _WORD.itemsize
    pieces = np.frombuffer(data, np.uint8, count * parts, begin).reshape(count, parts)
    table = np.frombuffer(data, _FLOAT, centroids * size, begin + count * parts)
    if size % parts or len(data) != begin + count * parts + table.nbytes or (count and int(pieces.max()) >= centroids):
        raise ValueError("the vectors do not fit together")
    return pieces, table.reshape(parts, centroids, size // parts).astype(np.float32)
