"""Refuses bodies that are too long, by what they announce or else by what arrives."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem_of, respond

IMPORT_BYTES = 2 * 1024 * 1024 * 1024
UPLOAD_BYTES = 50 * 1024 * 1024
ENVELOPE_BYTES = 64 * 1024  # what a form adds around a file
OTHER_BYTES = 1024 * 1024
IMPORTS = "/api/v1/imports"


class BodyLimit:
    """ASGI middleware: 413 beyond a length that depends on what is sent.

    `IMPORT_BYTES` for a list to import, `UPLOAD_BYTES` for another form with a file, `OTHER_BYTES` for all else.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Counts the body while it is read; once it is too long nothing but the refusal is sent."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit, refusal = _limit(scope)
        if (_announced(scope) or 0) > limit:
            await respond(problem_of(refusal))(scope, receive, send)
            return
        body = _Counted(receive, limit)
        refused = False

        async def answer(message: Message) -> None:
            nonlocal refused
            if body.too_long and not refused and message["type"] == "http.response.start":
                refused = True
                await respond(problem_of(refusal))(scope, receive, send)
            elif not refused:
                await send(message)

        await self._app(scope, body.receive, answer)


class _Counted:
    """The request's body, cut off with an error when it grows past the limit."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self.too_long = False
        self._receive = receive
        self._limit = limit
        self._taken = 0

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._taken += len(message.get("body", b""))
            if self._taken > self._limit:
                self.too_long = True
                raise HTTPException(413)
        return message


def _limit(scope: Scope) -> tuple[int, HTTPException]:
    is_form = any(name == b"content-type" and value.startswith(b"multipart/") for name, value in scope["headers"])
    is_import = scope["path"] == IMPORTS
    limit = IMPORT_BYTES if is_import else UPLOAD_BYTES if is_form else OTHER_BYTES
    what = "A file" if is_form or is_import else "A request"
    refusal = HTTPException(413, f"{what} may have at most {limit // 1024 // 1024} MB; split it.")
    return (limit + ENVELOPE_BYTES if is_form else limit), refusal


def _announced(scope: Scope) -> int | None:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return None
