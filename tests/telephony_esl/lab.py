"""A telephone network for contract tests: the simulator always, a real FreeSWITCH where one is named.

Both are called at the same numbers, whose last two digits say what the callee does: on FreeSWITCH by
freeswitch/callee_dialplan.xml, on the simulator by the cast below. Between the switch under test and the network
stands a gate that can cut the connection and sees what is sent; beside it a probe watches the events by itself.
"""

from __future__ import annotations

import asyncio
import os
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeVar
from uuid import uuid4

import numpy as np
import pytest

from app.clock import SystemClock
from core.audio import FRAME_BYTES, FRAME_MS, SAMPLE_RATE, SILENCE, Pcm
from core.legs import DialOrder, HungUp, LegEvent, LegId, Parked
from telephony_esl import commands
from telephony_esl.legs import EVENTS
from telephony_esl.protocol import EVENT_JSON, ClientFrame, ClientParser, EslParser, Message, decode_event
from telephony_esl.simulator import Cast, SimulatedNetwork
from telephony_esl.switch import Leg, Switch, SwitchSettings
from telephony_esl.trunks import Trunk

VARIABLE: Final = "ZVONAR_TEST_FREESWITCH"
KINDS: Final = ("simulator", pytest.param("freeswitch", marks=pytest.mark.freeswitch))
PATIENCE_S: Final = 12.0
Event = TypeVar("Event", bound=LegEvent)

TALKS, SILENT, BUSY, REJECTS, NONEXISTENT, RINGS, UNREACHABLE, CONGESTION = (f"{n:02}" for n in range(8))
HANGS_UP, PRESSES_1, REDIRECTS, EARLY, OPERATOR, BRIEF_OPERATOR, ECHO = (f"{n:02}" for n in range(8, 15))

CAST: Final = """
numbers:
  "+79000000200": {after_ring_s: 0.1, greets_after_s: 0, greeting: tone440.wav}
  "+79000000201": {after_ring_s: 0.1, greeting: null}
  "+79000000202": {busy: true, after_ring_s: 0.1}
  "+79000000203": {rejects: true, after_ring_s: 0.1}
  "+79000000204": {nonexistent: true, after_ring_s: 0.1}
  "+79000000205": {no_answer: true, after_ring_s: 0.1}
  "+79000000206": {unreachable: true, after_ring_s: 0.1}
  "+79000000207": {congestion: true, after_ring_s: 0.1}
  "+79000000208": {after_ring_s: 0.1, greeting: null, hang_up_after_s: 2}
  "+79000000209": {after_ring_s: 0.1, greeting: null, answers: [{press: "1", wait_s: 0.2}]}
  "+79000000210": {redirects: true, after_ring_s: 0.1}
  "+79000000211": {after_ring_s: 1.2, early_media_s: 0.1, greets_after_s: 0, greeting: tone440.wav}
  "+79000000212": {after_ring_s: 0.1, greets_after_s: 0, greeting: tone880.wav}
  "+79000000213": {after_ring_s: 0.1, greets_after_s: 0, greeting: tone880.wav, hang_up_after_s: 2}
  "+79000000214": {after_ring_s: 0.1, echo: true}
"""


def number(who: str) -> str:
    """The number of one of the callees."""
    return f"+790000002{who}"


# --- tones ---


def tone(hertz: float, seconds: float, *, amplitude: float = 8000) -> Pcm:
    """A sine as telephone audio."""
    at = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (np.sin(2 * np.pi * hertz * at) * amplitude).astype("<i2").tobytes()


def loudness(pcm: Pcm) -> float:
    """Root mean square of the samples."""
    return float(np.sqrt(np.mean(np.frombuffer(pcm, "<i2").astype(float) ** 2))) if pcm else 0.0


def pitch(pcm: Pcm) -> float:
    """The strongest frequency, in hertz."""
    samples = np.frombuffer(pcm, "<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    return float(np.argmax(spectrum[1:]) + 1) * SAMPLE_RATE / samples.size


class Handset:
    """Our end of a call's audio: keeps what it hears, says what it is given, then silence."""

    def __init__(self, says: Pcm = b"") -> None:
        self._says = says
        self.frames: list[Pcm] = []
        self._more = asyncio.Event()

    def __call__(self, frame: Pcm) -> Pcm:
        """One frame in, one out."""
        self.frames.append(frame)
        self._more.set()
        said, self._says = self._says[:FRAME_BYTES], self._says[FRAME_BYTES:]
        return said.ljust(FRAME_BYTES, b"\0") if said else SILENCE

    def say(self, pcm: Pcm) -> None:
        """Says this from the next frame on."""
        self._says = pcm

    async def hear(self, seconds: float) -> Pcm:
        """The next so many seconds of audio."""
        begin = len(self.frames)
        wanted = begin + int(seconds * 1000 / FRAME_MS)
        async with asyncio.timeout(PATIENCE_S):
            while len(self.frames) < wanted:
                self._more.clear()
                await self._more.wait()
        return b"".join(self.frames[begin:wanted])


# --- the gate and the probe ---


@dataclass
class Gate:
    """A wire to the network's event socket that can be cut; keeps the commands that passed."""

    host: str
    port: int
    commands: list[ClientFrame] = field(default_factory=list)
    is_open: bool = True
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _idle: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> Gate:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await self._server.wait_closed()
        while self._writers:
            self._idle.clear()
            await self._idle.wait()

    @property
    def entrance(self) -> int:
        """The port that the switch under test connects to."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    def cut(self) -> None:
        """Breaks every connection and lets nobody through."""
        self.is_open = False
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        """Lets connections through again."""
        self.is_open = True

    def sent(self, beginning: str) -> list[ClientFrame]:
        """The commands so far that begin so."""
        return [frame for frame in self.commands if frame.line.startswith(beginning)]

    def unicasts(self, leg: LegId) -> list[ClientFrame]:
        """The commands so far that opened the leg's audio."""
        return [frame for frame in self.sent(f"sendmsg {leg}") if frame.headers.get("call-command") == "unicast"]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.is_open:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection(self.host, self.port)
        pair = {writer, far_writer}
        self._writers |= pair
        parser = ClientParser()

        def note(data: bytes) -> None:
            self.commands.extend(parser.feed(data))

        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pump(reader, far_writer, note))
                group.create_task(_pump(far_reader, writer, lambda _: None))
        finally:
            for each in pair:
                each.transport.abort()
            self._writers -= pair
            self._idle.set()


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter, note: Callable[[bytes], None]) -> None:
    try:
        while data := await source.read(65536):
            note(data)
            target.write(data)
            await target.drain()
    except ConnectionError:
        pass
    target.close()


class Probe:
    """A second client of the event socket that sees all events, and may ask anything."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._parser = EslParser()
        self._replies: asyncio.Queue[Message] = asyncio.Queue()
        self.events: list[dict[str, str]] = []
        self._more = asyncio.Event()

    async def run(self) -> None:
        """Reads until cancelled."""
        while data := await self._reader.read(65536):
            for message in self._parser.feed(data):
                if message.content_type == EVENT_JSON:
                    self.events.append(decode_event(message.body))
                    self._more.set()
                else:
                    await self._replies.put(message)

    async def ask(self, command: bytes) -> str:
        """Sends a command and returns the answer."""
        self._writer.write(command)
        async with asyncio.timeout(PATIENCE_S):
            return (await self._replies.get()).text

    async def log_in(self, password: str, events: tuple[str, ...]) -> None:
        """Waits for the greeting, proves itself, subscribes."""
        async with asyncio.timeout(PATIENCE_S):
            await self._replies.get()
        assert await self.ask(commands.auth(password)) == "+OK accepted"
        assert (await self.ask(commands.subscribe(events))).startswith("+OK")

    def of(self, leg: LegId, name: str = "") -> list[dict[str, str]]:
        """The events of one leg so far, of one name or all."""
        return [
            event
            for event in self.events
            if leg in (event.get("Unique-ID"), event.get("Job-UUID")) and name in ("", event["Event-Name"])
        ]

    async def seen(self, leg: LegId, name: str) -> dict[str, str]:
        """The first event of that name of that leg, waited for."""
        async with asyncio.timeout(PATIENCE_S):
            while not self.of(leg, name):
                self._more.clear()
                await self._more.wait()
        return self.of(leg, name)[0]


# --- the laboratory ---


@dataclass(frozen=True)
class Lab:
    """The network, a connected switch that calls through the gate, and the probe."""

    settings: SwitchSettings
    switch: Switch
    gate: Gate
    probe: Probe
    direct: SwitchSettings
    placed: list[LegId] = field(default_factory=list)

    def new_leg(self) -> LegId:
        """The id of a leg that is ended with the laboratory; other people's legs on the same FreeSWITCH are not."""
        self.placed.append(LegId(str(uuid4())))
        return self.placed[-1]

    async def dial(self, who: str, **changes: object) -> Leg:
        """Calls one of the callees."""
        order = DialOrder(leg=self.new_leg(), trunk="lab", destination=number(who))
        return await self.switch.dial(replace(order, **changes))  # type: ignore[arg-type]

    async def answered(self, who: str, **changes: object) -> Leg:
        """Calls one of the callees and waits until the leg is answered and parked."""
        leg = await self.dial(who, **changes)
        await until(leg, Parked)
        return leg


async def until(leg: Leg, kind: type[Event]) -> Event:
    """The next event of that kind; fails if the leg ends before or nothing comes."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            event = await leg.next_event()
            if isinstance(event, kind):
                return event
            assert not isinstance(event, HungUp), event


async def to_the_end(leg: Leg) -> list[LegEvent]:
    """All events of the leg, the end included."""
    events: list[LegEvent] = []
    async with asyncio.timeout(PATIENCE_S):
        while not (events and isinstance(events[-1], HungUp)):
            events.append(await leg.next_event())
    return events


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Asks again and again until it holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not await holds():
            await asyncio.sleep(0.05)


def _write_tones(folder: Path) -> None:
    for hertz in (440, 880):
        with wave.open(str(folder / f"tone{hertz}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes(tone(hertz, 20))


@asynccontextmanager
async def _network(kind: str, folder: Path) -> AsyncIterator[SwitchSettings]:
    trunks = (
        Trunk("lab", "sofia/gateway/simulator" if kind == "simulator" else "sofia/gateway/provider"),
        Trunk("nowhere", "sofia/gateway/nowhere"),
    )
    if kind == "freeswitch":
        address = os.environ.get(VARIABLE, "")
        if address.count(":") < 2:
            pytest.skip(f"needs a FreeSWITCH: {VARIABLE}=host:port:password")
        host, port, password = address.split(":", 2)
        yield SwitchSettings(
            name="lab", host=host, port=int(port), password=password, media_host="127.0.0.1", trunks=trunks
        )
        return
    _write_tones(folder)
    async with SimulatedNetwork(Cast.parse(CAST, folder=folder), password="contract") as network:
        yield SwitchSettings(
            name="lab",
            host="127.0.0.1",
            port=network.port,
            password="contract",
            media_host="127.0.0.1",
            trunks=trunks,
        )


@asynccontextmanager
async def laboratory(kind: str, folder: Path) -> AsyncIterator[Lab]:
    """Everything connected; all legs that were placed are ended at the end."""
    async with AsyncExitStack() as stack:
        direct = await stack.enter_async_context(_network(kind, folder))
        gate = await stack.enter_async_context(Gate(direct.host, direct.port))
        settings = replace(direct, host="127.0.0.1", port=gate.entrance)
        switch = Switch(settings, SystemClock())
        reader, writer = await asyncio.open_connection(direct.host, direct.port)
        stack.callback(writer.transport.abort)
        probe = Probe(reader, writer)
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(probe.run()), group.create_task(switch.run())]
            await probe.log_in(direct.password, EVENTS)
            await switch.wait_connected(PATIENCE_S)
            lab = Lab(settings, switch, gate, probe, direct)
            try:
                yield lab
            finally:
                for leg in lab.placed:
                    await probe.ask(commands.kill(leg))
                for task in running:
                    task.cancel()
