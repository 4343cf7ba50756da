"""What the commands for scenarios do with files: look them over, play a caller, compare, print what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import typer
from rich.console import Console
from rich.markup import escape

from app.clock import SystemClock
from app.settings import read_settings
from core.errors import BadInput
from robot.dialog.finding import Severity, World
from robot.dialog.flow import Flow
from robot.dialog.source import Changed, Finding, Read, diff, read
from robot.dialog.source.placed import check_source
from robot.dialog.source.playing import HangsUp, Hearing, Played, Presses, Says, Script, Silent, Turn, play
from robot.dialog.source.regression import Dialogs, Verdict, read_dialogs, run
from robot.dialog.source.understanding import ZONE, hearing_of, trained_for
from robot.word_vectors import vectors_in

TESTS: Final = ".tests.yaml"
NOT_GOOD: Final = 1
COLOURS: Final = {Changed.ADDED: "green", Changed.REMOVED: "red", Changed.CHANGED: "yellow"}


def text_of(file: Path) -> str:
    """The file's text; `BadInput` where there is none that can be read."""
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput("not_text", f"{file} is not written in UTF-8.", hint="Save it as UTF-8.") from error
    except OSError as error:
        raise BadInput("no_such_file", f"{file} cannot be read: {error.strerror}.") from error


def tests_of(file: Path) -> Path:
    """Where the regression set of a scenario lies."""
    return file.with_name(file.stem + TESTS)


def dialogs_of(file: Path, flow: Flow | None) -> Dialogs:
    """The regression set beside the scenario; an empty one where there is none."""
    beside = tests_of(file)
    return read_dialogs(text_of(beside), flow) if beside.exists() else Dialogs()


def flow_in(file: Path) -> Flow:
    """The flow of a file that can be read as one; `BadInput` with the first thing that is wrong otherwise."""
    given = check_source(text_of(file))
    if given.flow is None:
        more = f" And {len(given.findings) - 1} more." if len(given.findings) > 1 else ""
        raise BadInput("bad_scenario", f"{file}:{given.findings[0]}{more}", hint=f"./zvonar scenario check {file}")
    return given.flow


def hearing(flow: Flow) -> Hearing:
    """How the flow's robot understands a caller now; its intents are learnt first."""
    vectors = vectors_in(read_settings().var / "models", flow.language)
    return hearing_of(flow, trained_for(flow, vectors), now=SystemClock().now(), zone=ZONE)


# ---- check


def check(file: Path, *, world: Callable[[Flow], World], as_json: bool) -> None:
    """Prints what is wrong; ends with status 1 if anything but warnings is, or a dialog of the set is red.

    `world` tells what the flow may refer to.
    """
    given = read(text_of(file))
    looked = given if given.flow is None else check_source(text_of(file), world(given.flow))
    _show_check(file, looked, as_json=as_json)


def _show_check(file: Path, looked: Read, *, as_json: bool) -> None:
    dialogs = dialogs_of(file, looked.flow)
    verdicts: tuple[Verdict, ...] = ()
    if looked.flow is not None and all(one.severity is not Severity.ERROR for one in looked.findings):
        verdicts = run(looked.flow, dialogs.dialogs, hear=hearing(looked.flow))
    wrong = [*looked.findings, *dialogs.findings]
    good = all(one.severity is not Severity.ERROR for one in wrong) and all(one.green for one in verdicts)
    if as_json:
        told = {
            "good": good,
            "findings": [told_finding(one, file) for one in looked.findings]
            + [told_finding(one, tests_of(file)) for one in dialogs.findings],
            "dialogs": [told_verdict(one) for one in verdicts],
        }
        print(json.dumps(told, ensure_ascii=False))
    else:
        show_findings(file, looked.findings)
        show_findings(tests_of(file), dialogs.findings)
        show_verdicts(verdicts)
        warnings = sum(one.severity is Severity.WARNING for one in wrong)
        print(f"{file}: {'good' if good else 'not good'}{f', {warnings} warnings' if warnings else ''}")
    if not good:
        raise typer.Exit(NOT_GOOD)


def told_finding(one: Finding, file: Path) -> dict[str, object]:
    """The finding as plain JSON values."""
    return {
        "file": str(file),
        "line": one.place.line,
        "column": one.place.column,
        "severity": str(one.severity),
        "code": one.code,
        "path": one.path,
        "message": one.message,
        "hint": one.hint,
    }


def told_verdict(one: Verdict) -> dict[str, object]:
    """The verdict as plain JSON values."""
    return {"name": one.name, "green": one.green, "faults": list(one.faults)}


def show_findings(file: Path, findings: Iterable[Finding]) -> None:
    """Prints one line for each finding, which editors can follow to its place."""
    console = Console(soft_wrap=True, highlight=False)
    for one in findings:
        colour = "red" if one.severity is Severity.ERROR else "yellow"
        place = f"{file}:{one.place.line}:{one.place.column}:"
        hint = f" [dim]{escape(one.hint)}[/]" if one.hint else ""
        console.print(f"{escape(place)} [{colour}]{one.severity}[/]: {escape(one.message)}{hint}")


def show_verdicts(verdicts: Sequence[Verdict]) -> None:
    """Prints which dialogs of a set are red, and why."""
    console = Console(soft_wrap=True, highlight=False)
    for one in verdicts:
        console.print(f"[{'green' if one.green else 'red'}]{'green' if one.green else 'red'}[/]  {escape(one.name)}")
        for fault in one.faults:
            console.print(f"       {escape(fault)}")


# ---- try


def in_order(order: Iterable[str], given: dict[str, list[str]]) -> Iterator[Turn]:
    """The turns in the order of the command line; `given` holds the values of each option in theirs."""
    values = {name: iter(texts) for name, texts in given.items()}
    for name in order:
        match name:
            case "say":
                yield Says(next(values[name]))
            case "interrupt":
                yield Says(next(values[name]), interrupting=True)
            case "press":
                yield Presses(next(values[name]))
            case "silence":
                yield Silent()
            case "hang_up":
                yield HangsUp()
            case _:
                pass


def variable(given: str) -> tuple[str, str]:
    """The name and the value of `NAME=VALUE`; `BadInput` where it is not so written."""
    name, equals, value = given.partition("=")
    if not equals or not name.strip():
        raise BadInput("bad_variable", f"{given!r} gives no variable a value.", hint="Write --var first_name=Анна.")
    return name.strip(), value


def try_out(
    file: Path, turns: tuple[Turn, ...], variables: Mapping[str, str], *, operator: bool, as_json: bool
) -> None:
    """Plays the turns against the scenario and prints what came of it."""
    flow = flow_in(file)
    script = Script(turns=turns, variables=variables, operator=operator)
    show_played(play(flow, script, hear=hearing(flow)), as_json=as_json)


def show_played(played: Played, *, as_json: bool) -> None:
    """Prints what came of a dialog."""
    if as_json:
        print(json.dumps(played.told(), ensure_ascii=False))
        return
    console = Console(soft_wrap=True, highlight=False)
    for line in played.lines:
        colour = "cyan" if line.speaker == "robot" else "bold"
        console.print(f"[{colour}]{line.speaker:>6}[/]  {escape(line.text)}")
    console.print(f"\npath         {escape(' → '.join(played.path))}")
    for answer in played.answers:
        console.print(f"answer       {escape(f'{answer.question}: {answer.label or answer.answer}')} ({answer.how})")
    for message in played.messages:
        console.print(f"message      {escape(f'{message.channel}: {message.text or message.template}')}")
    for tag in played.tags:
        console.print(f"tag          {escape(tag)}")
    if played.callback is not None:
        console.print(f"callback     {played.callback.at or f'in {played.callback.delay_min} minutes'}")
    console.print(f"result       {played.result}")
    console.print(f"disposition  {escape(played.disposition or '–')}")
    if played.left:
        console.print(f"             {len(played.left)} turns had no occasion", style="yellow")


# ---- diff


def compare(before: Path, after: Path, *, as_json: bool) -> None:
    """Prints what differs."""
    changes = diff(flow_in(before), flow_in(after))
    if as_json:
        told = [
            {
                "changed": str(one.changed),
                "path": one.path,
                "field": one.field,
                "before": one.before,
                "after": one.after,
                "message": str(one),
            }
            for one in changes
        ]
        print(json.dumps({"changes": told}, ensure_ascii=False))
        return
    console = Console(soft_wrap=True, highlight=False)
    for one in changes:
        console.print(f"[{COLOURS[one.changed]}]{one.changed:>8}[/]  {escape(str(one))}")
    if not changes:
        console.print("They mean the same.")
