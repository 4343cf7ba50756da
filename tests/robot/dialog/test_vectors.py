"""Word vectors in the format of navec."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from robot.dialog.vectors import read_navec

PARTS, CENTROIDS, PIECE = 2, 3, 2


def packed(**members: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name.replace("_", "."))
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def navec(
    words: list[str], pieces: list[list[int]], *, protocol: int = 1, name: str = "tiny", cut_off: int = 0
) -> bytes:
    """A file of the right shape: two pieces a vector, three choices for each, two figures a piece."""
    table = np.arange(PARTS * CENTROIDS * PIECE, dtype="<f4")
    header = np.array([len(words), PARTS * PIECE, PARTS, CENTROIDS], dtype="<u4").tobytes()
    vectors = header + np.array(pieces, dtype=np.uint8).tobytes() + table.tobytes()
    counts = np.array([len(words), *range(len(words))], dtype="<u4").tobytes()
    return packed(
        meta_json=json.dumps({"id": name, "protocol": protocol}).encode(),
        vocab_bin=gzip.compress(counts + "\n".join(words).encode()),
        pq_bin=vectors[: len(vectors) - cut_off],
    )


def test_a_vector_is_put_together_from_its_pieces() -> None:
    read = read_navec(navec(["да", "нет", "<unk>"], [[0, 2], [1, 0], [0, 0]]))
    assert (read.name, read.size) == ("tiny", 4)
    yes, no = read.vector("да"), read.vector("нет")
    assert yes is not None
    assert no is not None
    assert yes.tolist() == [0, 1, 10, 11]
    assert no.tolist() == [2, 3, 6, 7]


def test_unknown_words_have_none() -> None:
    read = read_navec(navec(["да", "<unk>", "<pad>"], [[0, 0]] * 3))
    assert read.vector("нет") is read.vector("<unk>") is read.vector("<pad>") is None


def test_words_are_compared_as_speech_is() -> None:
    read = read_navec(navec(["ещё", "еще"], [[0, 0], [1, 1]]))
    first = read.vector("еще")
    assert first is not None
    assert first.tolist() == [0, 1, 6, 7], "of two spellings the more frequent one, which stands first"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no tar at all",
        packed(meta_json=b"{}"),
        navec(["да"], [[0, 0]], protocol=2),
        navec(["да"], [[0, 0]], cut_off=4),
        navec(["да"], [[0, 7]]),
        navec(["да", "нет"], [[0, 0]]),
    ],
)
def test_what_is_no_such_file_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput) as refused:
        read_navec(data)
    assert refused.value.code == "bad_vectors"


@given(at=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_a_damaged_file_is_read_or_refused(at: int, byte: int) -> None:
    data = bytearray(navec(["да", "нет"], [[0, 2], [1, 0]]))
    data[at % len(data)] = byte
    with suppress(BadInput):
        assert read_navec(bytes(data)).size > 0
