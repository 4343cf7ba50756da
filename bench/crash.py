"""What is lost when processes die: workers and pacers killed at random instants while they dial.

`python -m bench.crash [--kills N] [--leads N] [--workers N] [--seed N]`; the last line is JSON.

Real processes: `zvonar calls` and `zvonar pacer` on a shared embedded PostgreSQL, and a simulated switch in a process
of its own, in real time, with robots that talk. Each kill is a SIGKILL, its victim starts anew at once. In between
PostgreSQL is restarted once, as after a crash, and the switch twice, which ends its calls. A campaign that its circuit
breaker pauses is switched on again, as somebody would. At the end all leads must have been brought to their end.

`without_result`: attempts without one. `double_calls`: people who were called while they were being called, as the
switch saw it or as the attempts tell, or called again once reached. `leads_lost`: leads that are neither reached nor
failed, or whose counters do not fit their attempts. A process that ends by itself is started again, and its last
words are shown; `bad_exits` are those that did not end in order when they were asked to.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import asyncpg

from app.settings import ROOT, SIMULATED_TRUNK
from bench.queue import add_campaign
from campaigns.campaign import Campaign, Order, RetryPolicy
from campaigns.settings_json import retry_to_json
from core.results import RETRIED
from robot.dialog.scripts import flow_of_script, script_from_json
from services import scenarios
from storage import embedded
from storage.database import Database
from storage.migrate import upgrade
from storage.tables import campaigns
from storage.urls import for_asyncpg
from telephony_esl.simulator import Cast, Failure, Pace, Person, Refusal, SimulatedNetwork
from telephony_esl.simulator.channel import Order as Originate

PASSWORD = "crash"
LINES = 40
CALLS_PER_S = 15
SILENT_S = 3
SETTLE_S = 240.0
LAST_WORDS = 2_000
RETRY = RetryPolicy(limits=dict.fromkeys(RETRIED, 10), waits=dict.fromkeys(RETRIED, timedelta(seconds=2)), max_calls=10)
SCRIPT = {"kind": "notification", "language": "ru", "message": {"text": "Добрый день.", "voice": "female"}}
CAST = Cast(
    {},
    (
        Person((), after_ring_s=0.5, greeting=None, hang_up_after_s=4),
        Person((), after_ring_s=1.0, greeting=None, hang_up_after_s=2),
        Person((), after_ring_s=1.5, greeting=None, hang_up_after_s=6),
        Refusal(Failure.BUSY, after_ring_s=0.5),
    ),
)
OVERLAPPING = """
    SELECT count(*) FROM attempts a JOIN attempts b ON a.lead_id = b.lead_id AND a.id < b.id
    WHERE a.ended_at IS NULL OR a.ended_at > b.started_at OR a.result IN ('completed', 'transferred')
"""
LOST = """
    SELECT count(*) FROM leads l
    WHERE l.state NOT IN ('reached', 'failed')
       OR l.attempts <> (SELECT count(*) FROM attempts a WHERE a.lead_id = l.id)
"""
OPEN = "SELECT count(*) FROM leads WHERE state IN ('waiting', 'dialling')"


# ---- the switch's process


class _Watching(SimulatedNetwork):
    """Tells when somebody is called who is being called."""

    tell: Connection

    def originate(self, order: Originate) -> None:
        if any(channel.order.number == order.number for channel in self.channels.values()):
            self.tell.send(order.number)
        super().originate(order)


def serve(pipe: Connection, port: int) -> None:
    """Runs the switch until it is killed."""

    async def run() -> None:
        network = _Watching(CAST, pace=Pace.REAL_TIME, port=port, password=PASSWORD)
        network.tell = pipe
        async with network:
            pipe.send(network.port)
            await asyncio.Event().wait()

    asyncio.run(run())


@dataclass
class SwitchProcess:
    """The simulated switch, and what it told."""

    port: int = 0
    doubles: list[str] = field(default_factory=list)
    process: BaseProcess | None = None
    pipe: Connection | None = None

    def start(self) -> None:
        """Starts it, the second time on the same port."""
        here, there = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self.process = context.Process(target=serve, args=(there, self.port))
        self.process.start()
        self.pipe, self.port = here, here.recv()

    def kill(self) -> None:
        """Ends it without a word."""
        assert self.process is not None
        self.process.kill()
        self.process.join(10)
        self.hear()

    def hear(self) -> None:
        """Takes what it told so far."""
        assert self.pipe is not None
        try:
            while self.pipe.poll():
                self.doubles.append(self.pipe.recv())
        except EOFError:
            return


# ---- the product's processes


@dataclass
class Role:
    """One process of the product, started again whenever it was killed."""

    word: str
    env: dict[str, str]
    log: Path
    began: str = ""
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it; a line in its log tells where this start begins."""
        self.began = f"-- start {time.monotonic_ns()}"
        with self.log.open("ab") as output:
            output.write(f"{self.began}\n".encode())
            output.flush()
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app", self.word],
                cwd=ROOT,
                env=self.env,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def said(self) -> str:
        """The last lines of its log."""
        return (
            self.log.read_bytes()[-20_000:].decode("utf-8", "replace").rstrip().rpartition(self.began)[2][-LAST_WORDS:]
        )

    def kill(self) -> None:
        """Kills it and all that it started."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def end(self, within_s: float) -> int:
        """Asks it to end; its exit status, that of a killed one if it did not."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL


def roles(folder: Path, port: int, workers: int) -> list[Role]:
    """Two pacers and so many workers on one folder."""
    trunk = {
        "name": SIMULATED_TRUNK,
        "gateway": "sofia/gateway/simulator",
        "lines": LINES,
        "calls_per_second": CALLS_PER_S,
    }
    switch = {"name": "simulated", "host": "127.0.0.1", "port": port, "password": PASSWORD, "trunks": [trunk]}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ZVONAR_")}
    env = clean | {
        "ZVONAR_VAR": str(folder),
        "ZVONAR_SWITCHES": json.dumps([switch]),
        "ZVONAR_WORKER_SILENT_S": str(SILENT_S),
        "ZVONAR_CALLS_AT_ONCE": str(LINES),
        "ZVONAR_DRAIN_S": "20",
        "PYTHONUTF8": "1",
    }
    words = ["pacer"] * 2 + ["calls"] * workers
    return [Role(word, env, folder / f"{word}-{n}.log") for n, word in enumerate(words)]


# ---- the run


async def prepare(database: Database, leads: int) -> Campaign:
    """A campaign that notifies so many people, each with a number of their own."""
    made = await add_campaign(database, leads, Order.RANDOM)
    flow = flow_of_script(script_from_json(SCRIPT), name="crash")
    async with database.transaction(made.company) as tx:
        version = await scenarios.publish(tx, name="crash", flow=flow, script=None, now=datetime.now(UTC))
        await tx.execute(
            campaigns.update().values(
                scenario_version_id=version,
                kind="notification",
                trunk=SIMULATED_TRUNK,
                lines=LINES,
                ring_timeout_s=8,
                detect_machines=False,
                retry=retry_to_json(RETRY),
                created_at=datetime.now(UTC),
            )
        )
    return made


@asynccontextmanager
async def looking(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection past the isolation, while the server lives."""
    connection = await asyncpg.connect(for_asyncpg(url), timeout=10)
    try:
        yield connection
    finally:
        connection.terminate()


async def ask(url: str, query: str) -> int:
    """One number; tries again while the server is away."""
    for _ in range(100):
        try:
            async with looking(url) as connection:
                return int(await connection.fetchval(query) or 0)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            await asyncio.sleep(0.2)
    raise TimeoutError("the database did not come back")


async def switch_on_again(url: str) -> int:
    """Closes the circuit breakers, as somebody would; how many were open."""
    return await ask(
        url,
        "WITH closed AS (UPDATE campaigns SET breaker_open = NULL WHERE breaker_open IS NOT NULL RETURNING 1) "
        "SELECT count(*) FROM closed",
    )


async def torment(
    server: embedded.Embedded, switch: SwitchProcess, running: Sequence[Role], options: argparse.Namespace
) -> Counter[str]:
    """Kills at random, and restarts the rest in between; what was done how often."""
    chance, done = random.Random(options.seed), Counter[str]()
    await until_dialling(server.superuser_url)
    for kill in range(1, options.kills + 1):
        await asyncio.sleep(chance.uniform(0.2, options.pause * 2))
        victim = chance.choice(running)
        await asyncio.to_thread(victim.kill)
        victim.start()
        done[f"killed_{victim.word}"] += 1
        if kill == options.kills // 2:
            await asyncio.to_thread(server.crash)
            done["database_restarts"] += 1
        if kill in (options.kills // 3, options.kills * 2 // 3):
            await asyncio.to_thread(switch.kill)
            await asyncio.sleep(chance.uniform(0, 1))
            switch.start()
            done["switch_restarts"] += 1
        done["breakers"] += await switch_on_again(server.superuser_url)
        revive(running, done)
        left = await ask(server.superuser_url, OPEN)
        print(f"kill {kill}: {victim.word}, {left} leads to go", file=sys.stderr, flush=True)
    return done


async def until_dialling(url: str) -> None:
    """Returns once calls are in progress."""
    async with asyncio.timeout(120):
        answered = 0
        while answered < 3:
            await asyncio.sleep(0.2)
            answered = await ask(url, "SELECT count(*) FROM attempts WHERE answered_at IS NOT NULL")


def revive(running: Sequence[Role], done: Counter[str]) -> None:
    """Starts what ended by itself, as one that began while the database was away, like a supervisor does."""
    for role in running:
        if role.process is not None and role.process.poll() is not None:
            done[f"{role.word}_ended_{role.process.returncode}"] += 1
            print(f"{role.log.stem} ended with {role.process.returncode}:\n{role.said()}", file=sys.stderr, flush=True)
            role.start()


async def settle(url: str, running: Sequence[Role], done: Counter[str]) -> int:
    """Waits until all leads are at their end; how many are not."""
    until = time.monotonic() + SETTLE_S
    while (left := await ask(url, OPEN)) and time.monotonic() < until:
        await asyncio.sleep(0.5)
        await switch_on_again(url)
        revive(running, done)
    return left


async def run(folder: Path, options: argparse.Namespace) -> dict[str, object]:
    """Everything from the server's start to the sums."""
    server = await asyncio.to_thread(embedded.start, folder / "postgres")
    switch, running, began = SwitchProcess(), list[Role](), time.monotonic()
    try:
        await upgrade(server.owner_url, app_url=server.app_url)
        database = Database(server.app_url)
        await prepare(database, options.leads)
        await database.close()
        switch.start()
        running = roles(folder, switch.port, options.workers)
        for role in running:
            role.start()
        done = await torment(server, switch, running, options)
        left = await settle(server.superuser_url, running, done)
        async with asyncio.TaskGroup() as group:
            ends = [group.create_task(asyncio.to_thread(role.end, 40)) for role in running]
        switch.hear()
        url = server.superuser_url
        return {
            "attempts": await ask(url, "SELECT count(*) FROM attempts"),
            "without_result": await ask(url, "SELECT count(*) FROM attempts WHERE result IS NULL"),
            "double_calls": len(switch.doubles) + await ask(url, OVERLAPPING),
            "leads_lost": await ask(url, LOST),
            "leads": options.leads,
            "left": left,
            "kills": options.kills,
            **done,
            "system_errors": await ask(url, "SELECT count(*) FROM attempts WHERE result = 'system_error'"),
            "bad_exits": [
                f"{role.log.stem}: {one.result()}: {role.said()}"
                for role, one in zip(running, ends, strict=True)
                if one.result()
            ],
            "seconds": round(time.monotonic() - began, 1),
            "load_1m": round(os.getloadavg()[0], 2),
        }
    finally:
        for role in running:
            if role.process is not None and role.process.poll() is None:
                role.kill()
        if switch.process is not None:
            switch.process.kill()
        await asyncio.to_thread(server.stop)


def main(argv: Sequence[str]) -> int:
    """Runs in a folder of its own, which is kept if something was lost."""
    parser = argparse.ArgumentParser(prog="bench.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--leads", type=int, default=600)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--pause", type=float, default=2.0, help="seconds between kills, on average")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    folder = Path(tempfile.mkdtemp(prefix="zvonar-bench-"))
    folder.chmod(0o755)
    found = asyncio.run(run(folder, options))
    whole = not (found["without_result"] or found["double_calls"] or found["leads_lost"] or found["bad_exits"])
    if whole:
        shutil.rmtree(folder)
    else:
        print(f"The logs are in {folder}.", file=sys.stderr)
    print(json.dumps(found))
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
