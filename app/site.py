"""The interface and the API as a role of its own, beside the others (`up`) or apart from them (`zvonar api`)."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry

from api.app import Deps, create_app
from app.clock import SystemClock
from app.database import OpenDatabase, open_database
from app.jobs import Jobs, open_jobs
from app.senses import AllSenses
from app.settings import ROOT, SIMULATED_TRUNK, VERSION, Settings
from app.stop import stop_asked
from app.surroundings import Installed
from app.voices import AllVoices
from app.web import WebServer, bind
from core.clock import Clock
from robot.microphone import Talks
from services import accounts
from services.speaking import Speaking
from storage.database import Database
from storage.live import LiveFeed

COMPANY = "Моя компания"
LOGIN = "admin"


async def run_api(settings: Settings) -> None:
    """Serves interface and API until a signal; pacer and calls run elsewhere."""
    clock = SystemClock()
    with stop_asked() as stop, bind(settings.web.host, settings.web.port) as listener:
        async with (
            open_database(settings) as opened,
            open_jobs(opened.database, opened.url, settings, clock) as jobs,
            api_role(settings, clock, opened, listener=listener, jobs=jobs, registry=CollectorRegistry()),
        ):
            await say_first_login(opened.database, clock)
            print(f"Zvonar's interface is at {address_of(listener)}", flush=True)
            await stop.wait()


@asynccontextmanager
async def api_role(
    settings: Settings,
    clock: Clock,
    opened: OpenDatabase,
    *,
    listener: socket.socket,
    jobs: Jobs,
    registry: CollectorRegistry,
) -> AsyncIterator[None]:
    """Serves interface and API on a taken address; changes reach pacer and workers by the database."""
    with AllSenses(settings) as senses, AllVoices(settings) as voices:  # opened at the first use by a page
        live = LiveFeed(opened.url)
        deps = Deps(
            database=opened.database,
            clock=clock,
            live=live,
            randomness=random.Random(),
            web_dist=_built(ROOT / "web" / "dist"),
            recordings=settings.recordings,
            wake=_nobody_to_wake,
            version=VERSION,
            registry=registry,
            trunks=lambda: trunk_names(settings),
            jobs=jobs,
            folder=settings.var,
            talks=Talks(senses.of),
            speaking=Speaking(voices.of),
            terms=settings.terms,
            surroundings=Installed(settings),
        )
        web = WebServer(create_app(deps), listener)
        async with asyncio.TaskGroup() as group:
            feeding = group.create_task(live.run())
            serving = group.create_task(web.run())
            yield
            web.stop()
            await serving
            feeding.cancel()


async def say_first_login(database: Database, clock: Clock) -> None:
    """Makes a company with one login where there is none, and shows its password, once."""
    first = await accounts.ensure_first_login(database, company_name=COMPANY, login=LOGIN, now=clock.now())
    if first is not None:
        print(f"First login: {first.login}   password: {first.password}   (shown only now)")


def address_of(listener: socket.socket) -> str:
    """Where a browser on this machine finds what listens here."""
    host, port = listener.getsockname()[:2]
    return f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}/"


def trunk_names(settings: Settings) -> tuple[str, ...]:
    """The trunks that campaigns may name."""
    if not settings.switches:
        return (SIMULATED_TRUNK,)
    return tuple(trunk.name for switch in settings.switches for trunk in switch.trunks)


def _built(dist: Path) -> Path | None:
    return dist if (dist / "index.html").is_file() else None


def _nobody_to_wake() -> None:
    """Every change notifies when it commits, which the pacer hears wherever it runs."""
