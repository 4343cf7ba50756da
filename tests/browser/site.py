"""A served product to visit, and a visitor: Chromium on a page that must not complain."""

from __future__ import annotations

import asyncio
import os
import random
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import ConsoleMessage, Page, async_playwright, expect
from sqlalchemy import text

from api.app import Deps, create_app
from app.clock import SystemClock
from app.web import WebServer, bind
from campaigns.campaign import CampaignId, CompanyId
from services.accounts import add_user
from storage.database import Database
from storage.live import LiveFeed, tell
from tests.conftest import ROOT, Fresh, make_company
from tests.fakes.jobs import Orders

DIST = ROOT / "web" / "dist"
LOGIN, PASSWORD = "anna", "верный пароль 1"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 10_000
DESKTOP, PHONE = (1400, 900), (390, 844)


@dataclass(frozen=True, slots=True)
class Site:
    """A running server on a database of its own, with one company and one user."""

    address: str
    database: Database
    company: CompanyId
    recordings: Path

    async def change(self, campaign: int, statement: str, **values: object) -> None:
        """Changes rows as a worker would: in one transaction that tells of it when it commits."""
        async with self.database.transaction(self.company) as tx:
            await tx.execute(text(statement), {"campaign": campaign, **values})
            await tell(tx, CampaignId(campaign))

    async def one(self, statement: str, **values: object) -> Any:  # noqa: ANN401
        """The one value that the statement finds."""
        async with self.database.transaction(self.company) as tx:
            return (await tx.execute(text(statement), values)).scalar_one()


@dataclass(frozen=True, slots=True)
class Visit:
    """One browser page; `faults` is what it complained of, but for the refusals that a test expects."""

    page: Page
    site: Site
    faults: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        """Keeps errors and warnings; a refused request is one only where the server broke."""
        refused = re.search(r"status of (4\d\d)", message.text)
        if message.type in {"error", "warning"} and not refused:
            self.faults.append(message.text)

    async def go(self, path: str) -> None:
        await self.page.goto(self.site.address + path)

    async def sign_in(self, path: str = "/") -> None:
        """Signs in without the form, so that tests of other pages stay quick."""
        await self.post("session", {"login": LOGIN, "password": PASSWORD})
        await self.go(path)

    async def post(self, path: str, data: object = None, **more: Any) -> Any:  # noqa: ANN401
        """Asks the API as this user; anything but success fails the test."""
        headers = {"X-Requested-With": "zvonar"}
        answer = await self.page.request.post(f"{self.site.address}/api/v1/{path}", headers=headers, data=data, **more)
        assert answer.ok, await answer.text()
        return await answer.json()

    async def click(self, name: str, role: Literal["button", "link", "menuitem", "tab"] = "button") -> None:
        await self.page.get_by_role(role, name=name, exact=True).click()

    async def shows(self, words: str) -> None:
        await expect(self.page.get_by_text(words).locator("visible=true").first).to_be_visible()


def chromium() -> str:
    """Where Chromium is; skips the test where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("ZVONAR_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip("needs Chromium (name it by ZVONAR_CHROMIUM)")
    if not (DIST / "index.html").is_file():
        pytest.skip("needs the built interface (./zvonar setup builds it)")
    return found


@asynccontextmanager
async def visiting(
    fresh: Fresh, recordings: Path, *, size: tuple[int, int] = DESKTOP, language: str = "ru", dark: bool = False
) -> AsyncIterator[Visit]:
    """A visit to a fresh product; it ends with an error if the page complained of anything."""
    path = chromium()
    expect.set_options(timeout=PATIENCE_MS)
    async with serving(fresh, recordings) as site, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        context = await browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            locale="ru-RU",
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()
        await page.add_init_script(
            f"localStorage.getItem('zvonar-language') ?? localStorage.setItem('zvonar-language', '{language}')"
        )
        visit = Visit(page, site)
        page.on("console", lambda message: visit.hear(message))
        page.on("pageerror", lambda error: visit.faults.append(str(error)))
        try:
            yield visit
            assert visit.faults == []
        finally:
            await browser.close()


@asynccontextmanager
async def serving(fresh: Fresh, recordings: Path) -> AsyncIterator[Site]:
    """The API and the built interface on a free port."""
    clock = SystemClock()
    database = Database(fresh.app_url)
    live = LiveFeed(fresh.app_url)
    listener = bind("127.0.0.1", 0)
    deps = Deps(
        database=database,
        clock=clock,
        live=live,
        randomness=random.Random(1),
        web_dist=DIST,
        recordings=recordings,
        wake=lambda: None,
        trunks=lambda: ("simulator", "Город"),
        version="0.0-test",
        jobs=Orders(),
        folder=recordings,
    )
    try:
        company = await make_company(database)
        await add_user(database, company, login=LOGIN, password=PASSWORD, now=clock.now(), name="Анна Петрова")
        async with asyncio.TaskGroup() as group:
            hearing = group.create_task(live.run())
            server = WebServer(create_app(deps), listener)
            answering = group.create_task(server.run())
            await live.wait_listening()
            try:
                yield Site(f"http://127.0.0.1:{listener.getsockname()[1]}", database, company, recordings)
            finally:
                hearing.cancel()
                server.stop()
                await answering
    finally:
        listener.close()
        await database.close()
