"""The demo from its start to its report: prepare, dial, follow, check, show."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from rich.console import Console
from rich.live import Live

from app.clock import SystemClock
from app.demo.check import faults
from app.demo.company import DemoCompany, prepare, switch_on
from app.demo.facts import Standing, is_over, people, standings
from app.demo.plan import Plan, read_plan
from app.demo.scripts import NAMES
from app.demo.show import as_json_line, plain_progress, progress, show_report
from app.product import Product, running
from app.settings import Settings
from app.stop import stop_asked
from core.errors import BadInput

LOOK_S: Final = 0.5
TELL_S: Final = 5.0
FAULTY: Final = 1


async def run_demo(settings: Settings, *, once: bool, as_json: bool) -> None:
    """Dials the three campaigns and shows the report; `once` ends then, else the interface stays open.

    Ends with status 1 when the numbers do not add up. The telephone network is the simulated one whatever the
    settings name, and its cast is kept in its file, so that `up` goes on with a demo that was cut off.
    """
    if settings.switches:
        settings = settings.model_copy(update={"switches": ()})
    plan = read_plan()
    clock = SystemClock()
    console = Console(stderr=as_json, soft_wrap=True)
    _keep_cast(settings, plan)
    with stop_asked() as stop:
        async with running(settings, clock, cast=plan.cast) as product:
            demo = await prepare(product, plan)
            _introduce(console, product, demo)
            began = clock.monotonic()
            await switch_on(product, demo)
            await _follow(console, product, demo, stop)
            seconds = clock.monotonic() - began
            if stop.is_set():
                return
            last, wrong = await _sum_up(product, demo, plan)
            show_report(console, last, wrong, seconds)
            if not once:
                console.print(f"\nThe web interface stays open at {product.address} (Ctrl-C ends it).")
                await stop.wait()
    if as_json:
        print(as_json_line(last, len(wrong), seconds), flush=True)
    if wrong:
        sys.exit(FAULTY)


def _keep_cast(settings: Settings, plan: Plan) -> None:
    file = settings.var / "simulator" / "cast.yaml"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(plan.cast.dump(), "utf-8")
    except OSError as error:
        raise BadInput(
            "var_not_writable", f"{file} cannot be written: {error.strerror}.", hint="Name a folder by ZVONAR_VAR."
        ) from error


def _introduce(console: Console, product: Product, demo: DemoCompany) -> None:
    for notice in product.notices:
        console.print(f"[dim]{notice}[/dim]")
    loads = demo.loads
    bad = [(NAMES[kind], row) for kind, load in loads.items() for row in load.bad]
    people = sum(load.loaded for load in loads.values())
    twice = sum(load.duplicates for load in loads.values())
    console.print(
        f"A demo company calls {people} people over a simulated telephone network, with real speech both ways. "
        f"Of its files {twice} row was a duplicate and {len(bad)} could not be loaded:"
    )
    for name, row in bad:
        console.print(f"  [dim]{name}, line {row.line}: {row.reason}[/dim]")
    console.print(f"Watch it at [bold]{product.address}[/bold]   login: {demo.login}   password: {demo.password}\n")


async def _follow(console: Console, product: Product, demo: DemoCompany, stop: asyncio.Event) -> None:
    """Shows the progress until all is over or `stop` is set."""
    began = told = product.clock.monotonic()
    shown = Live(console=console, refresh_per_second=4) if console.is_terminal else None
    context: AbstractContextManager[object] = shown or nullcontext()
    with context:
        while not stop.is_set():
            async with product.database.transaction(demo.company) as tx:
                now = await standings(tx, demo.campaigns)
                over = await is_over(tx, list(demo.campaigns.values()), product.clock.now())
            at = product.clock.monotonic()
            if shown is not None:
                shown.update(progress(now, at - began))
            elif over or at - told >= TELL_S:
                told = at
                console.print(plain_progress(now, at - began))
            if over:
                return
            try:
                async with asyncio.timeout(LOOK_S):
                    await stop.wait()
            except TimeoutError:
                continue


async def _sum_up(product: Product, demo: DemoCompany, plan: Plan) -> tuple[Sequence[Standing], list[str]]:
    wrong: list[str] = []
    async with product.database.transaction(demo.company) as tx:
        last = await standings(tx, demo.campaigns)
        for one in last:
            wrong += faults(one, await people(tx, demo.campaigns[one.kind]), plan.parts)
    return last, wrong
