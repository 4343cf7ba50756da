"""The switches that calls go through: those of the settings, or the simulated telephone network where none is named."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from app.settings import SIMULATED_TRUNK, Settings
from core.clock import Clock
from core.errors import Unavailable
from telephony_esl.simulator import Cast, SimulatedNetwork
from telephony_esl.switch import Switch, SwitchSettings
from telephony_esl.trunks import Trunk

log = structlog.get_logger(__name__)

CONNECT_WITHIN_S = 10.0

Switches = Sequence[tuple[SwitchSettings, Switch]]


@asynccontextmanager
async def open_switches(
    settings: Settings, clock: Clock, cast: Cast | None
) -> AsyncIterator[tuple[Switches, SimulatedNetwork | None]]:
    """Connects to every switch for as long as the block runs; one that is away at the start is told and tried again."""
    async with AsyncExitStack() as stack:
        network = None
        named = [part.settings() for part in settings.switches]
        if not named:
            password = secrets.token_urlsafe(16)
            seed = settings.simulator.seed
            network = SimulatedNetwork(cast or read_cast(settings), seed=seed, password=password, clock=clock)
            await stack.enter_async_context(network)
            named = [_simulated(settings, network.port, password)]
        switches = [(one, Switch(one, clock)) for one in named]
        group = await stack.enter_async_context(asyncio.TaskGroup())
        tasks = [group.create_task(switch.run()) for _, switch in switches]
        try:
            for one, switch in switches:
                await _await_connection(one, switch)
            yield switches, network
        finally:
            for task in tasks:
                task.cancel()


def read_cast(settings: Settings) -> Cast:
    """The simulated network's numbers from their file; without one, everybody behaves as the mixture says."""
    return Cast.read(settings.cast_file) if settings.cast_file.exists() else Cast.parse("numbers: {}\n")


def _simulated(settings: Settings, port: int, password: str) -> SwitchSettings:
    part = settings.simulator
    trunk = Trunk(
        name=SIMULATED_TRUNK,
        gateway="sofia/gateway/simulator",
        lines=part.lines,
        calls_per_second=part.calls_per_second,
    )
    return SwitchSettings(
        name="simulator", host="127.0.0.1", port=port, password=password, media_host="127.0.0.1", trunks=(trunk,)
    )


async def _await_connection(one: SwitchSettings, switch: Switch) -> None:
    try:
        await switch.wait_connected(CONNECT_WITHIN_S)
    except Unavailable as error:
        log.error("switch.away", switch=one.name, code=error.code, message=error.message, hint=error.hint)
