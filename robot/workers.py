"""The threads that all calls share, so that no computation and no disk holds up the event loop.

Hearing, speaking and the disk have their own threads: a long prompt that is being rendered must not delay what a
caller says. Each call has at most one piece of hearing under way, so the queues before the threads are bounded by
the number of calls.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Workers:
    """Runs work off the event loop: `hear` for inference, `speak` for synthesis, `write` for files."""

    def __init__(self, threads: int | None = None) -> None:
        count = threads if threads is not None else os.cpu_count() or 1
        self._inline = count == 0
        self._pools = {
            name: ThreadPoolExecutor(size, thread_name_prefix=name)
            for name, size in (("hear", count), ("speak", max(1, count // 2)), ("write", 2))
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

    def hear_soon(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Begins inference in a thread; what comes of it is told by the future. Not for inline workers."""
        return asyncio.get_running_loop().run_in_executor(self._pools["hear"], work)

    async def hear(self, work: Callable[[], T]) -> T:
        """Runs inference."""
        return await self._run("hear", work)

    async def speak(self, work: Callable[[], T]) -> T:
        """Runs synthesis."""
        return await self._run("speak", work)

    async def write(self, work: Callable[[], T]) -> T:
        """Runs file access."""
        return await self._run("write", work)

    def close(self) -> None:
        """Lets the running work end and stops the threads."""
        for pool in self._pools.values():
            pool.shutdown(cancel_futures=True)

    async def _run(self, pool: str, work: Callable[[], T]) -> T:
        if self._inline:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._pools[pool], work)
