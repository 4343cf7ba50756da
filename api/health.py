"""What watches the service from outside: health and metrics. Neither tells anything of a company."""

from __future__ import annotations

import asyncio
from typing import Literal

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field
from sqlalchemy import text

from api.deps import Given
from core.errors import Unavailable

router = APIRouter(tags=["service"])

DATABASE_WITHIN_S = 3.0


class Health(BaseModel):
    """The service runs and reaches its database."""

    status: Literal["ok"] = "ok"
    version: str = Field(description="The product's version.")


@router.get("/health", summary="Health")
async def health(deps: Given) -> Health:
    """Answers ok when the database answers, else 503."""
    try:
        async with asyncio.timeout(DATABASE_WITHIN_S), deps.database.system() as connection:
            await connection.execute(text("SELECT 1"))
    except TimeoutError as error:
        message = f"The database did not answer within {DATABASE_WITHIN_S:.0f} seconds."
        raise Unavailable("database_slow", message) from error
    return Health(version=deps.version)


@router.get(
    "/metrics",
    summary="Metrics",
    response_class=Response,
    responses={200: {"description": "Prometheus text format.", "content": {"text/plain": {}}}},
)
async def metrics(deps: Given) -> Response:
    """Prints all metrics in Prometheus' text format."""
    return Response(generate_latest(deps.registry), media_type=CONTENT_TYPE_LATEST)
