"""An event loop whose clock jumps to the next timer, for tests in which everything outside is faked.

Hours of waiting take milliseconds, timers due at the same instant run in the order they were made, and a test that
waits for what never comes is told so instead of hanging.
"""

from __future__ import annotations

import asyncio
import contextvars
import math
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")


class _Jump(selectors.DefaultSelector):
    """Never waits: when no file is ready, the clock jumps to the next timer."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("deadlock: nothing is ready and no timer is set")
        if not ready and timeout is not None:
            self.now += max(timeout, 0)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop that never sleeps."""

    def __init__(self) -> None:
        self._jump = _Jump()
        self._last_at: dict[float, float] = {}
        super().__init__(self._jump)

    def time(self) -> float:
        return self._jump.now

    def stand_still(self, seconds: float) -> None:
        """Lets so much time pass in which nothing runs, as where a computation holds the loop up."""
        self._jump.now += seconds

    def call_at(
        self, when: float, callback: Callable[..., object], *args: object, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        """Puts timers of one instant an unmeasurably small step apart, in order."""
        now = self._jump.now
        self._last_at = {asked: last for asked, last in self._last_at.items() if asked >= now}
        at = math.nextafter(self._last_at[when], math.inf) if when in self._last_at else when
        self._last_at[when] = at
        return super().call_at(at, callback, *args, context=context)


class VirtualClock:
    """A `Clock` that shows the running loop's time, counted from `start`."""

    def __init__(self, start: datetime) -> None:
        assert start.tzinfo is not None
        self._start = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Runs `main` on a loop of its own in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
