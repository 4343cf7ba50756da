"""The whole product in one process: database, interface, pacer and calls, started and stopped in order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from app.database import open_database
from app.jobs import open_jobs
from app.lines import TrunkLines
from app.roles import calls_role, pacer_role
from app.senses import AllSenses
from app.settings import Settings
from app.site import address_of, api_role
from app.web import bind
from campaigns.dialler import Dialler
from core.clock import Clock
from storage.database import Database
from telephony_esl.simulator import Cast, SimulatedNetwork


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
    registry = CollectorRegistry()
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(bind(settings.web.host, settings.web.port))
        opened = await stack.enter_async_context(open_database(settings))
        jobs = await stack.enter_async_context(open_jobs(opened.database, opened.url, settings, clock))
        api = api_role(settings, clock, opened, listener=listener, jobs=jobs, registry=registry)
        await stack.enter_async_context(api)
        await stack.enter_async_context(pacer_role(settings, clock, opened, jobs=jobs, registry=registry))
        role = calls_role(settings, clock, opened, jobs=jobs, registry=registry, cast=cast)
        calls = await stack.enter_async_context(role)
        yield Product(
            settings=settings,
            clock=clock,
            database=opened.database,
            lines=calls.lines,
            dialler=calls.dialler,
            senses=calls.senses,
            address=address_of(listener),
            network=calls.network,
            notices=opened.notices,
        )
