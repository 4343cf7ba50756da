"""How a running command is told to end: the first signal asks, the second one cuts."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_asked() -> Iterator[asyncio.Event]:
    """An event that the first SIGINT or SIGTERM sets; the next one cancels the task that called this."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    asked = asyncio.Event()

    def hear() -> None:
        if asked.is_set() and task is not None:
            task.cancel()
        asked.set()

    for number in SIGNALS:
        loop.add_signal_handler(number, hear)
    try:
        yield asked
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
