"""Serving the API and the interface: the port is taken before anything else starts, so that a clash is said at once."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from core.errors import Unavailable


class _Server(uvicorn.Server):
    """Leaves signals to the process's own stop."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(host: str, port: int) -> socket.socket:
    """Takes the address; raises `Unavailable` with a sentence when somebody else has it."""
    try:
        listener = socket.create_server((host, port), backlog=256)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Unavailable(
                "port_in_use",
                f"Port {port} on {host} is in use by another program.",
                hint=f"End that program, or choose another port: --port {port + 1} (or ZVONAR_WEB__PORT).",
            ) from error
        raise Unavailable(
            "port_refused",
            f"Port {port} on {host} cannot be used: {error.strerror}.",
            hint="Choose another with --port, or another address with --host.",
        ) from error
    # Its connections inherit it. Without it each answer, whose head and body are two writes, waits for the asker's
    # acknowledgement of the head: 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


class WebServer:
    """Serves one application on one taken address."""

    def __init__(self, app: ASGIApp, listener: socket.socket) -> None:
        self._listener = listener
        self._server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                timeout_graceful_shutdown=2,
                ws_ping_interval=20,
                ws_ping_timeout=20,
            )
        )

    async def run(self) -> None:
        """Serves until `stop`."""
        await self._server.serve(sockets=[self._listener])

    def stop(self) -> None:
        """Ends `run`; open connections get two seconds."""
        self._server.should_exit = True
