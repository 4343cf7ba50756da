"""Our side of the measurement: one `Switch`, and on each answered leg a `RobotCall` with the real engines."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from app.clock import SystemClock
from app.line import SwitchLine
from bench.callers.people import QUESTIONS, Caller, variables
from core.legs import Answered, DialOrder, HungUp, LegId
from core.results import CallResult
from robot.call import CallSettings, RobotCall
from robot.dialog.flow import Flow
from robot.outcome import Outcome
from robot.senses import Senses
from telephony_esl.switch import Leg, Switch, SwitchSettings
from telephony_esl.trunks import Trunk

TRUNK = "simulator"
CONNECT_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Held:
    """One call that we held: whose it was and what came of it."""

    leg: str
    caller: Caller
    outcome: Outcome

    @property
    def right(self) -> int:
        """How many of the caller's answers were understood as meant."""
        return len(self.caller.labels) - len(self.wrong)

    @property
    def wrong(self) -> tuple[str, ...]:
        """The answers that were not understood as meant."""
        given = {(answer.question, answer.label) for answer in self.outcome.answers}
        meant = zip(QUESTIONS, self.caller.labels, strict=False)
        return tuple(f"{name}: {label}" for (_, name, _), label in meant if (name, label) not in given)


@dataclass(slots=True)
class Row:
    """What our side knows of one run: the calls, and what they cost between the first answer and the last end."""

    held: list[Held] = field(default_factory=list)
    unanswered: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0

    @property
    def audio_s(self) -> float:
        """The calls' length, added up."""
        return sum(one.outcome.audio_ms for one in self.held) / 1000

    @property
    def broken(self) -> int:
        """How many calls ended by a fault of ours."""
        return self.unanswered + sum(one.outcome.result is CallResult.SYSTEM_ERROR for one in self.held)


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Switch]:
    """A switch on the network at this port."""
    trunk = Trunk(TRUNK, "sofia/gateway/simulator", lines=2000, calls_per_second=2000)
    settings = SwitchSettings("voice", "127.0.0.1", port, "ClueCon", "127.0.0.1", (trunk,))
    switch = Switch(settings, SystemClock())
    async with asyncio.TaskGroup() as group:
        running = group.create_task(switch.run())
        await switch.wait_connected(CONNECT_WITHIN_S)
        yield switch
        running.cancel()


async def hold(
    switch: Switch,
    flow: Flow,
    callers: Sequence[Caller],
    senses: Senses,
    folder: Path,
    *,
    seconds: float,
    rise_s: float,
) -> Row:
    """Has each caller called again and again for so many seconds; they begin one by one within `rise_s`."""
    row = Row()
    for at in range(len(callers)):
        await senses.prompts.prepare(flow, variables(at))
    rng = random.Random(1)
    began, cpu = time.perf_counter(), time.process_time()

    async def one(at: int, caller: Caller) -> None:
        await asyncio.sleep(rise_s * at / len(callers) + rng.uniform(0, 0.05))
        while time.perf_counter() - began < rise_s + seconds:
            await _call(switch, flow, caller, at, senses=senses, folder=folder, row=row)

    async with asyncio.TaskGroup() as group:
        for at, caller in enumerate(callers):
            group.create_task(one(at, caller))
    row.cpu_s, row.wall_s = time.process_time() - cpu, time.perf_counter() - began
    return row


async def hold_each(
    switch: Switch, flow: Flow, callers: Sequence[Caller], senses: Senses, folder: Path, *, count: int, row: Row
) -> None:
    """Has `count` calls held, one at a time with each caller."""

    async def one(at: int, caller: Caller) -> None:
        for _ in range(at, count, len(callers)):
            await _call(switch, flow, caller, at, senses=senses, folder=folder, row=row)

    async with asyncio.TaskGroup() as group:
        for at, caller in enumerate(callers):
            group.create_task(one(at, caller))


async def _call(switch: Switch, flow: Flow, caller: Caller, at: int, *, senses: Senses, folder: Path, row: Row) -> None:
    leg = await switch.dial(DialOrder(LegId(str(uuid4())), TRUNK, caller.number))
    if not await _answered(leg):
        row.unanswered += 1
        return
    settings = CallSettings(recordings=folder, call_name=leg.id, detect_machines=False, language=flow.language)
    line = SwitchLine(leg, _nobody)
    outcome = await RobotCall(flow, variables=variables(at), line=line, senses=senses, settings=settings).run()
    row.held.append(Held(leg.id, caller, outcome))
    if outcome.recording is not None:
        outcome.recording.unlink()
    while not isinstance(await leg.next_event(), HungUp):
        pass


async def _answered(leg: Leg) -> bool:
    while True:
        match await leg.next_event():
            case Answered():
                return True
            case HungUp():
                return False


async def _nobody(line: SwitchLine, group: str, wait_s: float) -> bool:
    return False
