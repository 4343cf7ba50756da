"""Live changes: which campaign has new numbers, told by NOTIFY at commit and heard by one connection per process.

A notification that comes while the connection is away is lost for good. So when it is back, every open stream ends
as `Dropped`, and its reader looks again and subscribes anew: nothing is missed.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import CampaignId, CompanyId
from storage.errors import LOST
from storage.urls import for_asyncpg

log = structlog.get_logger(__name__)

CHANNEL: Final = "zvonar_live"
WAITING_CHANGES: Final = 256
CONNECT_S: Final = 5.0
CHECK_EVERY_S: Final = 15.0
FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 10.0

_TELL: Final = text(
    "SELECT pg_notify(:channel, current_setting('zvonar.company_id') || ':' || CAST(:campaign AS text))"
)


async def tell(tx: AsyncConnection, campaign: CampaignId) -> None:
    """Tells the company's live views, when `tx` commits, that this campaign has new numbers."""
    await tx.execute(_TELL, {"channel": CHANNEL, "campaign": str(int(campaign))})


@dataclass(frozen=True, slots=True)
class LiveChange:
    """A campaign has new numbers."""

    campaign: CampaignId


@dataclass(frozen=True, slots=True)
class Dropped:
    """The stream is over: its reader was too slow, or changes may have been missed. Look again, subscribe anew."""


class LiveStream:
    """The changes of one company for one reader, who waits by `next`; a campaign that waits already waits once."""

    def __init__(self, at_most: int = WAITING_CHANGES) -> None:
        self._at_most = at_most
        self._waiting: dict[CampaignId, None] = {}
        self._dropped = False
        self._something = asyncio.Event()

    def put(self, campaign: CampaignId) -> None:
        """Adds a change; one too many ends the stream."""
        self._waiting[campaign] = None
        if len(self._waiting) > self._at_most:
            self.drop()
        self._something.set()

    def drop(self) -> None:
        """Ends the stream: what still waits is forgotten, for the reader looks at everything again."""
        self._dropped = True
        self._waiting.clear()
        self._something.set()

    async def next(self) -> LiveChange | Dropped:
        """The next change; `Dropped` is the last item and is repeated for ever after. Cancelling it loses nothing."""
        await self._something.wait()
        if self._dropped:
            return Dropped()
        campaign = next(iter(self._waiting))
        del self._waiting[campaign]
        if not self._waiting:
            self._something.clear()
        return LiveChange(campaign)


class LiveFeed:
    """Listens on one connection of its own and shares out what it hears to the streams of the company concerned."""

    def __init__(self, url: str) -> None:
        self._url = for_asyncpg(url)
        self._streams: dict[CompanyId, set[LiveStream]] = defaultdict(set)
        self._listening = asyncio.Event()

    @contextmanager
    def subscribe(self, company: CompanyId) -> Iterator[LiveStream]:
        """A stream of the changes that are committed from now on; it is over when the block ends."""
        stream = LiveStream()
        self._streams[company].add(stream)
        try:
            yield stream
        finally:
            self._streams[company].discard(stream)
            if not self._streams[company]:
                del self._streams[company]

    async def wait_listening(self) -> None:
        """Returns once the feed hears the database."""
        await self._listening.wait()

    async def run(self) -> None:
        """Listens, and connects anew with growing pauses, until it is cancelled."""
        pause_s = FIRST_PAUSE_S
        away = False
        while True:
            try:
                await self._listen()
                pause_s, away = FIRST_PAUSE_S, False
            except LOST as error:
                if not away:
                    log.warning("live.away", error=type(error).__name__)
                away = True
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _listen(self) -> None:
        """Hears one connection until it is lost; raises what kept it from being made."""
        lost = asyncio.Event()
        connection = await asyncpg.connect(self._url, timeout=CONNECT_S, command_timeout=CONNECT_S)
        try:
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(CHANNEL, self._heard)
            self._drop_all()
            self._listening.set()
            log.info("live.listening")
            while not lost.is_set():
                await _set_within(lost, CHECK_EVERY_S)
                await connection.execute("SELECT 1")
        except LOST as error:
            log.warning("live.lost", error=type(error).__name__)
        finally:
            self._listening.clear()
            connection.terminate()

    def _drop_all(self) -> None:
        for streams in self._streams.values():
            for stream in streams:
                stream.drop()

    def _heard(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:  # noqa: ANN401
        if not payload:
            return  # a worker wakes the pacer: no campaign has new numbers
        company, _, campaign = str(payload).partition(":")
        if not (company.isdecimal() and campaign.isdecimal()):
            log.error("live.bad_notification")
            return
        for stream in self._streams.get(CompanyId(int(company)), ()):
            stream.put(CampaignId(int(campaign)))


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    """Waits for the event, at most so long."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
