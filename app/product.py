"""The whole product in one process: database, switches, dialler, live feed and API, started and stopped in order."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import structlog
from prometheus_client import CollectorRegistry

from api.app import Deps, create_app
from app.database import open_database
from app.desk import Desk
from app.flows import Flows
from app.lines import TrunkLines
from app.metrics import watch
from app.robot_calls import RobotCalls
from app.senses import AllSenses
from app.settings import ROOT, VERSION, Settings
from app.switches import open_switches
from app.web import WebServer, bind
from campaigns.campaign import CompanyId
from campaigns.dialler import Dialler
from campaigns.leads import WorkerId
from core.clock import Clock
from services import groups
from services.groups import OperatorGroup
from storage.database import Database
from storage.leads import PostgresLeads
from storage.live import LiveFeed
from telephony_esl.simulator import Cast, SimulatedNetwork

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Product:
    """The running parts that the command line and the demo speak with.

    `address` is where the interface is; `network` the simulated telephone network, None on a real switch;
    `notices` tell the operator what was changed on the machine.
    """

    settings: Settings
    clock: Clock
    database: Database
    lines: TrunkLines
    dialler: Dialler
    senses: AllSenses
    address: str
    network: SimulatedNetwork | None
    notices: tuple[str, ...]


@asynccontextmanager
async def running(settings: Settings, clock: Clock, *, cast: Cast | None = None) -> AsyncIterator[Product]:
    """Starts everything and stops it in order; `cast` replaces the simulated network's numbers.

    The port is taken first and the calls begin last. Leaving in order drains: talks in progress may end.
    """
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(bind(settings.web.host, settings.web.port))
        opened = await stack.enter_async_context(open_database(settings))
        switches, network = await stack.enter_async_context(open_switches(settings, clock, cast))
        senses = stack.enter_context(AllSenses(settings))
        lines = TrunkLines(switches, clock)
        live = LiveFeed(opened.url)
        dialler = _dialler(settings, clock, opened.database, lines, senses)
        deps = Deps(
            database=opened.database,
            clock=clock,
            live=live,
            randomness=random.Random(),
            web_dist=_built(ROOT / "web" / "dist"),
            recordings=settings.recordings,
            wake=dialler.wake,
            version=VERSION,
            registry=watch(CollectorRegistry(), dialler, lines),
            trunks=lambda: lines.names,
        )
        product = Product(
            settings=settings,
            clock=clock,
            database=opened.database,
            lines=lines,
            dialler=dialler,
            senses=senses,
            address=_address(listener),
            network=network,
            notices=opened.notices,
        )
        web = WebServer(create_app(deps), listener)
        async with asyncio.TaskGroup() as group:
            feeding = group.create_task(live.run())
            serving = group.create_task(web.run())
            group.create_task(dialler.run())
            yield product
            log.info("product.draining", live=dialler.live)
            await dialler.drain(settings.drain_s)
            web.stop()
            await serving
            feeding.cancel()


def _dialler(settings: Settings, clock: Clock, database: Database, lines: TrunkLines, senses: AllSenses) -> Dialler:
    async def find_group(company: CompanyId, name: str) -> OperatorGroup | None:
        async with database.transaction(company) as tx:
            return await groups.find_group(tx, name)

    store = PostgresLeads(database)
    calls = RobotCalls(
        lines=lines,
        desk=Desk(find_group, clock, trunk=settings.operator_trunk),
        store=store,
        flow=Flows(database).get,
        senses=senses.of,
        recordings=settings.recordings,
        clock=clock,
    )
    return Dialler(
        store=store,
        calls=calls,
        lines=lines,
        clock=clock,
        worker=WorkerId(uuid4()),
        calls_at_once=settings.calls_at_once,
        silent_for=settings.silent_for,
    )


def _built(dist: Path) -> Path | None:
    return dist if (dist / "index.html").is_file() else None


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}/"
