"""Delivers messages from the outbox: claims one, hands it to its channel, notes what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final, Protocol

import structlog

from campaigns.campaign import CompanyId
from core.clock import Clock
from core.errors import BadInput, Unavailable, ZvonarError
from robot.dialog.flow import Channel
from services.messages import Message, claim_message, note_failed, note_sent
from storage.database import Database

log = structlog.get_logger(__name__)

LIMIT_S: Final = 60.0


class Sender(Protocol):
    """One way by which messages go out."""

    async def send(self, company: CompanyId, message: Message) -> None:
        """Returns when the other side has taken the message.

        `Unavailable` is what may go better another time; `BadInput` what will not.
        """
        ...


class Deliverer:
    """Delivers one message at a time for whoever asks; several may run side by side."""

    def __init__(self, database: Database, senders: Mapping[Channel, Sender], clock: Clock) -> None:
        self._database = database
        self._senders = senders
        self._clock = clock

    async def run(self, company: CompanyId, id_: int) -> None:
        """Tries to deliver a message that is due; does nothing where it is not, or somebody else has it."""
        async with self._database.transaction(company) as tx:
            message = await claim_message(tx, id_, self._clock.now())
        if message is None:
            return
        error = await self._try(company, message)
        async with self._database.transaction(company) as tx:
            if error is None:
                await note_sent(tx, message, self._clock.now())
                log.info("message.sent", company=company, id=id_, channel=str(message.channel), tries=message.tries)
                return
            for_good = isinstance(error, BadInput)
            state = await note_failed(tx, message, error, self._clock.now(), for_good=for_good)
        log.warning("message.failed", company=company, id=id_, code=error.code, state=str(state), tries=message.tries)

    async def _try(self, company: CompanyId, message: Message) -> ZvonarError | None:
        """None if it went out; else why not."""
        try:
            async with asyncio.timeout(LIMIT_S):
                await self._senders[message.channel].send(company, message)
        except TimeoutError:
            return Unavailable("delivery_timeout", f"No answer within {LIMIT_S:.0f} seconds.")
        except ZvonarError as error:
            return error
        except Exception as error:
            log.error("message.broke", id=message.id, exc_info=error)
            return Unavailable("delivery_broke", "The delivery broke; the log tells how.")
        return None
