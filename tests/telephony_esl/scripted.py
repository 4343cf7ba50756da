"""A switch connected to a scripted wire, and what stands at the far end of its audio."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.audio import SILENCE, Pcm
from core.errors import Unavailable
from core.legs import Answered, DialOrder, HungUp, LegEvent, LegId, Parked
from core.results import CallResult
from telephony_esl.protocol import ClientFrame
from telephony_esl.switch import Leg, Switch, SwitchSettings
from telephony_esl.trunks import Trunk
from tests.telephony_esl.wire_server import WireServer, answer_well

U, V = LegId("11111111-0000-4000-8000-000000000000"), LegId("22222222-0000-4000-8000-000000000000")
TRUNK = Trunk("main", "sofia/gateway/simulator")
LOST = HungUp("CONNECTION_LOST", CallResult.SYSTEM_ERROR, by_us=True)


class Watch:
    """The real clock; nothing here decides by it."""

    def now(self) -> datetime:
        return datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def monotonic(self) -> float:
        return time.monotonic()


def settings(port: int, **changes: object) -> SwitchSettings:
    made = SwitchSettings("lab", "127.0.0.1", port, password="secret", media_host="127.0.0.1", trunks=(TRUNK,))
    return replace(made, **changes)  # type: ignore[arg-type]


def order(leg: LegId = U, **changes: object) -> DialOrder:
    return replace(DialOrder(leg, "main", "+79001234567"), **changes)  # type: ignore[arg-type]


@asynccontextmanager
async def running(switch: Switch) -> AsyncIterator[Switch]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(switch.run())
        try:
            yield switch
        finally:
            task.cancel()


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[WireServer, Switch]]:
    async with WireServer() as server:
        async with running(Switch(settings(server.port), Watch(), back_off=lambda _: 0.01)) as switch:
            await switch.wait_connected(5)
            yield server, switch
        await server.until_gone()


async def answered(server: WireServer, switch: Switch, leg_id: LegId = U, *, parked: bool = True) -> Leg:
    leg = await switch.dial(order(leg_id))
    server.event("CHANNEL_CREATE", leg_id)
    server.event("CHANNEL_ANSWER", leg_id)
    assert await soon(leg) == Answered()
    if parked:
        server.event("CHANNEL_PARK", leg_id)
        assert await soon(leg) == Parked()
    return leg


async def soon(leg: Leg) -> LegEvent:
    async with asyncio.timeout(5):
        return await leg.next_event()


async def refused(waiting: object) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        await waiting  # type: ignore[misc]
    return caught.value


class Unicast:
    """Stands at the far end of `unicast`: for each one, sends a frame as often as told and keeps what comes back."""

    def __init__(self, server: WireServer, *, silent: int = 0) -> None:
        self.silent = silent
        self.ports: list[int] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(("127.0.0.1", 0))
        server.answer = self

    def __call__(self, frame: ClientFrame) -> bytes | None:
        if frame.headers.get("call-command") == "unicast":
            assert frame.headers["local-port"] == "0"
            self.ports.append(int(frame.headers["remote-port"]))
            if len(self.ports) > self.silent:
                self.send(SILENCE)
        return answer_well(frame)

    def send(self, data: Pcm) -> None:
        self._socket.sendto(data, ("127.0.0.1", self.ports[-1]))

    async def receive(self) -> bytes:
        async with asyncio.timeout(5):
            return await asyncio.get_running_loop().sock_recv(self._socket, 65536)

    def close(self) -> None:
        self._socket.close()


def echo(heard: Pcm) -> Pcm:
    return heard
