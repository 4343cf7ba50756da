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
from prometheus_client import CollectorRegistry

from app.clock import SystemClock
from app.database import OpenDatabase, open_database
from app.desk import Desk
from app.errands import Doers, open_doers
from app.flows import Flows
from app.jobs import Jobs, open_jobs, run_jobs
from app.lines import TrunkLines
from app.measured import MeasuredLeads
from app.metrics import metrics_page, watch_calls, watch_pacer
from app.robot_calls import RobotCalls
from app.rules import RecentRules
from app.senses import AllSenses
from app.settings import Settings
from app.stop import stop_asked
from app.switches import open_switches
from campaigns.answers import Answers
from campaigns.campaign import CompanyId
from campaigns.dialler import Dialler
from campaigns.leads import LeadStore, WorkerId
from campaigns.pacer import Pacer
from campaigns.trying import again_and_again
from core.clock import Clock
from services import groups, outside_calls
from services.groups import OperatorGroup
from storage.bell import Bell
from storage.database import Database
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
    clock, registry = SystemClock(), CollectorRegistry()
    with stop_asked() as stop:
        async with (
            metrics_page(settings.metrics, registry) as page,
            open_database(settings) as opened,
            open_jobs(opened.database, opened.url, settings, clock) as jobs,
            pacer_role(settings, clock, opened, jobs=jobs, registry=registry),
        ):
            print(f"Zvonar paces.{_told(page)}", flush=True)
            await stop.wait()


async def run_calls(settings: Settings) -> None:
    """Places calls until a signal; the first one drains, the second one cuts."""
    clock, registry = SystemClock(), CollectorRegistry()
    with stop_asked() as stop:
        async with (
            metrics_page(settings.metrics, registry) as page,
            open_database(settings) as opened,
            open_jobs(opened.database, opened.url, settings, clock) as jobs,
            calls_role(settings, clock, opened, jobs=jobs, registry=registry) as role,
        ):
            if role.network is not None:
                print(SIMULATED, flush=True)
            print(f"Zvonar places calls.{_told(page)}", flush=True)
            await stop.wait()
            if role.dialler.live:
                print(f"Stopping: {role.dialler.live} calls may end; once more to cut them.", file=sys.stderr)


def _told(page: str | None) -> str:
    return "" if page is None else f" Its figures are at {page}."


@asynccontextmanager
async def pacer_role(
    settings: Settings, clock: Clock, opened: OpenDatabase, *, jobs: Jobs, registry: CollectorRegistry
) -> AsyncIterator[Pacer]:
    """Shares out, or stands by while another process does, and works off what is to be done in the background."""
    pacer = Pacer(
        store=PostgresPacing(opened.database, settings.terms),
        leaders=PostgresLeaders(opened.url),
        clock=clock,
        silent_for=settings.silent_for,
    )
    watch_pacer(registry, pacer)
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
    settings: Settings,
    clock: Clock,
    opened: OpenDatabase,
    *,
    jobs: Jobs,
    registry: CollectorRegistry,
    cast: Cast | None = None,
) -> AsyncIterator[CallsRole]:
    """Places calls as one worker; leaving drains: talks in progress may end."""
    async with AsyncExitStack() as stack:
        switches, network = await stack.enter_async_context(open_switches(settings, clock, cast))
        senses = stack.enter_context(AllSenses(settings))
        lines = TrunkLines(switches, clock)
        store = MeasuredLeads(
            opened.database,
            registry=registry,
            clock=clock,
            host=f"{socket.gethostname()} {os.getpid()}",
            after=outside_calls.note_campaign_calls,
        )
        answers = Answers(store)
        doers = await stack.enter_async_context(open_doers(settings, clock, opened.database, jobs.message))
        dialler = _dialler(settings, clock, store, opened.database, lines, senses, answers, doers)
        watch_calls(registry, dialler, lines, senses, slots=settings.calls_at_once)
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
    settings: Settings,
    clock: Clock,
    store: LeadStore,
    database: Database,
    lines: TrunkLines,
    senses: AllSenses,
    answers: Answers,
    doers: Doers,
) -> Dialler:
    async def find_group(company: CompanyId, name: str) -> OperatorGroup | None:
        async with database.transaction(company) as tx:
            return await groups.find_group(tx, name)

    calls = RobotCalls(
        lines=lines,
        desk=Desk(find_group, clock, trunk=settings.operator_trunk),
        note_answer=answers.note,
        flow=Flows(database, senses.render_fixed, settings.var / "models").get,
        senses=senses.of,
        recordings=settings.recordings,
        rules=RecentRules(database, clock).get,
        terms=settings.terms,
        clock=clock,
        doers=doers,
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
