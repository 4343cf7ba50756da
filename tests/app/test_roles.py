"""The roles as processes of their own, joined by the database alone."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from datetime import timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest

from app.clock import SystemClock
from bench.queue import add_campaign
from campaigns.campaign import Order, RetryPolicy
from campaigns.settings_json import retry_to_json
from core.results import RETRIED
from robot.dialog.scripts import flow_of_script, script_from_json
from services import scenarios
from storage import embedded
from storage.database import Database
from storage.migrate import upgrade
from storage.tables import campaigns
from tests.app.running import looking_into, started, until

SCRIPT = {"kind": "notification", "language": "ru", "message": {"text": "Добрый день.", "voice": "female"}}
CAST = """
numbers: {}
default:
  - {after_ring_s: 0.5, answers: [], greeting: null, hang_up_after_s: 2}
"""
RETRY = RetryPolicy(limits=dict.fromkeys(RETRIED, 9), waits=dict.fromkeys(RETRIED, timedelta(seconds=1)), max_calls=9)
LEADS = 24
SMALL = {"ZVONAR_CALLS_AT_ONCE": "4", "ZVONAR_WORKER_SILENT_S": "3", "ZVONAR_SIMULATOR__LINES": "20"}
OVERLAPPING = """
    SELECT count(*) FROM attempts a JOIN attempts b ON a.lead_id = b.lead_id AND a.id < b.id
    WHERE a.ended_at IS NULL OR a.ended_at > b.started_at
"""


async def prepare(var: Path) -> None:
    """A campaign that waits to be switched on, in a database that nobody uses yet."""
    server = await asyncio.to_thread(embedded.start, var / "postgres")
    try:
        await upgrade(server.owner_url, app_url=server.app_url)
        database = Database(server.app_url)
        made = await add_campaign(database, LEADS, Order.RANDOM)
        flow, now = flow_of_script(script_from_json(SCRIPT), name="roles"), SystemClock().now()
        async with database.transaction(made.company) as tx:
            version = await scenarios.publish(tx, name="roles", flow=flow, script=None, now=now)
            await tx.execute(
                campaigns.update().values(
                    scenario_version_id=version,
                    kind="notification",
                    trunk="simulator",
                    lines=6,
                    ring_timeout_s=8,
                    detect_machines=False,
                    retry=retry_to_json(RETRY),
                    created_at=now,
                )
            )
        await database.close()
    finally:
        await asyncio.to_thread(server.stop)


async def said(process: subprocess.Popen[str], words: str) -> str:
    """The line of its output that holds the words."""
    assert process.stdout is not None
    async with asyncio.timeout(60):
        while True:
            line = await asyncio.to_thread(process.stdout.readline)
            assert line or process.poll() is None, "the process ended"
            if words in line:
                return line


@pytest.mark.slow
@pytest.mark.postgres
async def test_pacer_and_workers_apart_share_the_work_and_a_killed_one_is_replaced(var: Path) -> None:
    var.mkdir()
    (var / "simulator").mkdir()
    (var / "simulator" / "cast.yaml").write_text(CAST)
    await prepare(var)
    with (
        started(var, "pacer", env=SMALL) as pacer,
        started(var, "pacer", env=SMALL) as standby,
        started(var, "calls", env=SMALL) as one,
        started(var, "calls", env=SMALL) as other,
    ):
        async with looking_into(var) as database:
            await until(database, "SELECT count(DISTINCT worker_id) = 2 FROM attempts", 60)
            await until(database, "SELECT count(*) > 3 FROM attempts WHERE answered_at IS NOT NULL", 60)
            assert await database.fetchval("SELECT count(*) <= 6 FROM attempts WHERE result IS NULL")
            for process in (pacer, one):
                os.killpg(process.pid, signal.SIGKILL)
            await until(database, "SELECT count(*) = 0 FROM leads WHERE state IN ('waiting', 'dialling')", 120)
            assert await database.fetchval("SELECT count(*) FROM attempts WHERE result IS NULL") == 0
            assert await database.fetchval(OVERLAPPING) == 0
            assert await database.fetchval("SELECT count(*) FROM leads WHERE state = 'reached'") == LEADS
            for process in (standby, other):
                process.send_signal(signal.SIGTERM)
                assert await asyncio.to_thread(process.wait, 30) == 0


@pytest.mark.slow
@pytest.mark.postgres
async def test_the_interface_alone_answers_and_ends_when_asked(var: Path) -> None:
    with started(var, "api", "--port", "0") as api:
        address = (await said(api, "interface is at")).split()[-1]
        health = await asyncio.to_thread(urlopen, f"{address}api/v1/health")
        assert health.status == 200
        api.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(api.wait, 30) == 0
