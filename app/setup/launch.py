"""From a bare checkout to a running command: set up what is missing, then become the real program."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.setup.environment import Environment
from app.setup.interface import Interface
from app.setup.progress import Stages
from app.setup.trouble import SetupError, check_folder, explain_os_error
from app.setup.words import overview

SETUP_FAILED = 3
NEEDS_INTERFACE = {"demo", "up", "api", "setup", "test"}
FOR_DEVELOPERS = {"test", "bench"}


def launch(here: str, arguments: list[str]) -> int:
    """Replaces this process by the program; returns an exit status only when set-up failed."""
    root = Path(here)
    command = next((word for word in arguments if not word.startswith("-")), "")
    developer = command in FOR_DEVELOPERS or "--developer" in arguments
    lock = "requirements-dev.lock" if developer else "requirements.lock"
    environment = Environment(root, lock)
    if not command and not _has_packages(root, environment):
        print(overview())
        return 0
    try:
        prepare(root, environment, with_interface=command in NEEDS_INTERFACE)
    except SetupError as error:
        print(f"zvonar: {error}", file=sys.stderr)
        return SETUP_FAILED
    except KeyboardInterrupt:
        print("zvonar: set-up was stopped; it goes on from here next time.", file=sys.stderr)
        return 130
    os.environ["PYTHONPATH"] = str(root)
    os.environ.setdefault("PYTHONUTF8", "1")
    os.execv(environment.python, [str(environment.python), "-m", "app", *arguments])


def prepare(root: Path, environment: Environment, *, with_interface: bool) -> None:
    """Does what is missing; the interface's failure is told and passed over, all else raises `SetupError`."""
    if not _has_packages(root, environment):
        check_folder(root)
        with _alone(root):
            if not _has_packages(root, environment):
                environment.build(Stages(2))
    interface = Interface(root, environment)
    if with_interface and not interface.is_ready():
        with _alone(root):
            _build_interface(interface)


def _has_packages(root: Path, environment: Environment) -> bool:
    """The developers' environment holds everything that the users' does."""
    return environment.is_ready() or Environment(root, "requirements-dev.lock").is_ready()


def _build_interface(interface: Interface) -> None:
    if interface.is_ready():
        return
    try:
        interface.build(Stages(3))
    except SetupError as error:
        print(
            f"zvonar: {error}\nThe web interface is left out; everything else works. "
            "Run the command again when the cause is mended.",
            file=sys.stderr,
        )


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Holds the set-up lock, so that two commands started together set up once."""
    try:
        (root / "var").mkdir(exist_ok=True)
        with (root / "var" / "setup.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise explain_os_error(error, "setting up") from error
