"""Live changes over a real WebSocket, by a real server: who is told what, and when a connection is parted with."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import httpx
import pytest
import uvicorn
import websockets
from prometheus_client import CollectorRegistry
from websockets.asyncio.client import ClientConnection, connect

from api.app import create_app
from api.live import GAP_S
from campaigns.campaign import CampaignId, CompanyId
from services import accounts, campaigns
from storage.live import tell
from tests.api.conftest import OURS, PASSWORD, Api, create, new_campaign
from tests.conftest import EPOCH, make_company
from tests.services.things import make_campaign

PATIENCE_S = 10.0

pytestmark = pytest.mark.postgres


class TrueClock:
    """The tests' date with real seconds."""

    def now(self) -> Any:  # noqa: ANN401
        return EPOCH

    def monotonic(self) -> float:
        return monotonic()


class Server(uvicorn.Server):
    """Leaves signals to the test run, and says when it serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serves = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.serves.set()

    @contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]  # noqa: ANN201
        yield


@dataclass(frozen=True, slots=True)
class Live:
    """A running server and its one signed-in user."""

    api: Api
    port: int
    token: str
    client: httpx.AsyncClient

    @asynccontextmanager
    async def socket(self, token: str | None = None, **headers: str) -> AsyncIterator[ClientConnection]:
        cookie = {"Cookie": f"zvonar_session={self.token if token is None else token}"}
        address = f"ws://127.0.0.1:{self.port}/api/v1/live"
        async with connect(address, additional_headers=cookie | headers, open_timeout=PATIENCE_S) as made:
            yield made


@pytest.fixture
async def live(api: Api) -> AsyncIterator[Live]:
    """The API behind uvicorn on a free port, with its feed listening."""
    app = create_app(replace(api.deps, registry=CollectorRegistry(), clock=TrueClock()))
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    server = Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=2))
    async with asyncio.TaskGroup() as group:
        feed = group.create_task(api.deps.live.run())
        serving = group.create_task(server.serve(sockets=[listener]))
        async with asyncio.timeout(PATIENCE_S):
            await api.deps.live.wait_listening()
            await server.serves.wait()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=OURS) as client:
            answer = await client.post("/api/v1/session", json={"login": "anna", "password": PASSWORD})
            yield Live(api, port, answer.cookies["zvonar_session"], client)
        server.should_exit = True
        await serving
        feed.cancel()


async def heard(socket: ClientConnection) -> dict[str, Any]:
    """The next message."""
    async with asyncio.timeout(PATIENCE_S):
        message: dict[str, Any] = json.loads(await socket.recv())
    return message


async def closed(socket: ClientConnection) -> int | None:
    """Waits for the end of the connection and returns its code."""
    async with asyncio.timeout(PATIENCE_S):
        try:
            while True:
                await socket.recv()
        except websockets.ConnectionClosed as end:
            return end.rcvd.code if end.rcvd else None


async def until(condition: Callable[[], bool]) -> None:
    """Lets everything else run until the condition holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0)


async def test_a_change_is_told_to_the_company_that_it_concerns(live: Live) -> None:
    made = await create(live.client)
    other = await make_company(live.api.deps.database, "Вектор")
    async with live.socket() as socket:
        await until(lambda: bool(live.api.deps.live._streams))
        async with live.api.deps.database.transaction(other) as tx:
            await make_campaign(tx)
        await live.client.post(f"/api/v1/campaigns/{made}/start")
        assert await heard(socket) == {"type": "campaign", "id": made}


async def test_every_kind_of_change_is_told(live: Live) -> None:
    async with live.socket() as socket:
        await until(lambda: bool(live.api.deps.live._streams))
        made = (await live.client.post("/api/v1/campaigns", json=new_campaign())).json()["id"]
        assert await heard(socket) == {"type": "campaign", "id": made}
        address = f"/api/v1/campaigns/{made}"
        files = {"file": "Телефон\n89001112233\n".encode()}
        changes: tuple[Callable[[], Awaitable[httpx.Response]], ...] = (
            lambda: live.client.post(f"{address}/contacts", files=files),
            lambda: live.client.post(f"{address}/start"),
            lambda: live.client.post(f"{address}/pause"),
            lambda: live.client.post(f"{address}/finish"),
            lambda: live.client.delete(address),
        )
        for change in changes:
            assert (await change()).is_success
            assert await heard(socket) == {"type": "campaign", "id": made}


async def test_who_is_not_signed_in_is_parted_with(live: Live) -> None:
    async with live.socket(token="false") as socket:
        assert await closed(socket) == 4401


async def test_a_foreign_page_is_parted_with(live: Live) -> None:
    async with live.socket(Origin="http://evil.test") as socket:
        assert await closed(socket) == 4403
    async with live.socket(Origin=f"http://127.0.0.1:{live.port}") as socket:
        await until(lambda: bool(live.api.deps.live._streams))


async def test_many_changes_at_once_are_told_together(live: Live) -> None:
    many, last = await create(live.client), await create(live.client)
    began = monotonic()
    async with live.socket() as socket:
        await until(lambda: bool(live.api.deps.live._streams))
        for campaign in [many] * 50 + [last]:
            async with live.api.deps.database.transaction(live.api.company) as tx:
                await tell(tx, CampaignId(campaign))
        told = 0
        while (await heard(socket))["id"] != last:
            told += 1
    assert 1 <= told <= (monotonic() - began) / GAP_S + 1


async def test_a_browser_that_leaves_is_forgotten(live: Live) -> None:
    async with live.socket():
        await until(lambda: bool(live.api.deps.live._streams))
    await until(lambda: not live.api.deps.live._streams)


async def test_a_lost_stream_ends_the_connection_so_that_the_browser_looks_anew(live: Live) -> None:
    async with live.socket() as socket:
        await until(lambda: bool(live.api.deps.live._streams))
        for streams in live.api.deps.live._streams.values():
            for stream in streams:
                stream.drop()
        assert await closed(socket) == 4408


async def test_the_companys_own_user_hears_nothing_of_the_other(live: Live) -> None:
    database = live.api.deps.database
    other = await make_company(database, "Вектор")
    await accounts.add_user(database, CompanyId(other), login="boris", password=PASSWORD, now=EPOCH)
    session = await accounts.sign_in(database, login="boris", password=PASSWORD, now=EPOCH)
    async with live.socket(token=session.token) as theirs, live.socket() as ours:
        await until(lambda: len(live.api.deps.live._streams) == 2)
        mine = await create(live.client)
        assert await heard(ours) == {"type": "campaign", "id": mine}
        async with database.transaction(other) as tx:
            their_own = await make_campaign(tx)
            await campaigns.switch(tx, their_own, on=True, now=EPOCH)
        assert await heard(theirs) == {"type": "campaign", "id": their_own}
