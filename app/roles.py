"""The roles that work without people, each with its own tasks: beside each other (`up`), or apart.

The pacer shares out the slots and does what takes long; calls are placed by any number of workers. PostgreSQL joins
them with each other and with the interface (`app.site`).
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import structlog

from app.clock import SystemClock
from app.database import OpenDatabase, open_database
from app.desk import Desk
from app.flows import Flows
from app.jobs import Jobs, open_jobs, run_jobs
from app.lines import TrunkLines
from app.robot_calls import RobotCalls
from app.senses import AllSenses
from app.settings import Settings
from app.stop import stop_asked
from app.switches import open_switches
from campaigns.answers import Answers
from campaigns.campaign import CompanyId
from campaigns.dialler import Dialler
from campaigns.leads import WorkerId
from campaigns.pacer import Pacer
from campaigns.trying import again_and_again
from core.clock import Clock
from services import groups
from services.groups import OperatorGroup
from storage.bell import Bell
from storage.database import Database
from storage.leads import PostgresLeads
from storage.pacing import QUOTAS_CHANNEL, PostgresLeaders
from storage.pacing_store import PostgresPacing
from telephony_esl.simulator import Cast, SimulatedNetwork

SIMULATED = "No FreeSWITCH is configured: calls go to a simulated telephone network (docs/freeswitch.md)."

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CallsRole:
    """What places calls; `network` is the simulated telephone network, None on a real switch."""

    dialler: Dialler
    lines: TrunkLines
    senses: AllSenses
    network: SimulatedNetwork | None


async def run_pacer(settings: Settings) -> None:
    """Shares out, or stands by, until a signal."""
    clock = SystemClock()
    with stop_asked() as stop:
        async with (
            open_database(settings) as opened,
            open_jobs(opened.database, opened.url, settings, clock) as jobs,
            pacer_role(settings, clock, opened, jobs=jobs),
        ):
            print("Zvonar paces.", flush=True)
            await stop.wait()


async def run_calls(settings: Settings) -> None:
    """Places calls until a signal; the first one drains, the second one cuts."""
    with stop_asked() as stop:
        async with open_database(settings) as opened, calls_role(settings, SystemClock(), opened) as role:
            if role.network is not None:
                print(SIMULATED, flush=True)
            print("Zvonar places calls.", flush=True)
            await stop.wait()
            if role.dialler.live:
                print(f"Stopping: {role.dialler.live} calls may end; once more to cut them.", file=sys.stderr)


@asynccontextmanager
async def pacer_role(settings: Settings, clock: Clock, opened: OpenDatabase, *, jobs: Jobs) -> AsyncIterator[Pacer]:
    """Shares out, or stands by while another process does, and works off what is to be done in the background."""
    pacer = Pacer(
        store=PostgresPacing(opened.database),
        leaders=PostgresLeaders(opened.url),
        clock=clock,
        silent_for=settings.silent_for,
    )
    async with asyncio.TaskGroup() as group:
        tasks = (
            group.create_task(pacer.run()),
            group.create_task(again_and_again("jobs", lambda: run_jobs(jobs), rest=_rest)),
        )
        yield pacer
        for task in tasks:
            task.cancel()


@asynccontextmanager
async def calls_role(
    settings: Settings, clock: Clock, opened: OpenDatabase, *, cast: Cast | None = None
) -> AsyncIterator[CallsRole]:
    """Places calls as one worker; leaving drains: talks in progress may end."""
    async with AsyncExitStack() as stack:
        switches, network = await stack.enter_async_context(open_switches(settings, clock, cast))
        senses = stack.enter_context(AllSenses(settings))
        lines = TrunkLines(switches, clock)
        answers = Answers(PostgresLeads(opened.database))
        dialler = _dialler(settings, clock, opened.database, lines, senses, answers)
        bell = Bell(opened.url, QUOTAS_CHANNEL, dialler.wake)
        async with asyncio.TaskGroup() as group:
            beside = (group.create_task(bell.run()), group.create_task(answers.run()))
            group.create_task(dialler.run())
            yield CallsRole(dialler, lines, senses, network)
            log.info("calls.draining", live=dialler.live)
            await dialler.drain(settings.drain_s)
            for task in beside:
                task.cancel()


def _dialler(
    settings: Settings, clock: Clock, database: Database, lines: TrunkLines, senses: AllSenses, answers: Answers
) -> Dialler:
    async def find_group(company: CompanyId, name: str) -> OperatorGroup | None:
        async with database.transaction(company) as tx:
            return await groups.find_group(tx, name)

    store = PostgresLeads(database, host=f"{socket.gethostname()} {os.getpid()}")
    calls = RobotCalls(
        lines=lines,
        desk=Desk(find_group, clock, trunk=settings.operator_trunk),
        note_answer=answers.note,
        flow=Flows(database, senses.render_fixed).get,
        senses=senses.of,
        recordings=settings.recordings,
        prices=settings.prices,
        clock=clock,
    )
    return Dialler(
        store=store,
        quotas=PostgresPacing(database),
        calls=calls,
        lines=lines,
        clock=clock,
        worker=WorkerId(uuid4()),
        calls_at_once=settings.calls_at_once,
        silent_for=settings.silent_for,
    )


async def _rest() -> None:
    await asyncio.sleep(1)
