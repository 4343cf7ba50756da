"""An HTTP server on a port of this machine that answers as a test says, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Asked:
    """One request; the names of headers are in small letters."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Said:
    """One answer; `after_s` is how long it takes, `breaks` that the connection ends without one."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    after_s: float = 0.0
    breaks: bool = False


def said_json(value: object, status: int = 200) -> Said:
    return Said(status, json.dumps(value, ensure_ascii=False).encode())


@dataclass(slots=True)
class HttpServer:
    port: int
    asked: list[Asked] = field(default_factory=list)

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@asynccontextmanager
async def http_server(answer: Callable[[Asked], Said | Awaitable[Said]]) -> AsyncIterator[HttpServer]:
    """Serves until the block ends."""
    here = HttpServer(0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = await _read(reader)
            here.asked.append(asked)
            told = answer(asked)
            said = told if isinstance(told, Said) else await told
            await asyncio.sleep(said.after_s)
            if not said.breaks:
                headers = {"Content-Length": str(len(said.body)), "Connection": "close", **said.headers}
                head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
                writer.write(f"HTTP/1.1 {said.status} Said\r\n{head}\r\n".encode() + said.body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client went away
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    here.port = server.sockets[0].getsockname()[1]
    try:
        yield here
    finally:
        server.close()
        await server.wait_closed()


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ", 2)
    pairs = (line.split(":", 1) for line in lines if line)
    headers = {name.casefold(): value.strip() for name, value in pairs}
    return Asked(method, target, headers, await _body(reader, headers))


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding") != "chunked":
        return await reader.readexactly(int(headers.get("content-length", 0)))
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    return body
