"""The demo on the terminal: progress while it dials, the report at the end; and the same as one JSON object."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from app.demo.facts import Standing
from campaigns.leads import Bucket

COLOURS: Final = {
    Bucket.REACHED: "green",
    Bucket.WILL_CALL_AGAIN: "yellow",
    Bucket.FAILED: "red",
    Bucket.NOT_CALLED: "bright_black",
}
WIDTH: Final = 36


def progress(standings: Sequence[Standing], seconds: float) -> Group:
    """One line a campaign: its bar of buckets, how many calls go on, and the counts."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("campaign", "", "live", "reached", "again", "failed", "not called"):
        table.add_column(title, justify="left" if title in ("campaign", "") else "right")
    for one in standings:
        counts = one.report.buckets
        table.add_row(
            one.report.name,
            _bar(counts, one.report.leads),
            str(one.live),
            *(str(counts.get(bucket, 0)) for bucket in COLOURS),
        )
    return Group(table, Text(f"{seconds:5.0f} s", style="dim"))


def plain_progress(standings: Sequence[Standing], seconds: float) -> str:
    """The same in one plain line, for logs and pipes."""
    parts = (
        f"{one.kind}: {one.live} live, {one.report.buckets.get(Bucket.REACHED, 0)} of {one.report.leads} reached"
        for one in standings
    )
    return f"[{seconds:4.0f} s] " + "; ".join(parts)


def _bar(counts: Mapping[Bucket, int], total: int) -> Text:
    bar = Text()
    used = 0
    for bucket, colour in COLOURS.items():
        width = round(WIDTH * counts.get(bucket, 0) / total) if total else 0
        width = min(width, WIDTH - used)
        bar.append("█" * width, style=colour)
        used += width
    return bar.append("░" * (WIDTH - used), style="bright_black")


def show_report(console: Console, standings: Sequence[Standing], faults: Sequence[str], seconds: float) -> None:
    """Prints what each campaign achieved and whether the numbers add up."""
    for one in standings:
        report = one.report
        console.print()
        console.print(f"[bold]{report.name}[/bold]  [dim]{one.kind}[/dim]")
        counts = ", ".join(f"{report.buckets.get(bucket, 0)} {bucket.replace('_', ' ')}" for bucket in COLOURS)
        console.print(f"  {report.leads} contacts: {counts}")
        results = ", ".join(f"{result.replace('_', ' ')} {count}" for result, count in report.results.items())
        console.print(f"  {report.attempts} calls: {results}")
        for question in report.answers:
            given = ", ".join(
                f"{count.label} {count.count} ({count.by_key} by key, {count.by_phrase} by voice)"
                for count in question.counts
            )
            console.print(f"  {question.question}: {given or 'no answers'}")
    console.print()
    attempts = sum(one.report.attempts for one in standings)
    people = sum(one.report.leads for one in standings)
    if faults:
        console.print(f"[red]{len(faults)} things do not add up:[/red]")
        for fault in faults:
            console.print(f"  {fault}", markup=False)
    else:
        console.print(
            f"[green]The numbers add up:[/green] {people} people, each in one bucket; {attempts} calls, each with one "
            "result; every answer is what that person was told to say or press."
        )
    console.print(f"[dim]{seconds:.0f} s[/dim]")


def as_json_line(standings: Sequence[Standing], errors: int, seconds: float) -> str:
    """The demo's outcome as one line of JSON."""
    whole = {
        "campaigns": [_plain(one) for one in standings],
        "attempts": sum(one.report.attempts for one in standings),
        "errors": errors,
        "seconds": round(seconds, 1),
    }
    return json.dumps(whole, ensure_ascii=False)


def _plain(one: Standing) -> dict[str, Any]:
    report = one.report
    return {
        "kind": str(one.kind),
        "leads": report.leads,
        **{str(bucket): report.buckets.get(bucket, 0) for bucket in COLOURS},
        "results": {str(result): count for result, count in report.results.items()},
        "answers": {
            question.question: {count.label: count.count for count in question.counts} for question in report.answers
        },
    }
