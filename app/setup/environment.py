"""The project's own Python environment, made from the lock files and remade when they change."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import venv
from pathlib import Path

from app.setup.progress import Stages
from app.setup.trouble import SetupError, explain_os_error

STAMP = "zvonar-stamp"
_NETWORK_SIGNS = (
    "name resolution",
    "name or service not known",
    "connection refused",
    "network is unreachable",
    "could not connect",
    "failed to fetch",
    "dns error",
    "no matching distribution",
    "timed out",
    "error sending request",
    "proxyerror",
)


def caches(root: Path) -> dict[str, str]:
    """The variables by which pip, uv and npm keep what they fetch inside the project's folder, not in a home."""
    folder = root / "var" / "cache"
    return {
        "PIP_CACHE_DIR": str(folder / "pip"),
        "UV_CACHE_DIR": str(folder / "uv"),
        "npm_config_cache": str(folder / "npm"),
    }


class Environment:
    """The folder `.venv` of one checkout; `lock` is the list of exact packages it must hold."""

    def __init__(self, root: Path, lock: str) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder / "bin" / "python"
        self._lock = root / lock
        self._stamp = self.folder / f"{STAMP}-{Path(lock).stem}"

    def is_ready(self) -> bool:
        """Whether the environment was completed from this very lock by this very Python."""
        try:
            return self._stamp.read_text() == self._fingerprint() and self.python.exists()
        except OSError:
            return False

    def build(self, stages: Stages) -> None:
        """Makes or mends the environment; raises `SetupError` with a sentence when it cannot."""
        with stages.stage("Python environment in .venv"):
            self._create()
        with stages.stage("Packages", watch=self.folder):
            self._install()
        self._stamp.write_text(self._fingerprint())

    def _fingerprint(self) -> str:
        digest = hashlib.sha256(self._lock.read_bytes()).hexdigest()
        return f"{sys.version_info[0]}.{sys.version_info[1]} {digest}"

    def _create(self) -> None:
        if self._runs():
            return
        has_pip = importlib.util.find_spec("ensurepip") is not None
        try:
            venv.EnvBuilder(clear=True, symlinks=True, with_pip=has_pip).create(self.folder)
        except OSError as error:
            raise explain_os_error(error, "making the Python environment") from error
        except subprocess.CalledProcessError as error:
            raise SetupError(f"Python could not make a virtual environment: {error}") from error
        if not has_pip and importlib.util.find_spec("pip") is None:
            raise SetupError(
                "This Python has neither `ensurepip` nor `pip`, so nothing can be installed. "
                "Install your system's package for virtual environments (Debian: python3-venv) and run this again."
            )

    def _runs(self) -> bool:
        if not self.python.exists():
            return False
        wanted = f"{sys.version_info[0]}.{sys.version_info[1]}"
        answer = subprocess.run(
            [str(self.python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return answer.returncode == 0 and answer.stdout.strip() == wanted

    def _install(self) -> None:
        uv = self.folder / "bin" / "uv"
        if not uv.exists():
            self._run([*self._pip(), "install", "--quiet", "uv"], "installing uv")
        self.uv("pip", "sync", "--quiet", "--python", str(self.python), "--require-hashes", str(self._lock))

    def uv(self, *words: str, doing: str = "installing packages") -> None:
        """Runs uv, a second time with the machine's own certificates where its own do not know the registry's."""
        command = [str(self.folder / "bin" / "uv"), *words]
        try:
            self._run(command, doing)
        except SetupError as error:
            if "certificate" not in str(error):
                raise
            self._run([*command, "--system-certs"], doing)

    def _pip(self) -> list[str]:
        inside = subprocess.run([str(self.python), "-c", "import pip"], capture_output=True, check=False, timeout=60)
        if inside.returncode == 0:
            return [str(self.python), "-m", "pip", "--disable-pip-version-check"]
        return [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(self.python)]

    def _run(self, command: list[str], doing: str) -> None:
        env = {**os.environ, **caches(self.root)}
        try:
            done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=1800)
        except OSError as error:
            raise explain_os_error(error, doing) from error
        except subprocess.TimeoutExpired as error:
            raise SetupError(f"It took more than half an hour to get on with {doing}: check the network.") from error
        if done.returncode != 0:
            raise _failed(doing, (done.stderr or done.stdout).strip())


def _failed(doing: str, said: str) -> SetupError:
    tail = "\n".join(said.splitlines()[-8:])
    lowered = said.lower()
    if "no space left" in lowered:
        return SetupError(f"The disk is full while {doing}: free some space and run this again.\n{tail}")
    if "permission denied" in lowered or "read-only file system" in lowered:
        return SetupError(f"The project's folder cannot be written while {doing}.\n{tail}")
    if any(sign in lowered for sign in _NETWORK_SIGNS):
        return SetupError(
            f"The package registry could not be reached while {doing}: check the network or the proxy settings "
            f"and run this again; what was fetched is kept.\n{tail}"
        )
    return SetupError(f"Something failed while {doing}:\n{tail}")
