"""Threads that work for the event loop and wake it once for all that was done meanwhile.

Waking a thread or the loop costs more than most of the work, so nothing is made for one piece of work but its place in
a queue: no future, no task. Results are told in the loop from which the work was put.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, Final, TypeVar

T = TypeVar("T")

STOP_WITHIN_S: Final = 10.0

Work = Callable[[], Any]
Tell = Callable[[Any], None]


class HearingThreads:
    """So many threads; each piece of work is done by whichever is free."""

    def __init__(self, count: int) -> None:
        self._waiting: SimpleQueue[tuple[Work, Tell, _Outbox] | None] = SimpleQueue()
        self._outbox: _Outbox | None = None
        self._threads = [
            threading.Thread(target=self._serve, name=f"hear_{number}", daemon=True) for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def put(self, work: Callable[[], T], tell: Callable[[T | BaseException], None]) -> None:
        """Has `work` done by a thread, and `tell` called in the running loop with what came of it."""
        loop = asyncio.get_running_loop()
        outbox = self._outbox
        if outbox is None or outbox.loop is not loop:
            outbox = self._outbox = _Outbox(loop)
        self._waiting.put((work, tell, outbox))

    def close(self) -> None:
        """Lets the work under way end; what waits behind it is done too, but told to nobody once the loop is closed."""
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join(STOP_WITHIN_S)

    def _serve(self) -> None:
        while (order := self._waiting.get()) is not None:
            work, tell, outbox = order
            try:
                found = work()
            except Exception as error:  # noqa: BLE001 - told to the call whose work it was
                found = error
            outbox.post(tell, found)
            del order, work, tell, outbox, found  # a thread that waits must not keep a call alive


class _Outbox:
    """What was done for one loop and is not told yet."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._done: deque[tuple[Tell, Any]] = deque()
        self._woken = False
        self._lock = threading.Lock()

    def post(self, tell: Tell, found: Any) -> None:  # noqa: ANN401 - what it is only the two ends know
        """Puts a result in; wakes the loop unless it is woken already."""
        with self._lock:
            self._done.append((tell, found))
            if self._woken:
                return
            self._woken = True
        with suppress(RuntimeError):  # the loop is closed, nobody is there to be told
            self.loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        with self._lock:
            done, self._done = self._done, deque()
            self._woken = False
        for tell, found in done:
            tell(found)
