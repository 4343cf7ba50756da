"""Files of contacts, read by a process of their own: what is in one, and its rows batch by batch."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from campaigns.contacts.batches import Batch
from core.errors import BadInput, Unavailable
from services.list_feed import LENGTH, Answer, Ended, Feed, Looked, Refused, Request

SILENT_S: Final = 600
_ROOT: Final = Path(__file__).resolve().parents[1]
_BUFFER: Final = 1 << 20


async def look(path: Path) -> Looked:
    """What the file holds; BadInput on `file` if it is no list."""
    async with _reading(Request(str(path))) as process:
        answer = await _answer(process)
    if isinstance(answer, Looked):
        return answer
    raise _unexpected()


async def batches(path: Path, feed: Feed) -> AsyncGenerator[Batch]:
    """The rows after those that are done, a batch at a time; the process ends with the iteration."""
    async with _reading(Request(str(path), feed)) as process:
        while not isinstance(answer := await _answer(process), Ended):
            if not isinstance(answer, Batch):
                raise _unexpected()
            yield answer


@asynccontextmanager
async def _reading(request: Request) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.list_feed",
        cwd=_ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_BUFFER,
    )
    try:
        assert process.stdin is not None
        with suppress(BrokenPipeError, ConnectionResetError):
            process.stdin.write(msgspec.msgpack.encode(request))
            await process.stdin.drain()
            process.stdin.close()
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _answer(process: asyncio.subprocess.Process) -> Answer:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(SILENT_S):
            head = await process.stdout.readexactly(LENGTH.size)
            frame = await process.stdout.readexactly(LENGTH.unpack(head)[0])
    except TimeoutError as error:
        message = f"Reading the file made no progress for {SILENT_S} s."
        raise BadInput("file_too_slow", message, field="file") from error
    except asyncio.IncompleteReadError as error:
        raise _ended(await process.wait()) from error
    answer: Answer = msgspec.msgpack.decode(frame, type=Answer)
    if isinstance(answer, Refused):
        raise BadInput(answer.code, answer.message, field=answer.field, hint=answer.hint)
    return answer


def _ended(status: int) -> BadInput | Unavailable:
    """Why the process ended before its answer: it has no memory left, or was ended from outside."""
    if -status in {signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS}:
        hint = "Save the list as CSV."
        return BadInput("file_too_large", "The file needs too much memory to be read.", field="file", hint=hint)
    return Unavailable("reader_ended", f"The process that reads the file ended with status {status}.")


def _unexpected() -> Unavailable:
    return Unavailable("reader_confused", "The process that reads the file gave an answer to another question.")
