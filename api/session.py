"""Signing in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response, Security, status
from pydantic import BaseModel, Field

from api.deps import Given
from api.forms import Form
from api.security import COOKIE, By, session_cookie
from services import accounts
from services.accounts import Asker

router = APIRouter(tags=["session"])


class SignIn(Form):
    """A login with its password."""

    login: str = Field(min_length=1, max_length=200, examples=["anna"])
    password: str = Field(min_length=1, max_length=1000)


class Me(BaseModel):
    """The user who asks."""

    login: str
    name: str
    version: str = Field(description="The product's version.")

    @classmethod
    def of(cls, asker: Asker, version: str) -> Me:
        """Shapes the answer."""
        return cls(login=asker.login, name=asker.name, version=version)


@router.post("/session", summary="Sign in")
async def sign_in(given: SignIn, request: Request, response: Response, deps: Given) -> Me:
    """Sets the session cookie. After 10 wrong passwords for one login within 15 minutes it refuses for a while."""
    now = deps.clock.now()
    session = await accounts.sign_in(deps.database, login=given.login, password=given.password, now=now)
    response.set_cookie(
        COOKIE,
        session.token,
        expires=session.expires_at,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return Me.of(session.asker, deps.version)


@router.delete("/session", summary="Sign out", status_code=status.HTTP_204_NO_CONTENT)
async def sign_out(
    request: Request, response: Response, deps: Given, token: Annotated[str | None, Security(session_cookie)]
) -> None:
    """Ends the session and removes its cookie; does nothing if there is none."""
    if token:
        await accounts.sign_out(deps.database, token, deps.clock.now())
    response.delete_cookie(COOKIE, path="/", secure=request.url.scheme == "https", httponly=True, samesite="lax")


@router.get("/me", summary="Who am I")
async def me(asker: By, deps: Given) -> Me:
    """Tells who is signed in."""
    return Me.of(asker, deps.version)
