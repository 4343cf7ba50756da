"""What can stop a set-up, as sentences that say what to do."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

NEEDED_MB = 1500


class SetupError(Exception):
    """Set-up cannot go on; the text is all that the user needs to read."""


def explain_os_error(error: OSError, doing: str) -> SetupError:
    """Turns what the operating system said into a sentence about `doing`."""
    where = f" ({error.filename})" if error.filename else ""
    if error.errno == errno.ENOSPC:
        return SetupError(f"The disk is full while {doing}{where}: free about {NEEDED_MB} MB and run this again.")
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return SetupError(
            f"The folder cannot be written while {doing}{where}: "
            "move the project to a folder that is yours, or change its owner, and run this again."
        )
    return SetupError(f"The operating system refused {doing}{where}: {error.strerror or error}.")


def check_folder(root: Path) -> None:
    """Raises `SetupError` if the project's folder cannot be written or its disk is nearly full."""
    probe = root / f".write-test-{os.getpid()}"
    try:
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        raise explain_os_error(error, "checking that the project's folder is writable") from error
    free_mb = shutil.disk_usage(root).free // 1_000_000
    if free_mb < NEEDED_MB and not (root / ".venv").exists():
        raise SetupError(
            f"Only {free_mb} MB are free on the disk of {root}; set-up needs about {NEEDED_MB} MB. "
            "Free some space and run this again."
        )
