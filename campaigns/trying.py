"""Trying again: what fails is told once, and tried again with growing pauses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

import structlog

from core.errors import Unavailable

log = structlog.get_logger(__name__)

FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0


def pauses_s() -> Iterator[float]:
    """The pauses between tries, without end."""
    pause_s = FIRST_PAUSE_S
    while True:
        yield pause_s
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


async def again_and_again(
    name: str, what: Callable[[], Awaitable[None]], *, rest: Callable[[], Awaitable[None]]
) -> None:
    """Does something for ever, with a rest after each success; the border at which a tick's errors end."""
    pauses, told = pauses_s(), False
    while True:
        try:
            await what()
        except Exception as error:  # noqa: BLE001
            if not told:
                tell_trouble(name, error)
            told = True
            await asyncio.sleep(next(pauses))
        else:
            if told:
                log.info("dialler.goes_on", what=name)
            pauses, told = pauses_s(), False
            await rest()


def tell_trouble(what: str, error: Exception, **more: object) -> None:
    """Logs an outage as a warning, anything else as the defect it is."""
    if isinstance(error, Unavailable | TimeoutError):
        log.warning("dialler.trouble", what=what, code=getattr(error, "code", "timeout"), **more)
    else:
        log.error("dialler.trouble", what=what, exc_info=error, **more)


async def comes(event: asyncio.Event, within_s: float) -> bool:
    """Whether the event is set within the time."""
    try:
        async with asyncio.timeout(within_s):
            await event.wait()
    except TimeoutError:
        return False
    return True
