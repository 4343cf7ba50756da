"""`./zvonar scenario check|try|rehearse|publish|diff|schema`: scenarios as files, looked over, tried and published."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from app.scenario_rehearse import add_rehearsing
from app.settings import Settings

File = Annotated[Path, typer.Argument(metavar="FILE", help="A scenario in YAML.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Says = Annotated[list[str] | None, typer.Option("--say", metavar="TEXT", help="The caller says this.")]
Interrupts = Annotated[
    list[str] | None, typer.Option("--interrupt", metavar="TEXT", help="The same, into the next prompt.")
]
Presses = Annotated[list[str] | None, typer.Option("--press", metavar="KEYS", help="He presses these.")]
Silences = Annotated[int, typer.Option("--silence", count=True, help="He says nothing for a turn.")]
HangsUp = Annotated[int, typer.Option("--hang-up", count=True, help="He hangs up.")]
Known = Annotated[list[str] | None, typer.Option("--var", metavar="NAME=VALUE", help="What is known of the contact.")]
NoOperator = Annotated[bool, typer.Option("--no-operator", help="No operator comes at a transfer.")]
Owner = Annotated[str | None, typer.Option("--company", help="Look for its groups, sound files and templates too.")]
Company = Annotated[str | None, typer.Option(help="Whose scenario; needed where there are several.")]
Name = Annotated[str | None, typer.Option(help="Its name; left out: the file's.")]
Force = Annotated[bool, typer.Option("--force", help="Also with a red regression set; this is noted.")]


class Ordered(TyperCommand):
    """A command whose turns keep the order in which the command line gives them."""

    def parse_args(self, context: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer hides the type
        """Notes the turns in their order, then parses as ever."""
        _, _, order = self.make_parser(context).parse_args(list(args))
        context.meta["turns"] = [str(one.name) for one in order]
        return super().parse_args(context, args)


def scenario_cli(settings: Callable[[], Settings]) -> typer.Typer:
    """The commands; `settings` is read when one of them needs the database or what is installed."""
    cli = typer.Typer(
        help="Look after scenarios.", no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
    )
    _add_looking(cli, settings)
    _add_trying(cli)
    add_rehearsing(cli)
    _add_publishing(cli, settings)
    return cli


def _add_looking(cli: typer.Typer, settings: Callable[[], Settings]) -> None:
    @cli.command("check")
    def check_(file: File, *, company: Owner = None, as_json: AsJson = False) -> None:
        """Say everything that is wrong with a scenario and run its regression set; status 1 if anything is."""
        from app.scenario_files import check
        from app.scenario_publish import world_for

        check(file, world=lambda flow: asyncio.run(world_for(settings(), flow, company)), as_json=as_json)

    @cli.command("diff")
    def diff_(before: File, after: File, *, as_json: AsJson = False) -> None:
        """List what differs between two scenarios."""
        from app.scenario_files import compare

        compare(before, after, as_json=as_json)

    @cli.command("schema")
    def schema_() -> None:
        """Print the JSON Schema of scenarios, for editors."""
        from robot.dialog.source import schema

        print(json.dumps(schema(), ensure_ascii=False, indent=2))


def _add_trying(cli: typer.Typer) -> None:
    @cli.command("try", cls=Ordered)
    def try_(
        context: typer.Context,
        file: File,
        *,
        say: Says = None,
        interrupt: Interrupts = None,
        press: Presses = None,
        silence: Silences = 0,
        hang_up: HangsUp = 0,
        var: Known = None,
        no_operator: NoOperator = False,
        as_json: AsJson = False,
    ) -> None:
        """Play a caller who does this in this order, and is silent from then on."""
        from app.scenario_files import in_order, try_out, variable

        given = {"say": say or [], "interrupt": interrupt or [], "press": press or []}
        turns = tuple(in_order(context.meta["turns"], given))
        assert len(turns) == silence + hang_up + sum(map(len, given.values()))
        variables = dict(variable(one) for one in var or ())
        try_out(file, turns, variables, operator=not no_operator, as_json=as_json)


def _add_publishing(cli: typer.Typer, settings: Callable[[], Settings]) -> None:
    @cli.command("publish")
    def publish_(
        file: File, *, company: Company = None, name: Name = None, force: Force = False, as_json: AsJson = False
    ) -> None:
        """Check a scenario, run its regression set, and make it the newest version in the database."""
        from app.scenario_publish import run_publish

        asyncio.run(run_publish(settings(), file, company=company, name=name, force=force, as_json=as_json))
