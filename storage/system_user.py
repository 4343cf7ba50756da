"""The operating system's user that runs root's embedded PostgreSQL, and the way to its folders."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.errors import Unavailable

NAME: Final = "pgserver"


@dataclass(frozen=True, slots=True)
class SystemUser:
    """An account of this machine."""

    name: str
    uid: int
    gid: int


def system_user() -> tuple[SystemUser | None, tuple[str, ...]]:
    """The user to run the server as, made if missing, with a notice of that; None where we are not root."""
    if os.geteuid() != 0:
        return None, ()
    notices: tuple[str, ...] = ()
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        _make()
        entry = pwd.getpwnam(NAME)
        notices = (f"PostgreSQL does not run as root: made the system user {NAME} for it.",)
    return SystemUser(NAME, entry.pw_uid, entry.pw_gid), notices


def _make() -> None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    command = [useradd, "--system", "--user-group", "--no-create-home", "--shell", "/bin/false", NAME]
    done = None
    if useradd is not None:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)  # type: ignore[arg-type]
    if done is None or done.returncode != 0:
        raise Unavailable(
            "no_system_user",
            f"The embedded PostgreSQL does not run as root, and the system user {NAME} could not be made.",
            hint="Run Zvonar as an ordinary user, or name a PostgreSQL server by ZVONAR_DATABASE_URL.",
        )


def open_path(path: Path, user: SystemUser) -> tuple[str, ...]:
    """Lets `user` pass through root's folders down to and including `path`; tells which were opened.

    Raises `Unavailable` at a closed folder that belongs to somebody else, for example a home.
    """
    notices = []
    for folder in (*reversed(path.parents), path):
        status = folder.stat()
        if _passes(status, user):
            continue
        if status.st_uid != 0:
            raise Unavailable(
                "embedded_closed",
                f"The user {user.name}, who runs the embedded PostgreSQL, may not enter {folder}.",
                hint="Name another folder by ZVONAR_VAR, or a PostgreSQL server by ZVONAR_DATABASE_URL.",
            )
        folder.chmod(stat.S_IMODE(status.st_mode) | stat.S_IXOTH)
        notices.append(f"Opened {folder} for passing through (o+x) to the user {user.name}.")
    return tuple(notices)


def _passes(status: os.stat_result, user: SystemUser) -> bool:
    if status.st_uid == user.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == user.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)
