"""The trunks that campaigns may call through."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.deps import Deps, Given
from api.security import By
from core.errors import BadInput

router = APIRouter(prefix="/trunks", tags=["trunks"])


class TrunkView(BaseModel):
    """One trunk."""

    name: str = Field(description="What a campaign names it by.", examples=["simulator"])


@router.get("", summary="List trunks")
async def list_trunks(_asker: By, deps: Given) -> list[TrunkView]:
    """Shows the trunks that are set up on this server, in the order of its settings."""
    return [TrunkView(name=name) for name in deps.trunks()]


def check_trunk(name: str, deps: Deps) -> None:
    """Refuses a trunk that is not set up: a campaign that named it would never call."""
    known = deps.trunks()
    if name not in known:
        hint = f"Known trunks: {', '.join(known) or 'none'}."
        raise BadInput("no_such_trunk", f"There is no trunk {name!r}.", field="trunk", hint=hint)
