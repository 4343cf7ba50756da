"""A mail server on a port of this machine that takes what a test lets it take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass(slots=True)
class SmtpServer:
    """`refusals` are answers other than success by command (`RCPT`, `MAIL`, `DATA`, `.` for the message itself)."""

    refusals: Mapping[str, str]
    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)


@asynccontextmanager
async def smtp_server(refusals: Mapping[str, str] | None = None) -> AsyncIterator[SmtpServer]:
    """Serves until the block ends."""
    here = SmtpServer(refusals or {})

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _talk(here, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
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


async def _talk(here: SmtpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 here\r\n")
    while line := await reader.readline():
        verb = line.decode().strip().upper()[:4]
        if verb in here.refusals:
            writer.write(f"{here.refusals[verb]}\r\n".encode())
        elif verb == "EHLO":
            writer.write(b"250-here\r\n250 8BITMIME\r\n")
        elif verb == "DATA":
            writer.write(b"354 go on\r\n")
            content = await reader.readuntil(b"\r\n.\r\n")
            if "." not in here.refusals:
                mail = message_from_bytes(content[:-3].replace(b"\r\n..", b"\r\n."), policy=policy.default)
                assert isinstance(mail, EmailMessage)
                here.mails.append(mail)
            writer.write(f"{here.refusals.get('.', '250 taken')}\r\n".encode())
        else:
            if verb == "RCPT":
                here.recipients.append(line.decode().partition("<")[2].partition(">")[0])
            writer.write(b"250 well\r\n")
        await writer.drain()
        if verb == "QUIT":
            return
