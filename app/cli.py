"""The command line: what `./zvonar COMMAND` does once everything is set up."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from collections.abc import Coroutine, Iterator
from typing import Annotated, Any

import typer

from app.amd_cli import amd_cli
from app.logs import start_logs
from app.models_cli import models_cli
from app.scenario_cli import scenario_cli
from app.settings import ROOT, VERSION, Settings, read_settings
from app.setup.words import COMMANDS, SUMMARY
from core.errors import BadInput, ZvonarError

cli = typer.Typer(
    help=SUMMARY, no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
)
switch_cli = typer.Typer(
    help="Look after the FreeSWITCH nodes.", no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
)
cli.add_typer(switch_cli, name="switch", help=COMMANDS["switch"])

FAILED = 1
KEYWORDS = {"imports": "import"}
"""Benchmarks whose name no module can have."""
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="Port of the web interface (0: any free one).")]
Host = Annotated[str | None, typer.Option(help="Address that the web interface listens on.")]
LogLevel = Annotated[str, typer.Option(help="DEBUG, INFO, WARNING or ERROR.")]


def main() -> None:
    """Runs the command; an error that was raised on purpose ends it with one clear sentence and status 1."""
    try:
        cli()
    except BaseExceptionGroup as group:
        known = next(_known(group), None)
        if known is None:
            raise
        _fail(known)
    except ZvonarError as error:
        _fail(error)
    except KeyboardInterrupt:
        sys.exit(130)


def _known(group: BaseExceptionGroup[BaseException]) -> Iterator[ZvonarError]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _known(error)
        elif isinstance(error, ZvonarError):
            yield error


def _fail(error: ZvonarError) -> None:
    print(f"zvonar: {error.message}" + (f"\n        {error.hint}" if error.hint else ""), file=sys.stderr)
    sys.exit(FAILED)


def _settings(host: str | None = None, port: int | None = None) -> Settings:
    settings = read_settings()
    changed = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = settings.model_copy(update={"web": settings.web.model_copy(update=changed)})
    try:
        settings.var.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            "var_not_writable",
            f"The folder {settings.var} cannot be made: {error.strerror}.",
            hint="Name another one by ZVONAR_VAR.",
        ) from error
    return settings


def _run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


cli.add_typer(models_cli(_settings), name="models", help=COMMANDS["models"])
cli.add_typer(amd_cli(_settings), name="amd", help=COMMANDS["amd"])
cli.add_typer(scenario_cli(_settings), name="scenario", help=COMMANDS["scenario"])


@cli.command(help=COMMANDS["demo"])
def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="End after the report.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Make the last line one JSON object.")] = False,
    host: Host = None,
    port: Port = None,
) -> None:
    """Dials three campaigns over the simulated network."""
    from app.demo.run import run_demo

    start_logs(quiet=True)
    _run(run_demo(_settings(host, port), once=once, as_json=as_json))


@cli.command(help=COMMANDS["up"])
def up(
    *,
    host: Host = None,
    port: Port = None,
    log_level: LogLevel = "INFO",
) -> None:
    """Runs all roles in one process until it is told to stop."""
    from app.up import run_up

    start_logs(log_level)
    _run(run_up(_settings(host, port)))


@cli.command(help=COMMANDS["api"])
def api(*, host: Host = None, port: Port = None, log_level: LogLevel = "INFO") -> None:
    """Runs the interface and the API alone."""
    from app.site import run_api

    start_logs(log_level)
    _run(run_api(_settings(host, port)))


@cli.command(help=COMMANDS["pacer"])
def pacer(*, log_level: LogLevel = "INFO") -> None:
    """Runs a pacer alone."""
    from app.roles import run_pacer

    start_logs(log_level)
    _run(run_pacer(_settings()))


@cli.command(help=COMMANDS["calls"])
def calls(*, log_level: LogLevel = "INFO") -> None:
    """Runs one worker alone."""
    from app.roles import run_calls

    start_logs(log_level)
    _run(run_calls(_settings()))


@cli.command(
    help=COMMANDS["test"],
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
)
def test(context: typer.Context) -> None:
    """Becomes pytest."""
    os.chdir(ROOT)
    given = [word for word in context.args if word != "--developer"]
    spread = [] if any(word.startswith("-n") for word in given) else ["-n", str(min(os.cpu_count() or 1, 8))]
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *spread, *given])


@cli.command(help=COMMANDS["bench"], context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def bench(context: typer.Context, name: Annotated[str | None, typer.Argument(help="Which one.")] = None) -> None:
    """Runs `bench.NAME`."""
    modules = {path.stem for path in (ROOT / "bench").glob("*.py") if path.stem != "__init__"}
    known = {KEYWORDS.get(module, module): module for module in sorted(modules)}
    if name not in known:
        raise BadInput(
            "no_such_bench",
            f"There is no benchmark {name!r}." if name else "Say which benchmark to run.",
            hint=f"Known: {', '.join(known)}.",
        )
    importlib.import_module(f"bench.{known[name]}").main(context.args)


@cli.command(help=COMMANDS["setup"])
def setup(
    *, developer: Annotated[bool, typer.Option("--developer", help="Also what tests and linters need.")] = False
) -> None:
    """Tells that the set-up, which ran before this, is complete."""
    print(f"Zvonar {VERSION} is set up{' for development' if developer else ''} in {ROOT}.")


@cli.command(help=COMMANDS["migrate"])
def migrate() -> None:
    """Brings the configured database's schema up to date."""
    from app.up import run_migrate

    _run(run_migrate(_settings()))


@cli.command(help=COMMANDS["password"])
def password(login: Annotated[str, typer.Argument(help="Whose password.")]) -> None:
    """Gives a login a new password and shows it once."""
    from app.up import run_password

    _run(run_password(_settings(), login))


@cli.command(help=COMMANDS["why"])
def why(
    campaign: Annotated[str, typer.Argument(help="Its name or its number.")],
    phone: Annotated[str | None, typer.Argument(help="A number of one of its contacts.")] = None,
    *,
    company: Annotated[str | None, typer.Option(help="Whose campaign, where several companies have one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Explains from the database as it is now."""
    from app.why import run_why

    start_logs("ERROR")
    _run(run_why(_settings(), campaign, phone, company=company, as_json=as_json))


@switch_cli.command("check")
def check() -> None:
    """Connects to every configured switch and says what it is."""
    from app.up import run_switch_check

    start_logs("ERROR")
    _run(run_switch_check(_settings()))


@cli.command(help=COMMANDS["version"])
def version() -> None:
    """Prints the version."""
    print(VERSION)
