"""The set-up from a bare checkout: what can stop it is said in one clear sentence, and nothing outside is touched."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli import cli
from app.setup.environment import Environment
from app.setup.trouble import SetupError, check_folder, explain_os_error
from app.setup.words import COMMANDS, overview
from tests.conftest import ROOT

NOWHERE = "http://127.0.0.1:9/"  # the discard port: nobody answers there


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A clone's files as far as the set-up reads them, without any environment."""
    root = tmp_path / "clone"
    root.mkdir()
    for name in ("zvonar", "requirements.lock", "requirements-dev.lock"):
        shutil.copy2(ROOT / name, root / name)
    (root / "app").mkdir()
    shutil.copy2(ROOT / "app" / "__init__.py", root / "app")
    shutil.copytree(ROOT / "app" / "setup", root / "app" / "setup", ignore=shutil.ignore_patterns("__pycache__"))
    return root


def home_of(root: Path) -> Path:
    """The user's home in these tests, in which nothing may be left."""
    return root.parent.with_name(root.parent.name + "-home")


def run(root: Path, *words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    home = home_of(root)
    home.mkdir(exist_ok=True)
    clean = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"}
    command = [sys.executable, str(root / "zvonar"), *words]
    return subprocess.run(
        command, env=clean | (env or {}), capture_output=True, text=True, check=False, timeout=120, cwd=root.parent
    )


def test_without_a_network_the_sentence_says_so_and_the_status_is_not_zero(checkout: Path) -> None:
    away = {"PIP_INDEX_URL": NOWHERE, "UV_DEFAULT_INDEX": NOWHERE, "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
    done = run(checkout, "setup", env=away)
    assert done.returncode == 3
    assert "zvonar: The package registry could not be reached" in done.stderr
    assert "Traceback" not in done.stderr
    # pip asks `rustc` for its version, and where that is rustup's it leaves its settings.
    assert {path.name for path in home_of(checkout).iterdir()} <= {".rustup"}
    assert not Environment(checkout, "requirements.lock").is_ready()


def test_help_needs_no_setup(checkout: Path) -> None:
    for words in ((), ("--help",)):
        done = run(checkout, *words)
        assert done.returncode == 0
        assert done.stdout.strip() == overview()
    assert not (checkout / ".venv").exists()


def test_an_old_python_is_told_what_to_install(checkout: Path) -> None:
    script = (
        "import sys; sys.version_info = (3, 8, 10); sys.argv = ['zvonar', 'demo']; "
        f"source = open({str(checkout / 'zvonar')!r}).read(); __file__ = {str(checkout / 'zvonar')!r}; exec(source)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60,
        env={"PATH": "", "ZVONAR_REEXEC": "1"},
    )  # fmt: skip
    assert done.returncode == 3
    assert "Python 3.11 or newer is needed, this one is 3.8" in done.stderr


def test_an_old_python_hands_over_to_a_newer_one_on_the_path(checkout: Path, tmp_path: Path) -> None:
    newer = tmp_path / "bin" / "python3.12"
    newer.parent.mkdir()
    newer.write_text("#!/bin/sh\necho handed over: $2\n")
    newer.chmod(0o755)
    script = (
        "import sys; sys.version_info = (3, 8, 10); sys.argv = ['zvonar', 'demo']; "
        f"source = open({str(checkout / 'zvonar')!r}).read(); __file__ = {str(checkout / 'zvonar')!r}; exec(source)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60,
        env={"PATH": str(newer.parent)},
    )  # fmt: skip
    assert done.stdout.strip() == "handed over: demo"


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own, read-only or full as the test likes; needs root."""
    folder = tmp_path / "mounted"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, check=False, timeout=10
    )
    if made.returncode != 0:
        pytest.skip("may not mount a file system here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True, timeout=10)


def test_a_small_disk_is_told_before_anything_is_fetched(checkout: Path, mounted: Path) -> None:
    root = mounted / "clone"
    shutil.copytree(checkout, root)
    done = run(root, "setup")
    assert done.returncode == 3
    assert re.search(r"Only \d+ MB are free on the disk of .*clone; set-up needs about \d+ MB", done.stderr)
    assert not (root / ".venv").exists()


def test_a_read_only_folder_is_told(checkout: Path, mounted: Path) -> None:
    shutil.copytree(checkout, mounted / "clone")
    subprocess.run(["mount", "-o", "remount,ro", str(mounted)], check=True, timeout=10)
    done = run(mounted / "clone", "setup")
    assert done.returncode == 3
    assert "zvonar: The folder cannot be written" in done.stderr


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "The disk is full while fetching (/x): free about"),
        (errno.EACCES, "The folder cannot be written while fetching (/x)"),
        (errno.EIO, "The operating system refused fetching (/x): Input/output error"),
    ],
)
def test_what_the_system_refused_becomes_a_sentence(number: int, said: str) -> None:
    error = OSError(number, os.strerror(number), "/x")
    assert said in str(explain_os_error(error, "fetching"))


def test_a_good_folder_passes_and_keeps_no_trace(tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    check_folder(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".venv"]
    with pytest.raises(SetupError):
        check_folder(tmp_path / "nowhere")


def test_the_overview_lists_exactly_the_commands() -> None:
    named = {command.name or str(getattr(command.callback, "__name__", "")) for command in cli.registered_commands}
    assert named | {group.name for group in cli.registered_groups} == set(COMMANDS)
