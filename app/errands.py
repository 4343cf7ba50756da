"""The errands of calls, carried out for real: HTTP, actions, messages, tags, the blacklist (SPEC R6.6, R12).

What is written to the database is written at once and not with the call's end: a wish not to be called again holds
even if the call breaks a moment later.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

import httpx
import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from app.actions import Actions, PackageActions, Runner, ServerActions
from app.fetching import Fetcher
from app.outside import Reach, checked_client
from app.settings import Settings
from campaigns.campaign import CompanyId
from campaigns.contacts.phones import number
from campaigns.leads import LeasedCall
from campaigns.trying import pauses_s
from core.clock import Clock
from core.errors import BadInput, NotFound, Unavailable, ZvonarError
from core.phones import E164, Phone
from robot.dialog.events import Acted, ActThis, CallBackAt, Fetched, FetchThis, Forbid, PutTag, SendMessage
from robot.dialog.flow import Channel, Language
from services import do_not_call, message_templates, messages, tags
from services.called_contacts import called_contact
from services.messages import NewMessage
from storage.database import Database

log = structlog.get_logger(__name__)

T = TypeVar("T")
PushMessage = Callable[[CompanyId, int], Awaitable[None]]
"""Asks for a message of the outbox to be delivered; one that is not asked for is found within a minute."""
EMAIL: Final = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+")
URL: Final = re.compile(r"https?://[^\s/?#]+(?:[/?#]\S*)?", re.IGNORECASE)
_RECIPIENTS: Final = {Channel.SMS: E164, Channel.EMAIL: EMAIL, Channel.WEBHOOK: URL}
"""What a recipient must look like, by channel."""


@dataclass(frozen=True, slots=True)
class Doers:
    """What the errands of all calls of this process are carried out with."""

    database: Database
    fetcher: Fetcher
    actions: Actions
    push: PushMessage
    clock: Clock

    def of(self, call: LeasedCall, language: Language) -> CallErrands:
        """The errands of one call; a list that is made on the way is named in `language`."""
        return CallErrands(self, call, language)

    async def zone(self, call: LeasedCall) -> str | None:
        """The zone of the contact that is called, where it is known."""
        async with self.database.transaction(call.company) as tx:
            return (await called_contact(tx, call.lead)).zone


@asynccontextmanager
async def open_doers(settings: Settings, clock: Clock, database: Database, push: PushMessage) -> AsyncIterator[Doers]:
    """All that errands need, for as long as the block runs; packages of actions are imported at their first use."""
    part = settings.actions
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(checked_client(Reach.of(settings.outside.allowed_hosts)))
        runners: list[Runner] = []
        if part.packages:
            packages = PackageActions(part.packages)
            stack.callback(packages.close)
            runners.append(packages)
        if part.server is not None:
            ours = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=None))
            headers = {name: value.get_secret_value() for name, value in part.headers.items()}
            runners.append(ServerActions(ours, part.server, headers))
        fetcher = Fetcher(client, most_bytes=settings.outside.most_answer_kb * 1024)
        yield Doers(database, fetcher, Actions(runners), push, clock)


class CallErrands:
    """The `Errands` of one call."""

    def __init__(self, doers: Doers, call: LeasedCall, language: Language) -> None:
        self._doers = doers
        self._call = call
        self._language = language

    async def fetch(self, call: FetchThis) -> Fetched:
        """Calls out over HTTP."""
        return await self._doers.fetcher.fetch(call)

    async def act(self, wanted: ActThis) -> Acted:
        """Runs a custom action; each attempt is a conversation of its own to it."""
        return await self._doers.actions.act(wanted, sender=str(int(self._call.attempt)))

    async def message(self, message: SendMessage) -> None:
        """Puts the message into the outbox and asks for its delivery; one that cannot be sent stands there failed."""

        async def write(tx: AsyncConnection) -> tuple[int, ZvonarError | None]:
            new, refused = await self._written(tx, message)
            return await messages.add_message(tx, new, self._doers.clock.now(), refused=refused), refused

        id_, refused = await self._in_database(write)
        if refused is None:
            await self._doers.push(self._call.company, id_)
        else:
            log.warning("message.refused", company=self._call.company, id=id_, code=refused.code)

    async def tag(self, tag: PutTag) -> None:
        """Puts the tag on the contact."""

        async def put(tx: AsyncConnection) -> None:
            contact = await called_contact(tx, self._call.lead)
            await tags.tag(tx, [contact.id], add=[tag.tag])

        await self._in_database(put)

    async def forbid(self, wish: Forbid) -> None:
        """Puts the number that was called on the company's blacklist."""

        async def bar(tx: AsyncConnection) -> None:
            await do_not_call.forbid(tx, self._call.phone, self._language, self._doers.clock.now())

        await self._in_database(bar)
        log.info("call.forbidden", attempt=self._call.attempt, phone=self._call.phone.e164)

    async def callback(self, wish: CallBackAt) -> None:
        """Does nothing: the promise is kept by the call's outcome."""

    async def _written(self, tx: AsyncConnection, wanted: SendMessage) -> tuple[NewMessage, ZvonarError | None]:
        """The message as it is sent, and why it cannot be."""
        refused: ZvonarError | None = None
        subject, text = wanted.subject, wanted.text
        if wanted.template is not None:
            try:
                subject, text = await message_templates.written_by(tx, wanted.template, wanted.variables)
            except NotFound as error:
                refused = error
        to = _as_number(wanted) or wanted.to.strip() or self._own(wanted.channel)
        if wanted.channel is Channel.WEBHOOK:
            text = self._as_json(wanted, text)
        if refused is None:
            refused = _refusal(wanted.channel, to, text)
        return NewMessage(int(self._call.attempt), wanted.step, wanted.channel, to, subject, text), refused

    def _own(self, channel: Channel) -> str:
        """The contact's own phone or address."""
        match channel:
            case Channel.SMS:
                return self._call.phone.e164
            case Channel.EMAIL:
                return self._call.variables.get("email", "")
            case Channel.WEBHOOK:
                return ""

    def _as_json(self, wanted: SendMessage, text: str) -> str:
        """What a webhook is told: the call, the text and all variables."""
        told = {
            "event": "message",
            "step": wanted.step,
            "campaign": int(self._call.campaign),
            "lead": int(self._call.lead),
            "attempt": int(self._call.attempt),
            "phone": self._call.phone.e164,
            "at": self._doers.clock.now(),
            "text": text,
            "variables": dict(wanted.variables),
        }
        return msgspec.json.encode(told).decode()

    async def _in_database(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Does it in a transaction; while the database is away it is tried again, until whoever asked gives up."""
        for pause_s in pauses_s():
            try:
                async with self._doers.database.transaction(self._call.company) as tx:
                    return await work(tx)
            except Unavailable as error:
                log.warning("errand.again", attempt=self._call.attempt, code=error.code)
            await asyncio.sleep(pause_s)
        raise AssertionError("pauses never end")


def _as_number(wanted: SendMessage) -> str | None:
    """The phone that an SMS goes to as digits, however a person wrote it."""
    phone = number(wanted.to) if wanted.channel is Channel.SMS else None
    return phone.e164 if isinstance(phone, Phone) else None


def _refusal(channel: Channel, to: str, text: str) -> ZvonarError | None:
    if not text.strip():
        return BadInput("empty_message", "There is no text.", field="text")
    if not _RECIPIENTS[channel].fullmatch(to):
        return BadInput("bad_recipient", "There is nobody to send it to: no phone, address or URL.", field="to")
    return None
