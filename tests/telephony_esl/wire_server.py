"""A scripted event socket for tests: answers as told, and does what no telephone network would do on purpose."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType

from telephony_esl.protocol import ClientFrame, ClientParser, encode, encode_event

GREETING = encode({"Content-Type": "auth/request"})
Answer = Callable[[ClientFrame], bytes | None]


def reply(text: str, **headers: str) -> bytes:
    return encode({"Content-Type": "command/reply", "Reply-Text": text, **headers})


def response(text: str) -> bytes:
    return encode({"Content-Type": "api/response"}, text.encode())


def answer_well(frame: ClientFrame) -> bytes | None:
    """What FreeSWITCH answers when all is well."""
    match frame.line.split():
        case ["auth", "secret"]:
            return reply("+OK accepted")
        case ["auth", *_]:
            return reply("-ERR invalid")
        case ["event", "json", *_]:
            return reply("+OK event listener enabled json")
        case ["bgapi", *_]:
            return reply(f"+OK Job-UUID: {frame.headers['Job-UUID']}")
        case ["api", "version"]:
            return response("FreeSWITCH Version 1.10.12\n")
        case ["api", "show", *_]:
            return response('{"row_count":0}\n')
        case ["api", *_] | ["sendmsg", *_]:
            return response("+OK\n") if frame.line.startswith("api") else reply("+OK")
        case ["exit"]:
            return reply("+OK bye")
        case _:
            return reply("-ERR command not found")


class _Client(asyncio.Protocol):
    def __init__(self, server: WireServer) -> None:
        self._server = server
        self._parser = ClientParser()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._server.clients.append(self)
        transport.write(self._server.greeting)

    def data_received(self, data: bytes) -> None:
        for frame in self._parser.feed(data):
            self._server.frames.append(frame)
            answer = self._server.answer(frame)
            if answer is not None and self.transport is not None:
                self.transport.write(answer)
        self._server.notify()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.clients.remove(self)
        self._server.notify()


class WireServer:
    """Listens on a port of its own; `answer` may be changed at any time, `None` from it is silence."""

    def __init__(self, *, greeting: bytes = GREETING) -> None:
        self.greeting = greeting
        self.answer: Answer = answer_well
        self.frames: list[ClientFrame] = []
        self.clients: list[_Client] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._changed = asyncio.Event()

    async def __aenter__(self) -> WireServer:
        self._server = await asyncio.get_running_loop().create_server(lambda: _Client(self), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.drop()

    def send(self, data: bytes) -> None:
        for client in self.clients:
            assert client.transport is not None
            client.transport.write(data)

    def event(self, name: str, leg: str = "", *, body: str = "", **fields: str) -> None:
        headers = {"Event-Name": name, **({"Unique-ID": leg} if leg else {})}
        self.send(encode_event(headers | {key.replace("_", "-"): value for key, value in fields.items()}, body))

    def job(self, leg: str, body: str) -> None:
        self.event("BACKGROUND_JOB", Job_UUID=leg, body=body)

    def hung_up(self, leg: str, cause: str = "NORMAL_CLEARING") -> None:
        self.event("CHANNEL_HANGUP_COMPLETE", leg, Hangup_Cause=cause)

    def drop(self) -> None:
        for client in tuple(self.clients):
            assert client.transport is not None
            client.transport.abort()

    def transfers(self) -> list[str]:
        """Where legs were sent, by now."""
        return [frame.headers["execute-app-arg"] for frame in self.frames if "execute-app-arg" in frame.headers]

    async def until_transferred(self) -> None:
        """Waits until a leg was sent somewhere."""
        async with asyncio.timeout(5):
            while not self.transfers():
                await self._changed.wait()

    def lines(self, start: str) -> list[str]:
        return [frame.line for frame in self.frames if frame.line.startswith(start)]

    async def until(self, start: str, *, times: int = 1) -> list[ClientFrame]:
        """Waits until so many commands that begin like this came."""
        async with asyncio.timeout(5):
            while len(found := [frame for frame in self.frames if frame.line.startswith(start)]) < times:
                await self._changed.wait()
        return found

    async def until_gone(self) -> None:
        """Waits until no client is connected."""
        async with asyncio.timeout(5):
            while self.clients:
                await self._changed.wait()

    def notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
