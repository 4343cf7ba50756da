"""`kill -9` in the middle of the demo, then `up`: it goes on where it stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.app.running import looking_into, started, until

MANY_CALLS = (
    "SELECT count(*) FILTER (WHERE result IS NULL AND answered_at IS NOT NULL) >= 8 AND count(*) >= 30 FROM attempts"
)
OVER = """
    SELECT count(*) = 0 FROM leads
    WHERE state = 'dialling' OR (state = 'waiting' AND due_at < now() + interval '90 seconds')
"""
OVERLAPPING = """
    SELECT count(*) FROM attempts a JOIN attempts b ON a.lead_id = b.lead_id AND a.id < b.id
    WHERE a.ended_at IS NULL OR a.ended_at > b.started_at
"""
WRONG_COUNTERS = """
    SELECT count(*) FROM leads l WHERE l.attempts <> (SELECT count(*) FROM attempts a WHERE a.lead_id = l.id)
"""


@pytest.mark.slow
@pytest.mark.postgres
async def test_after_a_kill_up_goes_on_and_loses_nothing(var: Path) -> None:
    with started(var, "demo", "--once", "--port", "0") as demo:
        await _until_database(var, demo)
        async with looking_into(var) as database:
            await until(database, "SELECT to_regclass('attempts') IS NOT NULL", 30)
            await until(database, MANY_CALLS, 90)
            os.killpg(demo.pid, signal.SIGKILL)
            demo.wait(timeout=10)
            leads = await database.fetchval("SELECT count(*) FROM leads")
            cut = {row["id"] for row in await database.fetch("SELECT id FROM attempts WHERE result IS NULL")}
            assert cut, "nobody was being called when the process was killed"
            with started(var, "up", "--port", "0") as up:
                await until(database, OVER, 180)
                results = await database.fetch("SELECT id, result FROM attempts")
                assert all(row["result"] is not None for row in results)
                assert {row["result"] for row in results if row["id"] in cut} == {"system_error"}
                assert await database.fetchval("SELECT count(*) FROM leads") == leads
                assert await database.fetchval(OVERLAPPING) == 0
                assert await database.fetchval(WRONG_COUNTERS) == 0
                states = await database.fetch("SELECT state, count(*) AS n FROM leads GROUP BY state")
                assert {row["state"] for row in states} <= {"reached", "failed", "waiting"}
                assert await database.fetchval("SELECT count(*) FROM leads WHERE state = 'reached'") > leads / 2
                up.send_signal(signal.SIGTERM)
                assert await asyncio.to_thread(up.wait, 30) == 0


async def _until_database(var: Path, process: subprocess.Popen[str]) -> None:
    """Waits for the server that the process starts, so that the test does not start it first."""
    async with asyncio.timeout(60):
        while not (var / "postgres" / "ready").exists():
            assert process.poll() is None, (var.parent / "demo.err").read_text()
            await asyncio.sleep(0.1)
