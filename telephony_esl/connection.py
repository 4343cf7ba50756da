"""One session with an event socket, from the log-in to its end; nothing here survives the session.

Replies carry no number: the first reply belongs to the first command. So nothing is ever skipped: a caller that no
longer waits leaves its place in the row, and a reply that does not come in time, or one that nobody asked for, ends
the session rather than shift all later replies by one. Every bound (commands without a reply, bytes not yet taken by
the peer) ends the session too; its owner reconnects.

All of it runs in the event loop's own callbacks: commands are written at once, and events are handed on by a plain
call, so there is no task to own and no queue between the socket and the legs.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, cast

from core.errors import Unavailable
from telephony_esl import commands, protocol
from telephony_esl.legs import EVENTS
from telephony_esl.protocol import EslParser, Message, ProtocolError

CONNECT_WITHIN_S: Final = 5.0
REPLY_WITHIN_S: Final = 10.0
CLOSE_WITHIN_S: Final = 1.0
MOST_UNANSWERED: Final = 2000
MOST_UNSENT_BYTES: Final = 1024 * 1024

OnEvent = Callable[[Mapping[str, str]], None]
Reply = asyncio.Future[Message]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the event socket listens."""

    host: str
    port: int

    def unavailable(self, code: str, reason: str, hint: str | None = None) -> Unavailable:
        """The error that names this endpoint and why it cannot be used."""
        return Unavailable(code, f"FreeSWITCH at {self.host}:{self.port}: {reason}", hint=hint)


class Session(asyncio.Protocol):
    """A logged-in, subscribed connection; `ended` completes with the reason once it is over."""

    def __init__(self, endpoint: Endpoint, on_event: OnEvent, *, reply_within_s: float = REPLY_WITHIN_S) -> None:
        loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[Unavailable] = loop.create_future()
        self._endpoint = endpoint
        self._on_event = on_event
        self._reply_within_s = reply_within_s
        self._parser = EslParser()
        self._waiting: deque[tuple[Reply, asyncio.TimerHandle]] = deque()
        self._transport: asyncio.Transport | None = None
        self._greeted: asyncio.Future[None] = loop.create_future()
        self._reason: Unavailable | None = None
        self._noticed = False

    @property
    def alive(self) -> bool:
        """Whether commands can still be sent."""
        return self._reason is None and self._transport is not None and not self._transport.is_closing()

    # --- what the owner does ---

    def send(self, command: bytes) -> Reply:
        """Writes a command at once; the future gets its reply, or `Unavailable` when the session ends before.

        It is safe to drop the future: nobody is told of a reply that nobody awaits.
        """
        loop = asyncio.get_running_loop()
        reply: Reply = loop.create_future()
        reply.add_done_callback(_heed)
        full = self._full()
        if full is not None:
            self._end("switch_silent", full)
        if full is not None or not self.alive or self._transport is None:
            reply.set_exception(self._reason or self._endpoint.unavailable("switch_lost", "it is not connected"))
            return reply
        self._waiting.append((reply, loop.call_later(self._reply_within_s, self._late)))
        self._transport.write(command)
        return reply

    async def log_in(self, password: str) -> None:
        """Proves who we are and subscribes; `Unavailable` says why not."""
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                await self._greeted
                answer = await self.send(commands.auth(password))
        except TimeoutError:
            raise self._endpoint.unavailable(
                "switch_silent", "no greeting of an event socket came", "Is it FreeSWITCH's event socket port (8021)?"
            ) from None
        if not answer.text.startswith("+OK"):
            raise self._endpoint.unavailable(
                "switch_refused_login", "wrong password", "It is in FreeSWITCH's event_socket.conf.xml."
            )
        answer = await self.send(commands.subscribe(EVENTS))
        if not answer.text.startswith("+OK"):
            raise self._endpoint.unavailable("switch_refused", f"it did not subscribe us: {answer.text}")

    async def close(self) -> None:
        """Says good-bye and closes, at the latest after a second; legs live on."""
        if self.alive and self._transport is not None:
            self._transport.write(commands.leave())
        self._end("switch_closed", "the connection was closed by us", gently=True)
        await asyncio.wait({self.ended}, timeout=CLOSE_WITHIN_S)
        if self._transport is not None:
            self._transport.abort()

    # --- what the event loop does ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the way out."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Takes whatever came; rubbish ends the session after the sound messages before it."""
        try:
            while messages := self._parser.feed(data):
                for message in messages:
                    if self._reason is None:
                        self._take(message)
                data = b""
        except ProtocolError as error:
            self._end("switch_rubbish", f"it does not speak the event socket protocol: {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends all that waits; a defect of our own surfaces at the owner of the session."""
        how = (
            "it closed the connection" if self._noticed else f"the connection was lost ({exc or 'closed by the peer'})"
        )
        reason = self._reason = self._reason or self._endpoint.unavailable("switch_lost", how)
        if not self._greeted.done():
            self._greeted.set_exception(reason)
            self._greeted.exception()
        while self._waiting:
            reply, late = self._waiting.popleft()
            late.cancel()
            if not reply.done():
                reply.set_exception(reason)
        if self.ended.done():
            return
        if exc is None or isinstance(exc, OSError):
            self.ended.set_result(reason)
        else:
            self.ended.set_exception(exc)

    def _take(self, message: Message) -> None:
        match message.content_type:
            case protocol.EVENT_JSON:
                self._on_event(protocol.decode_event(message.body))
            case "command/reply" | "api/response":
                self._answered(message)
            case "auth/request" if not self._greeted.done():
                self._greeted.set_result(None)
            case "text/rude-rejection":
                hint = "See apply-inbound-acl in FreeSWITCH's event_socket.conf.xml."
                self._end("switch_refused_login", "it refuses our address", hint)
            case "text/disconnect-notice":
                self._noticed = True

    def _answered(self, message: Message) -> None:
        if not self._waiting:
            raise ProtocolError("a reply to no command")
        reply, late = self._waiting.popleft()
        late.cancel()
        if not reply.done():
            reply.set_result(message)

    def _late(self) -> None:
        self._end("switch_silent", f"a command had no reply for {self._reply_within_s:g} s")

    def _end(self, code: str, why: str, hint: str | None = None, *, gently: bool = False) -> None:
        if self._reason is not None or self._transport is None:
            return
        self._reason = self._endpoint.unavailable(code, why, hint)
        if gently:
            self._transport.close()
        else:
            self._transport.abort()

    def _full(self) -> str | None:
        if len(self._waiting) >= MOST_UNANSWERED:
            return f"{MOST_UNANSWERED} commands are without a reply"
        if self._transport is not None and self._transport.get_write_buffer_size() > MOST_UNSENT_BYTES:
            return "it takes no more commands"
        return None


async def open_session(endpoint: Endpoint, password: str, on_event: OnEvent) -> Session:
    """Connects, logs in and subscribes; `Unavailable` names host, port and the reason."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_WITHIN_S):
            transport, session = await loop.create_connection(
                lambda: Session(endpoint, on_event), endpoint.host, endpoint.port
            )
    except TimeoutError:
        raise endpoint.unavailable("switch_unreachable", f"no connection within {CONNECT_WITHIN_S:g} s") from None
    except ConnectionRefusedError:
        raise endpoint.unavailable(
            "switch_unreachable", "the connection was refused", "Is FreeSWITCH running, with mod_event_socket loaded?"
        ) from None
    except OSError as error:
        raise endpoint.unavailable("switch_unreachable", str(error)) from None
    try:
        await session.log_in(password)
    except BaseException:
        transport.abort()
        raise
    return session


def back_off(failures: int) -> float:
    """Seconds to wait before the next try after so many failures in a row: 0.5, 1, 2 … 30."""
    return min(30.0, 0.5 * 2.0 ** min(failures, 10))


def _heed(reply: Reply) -> None:
    """Keeps the event loop from complaining of an error that nobody awaits: a dropped command is no defect."""
    if not reply.cancelled():
        reply.exception()
