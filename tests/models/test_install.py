"""A model comes whole or not at all: archives with care, checksums held to, what was there stays until then."""

from __future__ import annotations

import hashlib
import io
import json
import stat
import threading
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from core.errors import Unavailable
from models.install import FETCHING, Source, install
from models.manifest import RECORD, Download, Model, ModelKind, check_sizes, verify
from models.unpack import unpack
from tests.models.server import FileServer, serving

FILES = {"am/final.mdl": b"network" * 500, "conf/model.conf": b"--min=1\n", "graph/words.txt": "да 1\n".encode()}


def archive(files: Mapping[str, bytes], *, top: str = "vosk-test/") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name, body in files.items():
            target.writestr(top + name, body)
    return packed.getvalue()


def vosk(packed: bytes, *, sha256: str | None = None, url: str = "") -> Model:
    part = Download(
        url=url or "http://unused/vosk-test.zip",
        file="vosk-test.zip",
        bytes=len(packed),
        sha256=hashlib.sha256(packed).hexdigest() if sha256 is None else sha256 or None,
        unpack=True,
    )
    return Model(
        name="vosk-test",
        kind=ModelKind.RECOGNISER,
        engine="vosk",
        language="ru",
        licence="none",
        source="here",
        downloads=(part,),
        needs=("am/final.mdl", "conf/model.conf"),
    )


def piper(server: FileServer, network: bytes, settings: bytes, *, md5: str | None = None) -> Model:
    parts = [("v.onnx", network, md5 or hashlib.md5(network).hexdigest()), ("v.onnx.json", settings, None)]
    return Model(
        name="v",
        kind=ModelKind.VOICE,
        engine="piper",
        language="ru",
        licence="none",
        source="here",
        downloads=tuple(
            Download(url=server.url(f"far/{file}"), file=file, bytes=len(body), sha256=None, md5=sum_)
            for file, body, sum_ in parts
        ),
        needs=("v.onnx", "v.onnx.json"),
    )


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving(FileServer()) as running:
        yield running


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=5) as opened:
        yield opened


def bring(model: Model, models: Path, source: Source) -> tuple[Path, dict[str, str]]:
    return install(model, models, source, progress=lambda _part, _count: None)


def test_an_archive_is_fetched_checked_unpacked_and_put_in_place(
    server: FileServer, client: httpx.Client, tmp_path: Path
) -> None:
    packed = archive(FILES)
    server.files["vosk-test.zip"] = packed
    model = vosk(packed, url=server.url("vosk-test.zip"))
    place, sums = bring(model, tmp_path, Source(client))
    assert place == tmp_path / "vosk-test"
    assert {name: (place / name).read_bytes() for name in FILES} == FILES
    assert sums == {"vosk-test.zip": hashlib.sha256(packed).hexdigest()}
    assert verify(model, place)
    assert [path.name for path in (tmp_path / FETCHING).iterdir()] == ["vosk-test.lock"]


def test_later_damage_is_found_by_size_at_once_and_by_contents_when_verified(
    client: httpx.Client, tmp_path: Path
) -> None:
    (tmp_path / "offline").mkdir()
    packed = archive(FILES)
    (tmp_path / "offline" / "vosk-test.zip").write_bytes(packed)
    model = vosk(packed)
    place, _ = bring(model, tmp_path / "models", Source(client, folder=tmp_path / "offline"))
    words = place / "graph" / "words.txt"
    words.write_bytes("не 1\n".encode())
    check_sizes(model, place)
    with pytest.raises(Unavailable, match=r"graph/words\.txt has other contents") as caught:
        verify(model, place)
    assert caught.value.hint == "This mends it: ./zvonar models fetch vosk-test"
    words.write_bytes(b"")
    with pytest.raises(Unavailable, match=r"graph/words\.txt has 0 bytes instead of"):
        check_sizes(model, place)
    (place / RECORD).write_bytes(b"{")
    with pytest.raises(Unavailable, match="is not whole"):
        check_sizes(model, place)


def test_a_wrong_checksum_leaves_what_was_there_and_throws_the_file_away(
    server: FileServer, client: httpx.Client, tmp_path: Path
) -> None:
    (tmp_path / "vosk-test").mkdir()
    (tmp_path / "vosk-test" / "old").write_text("old")
    packed = archive(FILES)
    server.files["vosk-test.zip"] = packed
    model = vosk(packed, sha256="0" * 64, url=server.url("vosk-test.zip"))
    with pytest.raises(Unavailable, match="instead of 0000") as caught:
        bring(model, tmp_path, Source(client))
    assert caught.value.code == "wrong_checksum"
    assert hashlib.sha256(packed).hexdigest() in caught.value.message
    assert [path.name for path in (tmp_path / "vosk-test").iterdir()] == ["old"]
    assert not list((tmp_path / FETCHING / "vosk-test").iterdir())


def test_without_a_published_sha256_the_md5_is_held_to(
    server: FileServer, client: httpx.Client, tmp_path: Path
) -> None:
    network, settings = b"\x08\x07network", json.dumps({"audio": {}}).encode()
    server.files |= {"far/v.onnx": network, "far/v.onnx.json": settings}
    with pytest.raises(Unavailable, match="MD5"):
        bring(piper(server, network, settings, md5="0" * 32), tmp_path, Source(client))
    _, sums = bring(piper(server, network, settings), tmp_path, Source(client))
    assert sums["v.onnx"] == hashlib.sha256(network).hexdigest()


def test_a_mirror_is_asked_by_model_and_file(server: FileServer, client: httpx.Client, tmp_path: Path) -> None:
    network, settings = b"\x08network", b"{}"
    server.files |= {"near/v/v.onnx": network, "near/v/v.onnx.json": settings}
    bring(piper(server, network, settings), tmp_path, Source(client, mirror=server.url("near/")))
    assert [path for path, _ in server.asked] == ["/near/v/v.onnx", "/near/v/v.onnx.json"]


def test_a_folder_serves_without_any_network(client: httpx.Client, server: FileServer, tmp_path: Path) -> None:
    network, settings = b"\x08network", b"{}"
    (tmp_path / "stick" / "v").mkdir(parents=True)
    (tmp_path / "stick" / "v" / "v.onnx").write_bytes(network)
    model = piper(server, network, settings)
    source = Source(client, folder=tmp_path / "stick")
    with pytest.raises(Unavailable, match=r"has no v/v\.onnx\.json") as caught:
        bring(model, tmp_path / "models", source)
    assert server.url("far/v.onnx.json") in str(caught.value.hint)
    (tmp_path / "stick" / "v.onnx.json").write_bytes(settings)
    bring(model, tmp_path / "models", source)
    assert (tmp_path / "models" / "v" / "v.onnx").read_bytes() == network
    assert server.asked == []


def test_what_is_no_model_is_not_put_in_place(client: httpx.Client, server: FileServer, tmp_path: Path) -> None:
    server.files |= {"far/v.onnx": b"\x08network", "far/v.onnx.json": b"<html>"}
    with pytest.raises(Unavailable, match="no JSON"):
        bring(piper(server, b"\x08network", b"<html>"), tmp_path, Source(client))
    packed = archive({"conf/model.conf": b"x"})
    server.files["vosk-test.zip"] = packed
    with pytest.raises(Unavailable, match=r"without am/final\.mdl"):
        bring(vosk(packed, url=server.url("vosk-test.zip")), tmp_path, Source(client))
    assert sorted(path.name for path in tmp_path.iterdir()) == [FETCHING]


def test_a_model_that_ships_is_not_fetched(client: httpx.Client, tmp_path: Path) -> None:
    model = Model(name="s", kind=ModelKind.VAD, engine="onnx", licence="MIT", source="here", shipped=True)
    with pytest.raises(Unavailable, match="ships with the project"):
        bring(model, tmp_path, Source(client))


def test_two_who_fetch_at_once_both_end_with_the_whole_model(
    server: FileServer, client: httpx.Client, tmp_path: Path
) -> None:
    packed = archive(FILES)
    server.files["vosk-test.zip"] = packed
    model = vosk(packed, url=server.url("vosk-test.zip"))
    places: list[Path] = []
    threads = [
        threading.Thread(target=lambda: places.append(bring(model, tmp_path, Source(client))[0])) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert places == [tmp_path / "vosk-test"] * 4
    assert verify(model, tmp_path / "vosk-test")


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "C:evil", "a\\..\\evil"])
def test_an_archive_that_reaches_outside_is_refused(tmp_path: Path, name: str) -> None:
    packed = tmp_path / "a.zip"
    packed.write_bytes(archive({"good": b"1", name: b"2"}, top=""))
    with pytest.raises(Unavailable, match="outside its folder"):
        unpack(packed, tmp_path / "into")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip"]


def test_an_archive_with_links_is_refused(tmp_path: Path) -> None:
    packed = tmp_path / "a.zip"
    with zipfile.ZipFile(packed, "w") as target:
        link = zipfile.ZipInfo("m/link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        target.writestr(link, "/etc/passwd")
    with pytest.raises(Unavailable, match="no ordinary file"):
        unpack(packed, tmp_path / "into")


def test_a_bomb_is_refused_whether_it_says_its_size_or_lies(tmp_path: Path) -> None:
    packed = tmp_path / "a.zip"
    body = archive({"zeros": bytes(30_000_000)})
    packed.write_bytes(body)
    with pytest.raises(Unavailable, match="far too large"):
        unpack(packed, tmp_path / "into")
    packed.write_bytes(body.replace((30_000_000).to_bytes(4, "little"), (1000).to_bytes(4, "little")))
    with pytest.raises(Unavailable):
        unpack(packed, tmp_path / "lied")
    written = sum(path.stat().st_size for path in (tmp_path / "lied").rglob("*") if path.is_file())
    assert written <= len(body) * 100


@pytest.mark.parametrize("cut", [0, 10, 200])
def test_a_file_that_is_no_archive_is_named(tmp_path: Path, cut: int) -> None:
    packed = tmp_path / "a.zip"
    packed.write_bytes(archive(FILES)[:cut])
    with pytest.raises(Unavailable, match=r"a\.zip is not unpacked"):
        unpack(packed, tmp_path / "into")


def test_files_without_a_common_folder_keep_their_places(tmp_path: Path) -> None:
    packed = tmp_path / "a.zip"
    packed.write_bytes(archive(FILES, top=""))
    unpack(packed, tmp_path / "into")
    assert (tmp_path / "into" / "am" / "final.mdl").read_bytes() == FILES["am/final.mdl"]
