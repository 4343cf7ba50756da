"""The product as a process of its own, as a user starts it, and a look into its database from outside."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg

from storage import embedded
from storage.urls import for_asyncpg
from tests.conftest import ROOT


@contextmanager
def started(var: Path, *words: str, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """Runs `./zvonar WORDS` with its data under `var`; whatever is left of it in the end is killed."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ZVONAR_")}
    output = (var.parent / f"{words[0]}.err").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "app", *words],
        cwd=ROOT,
        env=clean | {"ZVONAR_VAR": str(var), "PYTHONUTF8": "1"} | (env or {}),
        stdout=subprocess.PIPE,
        stderr=output,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        output.close()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=20)
        if process.stdout is not None:
            process.stdout.close()


@asynccontextmanager
async def looking_into(var: Path) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection to the database of a product that runs (or ran) on `var`."""
    server = await asyncio.to_thread(embedded.start, var / "postgres")
    try:
        connection = await asyncpg.connect(for_asyncpg(server.superuser_url), timeout=10)
        try:
            yield connection
        finally:
            await connection.close()
    finally:
        await asyncio.to_thread(server.stop)


async def until(connection: asyncpg.Connection, query: str, within_s: float) -> None:
    """Polls until `query` answers true."""
    async with asyncio.timeout(within_s):
        while not await connection.fetchval(query):
            await asyncio.sleep(0.2)
