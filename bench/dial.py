"""How fast calls are placed and their results committed, and how many one process holds at once.

`python -m bench.dial [--seconds S] [--rate N] [--hold S] [--answered SHARE]`; the last line is JSON.

A pacer and a worker dial over the event socket to a simulated network in a process of its own (`Pace.FAST`: ringing
takes no time), on an embedded PostgreSQL with its ordinary durability: each attempt is committed before its call and
each result after it. Callees are busy, do not answer, or answer; nobody speaks: the calls' own part notes the answer as
the product does, and hangs up at once or after `hold` seconds, so that many are in progress at once.

`event_to_command_p99_ms` is from the arrival of an answer at our socket to the command that follows it. `lost_events`
are answers and ends that the network told and no call heard. `cpu_ms_per_call` is the worker's and pacer's process
alone. `originates_per_s` are counted once the first seconds are over, `results_per_s` once the first held calls end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import uuid4

from sqlalchemy import text

from app.clock import SystemClock
from app.lines import TrunkLines
from app.logs import start_logs
from bench.queue import add_campaign
from campaigns.answers import Answers
from campaigns.campaign import Campaign, Order
from campaigns.dialler import Dialler
from campaigns.leads import Ending, LeasedCall, WorkerId
from campaigns.pacer import Pacer
from core.clock import Clock
from core.errors import Unavailable
from core.legs import Answered, DialOrder, HungUp
from core.results import CallResult
from storage import embedded
from storage.bell import Bell
from storage.database import Database, PoolLimits
from storage.leads import PostgresLeads
from storage.migrate import upgrade
from storage.pacing import QUOTAS_CHANNEL, PostgresLeaders
from storage.pacing_store import PostgresPacing
from telephony_esl.simulator import Cast, Failure, Pace, Person, Refusal, SimulatedNetwork
from telephony_esl.simulator.channel import Channel
from telephony_esl.switch import Leg, Switch, SwitchSettings
from telephony_esl.trunks import Trunk

TRUNK = "t"
WARM_S = 3.0
CONNECTIONS = 12


# ---- the network's process


class _Counted(SimulatedNetwork):
    """Notes of each call whether it was answered and how it ended."""

    def __init__(self, cast: Cast) -> None:
        super().__init__(cast, pace=Pace.FAST)
        self.ended: dict[str, tuple[bool, str]] = {}

    def gone(self, channel: Channel) -> None:
        super().gone(channel)
        end = channel.account()
        self.ended[channel.order.uuid] = (end.answered_ms is not None, end.cause)


def serve(pipe: Connection, answered: float) -> None:
    """Runs the network until told to stop; then says what became of each leg."""
    people = [Person((), after_ring_s=0.1, greeting=None, patience_s=3600)] * round(answered * 10)
    others = [Refusal(Failure.BUSY, after_ring_s=0.1), Refusal(Failure.NO_ANSWER)] * 5
    cast = Cast({}, (*people, *others[: 10 - len(people)]))

    async def run() -> None:
        network = _Counted(cast)
        async with network:
            pipe.send(network.port)
            loop, stop = asyncio.get_running_loop(), asyncio.Event()
            loop.add_reader(pipe.fileno(), stop.set)
            await stop.wait()
            loop.remove_reader(pipe.fileno())
            pipe.send((network.ended, len(network.channels), time.process_time()))

    asyncio.run(run())


# ---- the worker's process


class _Watched(Switch):
    """Notes when each answer came in at the socket."""

    def __init__(self, settings: SwitchSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self.came_s: dict[str, float] = {}

    def _on_event(self, event: Mapping[str, str]) -> None:
        if event.get("Event-Name") == "CHANNEL_ANSWER":
            self.came_s[event["Unique-ID"]] = time.perf_counter()
        super()._on_event(event)


@dataclass(slots=True)
class Heard:
    """What the calls did and heard."""

    originated_s: list[float] = field(default_factory=list)
    ended_s: list[float] = field(default_factory=list)
    reaction_s: list[float] = field(default_factory=list)
    legs: dict[str, tuple[bool, str]] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    live: int = 0
    peak: int = 0


class Trials:
    """The dialler's `Calls`: dials, notes an answer, hangs up at once or after `hold_s`."""

    def __init__(self, switch: _Watched, answers: Answers, clock: Clock, hold_s: float) -> None:
        self.heard = Heard()
        self._switch = switch
        self._answers = answers
        self._clock = clock
        self._hold_s = hold_s

    async def place(self, call: LeasedCall, campaign: Campaign) -> Ending:
        """One call."""
        heard = self.heard
        heard.originated_s.append(time.monotonic())
        order = DialOrder(
            leg=call.leg, trunk=campaign.trunk, destination=call.phone.e164, ring_timeout=timedelta(seconds=30)
        )
        heard.live += 1
        heard.peak = max(heard.peak, heard.live)
        try:
            leg = await self._switch.dial(order)
            return await self._follow(leg, call)
        except Unavailable as error:
            heard.failures[error.code] = heard.failures.get(error.code, 0) + 1
            raise
        finally:
            heard.live -= 1
            heard.ended_s.append(time.monotonic())

    async def abandon(self, call: LeasedCall, campaign: Campaign | None = None) -> None:
        """Nobody dies here."""
        await self._switch.kill(call.leg)

    async def _follow(self, leg: Leg, call: LeasedCall) -> Ending:
        answered_at = None
        while True:
            event = await leg.next_event()
            if isinstance(event, Answered):
                answered_at = self._clock.now()
                self._answers.note(call, answered_at)
                if call.attempt % 4:
                    await asyncio.sleep(self._hold_s)
                    await leg.hang_up()
                else:
                    await leg.hang_up()
                    self.heard.reaction_s.append(time.perf_counter() - self._switch.came_s[leg.id])
            elif isinstance(event, HungUp):
                self.heard.legs[leg.id] = (answered_at is not None, event.cause)
                result = event.result if answered_at is None else CallResult.COMPLETED
                return Ending(result, self._clock.now(), answered_at, event.cause, event.sip_status)


@asynccontextmanager
async def dialling(url: str, port: int, options: argparse.Namespace) -> AsyncIterator[tuple[Trials, Pacer]]:
    """A pacer and a worker at work until the block ends, which drains."""
    clock = SystemClock()
    trunk = Trunk(TRUNK, "sofia/gateway/simulator", lines=options.lines, calls_per_second=options.rate)
    settings = SwitchSettings("simulator", "127.0.0.1", port, "ClueCon", "127.0.0.1", (trunk,))
    switch = _Watched(settings, clock)
    database = Database(url, PoolLimits(connections=CONNECTIONS, wait_s=60))
    store, pacing = PostgresLeads(database), PostgresPacing(database)
    answers = Answers(store)
    calls = Trials(switch, answers, clock, options.hold)
    silent_for = timedelta(seconds=10)
    pacer = Pacer(store=pacing, leaders=PostgresLeaders(url), clock=clock, silent_for=silent_for)
    dialler = Dialler(
        store=store,
        quotas=pacing,
        calls=calls,
        lines=TrunkLines([(settings, switch)], clock),
        clock=clock,
        worker=WorkerId(uuid4()),
        calls_at_once=options.lines,
        silent_for=silent_for,
    )
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(switch.run())]
            await switch.wait_connected(10)
            tasks += [group.create_task(pacer.run()), group.create_task(answers.run())]
            tasks.append(group.create_task(Bell(url, QUOTAS_CHANNEL, dialler.wake).run()))
            group.create_task(dialler.run())
            yield calls, pacer
            await dialler.drain(options.hold + 30)
            for task in tasks:
                task.cancel()
    finally:
        await database.close()


async def measure(url: str, port: int, options: argparse.Namespace) -> tuple[dict[str, object], Heard]:
    """Dials for so many seconds, drains, and adds up."""
    database = Database(url)
    await add_campaign(database, options.leads, Order.RANDOM)
    async with database.system() as tx:
        (company,) = (await tx.execute(text("SELECT zvonar_company_ids()"))).scalars()
    async with database.transaction(company) as tx:
        changed = text("UPDATE campaigns SET lines = :lines, created_at = now()")
        await tx.execute(changed, {"lines": options.lines})
    async with dialling(url, port, options) as (calls, pacer):
        began_cpu, began = time.process_time(), time.monotonic()
        await asyncio.sleep(options.seconds)
        until = time.monotonic()
    spent, heard = time.process_time() - began_cpu, calls.heard
    async with database.transaction(company) as tx:
        row = (
            await tx.execute(
                text("SELECT count(*) AS made, count(*) FILTER (WHERE result IS NULL) AS open, "
                     "count(DISTINCT lead_id) AS leads FROM attempts")
            )
        ).one()  # fmt: skip
    await database.close()
    reaction = sorted(heard.reaction_s)
    return {
        "originates_per_s": rate(heard.originated_s, began, until),
        "peak_calls": heard.peak,
        "results_per_s": rate(heard.ended_s, began + options.hold, until),
        "event_to_command_p99_ms": round(reaction[int(len(reaction) * 0.99)] * 1000, 2) if reaction else None,
        "event_to_command_p50_ms": round(reaction[len(reaction) // 2] * 1000, 2) if reaction else None,
        "cpu_ms_per_call": round(spent / max(len(heard.ended_s), 1) * 1000, 2),
        "calls": row.made,
        "without_result": row.open,
        "failures": heard.failures,
        "pacer_tick_ms": round(pacer.tick_s * 1000, 1),
        "load_1m": round(os.getloadavg()[0], 2),
    }, heard


def rate(at_s: Sequence[float], began: float, until: float) -> float:
    """Events a second between the warm-up and the end of dialling."""
    begin = began + WARM_S
    return round(sum(begin <= one < until for one in at_s) / max(until - begin, 1e-9), 1)


def lost(told: Mapping[str, tuple[bool, str]], heard: Mapping[str, tuple[bool, str]]) -> int:
    """Legs whose answer or end the network told otherwise than it was heard."""
    return sum(heard.get(leg) != end for leg, end in told.items()) + sum(leg not in told for leg in heard)


def main(argv: Sequence[str]) -> int:
    """Measures on a server and a network of its own."""
    parser = argparse.ArgumentParser(prog="bench.dial", description=__doc__)
    parser.add_argument("--seconds", type=float, default=45)
    parser.add_argument("--rate", type=float, default=250, help="calls per second that the trunk allows")
    parser.add_argument("--hold", type=float, default=18)
    parser.add_argument("--answered", type=float, default=0.7)
    parser.add_argument("--lines", type=int, default=4000)
    parser.add_argument("--leads", type=int, default=0)
    options = parser.parse_args(argv)
    options.leads = options.leads or int(options.rate * options.seconds * 1.2) + 1000
    start_logs("WARNING")
    folder = Path(tempfile.mkdtemp(prefix="zvonar-bench-"))
    folder.chmod(0o755)
    here, there = multiprocessing.Pipe()
    network = multiprocessing.get_context("spawn").Process(target=serve, args=(there, options.answered))
    network.start()
    server = embedded.start(folder / "postgres")
    try:
        asyncio.run(upgrade(server.owner_url, app_url=server.app_url))
        found, heard = asyncio.run(measure(server.app_url, here.recv(), options))
        here.send("stop")
        told, still, network_cpu = here.recv()
        found["lost_events"] = lost(told, heard.legs)
        found["legs_left"] = still
        found["network_cpu_ms_per_call"] = round(network_cpu / max(len(told), 1) * 1000, 2)
        print(json.dumps(found))
    finally:
        network.terminate()
        network.join(10)
        server.stop()
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
