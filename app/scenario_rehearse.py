"""`./zvonar scenario rehearse`: simulated callers run a scenario; terminal, JSON or a page say how (SPEC R6.9)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.scenario_files import NOT_GOOD, flow_in, hearing
from core.errors import BadInput
from robot.rehearsal.report import Report

MOST_DIALOGS: Final = 1_000_000
SHOWN: Final = 15
"""So many misunderstandings are shown on the terminal; the page and the JSON have more."""

File = Annotated[Path, typer.Argument(metavar="FILE", help="A scenario in YAML.")]
Dialogs = Annotated[int, typer.Option(min=1, max=MOST_DIALOGS, help="How many dialogs.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same callers.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Html = Annotated[Path | None, typer.Option(metavar="PAGE", help="Write the report as a page, too.")]
Audio = Annotated[int, typer.Option("--calls", min=1, max=20, help="With --audio: calls for each kind of caller.")]
ByAudio = Annotated[bool, typer.Option("--audio", help="By voice over the simulated telephone network, in real time.")]


def add_rehearsing(cli: typer.Typer, say: Callable[[str], None] = print) -> None:
    """Adds the command; `say` prints its JSON."""

    @cli.command("rehearse")
    def rehearse_(
        file: File,
        *,
        dialogs: Dialogs = 2000,
        seed: Seed = 1,
        as_json: AsJson = False,
        html: Html = None,
        audio: ByAudio = False,
        calls: Audio = 1,
    ) -> None:
        """Let simulated callers run a scenario; status 1 if a dialog broke or a step was never reached."""
        if audio:
            from app.scenario_audio import rehearse_by_audio

            rehearse_by_audio(file, calls=calls, seed=seed, as_json=as_json)
        else:
            by_text(file, dialogs=dialogs, seed=seed, as_json=as_json, html=html, say=say)


def by_text(
    file: Path, *, dialogs: int, seed: int, as_json: bool, html: Path | None, say: Callable[[str], None]
) -> None:
    """Rehearses by text and shows the report."""
    from robot.rehearsal import rehearse
    from robot.rehearsal.page import page_of

    flow = flow_in(file)
    report = rehearse(flow, dialogs=dialogs, seed=seed, hear=hearing(flow))
    if html is not None:
        try:
            html.write_text(page_of(report), "utf-8")
        except OSError as error:
            raise BadInput("not_written", f"{html} cannot be written: {error.strerror}.", field="html") from error
    if as_json:
        say(json.dumps(report.told(), ensure_ascii=False))
    else:
        show(report)
        if html is not None:
            print(f"The page: {html}")
    if report.broken or report.unreached:
        raise typer.Exit(NOT_GOOD)


def show(report: Report) -> None:
    """Prints the report."""
    from robot.rehearsal.page import share

    console = Console(soft_wrap=True, highlight=False)
    console.print(f"[bold]{escape(report.name)}[/]: {report.dialogs} dialogs, seed {report.seed}\n")
    colour = "green" if report.coverage == 1 else "red"
    console.print(f"steps reached     [{colour}]{share(report.coverage)}[/] {escape(', '.join(report.unreached))}")
    console.print(f"words understood  {share(report.understood)}")
    console.print(
        f"turns             {report.turns.median:g} (9 of 10: {report.turns.p90:g}, most {report.turns.most:g})"
    )
    seconds = report.seconds
    console.print(f"seconds           {seconds.median:.0f} (9 of 10: {seconds.p90:.0f}, most {seconds.most:.0f})")
    console.print(f"broken            [{'red' if report.broken else 'green'}]{report.broken}[/]\n")
    table = Table("caller", "dialogs", "mostly", "hung up at", "turns", "s", "understood", box=None, pad_edge=False)
    for one in report.personas:
        result, times = next(iter(one.results.items()))
        left = next((f"{name} {times}" for name, times in one.hung_up.items()), "")
        mostly = f"{result} {share(times / one.dialogs)}"
        row = (one.persona, str(one.dialogs), mostly, left, f"{one.turns:g}", f"{one.seconds:.0f}")
        table.add_row(*map(escape, row), share(one.understood))
    console.print(table)
    if report.dead:
        console.print(f"\n[bold]Nobody went[/] ({len(report.dead)})")
        for way in report.dead:
            label = f" ({way.label})" if way.label else ""
            console.print(f"  {escape(way.step)} · {escape(way.field)}{escape(label)} → {escape(way.to)}")
    if report.misunderstood:
        console.print("\n[bold]Misunderstood[/]")
        wrong = Table("times", "step", "said", "heard", "meant", "taken for", box=None, pad_edge=False)
        for found in report.misunderstood[:SHOWN]:
            cells = (str(found.times), found.step, found.said, found.heard, found.meant, found.taken or "nothing")
            wrong.add_row(*map(escape, cells))
        console.print(wrong)
