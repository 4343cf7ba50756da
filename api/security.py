"""Who asks: the session cookie, and the proof that a change was asked for by our own pages."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie
from starlette.requests import HTTPConnection

from api.deps import Given
from api.problems import NotSignedIn
from core.errors import Forbidden
from services.accounts import Asker, asker_of

COOKIE = "zvonar_session"
REQUESTED_WITH = "x-requested-with"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
session_cookie = APIKeyCookie(
    name=COOKIE, scheme_name="session", description="Set by POST /api/v1/session.", auto_error=False
)


async def signed_in(deps: Given, token: Annotated[str | None, Security(session_cookie)]) -> Asker:
    """The user of the session; raises `NotSignedIn` without a living one."""
    asker = await asker_of(deps.database, token, deps.clock.now()) if token else None
    if asker is None:
        raise NotSignedIn
    return asker


By = Annotated[Asker, Depends(signed_in)]


async def from_our_pages(request: Request) -> None:
    """Refuses a change that a foreign page may have sent with the user's cookie.

    A page of another origin can send neither a header of its own nor a false `Origin` without being asked first.
    """
    if request.method in _SAFE or request.headers.get(REQUESTED_WITH, "").lower() == "zvonar":
        return
    if request.headers.get("sec-fetch-site") == "same-origin" or is_same_origin(request, required=True):
        return
    raise Forbidden(
        "cross_site",
        "The request does not come from this product's pages.",
        hint="Programs send the header X-Requested-With: zvonar with every change.",
    )


def is_same_origin(connection: HTTPConnection, *, required: bool) -> bool:
    """Whether `Origin` names the host that was asked; without the header, the opposite of `required`."""
    origin = connection.headers.get("origin")
    if origin is None:
        return not required
    return urlsplit(origin).netloc == connection.headers.get("host")
