"""Downloads survive cuts and go on from what came; what cannot be had is said in a sentence."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import Unavailable
from models.download import TRIES, download, open_client
from tests.models.server import FileServer, serving

BODY = random.Random(1).randbytes(1_000_000)


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving(FileServer(files={"m.zip": BODY})) as running:
        yield running


def fetch(server: FileServer, place: Path, *, size: int = len(BODY), silence_s: float = 5.0) -> list[int]:
    told: list[int] = []
    with open_client(silence_s=silence_s) as client:
        download(client, server.url("m.zip"), place, size=size, progress=told.append)
    return told


def test_a_file_comes_whole_and_nothing_else_is_left(server: FileServer, tmp_path: Path) -> None:
    told = fetch(server, tmp_path / "m.zip")
    assert (tmp_path / "m.zip").read_bytes() == BODY
    assert [path.name for path in tmp_path.iterdir()] == ["m.zip"]
    assert told == sorted(told)
    assert told[-1] == len(BODY)


def test_a_cut_connection_is_gone_on_from_where_it_broke(server: FileServer, tmp_path: Path) -> None:
    server.cuts = [300_000, 200_000]
    told = fetch(server, tmp_path / "m.zip")
    assert (tmp_path / "m.zip").read_bytes() == BODY
    assert [wanted for _, wanted in server.asked] == [None, "bytes=300000-", "bytes=500000-"]
    assert told == sorted(told)


def test_another_run_goes_on_from_what_an_earlier_one_left(server: FileServer, tmp_path: Path) -> None:
    server.cuts = [400_000] + [0] * (TRIES + 1)
    with pytest.raises(Unavailable, match="broken off at 400000 of 1000000 bytes") as caught:
        fetch(server, tmp_path / "m.zip")
    assert caught.value.code == "download_broken"
    assert not (tmp_path / "m.zip").exists()
    server.cuts = []
    server.asked.clear()
    fetch(server, tmp_path / "m.zip")
    assert (tmp_path / "m.zip").read_bytes() == BODY
    assert server.asked == [("/m.zip", "bytes=400000-")]


def test_a_server_without_ranges_sends_all_of_it_again(server: FileServer, tmp_path: Path) -> None:
    server.ranges = False
    server.cuts = [300_000]
    fetch(server, tmp_path / "m.zip")
    assert (tmp_path / "m.zip").read_bytes() == BODY


def test_a_part_from_another_place_is_not_taken(server: FileServer, tmp_path: Path) -> None:
    server.misplaces = True
    server.cuts = [300_000]
    fetch(server, tmp_path / "m.zip", silence_s=2)
    assert (tmp_path / "m.zip").read_bytes() == BODY


def test_a_file_that_changed_meanwhile_is_not_glued_to_the_old_part(server: FileServer, tmp_path: Path) -> None:
    server.cuts = [300_000] + [0] * (TRIES + 1)
    with pytest.raises(Unavailable):
        fetch(server, tmp_path / "m.zip")
    server.cuts = []
    server.files["m.zip"] = bytes(reversed(BODY))
    fetch(server, tmp_path / "m.zip")
    assert (tmp_path / "m.zip").read_bytes() == bytes(reversed(BODY))


def test_a_server_without_tags_is_gone_on_with_too(server: FileServer, tmp_path: Path) -> None:
    server.tags = False
    server.cuts = [300_000]
    fetch(server, tmp_path / "m.zip")
    assert (tmp_path / "m.zip").read_bytes() == BODY
    assert server.asked[-1] == ("/m.zip", "bytes=300000-")


@pytest.mark.parametrize("left", [len(BODY), len(BODY) + 5])
def test_a_part_that_is_whole_is_taken_and_one_too_long_thrown_away(
    server: FileServer, tmp_path: Path, left: int
) -> None:
    (tmp_path / "m.zip.part").write_bytes((BODY + b"extra")[:left])
    fetch(server, tmp_path / "m.zip")
    assert (tmp_path / "m.zip").read_bytes() == BODY
    assert len(server.asked) == (0 if left == len(BODY) else 1)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_told_at_once(server: FileServer, tmp_path: Path, status: int) -> None:
    server.status = status
    with pytest.raises(Unavailable, match=f"the server says {status}") as caught:
        fetch(server, tmp_path / "m.zip")
    assert caught.value.code == "download_refused"
    assert "ZVONAR_MODELS_MIRROR" in str(caught.value.hint)
    assert len(server.asked) == 1


def test_a_server_in_trouble_is_asked_again_but_not_for_ever(server: FileServer, tmp_path: Path) -> None:
    server.status = 503
    with pytest.raises(Unavailable, match="503"):
        fetch(server, tmp_path / "m.zip")
    assert len(server.asked) == TRIES


def test_a_silent_server_is_given_up_and_its_part_kept(server: FileServer, tmp_path: Path) -> None:
    server.stalls = threading.Event()
    with pytest.raises(Unavailable, match="broken off"):
        fetch(server, tmp_path / "m.zip", silence_s=0.05)
    part = (tmp_path / "m.zip.part").read_bytes()
    assert len(part) >= len(BODY) // 2
    assert part == BODY[: len(part)]


def test_a_file_of_another_size_is_refused_before_it_is_read(server: FileServer, tmp_path: Path) -> None:
    for size in (len(BODY) - 1, len(BODY) + 1):
        with pytest.raises(Unavailable, match=f"has {len(BODY)} bytes instead of {size}"):
            fetch(server, tmp_path / "m.zip", size=size)
    assert not (tmp_path / "m.zip").exists()


def test_nobody_there_is_a_sentence(tmp_path: Path) -> None:
    with serving(FileServer()) as server:
        pass
    with pytest.raises(Unavailable, match=r"m\.zip stays broken off at 0 of"):
        fetch(server, tmp_path / "m.zip")
