"""Root's embedded server belongs to a user of its own, who may walk down to its folder and no further."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import Unavailable
from storage.system_user import NAME, open_path, system_user

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root opens folders to another user")


@pytest.fixture
def place() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="zvonar-tests-"))
    yield made
    shutil.rmtree(made)


def mode(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


@pytest.mark.skipif(os.geteuid() == 0, reason="root needs a user")
def test_an_ordinary_user_runs_the_server_itself() -> None:
    assert system_user() == (None, ())


@as_root
def test_root_gets_a_user_made_for_the_server() -> None:
    user, _ = system_user()
    assert user is not None
    assert (user.name, user.uid == 0) == (NAME, False)
    assert system_user() == (user, ())


@as_root
def test_roots_folders_on_the_way_are_opened_for_passing_through_and_that_is_told(place: Path) -> None:
    user, _ = system_user()
    assert user is not None
    inner = place / "a" / "b"
    inner.mkdir(parents=True)
    (place / "a").chmod(0o700)
    inner.chmod(0o755)
    notices = open_path(inner, user)
    assert (mode(place), mode(place / "a"), mode(inner)) == (0o701, 0o701, 0o755)
    assert [str(folder) in notice for folder, notice in zip((place, place / "a"), notices, strict=True)] == [True, True]
    assert open_path(inner, user) == ()


@as_root
def test_somebody_elses_closed_folder_is_left_closed_and_said(place: Path) -> None:
    user, _ = system_user()
    assert user is not None
    home = place / "home"
    home.mkdir(mode=0o700)
    (home / "var").mkdir()
    os.chown(home, 54321, 54321)
    with pytest.raises(Unavailable) as error:
        open_path(home / "var", user)
    assert (error.value.code, str(home) in error.value.message) == ("embedded_closed", True)
    assert mode(home) == 0o700


@as_root
def test_a_folder_of_the_servers_own_user_needs_no_opening(place: Path) -> None:
    user, _ = system_user()
    assert user is not None
    own = place / "own"
    own.mkdir(mode=0o700)
    os.chown(own, user.uid, user.gid)
    open_path(own, user)
    assert mode(own) == 0o700
