"""The threads that all calls share, so that no long computation and no disk holds up the event loop.

Hearing, speaking and the disk have their own threads: a long prompt that is being rendered must not delay what a
caller says. Each call has at most one piece of hearing under way, so the queues before the threads are bounded by
the number of calls. Recognising is handed over many times a second: it goes through plain queues (`hearing_threads`).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from robot.hearing_threads import HearingThreads

T = TypeVar("T")


class Workers:
    """Runs work off the event loop: `hear` for recognition, `speak` for synthesis, `write` for files."""

    def __init__(self, threads: int | None = None) -> None:
        count = threads if threads is not None else os.cpu_count() or 1
        self._inline = count == 0
        self._hearing = None if self._inline else HearingThreads(count)
        self._pools = {
            name: ThreadPoolExecutor(size, thread_name_prefix=name)
            for name, size in (("speak", max(1, count // 2)), ("write", 2))
            if not self._inline
        }

    @classmethod
    def inline(cls) -> Workers:
        """Workers that compute at once in the calling thread: audio time stands still meanwhile.

        For a network that runs faster than real time, where audio would otherwise overtake hearing, and for tests.
        """
        return cls(0)

    @property
    def is_inline(self) -> bool:
        """Whether work is done at once in the calling thread."""
        return self._inline

    def hear(self, work: Callable[[], T], tell: Callable[[T | BaseException], None]) -> None:
        """Runs recognition, then calls `tell` in the event loop with its result or with the error that came instead.

        Inline workers do both at once.
        """
        if self._hearing is not None:
            return self._hearing.put(work, tell)
        try:
            found: T | BaseException = work()
        except Exception as error:  # noqa: BLE001 - told to the call whose work it was
            found = error
        return tell(found)

    async def speak(self, work: Callable[[], T]) -> T:
        """Runs synthesis."""
        return await self._run("speak", work)

    async def write(self, work: Callable[[], T]) -> T:
        """Runs file access."""
        return await self._run("write", work)

    def close(self) -> None:
        """Lets the running work end and stops the threads."""
        if self._hearing is not None:
            self._hearing.close()
        for pool in self._pools.values():
            pool.shutdown(cancel_futures=True)

    async def _run(self, pool: str, work: Callable[[], T]) -> T:
        if self._inline:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._pools[pool], work)
