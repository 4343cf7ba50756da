"""The errands of one call: each is run in its own time, beside the talk, and told back where an answer is awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, assert_never

import structlog

from core.errors import ZvonarError
from robot.dialog.events import (
    Acted,
    ActThis,
    CallBackAt,
    Errand,
    Fetched,
    FetchThis,
    Forbid,
    PutTag,
    SendMessage,
)
from robot.ports import Errands

log = structlog.get_logger(__name__)

LIMIT_S: Final = 10.0
"""How long an errand may take that nobody waits for."""
GRACE_S: Final = 1.0
MOST: Final = 256
"""How many errands may wait to be begun; a dialog orders fewer between two events."""


@dataclass(frozen=True, slots=True)
class ErrandOver:
    """An awaited errand is over, well or not."""

    event: Fetched | Acted


class NoErrands:
    """The `Errands` of a call that has nobody to run them: what is awaited fails, what is not is logged and left."""

    async def fetch(self, call: FetchThis) -> Fetched:
        """Fails: nothing here calls out."""
        return Fetched(error="no_errands")

    async def act(self, wanted: ActThis) -> Acted:
        """Fails: nothing here runs actions."""
        return Acted(error="no_errands")

    async def message(self, message: SendMessage) -> None:
        """Leaves the message unsent."""
        log.warning("errand.left", kind="message", step=message.step)

    async def tag(self, tag: PutTag) -> None:
        """Leaves the contact untagged; the call's outcome holds the tag."""
        log.warning("errand.left", kind="tag")

    async def forbid(self, wish: Forbid) -> None:
        """Leaves the number allowed."""
        log.warning("errand.left", kind="forbid")

    async def callback(self, wish: CallBackAt) -> None:
        """Does nothing: the call's outcome holds the promise."""


class ErrandsUnderWay:
    """Runs a call's errands side by side; `tell` is told the end of those that the dialog waits for."""

    def __init__(self, errands: Errands, *, tell: Callable[[ErrandOver], None], call: str) -> None:
        self._errands = errands
        self._tell = tell
        self._call = call
        self._orders: asyncio.Queue[Errand | None] = asyncio.Queue(MOST)

    def begin(self, errand: Errand) -> None:
        """Orders an errand; returns at once."""
        self._orders.put_nowait(errand)

    async def finish(self) -> None:
        """Lets `run` end when what was ordered is done."""
        await self._orders.put(None)

    async def run(self) -> None:
        """Runs the errands until `finish`; an answer that comes after it is told to nobody."""
        async with asyncio.TaskGroup() as group:
            awaited: list[asyncio.Task[None]] = []
            while (errand := await self._orders.get()) is not None:
                task = group.create_task(self._carry_out(errand))
                if isinstance(errand, FetchThis | ActThis):
                    awaited.append(task)
            for task in awaited:
                task.cancel()

    async def _carry_out(self, errand: Errand) -> None:
        try:
            async with asyncio.timeout(_limit_s(errand)):
                over = await self._run(errand)
        except TimeoutError:
            over = self._failed(errand, "timeout")
        except ZvonarError as error:
            over = self._failed(errand, error.code)
        if over is not None:
            self._tell(over)

    async def _run(self, errand: Errand) -> ErrandOver | None:
        match errand:
            case FetchThis():
                return ErrandOver(await self._errands.fetch(errand))
            case ActThis():
                return ErrandOver(await self._errands.act(errand))
            case SendMessage():
                await self._errands.message(errand)
            case PutTag():
                await self._errands.tag(errand)
            case Forbid():
                await self._errands.forbid(errand)
            case CallBackAt():
                await self._errands.callback(errand)
            case _:
                assert_never(errand)
        return None

    def _failed(self, errand: Errand, code: str) -> ErrandOver | None:
        log.warning("errand.failed", call=self._call, kind=type(errand).__name__, code=code)
        match errand:
            case FetchThis():
                return ErrandOver(Fetched(error=code))
            case ActThis():
                return ErrandOver(Acted(error=code))
            case _:
                return None


def _limit_s(errand: Errand) -> float:
    """How long the errand may take at most, its own limits included."""
    match errand:
        case FetchThis(timeout_s=timeout_s, retries=retries):
            return timeout_s * (retries + 1) + GRACE_S
        case ActThis(timeout_s=timeout_s):
            return timeout_s + GRACE_S
        case _:
            return LIMIT_S
