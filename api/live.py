"""Live changes over a WebSocket: which campaigns have new numbers, never the numbers themselves.

A browser asks again for what it shows. Each campaign is told at most every `GAP_S`; who reads too slowly, and whose
session ends, is parted with.
"""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from api.deps import Deps, deps_of
from api.metrics import ApiMetrics
from api.security import COOKIE, is_same_origin
from api.throttle import Throttle
from campaigns.campaign import CompanyId
from services.accounts import asker_of
from storage.live import Dropped, LiveChange, LiveStream

router = APIRouter()

GAP_S = 0.3
PING_S = 20.0
SEND_WITHIN_S = 5.0
FORBIDDEN, SIGNED_OUT, TOO_SLOW = 4403, 4401, 4408


@router.websocket("/live")
async def live(socket: WebSocket) -> None:
    """Tells `{"type":"campaign","id":…}` on changes and `{"type":"ping"}` every 20 s.

    Closes with 4401 when nobody is signed in (any more), 4403 for a foreign page, 4408 when told faster than read.
    """
    deps = deps_of(socket)
    await socket.accept()
    if not is_same_origin(socket, required=False):
        await socket.close(FORBIDDEN)
        return
    company = await _company_of(socket, deps)
    if company is None:
        await socket.close(SIGNED_OUT)
        return
    metrics = socket.app.state.metrics
    assert isinstance(metrics, ApiMetrics)
    with metrics.live.track_inprogress(), deps.live.subscribe(company) as stream:
        async with asyncio.TaskGroup() as group:
            tasks = {group.create_task(_until_closed(socket)), group.create_task(_tell(socket, stream, deps))}
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()


async def _company_of(socket: WebSocket, deps: Deps) -> CompanyId | None:
    token = socket.cookies.get(COOKIE)
    asker = await asker_of(deps.database, token, deps.clock.now()) if token else None
    return asker.company if asker else None


async def _until_closed(socket: WebSocket) -> None:
    """Reads and drops what the browser sends, until it leaves."""
    try:
        while True:
            await socket.receive_text()
    except (WebSocketDisconnect, KeyError):
        return


async def _tell(socket: WebSocket, stream: LiveStream, deps: Deps) -> None:
    """Passes the stream on until the browser is gone, too slow or signed out."""
    try:
        await socket.close(await _tell_until(socket, stream, deps))
    except (WebSocketDisconnect, TimeoutError):
        return


async def _tell_until(socket: WebSocket, stream: LiveStream, deps: Deps) -> int:
    throttle = Throttle(GAP_S)
    monotonic = deps.clock.monotonic
    ping_at = monotonic() + PING_S
    while True:
        change = await _next(stream, min(throttle.next_at(), ping_at) - monotonic())
        if isinstance(change, Dropped):
            return TOO_SLOW
        if change is not None:
            throttle.change(change.campaign)
        now = monotonic()
        for campaign in throttle.take(now):
            await _send(socket, {"type": "campaign", "id": campaign})
        if now >= ping_at:
            if await _company_of(socket, deps) is None:
                return SIGNED_OUT
            await _send(socket, {"type": "ping"})
            ping_at = now + PING_S


async def _next(stream: LiveStream, wait_s: float) -> LiveChange | Dropped | None:
    """The stream's next item; None if none comes within `wait_s`."""
    try:
        async with asyncio.timeout(max(wait_s, 0)):
            return await stream.next()
    except TimeoutError:
        return None


async def _send(socket: WebSocket, message: dict[str, object]) -> None:
    async with asyncio.timeout(SEND_WITHIN_S):
        await socket.send_json(message)
