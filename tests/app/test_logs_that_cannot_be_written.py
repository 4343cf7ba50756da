"""Logs onto a disk that is full: the line is lost, what was being done goes on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from app.logs import start_logs


@pytest.fixture
def _own_configuration() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("_own_configuration")
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("level", ["info", "warning", "error", "critical"])
def test_a_line_that_finds_no_room_is_lost_without_an_error(monkeypatch: pytest.MonkeyPatch, level: str) -> None:
    full = Path("/dev/full").open("w", buffering=1)  # noqa: SIM115 - its close would fail as its lines do
    monkeypatch.setattr(sys, "stderr", full)
    start_logs("INFO")
    log = structlog.get_logger("test")
    with pytest.raises(OSError, match="No space left"):
        print("x", file=full, flush=True)
    getattr(log, level)("disk.full", free=0)
    getattr(log, level)("disk.full", free=0)
    with pytest.raises(OSError, match="No space left"):
        full.close()
