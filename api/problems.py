"""Every refusal in one shape: application/problem+json (RFC 9457) with a stable `code` and what to do about it.

`problem_of` alone decides what an error becomes; what is not raised on purpose says nothing of its inside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from api.headers import SECURE
from core.errors import ZvonarError

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
_CODES = {404: "no_such_address", 405: "method_not_allowed", 413: "too_large", 400: "bad_request"}


class NotSignedIn(ZvonarError):
    """Nobody is signed in, or the session ended."""

    status = 401

    def __init__(self) -> None:
        super().__init__("not_signed_in", "Sign in first.", hint="POST /api/v1/session gives a session cookie.")


class Problem(BaseModel):
    """Why a request was refused (RFC 9457)."""

    type: str = Field(default="about:blank", description="Always about:blank: `code` tells the kinds apart.")
    title: str = Field(description="The phrase of the HTTP status.")
    status: int = Field(description="The HTTP status.")
    code: str = Field(description="Stable and machine-readable, as in `wrong_login`.")
    message: str = Field(description="What is wrong, a sentence for people, in English.")
    field: str | None = Field(default=None, description="The field at fault, with dots between levels.")
    hint: str | None = Field(default=None, description="What to do about it.")


def problem_of(error: Exception) -> Problem:
    """Says of any error what the asker may know of it."""
    match error:
        case ZvonarError():
            return _problem(error.status, error.code, error.message, field=error.field, hint=error.hint)
        case RequestValidationError():
            return _invalid(error.errors()[0])
        case HTTPException():
            code = _CODES.get(error.status_code, "refused")
            return _problem(error.status_code, code, _sentence(str(error.detail)))
        case _:
            hint = "The server's log says what happened; try again later."
            return _problem(500, "internal", "Something went wrong on the server.", hint=hint)


def respond(problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The problem as a response."""
    return JSONResponse(problem.model_dump(exclude_none=True), problem.status, dict(headers or {}), MEDIA_TYPE)


def answer_problems(app: FastAPI) -> None:
    """Makes `app` answer every error by `problem_of`."""

    async def answer(_request: Request, error: Exception) -> JSONResponse:
        headers = error.headers if isinstance(error, HTTPException) else None
        return respond(problem_of(error), headers)

    async def answer_unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error("api.unexpected", method=request.method, path=request.url.path, exc_info=error)
        return respond(problem_of(error), SECURE)

    for expected in (ZvonarError, RequestValidationError, HTTPException):
        app.add_exception_handler(expected, answer)
    app.add_exception_handler(Exception, answer_unexpected)


def _problem(status: int, code: str, message: str, *, field: str | None = None, hint: str | None = None) -> Problem:
    title = HTTPStatus(status).phrase
    return Problem(title=title, status=status, code=code, message=message, field=field, hint=hint)


def _invalid(first: Mapping[str, Any]) -> Problem:
    """What the shape of a request is refused for; of several faults the first."""
    place = _path(first["loc"])
    if first["type"] == "extra_forbidden":
        hint = "Leave it out; GET /api/v1/openapi.json lists the fields."
        return _problem(422, "unknown_field", f"There is no field {first['loc'][-1]!r} here.", field=place, hint=hint)
    return _problem(422, f"invalid_{first['type']}", _sentence(first["msg"]), field=place)


def _path(place: Sequence[object]) -> str | None:
    """`("body", "week", 0, "start")` as `week.0.start`."""
    return ".".join(str(part) for part in place[1:]) or None


def _sentence(text: str) -> str:
    text = text.removeprefix("Value error, ")
    return text if text.endswith((".", "!", "?")) else text + "."
