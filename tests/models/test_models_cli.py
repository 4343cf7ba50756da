"""`./zvonar models`: what it prints, and its exit status where something cannot be had."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from app import models_cli
from app.settings import Settings
from core.errors import Unavailable
from models.manifest import SHIPPED, known, named
from tests.models.server import FileServer, serving
from tests.models.test_install import FILES, archive, vosk

ROOT = Path(__file__).resolve().parent.parent.parent
VOICE = "ru_RU-irina-medium"


def zvonar(*words: str, var: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", "models", *words],
        cwd=ROOT,
        env={**os.environ, "ZVONAR_VAR": str(var), "NO_COLOR": "1", "COLUMNS": "160", **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_list_names_every_model_with_its_size_and_state(tmp_path: Path) -> None:
    done = zvonar("list", var=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    for model in known():
        (line,) = (line for line in lines if f" {model.name} " in line)
        assert line.startswith("ships" if model.shipped else "not here")
    assert "46 MB" in done.stdout
    assert zvonar(var=tmp_path).stdout == done.stdout


def test_a_refused_download_says_what_is_less_without_it_and_fails(tmp_path: Path) -> None:
    with serving(FileServer()) as mirror:
        done = zvonar("fetch", VOICE, "vosk-model-small-ru-0.22", var=tmp_path, ZVONAR_MODELS_MIRROR=mirror.address)
    assert done.returncode == 1
    assert "404" in done.stderr
    assert named(VOICE).without in done.stdout
    assert "vosk-model-small-ru-0.22 is not here." in done.stdout
    assert "Traceback" not in done.stderr
    assert [path for path, _ in mirror.asked] == [
        f"/{VOICE}/{VOICE}.onnx",
        "/vosk-model-small-ru-0.22/vosk-model-small-ru-0.22.zip",
    ]


def test_a_folder_without_the_file_or_with_another_one_is_told(tmp_path: Path) -> None:
    (tmp_path / "stick").mkdir()
    done = zvonar("fetch", VOICE, "--from", str(tmp_path / "stick"), var=tmp_path / "var")
    assert (done.returncode, f"{VOICE}.onnx" in done.stderr) == (1, True)
    (tmp_path / "stick" / f"{VOICE}.onnx").write_bytes(b"rubbish")
    done = zvonar("fetch", VOICE, var=tmp_path / "var", ZVONAR_MODELS_FOLDER=str(tmp_path / "stick"))
    assert (done.returncode, "7 bytes instead of 63201294" in done.stderr) == (1, True)
    assert zvonar("fetch", VOICE, "--from", str(tmp_path / "no"), var=tmp_path / "var").returncode == 1


def test_verify_reads_what_is_here_and_names_the_mending_command(tmp_path: Path) -> None:
    done = zvonar("verify", var=tmp_path)
    assert (done.returncode, done.stdout.split()) == (
        0,
        ["whole", "vosk-standin-ru-mini", "whole", "machine-detector", "whole", "silero-vad"],
    )
    done = zvonar("verify", VOICE, var=tmp_path)
    assert (done.returncode, f"./zvonar models fetch {VOICE}" in done.stderr) == (1, True)
    (tmp_path / "models" / VOICE).mkdir(parents=True)
    done = zvonar("verify", var=tmp_path)
    assert done.returncode == 1
    assert f"broken  {VOICE}" in done.stdout
    assert f"./zvonar models fetch {VOICE}" in done.stdout


def test_fetching_mends_a_damaged_model_and_leaves_a_whole_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = archive(FILES)
    model = vosk(packed)
    (tmp_path / "stick").mkdir()
    (tmp_path / "stick" / "vosk-test.zip").write_bytes(packed)
    monkeypatch.setattr(models_cli, "known", lambda: (model,))
    settings = Settings(var=tmp_path / "var", models_folder=tmp_path / "stick")
    said = io.StringIO()
    console = Console(file=said, width=200)
    models_cli.fetch_all(settings, [model], None, console)
    assert hashlib.sha256(packed).hexdigest() in said.getvalue()
    words = tmp_path / "var" / "models" / "vosk-test" / "graph" / "words.txt"
    words.write_bytes(bytes(len(FILES["graph/words.txt"])))
    with pytest.raises(Unavailable, match="other contents"):
        models_cli.verify_all(settings, [], console)
    models_cli.fetch_all(settings, [model], None, console)
    assert words.read_bytes() == FILES["graph/words.txt"]
    models_cli.verify_all(settings, [], console)
    shutil.rmtree(tmp_path / "stick")
    (tmp_path / "stick").mkdir()
    models_cli.fetch_all(settings, [model], None, console)
    assert "vosk-test is here already" in said.getvalue()


def test_an_unknown_name_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    done = zvonar("fetch", "nope", var=tmp_path)
    assert (done.returncode, VOICE in done.stderr) == (1, True)


@pytest.mark.parametrize("model", [m for m in known() if not m.shipped], ids=lambda m: m.name)
def test_every_model_to_be_fetched_says_all_that_is_needed(model) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    assert model.downloads
    assert model.without
    for part in model.downloads:
        assert part.url.startswith("https://")
        assert part.url.endswith(part.file)
        assert part.bytes > 0
        assert part.sha256 is None or len(bytes.fromhex(part.sha256)) == 32
        assert part.sha256 is not None or len(bytes.fromhex(part.md5)) == 16
    assert sum(part.unpack for part in model.downloads) in (0, len(model.downloads))


def test_the_shipped_files_are_as_listed() -> None:
    model = named("silero-vad")
    network = (SHIPPED / "silero-vad" / "silero_vad.onnx").read_bytes()
    assert model.files["silero_vad.onnx"].sha256 == hashlib.sha256(network).hexdigest()
