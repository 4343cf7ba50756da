"""`up` as an operator meets it: the first login, a port that is taken, a database that is not there, an orderly end."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
from pathlib import Path

import httpx
import pytest

from tests.app.running import started

FIRST = re.compile(r"First login: (\S+)   password: (\S+)")
ADDRESS = re.compile(r"Zvonar is at (http://\S+)")
CSRF = {"X-Requested-With": "zvonar"}


async def _said(stream: object, pattern: re.Pattern[str], lines: list[str]) -> re.Match[str]:
    """Reads on until a line matches."""
    async with asyncio.timeout(60):
        while True:
            line = await asyncio.to_thread(stream.readline)  # type: ignore[attr-defined]
            assert line, lines
            lines.append(line)
            if found := pattern.search(line):
                return found


@pytest.mark.postgres
async def test_the_first_start_shows_one_login_once_and_it_works(var: Path) -> None:
    with started(var, "up", "--port", "0") as up:
        lines: list[str] = []
        address = (await _said(up.stdout, ADDRESS, lines))[1]
        shown = FIRST.search("".join(lines))
        assert shown is not None, lines
        given = {"login": shown[1], "password": shown[2]}
        async with httpx.AsyncClient(base_url=address, headers=CSRF, timeout=10) as browser:
            assert (await browser.get("api/v1/health")).json()["status"] == "ok"
            assert (await browser.post("api/v1/session", json=given)).status_code == 200
            assert (await browser.get("api/v1/me")).json()["login"] == shown[1]
            assert [trunk["name"] for trunk in (await browser.get("api/v1/trunks")).json()] == ["simulator"]
        up.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(up.wait, 30) == 0
    with started(var, "up", "--port", "0") as again:
        lines = []
        await _said(again.stdout, ADDRESS, lines)
        assert not FIRST.search("".join(lines))
        again.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(again.wait, 30) == 0


@pytest.mark.parametrize("command", ["up", "demo"])
def test_a_port_in_use_is_said_at_once(command: str, var: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with started(var, command, "--port", port) as refused:
            assert refused.wait(timeout=30) == 1
        said = (var.parent / f"{command}.err").read_text("utf-8")
    assert f"zvonar: Port {port} on 127.0.0.1 is in use by another program." in said
    assert "--port" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://zvonar@127.0.0.1:9/zvonar", "The database does not answer."),
        ("mysql://somewhere/else", "The database address cannot be read."),
    ],
)
def test_a_database_that_is_not_there_is_said(url: str, said: str, var: Path) -> None:
    with started(var, "up", "--port", "0", env={"ZVONAR_DATABASE_URL": url}) as refused:
        assert refused.wait(timeout=30) == 1
    error = (var.parent / "up.err").read_text("utf-8")
    assert f"zvonar: {said}" in error
    assert "Traceback" not in error


def test_a_setting_that_cannot_be_is_named(var: Path) -> None:
    with started(var, "up", env={"ZVONAR_WEB__PORT": "many"}) as refused:
        assert refused.wait(timeout=30) == 1
    assert "zvonar: The setting ZVONAR_WEB__PORT cannot be used" in (var.parent / "up.err").read_text("utf-8")
