"""The simulated telephone network in a process of its own, which overhears its calls and counts its own CPU time.

What is kept of a call is what the far telephone said and heard, frame by frame at the switch: the recording that a
switch would make. Lateness of the robot's machine is in it, for the network does not wait for anybody.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

import numpy as np

from bench.callers.timed import TimedUnicast
from bench.callers.waveform import Wave
from core.audio import FRAME_MS, FRAME_SAMPLES, SILENCE, Pcm
from telephony_esl.simulator import Cast, Deed, Pace, SimulatedCall, SimulatedNetwork
from telephony_esl.simulator.callee import Callee, Uttered
from telephony_esl.simulator.channel import Channel
from telephony_esl.simulator.ticker import PHASES

START_WITHIN_S = 30.0
RUSH_S = FRAME_MS / 2000


@dataclass(frozen=True, slots=True)
class Overheard:
    """One call as the switch heard it: both sides sample by sample since the answer, and the network's account.

    `rushed` counts the frames that the robot owed while the network itself made up for a stall of its own;
    `answered_ms` is how long each frame sent took to be answered.
    """

    account: SimulatedCall
    caller: Wave
    robot: Wave
    rushed: int = 0
    answered_ms: tuple[float, ...] = ()

    def place(self, deed: Deed) -> int:
        """At which sample of the recording a deed of the caller began."""
        return (deed.at_ms // FRAME_MS - 1) * FRAME_SAMPLES


@dataclass(frozen=True, slots=True)
class Counted:
    """What the network used and lost since it began."""

    cpu_s: float
    ticks_skipped: int


class _OnTape:
    """Somebody on the telephone, with all that is said and heard kept."""

    def __init__(self, callee: Callee) -> None:
        self.deeds = callee.deeds
        self.said = bytearray()
        self.heard = bytearray()
        self.rushed = 0
        self.answered_ms = array("f")
        self._callee = callee

    @property
    def message_ms(self) -> int:
        return self._callee.message_ms

    @message_ms.setter
    def message_ms(self, value: int) -> None:
        self._callee.message_ms = value

    def frame(self, heard: Pcm) -> Uttered:
        uttered = self._callee.frame(heard)
        self.heard += heard
        self.said += uttered.pcm or SILENCE
        return uttered

    def put_through(self, *, to_robot: bool) -> None:
        self._callee.put_through(to_robot=to_robot)


class OverhearingNetwork(SimulatedNetwork):
    """The simulated network with every call on tape; only for real time."""

    async def __aenter__(self) -> OverhearingNetwork:
        await super().__aenter__()
        return self

    def __init__(self, cast: Cast) -> None:
        super().__init__(cast, pace=Pace.REAL_TIME)
        self._tapes: dict[str, _OnTape] = {}
        self._ticked_at = [0.0] * PHASES
        self._rushes = False

    def taped(self) -> list[Overheard]:
        """The calls that are over, each told once."""
        found = []
        for account in self.placed:
            tape = self._tapes.pop(account.leg, None)
            if tape is not None:
                caller, robot = (np.frombuffer(bytes(side), dtype="<i2") for side in (tape.said, tape.heard))
                found.append(Overheard(account, caller, robot, tape.rushed, tuple(tape.answered_ms)))
        return found

    def _tick(self, phase: int) -> None:
        """Notes whether this tick follows its last one too soon for anybody to have answered that."""
        now = asyncio.get_running_loop().time()
        self._rushes, self._ticked_at[phase] = now - self._ticked_at[phase] < RUSH_S, now
        super()._tick(phase)

    def _step(self, channel: Channel) -> None:
        if channel.callee is not None and not isinstance(channel.callee, _OnTape):
            channel.callee = self._tapes[channel.order.uuid] = _OnTape(channel.callee)
        channel.link_kind = TimedUnicast
        link = channel.link
        if isinstance(link, TimedUnicast) and isinstance(channel.callee, _OnTape):
            link.answered_ms = channel.callee.answered_ms
        missed = link.missed if link is not None else 0
        super()._step(channel)
        if self._rushes and link is not None and isinstance(channel.callee, _OnTape):
            channel.callee.rushed += link.missed - missed


class FarEnd:
    """The network's process as this one sees it."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.port = int(self._ask(None))  # type: ignore[call-overload]

    def count(self) -> Counted:
        """What it used until now."""
        counted = self._ask("count")
        assert isinstance(counted, Counted)
        return counted

    def calls(self) -> list[Overheard]:
        """The calls that ended since the last time."""
        calls = self._ask("calls")
        assert isinstance(calls, list)
        return calls

    def _ask(self, what: str | None) -> object:
        if what is not None:
            self._pipe.send(what)
        if not self._pipe.poll(START_WITHIN_S):
            raise RuntimeError(f"the simulated network did not answer within {START_WITHIN_S:g} s")
        return self._pipe.recv()


@contextmanager
def network_beside(cast: Cast) -> Iterator[FarEnd]:
    """A network with this cast in another process for as long as the block runs."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, cast), daemon=True)
    process.start()
    try:
        yield FarEnd(here)
    finally:
        here.send("stop")
        process.join(10)


def _serve(pipe: Connection, cast: Cast) -> None:
    async def run() -> None:
        async with OverhearingNetwork(cast) as network:
            pipe.send(network.port)
            loop, stop = asyncio.get_running_loop(), asyncio.Event()

            def told() -> None:
                match pipe.recv():
                    case "count":
                        pipe.send(Counted(time.process_time(), network.ticker.skipped))
                    case "calls":
                        pipe.send(network.taped())
                    case _:
                        stop.set()

            loop.add_reader(pipe.fileno(), told)
            await stop.wait()
            loop.remove_reader(pipe.fileno())

    asyncio.run(run())
