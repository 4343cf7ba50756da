"""A browser's microphone as a line: the frames that its page sends are the call's clock, each is answered by one.

Whoever owns the connection calls `hear` for each frame that came and sends back what it returns; keys and the end come
the same way. There is nobody to transfer to: a transfer is told, and fails as if nobody were free.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

from core.audio import SILENCE, Pcm
from core.errors import Unavailable
from core.legs import HungUp, KeyPressed, LegEvent
from core.results import CallResult
from robot.dialog.flow import Language
from robot.ports import Exchange
from robot.senses import Senses

FIRST_FRAME_WITHIN_S: Final = 5.0
MOST_KEYS: Final = 64
"""Keys that wait for the robot; further ones are dropped, as a telephone does with keys pressed too fast."""

FindSenses = Callable[[Language], Awaitable[Senses]]


class MicrophoneLine:
    """The robot's `Line` to one page; `transferring` is told of a group to which a telephone call would go."""

    def __init__(self, transferring: Callable[[str], None]) -> None:
        self._transferring = transferring
        self._exchange: Exchange | None = None
        self._keys: deque[KeyPressed] = deque()
        self._end: HungUp | None = None
        self._frame_came = asyncio.Event()
        self._changed = asyncio.Event()

    # --- for the robot ---

    async def link(self, exchange: Exchange) -> None:
        """Begins to answer frames; returns at the first one."""
        if self._end is None:
            self._frame_came.clear()
            self._exchange = exchange
            try:
                async with asyncio.timeout(FIRST_FRAME_WITHIN_S):
                    await self._frame_came.wait()
            except TimeoutError:
                self._exchange = None
        if self._end is not None or self._exchange is None:
            raise Unavailable("no_audio", "The page sent no audio.", hint="May it use the microphone?")

    async def next_event(self) -> LegEvent:
        """The next key, or the end."""
        while not self._keys and self._end is None:
            self._changed.clear()
            await self._changed.wait()
        if self._keys:
            return self._keys.popleft()
        assert self._end is not None
        return self._end

    async def transfer(self, group: str, wait_s: float) -> bool:
        """Tells of the transfer; nobody comes."""
        self._exchange = None
        self._transferring(group)
        return False

    async def hang_up(self) -> None:
        """Ends the talk."""
        self._over(by_us=True)

    # --- for the connection ---

    def hear(self, frame: Pcm) -> Pcm:
        """Takes 20 ms from the microphone and returns 20 ms of the robot; silence while it is not linked."""
        if self._exchange is None or self._end is not None:
            return SILENCE
        self._frame_came.set()
        return self._exchange(frame)

    def press(self, key: str) -> None:
        """Takes a key."""
        if len(self._keys) < MOST_KEYS and self._end is None:
            self._keys.append(KeyPressed(key))
            self._changed.set()

    def leave(self) -> None:
        """The page is gone, or its user hung up."""
        self._over(by_us=False)

    def _over(self, *, by_us: bool) -> None:
        if self._end is None:
            self._end = HungUp(cause="NORMAL_CLEARING", result=CallResult.COMPLETED, by_us=by_us)
            self._changed.set()
            self._frame_came.set()


class Talks:
    """What all talks of pages share: the senses, and who talks now. One talk for each session, `most` in all."""

    def __init__(self, senses: FindSenses, *, most: int = 8) -> None:
        self.senses = senses
        self._most = most
        self._seated: set[str] = set()

    @contextmanager
    def seat(self, session: str) -> Iterator[bool]:
        """Takes a place for the block; False if the session has one already or all are taken."""
        if session in self._seated or len(self._seated) >= self._most:
            yield False
            return
        self._seated.add(session)
        try:
            yield True
        finally:
            self._seated.discard(session)
