"""A folder for the data of a product that runs as a process of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def var() -> Iterator[Path]:
    """An empty folder outside pytest's own, which every run of pytest closes to all others, also to root's server."""
    folder = Path(tempfile.mkdtemp(prefix="zvonar-app-"))
    folder.chmod(0o755)
    yield folder / "var"
    shutil.rmtree(folder)
