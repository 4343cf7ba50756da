"""Archives of models: what is damaged, or packed in a way that cannot be undone, is refused by name."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Final

import pytest

from core.errors import Unavailable
from models.unpack import unpack

TEXT: Final = b"graph and words, " * 200
ENCRYPTED, METHOD = 6, 8  # where a member's own header holds its flags and its method; 2 bytes later in the directory


def archive(folder: Path, *, method: int = zipfile.ZIP_DEFLATED) -> Path:
    made = folder / "small.zip"
    with zipfile.ZipFile(made, "w", method) as file:
        file.writestr("small/am/final.mdl", TEXT)
    return made


def put(made: Path, place: int, value: int) -> None:
    """Writes one byte over both copies of what is said of the only member."""
    data = bytearray(made.read_bytes())
    data[place] = value
    data[data.index(b"PK\x01\x02") + place + 2] = value
    made.write_bytes(data)


def refusal(made: Path, into: Path) -> str:
    with pytest.raises(Unavailable) as error:
        unpack(made, into)
    assert error.value.code == "archive_unusable"
    assert "small.zip" in error.value.message
    return error.value.message


def test_the_one_folder_of_all_members_is_left_out(tmp_path: Path) -> None:
    unpack(archive(tmp_path), tmp_path / "model")
    assert (tmp_path / "model" / "am" / "final.mdl").read_bytes() == TEXT


def test_a_compression_that_cannot_be_undone_is_refused(tmp_path: Path) -> None:
    made = archive(tmp_path)
    put(made, METHOD, 9)
    assert "compression" in refusal(made, tmp_path / "model")


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    made = archive(tmp_path)
    put(made, ENCRYPTED, 1)
    assert "encrypted" in refusal(made, tmp_path / "model")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_member_is_refused_whatever_packed_it(tmp_path: Path, method: int) -> None:
    made = archive(tmp_path, method=method)
    data = bytearray(made.read_bytes())
    begin = 30 + len("small/am/final.mdl") + (9 if method == zipfile.ZIP_LZMA else 0)
    data[begin : begin + 12] = b"\xff" * 12
    made.write_bytes(data)
    refusal(made, tmp_path / "model")


def test_a_cut_archive_is_refused(tmp_path: Path) -> None:
    made = archive(tmp_path)
    made.write_bytes(made.read_bytes()[:-30])
    refusal(made, tmp_path / "model")
