"""The pretend switch: takes the event socket's connections, keeps the channels, and gives them their time.

In `Pace.REAL_TIME` one ticker drives all channels. In `Pace.FAST` ringing takes no time, a channel with an audio link
lives by the robot's replies (each frame that comes sends the next one), bridged channels run on as fast as they can,
and the ticker drives only what stands still: a call on hold, and after `ROBOT_MAY_TAKE_S` a parked one whose robot does
not reply.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import chain
from random import Random
from types import TracebackType
from typing import Final

from core.audio import FRAME_MS
from core.clock import Clock
from telephony_esl.protocol import encode_event
from telephony_esl.simulator.answering import sounds_of
from telephony_esl.simulator.audio import line_noise, sound
from telephony_esl.simulator.bridging import join
from telephony_esl.simulator.cast import Cast
from telephony_esl.simulator.channel import Channel, Order, Stage
from telephony_esl.simulator.dialling import dial
from telephony_esl.simulator.events import Fields, Stamps
from telephony_esl.simulator.placed import LONGEST_LOG, EndedBy, SimulatedCall
from telephony_esl.simulator.session import Session
from telephony_esl.simulator.ticker import PHASES, Ticker

CALENDAR: Final = datetime(2026, 1, 1, 9, 0, tzinfo=UTC)
NOISES: Final = 8
FRAMES_AT_ONCE: Final = 25
ROBOT_MAY_TAKE_S: Final = 0.25


class Pace(StrEnum):
    """How fast simulated time runs."""

    REAL_TIME = "real_time"
    FAST = "fast"


class SimulatedNetwork:
    """A telephone network with an event socket on `host`:`port` (0: any free one, known once it is entered).

    The same seed, cast and robot give the same calls. Without a `clock` its calendar begins at `CALENDAR`. `BadInput`
    if somebody of the cast says what there is no sound for.
    """

    def __init__(
        self,
        cast: Cast,
        *,
        seed: int = 1,
        host: str = "127.0.0.1",
        port: int = 0,
        password: str = "ClueCon",
        pace: Pace = Pace.REAL_TIME,
        gateways: Sequence[str] = ("simulator",),
        clock: Clock | None = None,
    ) -> None:
        for behaviour in chain(cast.default, *cast.numbers.values()):
            for say in sounds_of(behaviour):
                sound(say)
        self.port = port
        self.password = password
        self.gateways = frozenset(gateways)
        self.channels: dict[str, Channel] = {}
        self.ticker = Ticker(self._tick)
        self._cast = cast
        self._seed = seed
        self._host = host
        self._pace = pace
        self._clock = clock
        self._began = 0.0
        self._stamps = Stamps(self.now)
        self._sessions: set[Session] = set()
        self._phases: tuple[dict[str, Channel], ...] = tuple({} for _ in range(PHASES))
        self._calls: Counter[str] = Counter()
        self._placed: deque[SimulatedCall] = deque(maxlen=LONGEST_LOG)
        self._readers: dict[str, int] = {}
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> SimulatedNetwork:
        loop = asyncio.get_running_loop()
        self._began = loop.time()
        self._server = await loop.create_server(lambda: Session(self), self._host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        self.ticker.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ticker.stop()
        for channel in tuple(self.channels.values()):
            channel.drop()
            self._strike(channel)
        for session in tuple(self._sessions):
            session.cut()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    @property
    def placed(self) -> Sequence[SimulatedCall]:
        """The calls that are over, in the order in which they ended; of very many the latest."""
        return tuple(self._placed)

    def forget_placed(self) -> None:
        """Drops the log of the calls that are over."""
        self._placed.clear()

    # --- for sessions ---

    def joined(self, session: Session) -> None:
        """Takes a connection in."""
        self._sessions.add(session)

    def left(self, session: Session) -> None:
        """Forgets a connection; its calls live on."""
        self._sessions.discard(session)

    def originate(self, order: Order) -> None:
        """Places a call; the channel's events begin before this returns."""
        order = replace(order, call=self._calls[order.number])
        self._calls[order.number] += 1
        rng = Random(f"{self._seed}/{order.number}/{order.call}")
        behaviour = self._cast.behaviour(order.number, rng, call=order.call)
        channel = Channel(order, behaviour, rng, ground=self, noise=line_noise(rng.randrange(NOISES)))
        self.channels[order.uuid] = channel
        min(self._phases, key=len)[order.uuid] = channel
        dial(channel)
        if self._pace is Pace.FAST:
            asyncio.get_running_loop().call_soon(self._ring_through, channel)

    def open_link(self, channel: Channel, local: tuple[str, int], remote: tuple[str, int]) -> None:
        """Opens a channel's audio; what the switch would silently ignore is ignored."""
        if not channel.open_link(local, remote) or channel.link is None or self._pace is Pace.REAL_TIME:
            return
        loop = asyncio.get_running_loop()
        descriptor = channel.link.fileno()
        self._readers[channel.order.uuid] = descriptor
        loop.add_reader(descriptor, self._replied, channel)
        loop.call_soon(self._replied, channel)

    def bridge(self, channel: Channel, other: Channel) -> None:
        """Joins two channels."""
        join(channel, other)
        if self._pace is Pace.FAST:
            asyncio.get_running_loop().call_soon(self._talk_through, channel, other)

    # --- for channels ---

    def now(self) -> datetime:
        """The clock's instant, or that of the network's own calendar."""
        if self._clock is not None:
            return self._clock.now()
        return CALENDAR + timedelta(seconds=asyncio.get_running_loop().time() - self._began)

    def fire(self, name: str, fields: Callable[[], Fields], body: str = "") -> None:
        """Sends an event to the sessions that listen to its name."""
        listeners = [session for session in self._sessions if session.wants(name)]
        if listeners:
            event = encode_event(self._stamps.stamp(name) | fields(), body)
            for session in listeners:
                session.send(event)

    def job_done(self, job: str, command: str, argument: str, answer: str) -> None:
        """Tells the outcome of a bgapi command."""
        fields = {"Job-UUID": job, "Job-Command": command, "Job-Command-Arg": argument}
        self.fire("BACKGROUND_JOB", lambda: fields, answer)

    def originated(self, channel: Channel, answer: str) -> None:
        """Tells the outcome of an originate."""
        self.job_done(channel.order.job, "originate", channel.order.argument, answer + "\n")

    def link_closed(self, channel: Channel) -> None:
        """Listens no more to a channel's datagrams; called before its socket is closed."""
        descriptor = self._readers.pop(channel.order.uuid, None)
        if descriptor is not None:
            asyncio.get_running_loop().remove_reader(descriptor)

    def gone(self, channel: Channel) -> None:
        """Strikes a channel off and logs its call."""
        self._strike(channel)
        self._placed.append(channel.account())

    def _strike(self, channel: Channel) -> None:
        self.channels.pop(channel.order.uuid, None)
        for phase in self._phases:
            phase.pop(channel.order.uuid, None)

    # --- time ---

    def _tick(self, phase: int) -> None:
        for channel in tuple(self._phases[phase].values()):
            if self._pace is Pace.REAL_TIME or _stands_still(channel):
                self._step(channel)
                channel.stepped = False

    def _step(self, channel: Channel) -> None:
        """One frame of a channel's life; one that breaks is hung up and the error told, so that the others live on."""
        try:
            channel.step()
        except BaseException:
            with suppress(Exception):
                channel.hang_up("CRASH", by=EndedBy.SWITCH)
            channel.drop()
            self._strike(channel)
            raise

    def _replied(self, channel: Channel) -> None:
        if channel.link is not None:
            self._step(channel)

    def _ring_through(self, channel: Channel) -> None:
        while channel.stage in (Stage.RINGING, Stage.ANSWERED):
            self._step(channel)

    def _talk_through(self, channel: Channel, other: Channel) -> None:
        for _ in range(FRAMES_AT_ONCE):
            if channel.other is not other:
                return
            self._step(channel)
            self._step(other)
        asyncio.get_running_loop().call_soon(self._talk_through, channel, other)


def _stands_still(channel: Channel) -> bool:
    """Whether nothing but the ticker moves a channel of a fast network; asked once in 20 ms."""
    channel.idle_ticks = 0 if channel.stepped else channel.idle_ticks + 1
    channel.stepped = False
    return channel.idle_ticks > (ROBOT_MAY_TAKE_S * 1000 / FRAME_MS if channel.stage is Stage.PARKED else 0)
