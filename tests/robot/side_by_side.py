"""Conversations over the wire: a simulated network whose lines can be spoilt, a `Switch`, fake ears and voice.

The callers' words are square waves in WAV files, by whose amplitude the fake ears know them.
"""

from __future__ import annotations

import asyncio
import os
import time
import wave
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from uuid import uuid4

from app.line import SwitchLine
from core.audio import SAMPLE_RATE, SILENCE, Pcm
from core.legs import Answered, DialOrder, HungUp, LegId
from robot.call import CallSettings, RobotCall, Senses
from robot.dialog.flow import Answer, Ask, End, Flow, Language, Prompt, Step, StepId, VoiceSex
from robot.outcome import Outcome
from robot.ports import Ears
from robot.prompts import Prompts
from robot.tts.voices import NamedVoice, Voices
from robot.workers import Workers
from telephony_esl.simulator import Answer as Act
from telephony_esl.simulator import Cast, Pace, Person, SimulatedNetwork
from telephony_esl.simulator.channel import Channel
from telephony_esl.simulator.unicast import Unicast
from telephony_esl.switch import Leg, Switch, SwitchSettings
from telephony_esl.trunks import Trunk
from tests.fakes.speech import FakeEars, FakeVad, FakeVoice, sound

YES, NO = 1000, 1200
KNOWN = {YES: "да", NO: "нет"}
HEARING = FakeEars(KNOWN)
TRUNK = "simulator"


class RealClock:
    def now(self) -> datetime:
        return datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class Link(Unicast):
    """The switch's end of the audio as it is made, to be spoilt by those that derive from it."""

    def __init__(self, link: Unicast) -> None:
        self._link = link

    @property
    def heard(self) -> int:  # type: ignore[override]
        return self._link.heard

    @property
    def missed(self) -> int:  # type: ignore[override]
        return self._link.missed

    def fileno(self) -> int:
        return self._link.fileno()

    def send(self, frame: Pcm) -> None:
        self._link.send(frame)

    def receive(self) -> Pcm:
        return self._link.receive()

    def close(self) -> None:
        self._link.close()


class Losing(Link):
    """Each datagram is lost with the same probability, either way."""

    def __init__(self, link: Unicast, share: float) -> None:
        super().__init__(link)
        self._rng = Random(1)
        self._share = share

    def send(self, frame: Pcm) -> None:
        if self._rng.random() >= self._share:
            super().send(frame)

    def receive(self) -> Pcm:
        heard = super().receive()
        return heard if self._rng.random() >= self._share else SILENCE


class Reordering(Link):
    """Every fifth datagram is overtaken by the next one."""

    def __init__(self, link: Unicast) -> None:
        super().__init__(link)
        self._sent = 0
        self._waits: deque[Pcm] = deque()

    def send(self, frame: Pcm) -> None:
        self._sent += 1
        if self._sent % 5 == 0:
            self._waits.append(frame)
            return
        super().send(frame)
        while self._waits:
            super().send(self._waits.popleft())


class FallingSilent(Link):
    """Nothing is sent any more after so many datagrams; the leg lives on."""

    def __init__(self, link: Unicast, frames: int) -> None:
        super().__init__(link)
        self._left = frames

    def send(self, frame: Pcm) -> None:
        self._left -= 1
        if self._left >= 0:
            super().send(frame)


Spoil = Callable[[Unicast], Unicast]


class BadNetwork(SimulatedNetwork):
    """A simulated network whose audio links are what `spoil` makes of them."""

    spoil: Spoil = Link

    def open_link(self, channel: Channel, local: tuple[str, int], remote: tuple[str, int]) -> None:
        super().open_link(channel, local, remote)
        if channel.link is not None:
            channel.link = self.spoil(channel.link)


@dataclass(frozen=True, slots=True)
class Town:
    """A connected switch with everything that a call needs."""

    network: SimulatedNetwork
    switch: Switch
    senses: Senses
    folder: Path

    async def call(self, flow: Flow, number: str = "79000000000") -> Outcome:
        """One whole call, from dialling to its end."""
        leg = await self.switch.dial(DialOrder(LegId(str(uuid4())), TRUNK, number))
        while not isinstance(event := await leg.next_event(), Answered):
            assert not isinstance(event, HungUp), event
        settings = CallSettings(self.folder / "recordings", leg.id, detect_machines=False, language=Language.RU)
        line = SwitchLine(leg, nobody)
        outcome = await RobotCall(flow, variables={}, line=line, senses=self.senses, settings=settings).run()
        async with asyncio.timeout(20):
            await over(leg)
        return outcome


async def over(leg: Leg) -> None:
    while not isinstance(await leg.next_event(), HungUp):
        pass


async def nobody(line: SwitchLine, group: str, wait_s: float) -> bool:
    return False


@asynccontextmanager
async def town(
    folder: Path, person: Person | Mapping[str, Person], *, pace: Pace = Pace.REAL_TIME, spoil: Spoil = Link
) -> AsyncIterator[Town]:
    """A network in which this person answers every number, or each number its own."""
    workers = Workers.inline()
    cast = Cast({}, (person,)) if isinstance(person, Person) else Cast({n: (who,) for n, who in person.items()})
    network = BadNetwork(cast, pace=pace)
    network.spoil = spoil
    async with network, asyncio.TaskGroup() as group:
        trunk = Trunk(TRUNK, "sofia/gateway/simulator", lines=100, calls_per_second=1000)
        settings = SwitchSettings("town", "127.0.0.1", network.port, "ClueCon", "127.0.0.1", (trunk,))
        switch = Switch(settings, RealClock())
        running = group.create_task(switch.run())
        await switch.wait_connected(5)
        yield Town(network, switch, fake_senses(folder, workers), folder)
        running.cancel()


def fake_senses(folder: Path, workers: Workers, *, ears: Ears = HEARING) -> Senses:
    voices = Voices({sex: NamedVoice("fake", FakeVoice()) for sex in VoiceSex})
    prompts = Prompts(voices, Language.RU, cache=folder / "cache", sounds=folder / "sounds", workers=workers)
    return Senses(language=Language.RU, vad=FakeVad, ears=ears, prompts=prompts, workers=workers)


def question() -> Flow:
    """One question and a farewell, both short."""
    ask, end = StepId("q"), StepId("end")
    answers = (
        Answer(id="1", label="да", then=end, key="1", phrases=("да",)),
        Answer(id="2", label="нет", then=end, key="2", phrases=("нет",)),
    )
    steps: dict[StepId, Step] = {
        ask: Ask(id=ask, prompt=Prompt(text="Вы придёте?"), question="Придёт", answers=answers, otherwise=end),
        end: End(id=end, prompt=Prompt(text="Ждём вас")),
    }
    return Flow(name="question", start=ask, steps=steps)


def says(folder: Path, amplitude: int) -> str:
    """The path of a WAV file with one word for the fake ears."""
    path = folder / f"{amplitude}.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(sound(amplitude, 500))
    return str(path)


def listener(folder: Path) -> Person:
    """Somebody who says yes when asked."""
    return Person((Act(say=says(folder, YES), wait_s=0.1),), greeting=None, after_ring_s=0.1, turn_silence_s=0.3)


def open_files() -> int:
    """How many files and sockets this process holds."""
    return len(os.listdir("/proc/self/fd"))


def descriptors() -> frozenset[tuple[str, str]]:
    """The files and sockets that this process holds, each by its number and what it is: `socket:[inode]`, a path.

    Two such sets tell what was opened between them, whatever else was closed: a loop of an earlier test may be
    collected at any time.
    """
    found = set[tuple[str, str]]()
    for number in os.listdir("/proc/self/fd"):
        try:
            found.add((number, os.readlink(f"/proc/self/fd/{number}")))
        except FileNotFoundError:  # that by which the folder was listed
            continue
    return frozenset(found)
