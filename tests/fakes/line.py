"""A telephone line with a scripted caller, in audio time: one frame each 20 ms of the loop's clock.

On a virtual loop it runs as fast as the machine can compute, and the same script gives the same call.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.audio import FRAME_BYTES, FRAME_MS, SILENCE, Pcm
from core.errors import Unavailable
from core.legs import HungUp, KeyPressed, LegEvent
from core.results import CallResult
from robot.amd.sound import level_db
from robot.ports import Exchange

GONE = HungUp(cause="NORMAL_CLEARING", result=CallResult.COMPLETED)
QUIET_FOR_FRAMES = 35  # longer than the pause between two sentences


@dataclass(frozen=True, slots=True)
class When:
    """When the caller does the next thing, counted from the thing before: all that are given must hold."""

    at_ms: int = 0
    robot_quiet: bool = False
    robot_spoke_ms: int = 0


AFTER_PROMPT = When(robot_quiet=True)


@dataclass(frozen=True, slots=True)
class Say:
    pcm: Pcm = field(repr=False)
    when: When = AFTER_PROMPT


@dataclass(frozen=True, slots=True)
class Press:
    key: str
    when: When = AFTER_PROMPT


@dataclass(frozen=True, slots=True)
class HangUp:
    when: When = AFTER_PROMPT


@dataclass(frozen=True, slots=True)
class GoDead:
    """No more frames come, and no hang-up either."""

    when: When = AFTER_PROMPT


Action = Say | Press | HangUp | GoDead


class FakeLine:
    """`Line`: plays the script; keeps what the robot sent (`robot`) and when things were done (`done_ms`)."""

    def __init__(
        self,
        script: Sequence[Action] = (),
        *,
        transfers: Sequence[bool | HungUp] = (),
        transfer_s: float = 1,
        background: Pcm = SILENCE,
        longest_s: int = 120,
        no_audio: bool = False,
        gone: bool = False,
    ) -> None:
        self.robot: list[Pcm] = []
        self.caller: list[Pcm] = []
        self.done_ms: list[int] = []
        self.transferred: list[tuple[str, float]] = []
        self.hung_up = False
        self._script = deque(script)
        self._transfers = deque(transfers)
        self._transfer_s = transfer_s
        self._background = [background[i : i + FRAME_BYTES] for i in range(0, len(background), FRAME_BYTES)]
        self._longest = longest_s * 1000 // FRAME_MS
        self._no_audio = no_audio
        self._events: asyncio.Queue[LegEvent] = asyncio.Queue(64)
        self._over: HungUp | None = None
        self._talk: deque[Pcm] = deque()
        self._since = 0
        self._spoke = 0
        self._quiet = 0
        self._exchange: Exchange | None = None
        self._dead = False
        if gone:
            self._end(GONE)

    @property
    def now_ms(self) -> int:
        return len(self.robot) * FRAME_MS

    async def link(self, exchange: Exchange) -> None:
        if self._no_audio or self._over is not None:
            raise Unavailable("no_audio", "No audio came.")
        self._exchange = exchange
        self._frame()

    async def next_event(self) -> LegEvent:
        if self._over is not None and self._events.empty():
            return self._over
        return await self._events.get()

    async def transfer(self, group: str, wait_s: float) -> bool:
        self.transferred.append((group, wait_s))
        self._exchange = None
        await asyncio.sleep(self._transfer_s)
        end = self._transfers.popleft()
        if isinstance(end, HungUp):
            self._end(end)
            return False
        return end

    async def hang_up(self) -> None:
        self.hung_up = True
        self._end(HungUp(cause="NORMAL_CLEARING", result=CallResult.COMPLETED, by_us=True))

    async def run(self) -> None:
        """The line's clock: a frame each 20 ms until the end."""
        while self._over is None:
            await asyncio.sleep(FRAME_MS / 1000)
            if self._exchange is not None and not self._dead:
                self._frame()
            if len(self.robot) >= self._longest:
                self._end(GONE)

    def _frame(self) -> None:
        assert self._exchange is not None
        self._act()
        if self._over is not None or self._dead:
            return
        frame = self._talk.popleft() if self._talk else self._background[len(self.robot) % len(self._background)]
        reply = self._exchange(frame)
        assert len(reply) == FRAME_BYTES
        self.caller.append(frame)
        self.robot.append(reply)
        if level_db(reply) > -60:
            self._spoke += 1
        if level_db(reply) > -60 or self._talk:
            self._quiet = 0
        else:
            self._quiet += 1

    def _act(self) -> None:
        if not self._script or self._talk or not self._due(self._script[0].when):
            return
        action = self._script.popleft()
        self.done_ms.append(self.now_ms)
        self._since, self._spoke, self._quiet = len(self.robot), 0, 0
        match action:
            case Say(pcm=pcm):
                padded = pcm + bytes(-len(pcm) % FRAME_BYTES)
                self._talk.extend(padded[i : i + FRAME_BYTES] for i in range(0, len(padded), FRAME_BYTES))
            case Press(key=key):
                self._events.put_nowait(KeyPressed(key))
            case HangUp():
                self._end(GONE)
            case GoDead():
                self._dead = True

    def _due(self, when: When) -> bool:
        if (len(self.robot) - self._since) * FRAME_MS < when.at_ms or self._spoke * FRAME_MS < when.robot_spoke_ms:
            return False
        return not when.robot_quiet or (self._spoke > 0 and self._quiet >= QUIET_FOR_FRAMES)

    def _end(self, hung_up: HungUp) -> None:
        if self._over is None:
            self._over = hung_up
            self._events.put_nowait(hung_up)
