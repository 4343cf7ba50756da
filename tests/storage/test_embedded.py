"""The embedded server: made, shared, found again after a kill, and closed to others."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from core.errors import Unavailable
from storage import embedded
from storage.urls import for_asyncpg
from tests.conftest import ROOT

pytestmark = pytest.mark.postgres


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder outside pytest's own, which every run of pytest closes to all others, also to root's server."""
    made = Path(tempfile.mkdtemp(prefix="zvonar-tests-"))
    yield made
    shutil.rmtree(made)


async def ask(url: str, query: str) -> object:
    connection = await asyncpg.connect(for_asyncpg(url), timeout=10)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def postmaster(folder: Path) -> int | None:
    try:
        return int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
    except FileNotFoundError:
        return None


async def test_a_server_lives_from_its_first_user_to_its_last_and_survives_a_kill(place: Path) -> None:
    folder = place / "база данных"
    tuning = {"fsync": "off"}
    first = embedded.start(folder, tuning=tuning)
    try:
        assert await ask(first.app_url, "SELECT current_user || ' ' || current_database()") == "zvonar_app zvonar"
        assert await ask(first.owner_url, "SELECT current_user") == "zvonar_owner"
        await ask(first.owner_url, "CREATE TABLE kept (n int)")
        assert stat.S_IMODE((folder / "secrets.json").stat().st_mode) == 0o600
        assert stat.S_IMODE((folder / "data").stat().st_mode) == 0o700

        second = embedded.start(folder)
        assert second.app_url == first.app_url
        second.stop()
        assert await ask(first.app_url, "SELECT 1") == 1

        running = postmaster(folder)
        assert running is not None
        os.kill(running, signal.SIGKILL)
        third = embedded.start(folder, tuning=tuning)
        assert postmaster(folder) != running
        assert await ask(third.owner_url, "SELECT count(*) FROM kept") == 0
        third.stop()
    finally:
        first.stop()
    assert postmaster(folder) is None
    with pytest.raises((OSError, asyncpg.PostgresError)):
        await ask(first.app_url, "SELECT 1")


async def test_passwords_are_wanted_even_on_the_socket(place: Path) -> None:
    server = embedded.start(place, tuning={"fsync": "off"})
    try:
        for wrong in ("", ":wrong"):
            url = server.superuser_url.split("@", 1)[1]
            with pytest.raises(asyncpg.InvalidPasswordError):
                await asyncpg.connect(f"postgresql://postgres{wrong}@{url}", timeout=10, passfile=str(place / "none"))
        assert await ask(server.superuser_url, "SELECT current_setting('listen_addresses')") == ""
    finally:
        server.stop()


def child_that_starts(folder: Path) -> subprocess.Popen[str]:
    program = (
        "import sys, time, pathlib; from storage import embedded\n"
        "server = embedded.start(pathlib.Path(sys.argv[1]), tuning={'fsync': 'off'})\n"
        "print('started', flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", program, str(folder)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


async def test_the_server_outlives_a_process_that_is_killed_and_is_found_again(place: Path) -> None:
    child = child_that_starts(place)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "started\n"
        running = postmaster(place)
    finally:
        child.kill()
        child.communicate()
    assert postmaster(place) == running
    server = embedded.start(place)
    try:
        assert postmaster(place) == running
        assert await ask(server.app_url, "SELECT 1") == 1
    finally:
        server.stop()
    assert postmaster(place) is None


def test_a_place_that_cannot_hold_it_is_said_with_what_to_do(place: Path) -> None:
    (place / "file").write_text("")
    with pytest.raises(Unavailable) as error:
        embedded.start(place / "file" / "below")
    assert (error.value.code, "ZVONAR_VAR" in (error.value.hint or "")) == ("embedded_folder", True)


def test_a_setting_that_postgres_refuses_is_told_in_its_words(place: Path) -> None:
    with pytest.raises(Unavailable, match="shared_buffers") as error:
        embedded.start(place, tuning={"shared_buffers": "much"})
    assert error.value.code == "embedded_failed"
