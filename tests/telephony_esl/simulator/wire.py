"""A bare client of the event socket and a bare robot on UDP, for looking at the simulated network from outside."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast
from uuid import uuid4

from core.audio import SILENCE, Pcm
from telephony_esl.protocol import EslParser, Message, decode_event
from telephony_esl.simulator import SimulatedNetwork

Event = dict[str, str]
WITHIN_S = 10.0
ALL = (
    "BACKGROUND_JOB CHANNEL_CREATE CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_ANSWER CHANNEL_PARK CHANNEL_UNPARK "
    "CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE CHANNEL_DESTROY DTMF"
)


class Client(asyncio.Protocol):
    """Sends commands, gets their replies in order, and keeps every event."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.closed = asyncio.Event()
        self._parser = EslParser()
        self._replies: asyncio.Queue[Message] = asyncio.Queue(1000)
        self._waiting: deque[tuple[Callable[[Event], bool], asyncio.Future[Event]]] = deque()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()

    def data_received(self, data: bytes) -> None:
        for message in self._parser.feed(data):
            if message.content_type == "text/event-json":
                self._take(decode_event(message.body))
            else:
                self._replies.put_nowait(message)

    def _take(self, event: Event) -> None:
        self.events.append(event)
        for waiting in tuple(self._waiting):
            if waiting[0](event) and not waiting[1].done():
                waiting[1].set_result(event)
                self._waiting.remove(waiting)

    async def reply(self) -> Message:
        async with asyncio.timeout(WITHIN_S):
            return await self._replies.get()

    def write(self, text: str) -> None:
        assert self._transport is not None
        self._transport.write(text.encode() + b"\n\n")

    async def ask(self, text: str) -> str:
        self.write(text)
        return (await self.reply()).text

    async def event(self, name: str, **headers: str) -> Event:
        """The first event of this name with these headers (`_` stands for `-`), from the beginning on."""
        wanted = {"Event-Name": name} | {key.replace("_", "-"): value for key, value in headers.items()}

        def fits(event: Event) -> bool:
            return all(event.get(key) == value for key, value in wanted.items())

        for event in self.events:
            if fits(event):
                return event
        future: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        self._waiting.append((fits, future))
        async with asyncio.timeout(WITHIN_S):
            return await future

    def forget(self) -> None:
        self.events.clear()

    def names(self, leg: str) -> list[str]:
        """The names of a leg's events in their order, its BACKGROUND_JOB left out."""
        return [event["Event-Name"] for event in self.events if event.get("Unique-ID") == leg]

    async def dial(self, number: str, variables: str = "", gateway: str = "sofia/gateway/simulator") -> str:
        """Originates a call; its id is the leg's and the job's."""
        leg = str(uuid4())
        given = f"origination_uuid={leg},ignore_early_media=true" + (f",{variables}" if variables else "")
        reply = await self.ask(f"bgapi originate {{{given}}}{gateway}/{number} &park()\nJob-UUID: {leg}")
        assert reply == f"+OK Job-UUID: {leg}"
        return leg

    async def unicast(self, leg: str, robot: Robot) -> str:
        return await self.ask(
            f"sendmsg {leg}\ncall-command: unicast\nlocal-ip: 127.0.0.1\nlocal-port: 0\n"
            f"remote-ip: 127.0.0.1\nremote-port: {robot.port}\ntransport: udp"
        )


class Robot(asyncio.DatagramProtocol):
    """Answers each datagram by `exchange`, and keeps what came; None sends nothing back."""

    def __init__(self, exchange: Callable[[Pcm], Pcm | None]) -> None:
        self.heard: list[Pcm] = []
        self.first = asyncio.Event()
        self.port = 0
        self.source: tuple[str, int] = ("", 0)
        self._exchange = exchange
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.source = addr
        self.heard.append(data)
        self.first.set()
        answer = self._exchange(data)
        if answer is not None:
            self.send(answer)

    def send(self, datagram: bytes) -> None:
        assert self._transport is not None
        self._transport.sendto(datagram, self.source)


def silent(frame: Pcm) -> Pcm:
    return SILENCE


@asynccontextmanager
async def connected(network: SimulatedNetwork, events: str = ALL) -> AsyncIterator[Client]:
    """An authenticated client that listens to `events`."""
    loop = asyncio.get_running_loop()
    transport, client = await loop.create_connection(Client, "127.0.0.1", network.port)
    try:
        assert (await client.reply()).content_type == "auth/request"
        assert await client.ask("auth " + network.password) == "+OK accepted"
        if events:
            assert await client.ask("event json " + events) == "+OK event listener enabled json"
        yield client
    finally:
        transport.abort()
        await client.closed.wait()


@asynccontextmanager
async def robot_on(exchange: Callable[[Pcm], Pcm | None] = silent) -> AsyncIterator[Robot]:
    loop = asyncio.get_running_loop()
    transport, robot = await loop.create_datagram_endpoint(lambda: Robot(exchange), ("127.0.0.1", 0))
    try:
        yield robot
    finally:
        transport.abort()
