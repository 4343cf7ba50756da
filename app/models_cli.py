"""`./zvonar models list|fetch|verify`: which speech models are here, how they come, whether they are whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table

from app.settings import Settings
from core.errors import BadInput, Unavailable, ZvonarError
from models.download import open_client
from models.install import FileProgress, Source, install
from models.manifest import SHIPPED, Download, Model, check_sizes, fetch_command, known, megabytes, named, verify

Names = Annotated[list[str], typer.Argument(metavar="NAME…", help="Names as `models list` shows them.")]
SomeNames = Annotated[list[str] | None, typer.Argument(metavar="[NAME…]", help="Only these; all that are here else.")]
Folder = Annotated[
    Path | None, typer.Option("--from", metavar="FOLDER", help="A folder that holds the files; nothing is downloaded.")
]


def models_cli(settings: Callable[[], Settings]) -> typer.Typer:
    """The commands; `settings` is read when one of them runs."""
    cli = typer.Typer(
        help="Look after the speech models.",
        invoke_without_command=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )

    @cli.callback()
    def default(context: typer.Context) -> None:
        """Lists the models where no command is given."""
        if context.invoked_subcommand is None:
            show(settings())

    @cli.command("list")
    def list_() -> None:
        """Show the models: which are here, which could be, how large and under which licence."""
        show(settings())

    @cli.command("fetch")
    def fetch(names: Names, *, folder: Folder = None) -> None:
        """Bring models here: from the internet, a mirror (ZVONAR_MODELS_MIRROR) or a folder."""
        fetch_all(settings(), [named(name) for name in names], folder)

    @cli.command("verify")
    def verify_(names: SomeNames = None) -> None:
        """Read the models that are here and compare them with what they must be."""
        verify_all(settings(), [named(name) for name in names or ()])

    return cli


def model_folder(settings: Settings) -> Path:
    """Where fetched models lie."""
    return settings.var / "models"


def show(settings: Settings, console: Console | None = None) -> None:
    """Prints one line for each model."""
    folder = model_folder(settings)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("state", "name", "for", "language", "size", "licence"):
        table.add_column(title, justify="right" if title == "size" else "left", no_wrap=title != "licence")
    for model in known():
        purpose = f"{model.kind}{f', {model.sex}' if model.sex else ''}"
        size = megabytes(model.bytes)
        table.add_row(_state(model, folder), model.name, purpose, model.language or "any", size, model.licence)
    console = console or Console()
    console.print(table)
    console.print(f"./zvonar models fetch NAME brings one to {folder}; it is used from the next start on.", style="dim")


def _state(model: Model, folder: Path) -> str:
    place = model.place(SHIPPED if model.shipped else folder)
    if place is None:
        return "not here"
    try:
        check_sizes(model, place)
    except Unavailable:
        return "broken"
    return "ships" if model.shipped else "here"


def fetch_all(settings: Settings, models: list[Model], folder: Path | None, console: Console | None = None) -> None:
    """Brings each model; one that cannot be had is told with what is less without it, and the first error is raised."""
    folder = folder or settings.models_folder
    if folder is not None and not folder.is_dir():
        raise BadInput("no_such_folder", f"There is no folder {folder}.", field="from")
    console = console or Console()
    failed: ZvonarError | None = None
    with open_client() as client:
        source = Source(client=client, mirror=settings.models_mirror, folder=folder)
        for model in models:
            try:
                _fetch_one(model, model_folder(settings), source, console)
            except Unavailable as error:
                if failed is not None:
                    console.print(f"{model.name}: {error.message}", style="red")
                failed = failed or error
                if model.without:
                    console.print(f"{model.name} is not here. {model.without}", markup=False)
    if failed is not None:
        raise failed


def _fetch_one(model: Model, models: Path, source: Source, console: Console) -> None:
    if (place := _whole(model, models)) is not None:
        console.print(f"{model.name} is here already, in {place}.")
        return
    with _shown(model, console) as progress:
        place, sums = install(model, models, source, progress=progress)
    console.print(f"{model.name} is in {place}.", markup=False)
    for file, sha256 in sums.items():
        console.print(f"  sha256 {sha256}  {file}", markup=False, soft_wrap=True)
    if any(part.sha256 is None for part in model.downloads):
        console.print("  (its publisher names no SHA-256; size and MD5 are as listed)")


def _whole(model: Model, models: Path) -> Path | None:
    """Where the model lies, if its contents are right; one that is damaged is fetched anew."""
    place = model.place(models)
    try:
        if place is not None:
            verify(model, place)
    except Unavailable:
        return None
    return place


@contextmanager
def _shown(model: Model, console: Console) -> Iterator[FileProgress]:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        tasks = {part.file: bar.add_task(part.file, total=part.bytes, visible=False) for part in model.downloads}

        def told(part: Download, count: int) -> None:
            bar.update(tasks[part.file], completed=count, visible=True)

        yield told


def verify_all(settings: Settings, models: list[Model], console: Console | None = None) -> None:
    """Says of each model whether it is whole; raises the first error if one is not."""
    console = console or Console()
    folder = model_folder(settings)
    failed: ZvonarError | None = None
    for model in models or known():
        place = model.place(SHIPPED if model.shipped else folder)
        if place is None:
            if not models:
                continue
            failed = failed or Unavailable(
                "model_missing", f"{model.name} is not here.", hint=f"This brings it: {fetch_command(model)}"
            )
            continue
        try:
            whole = verify(model, place)
        except Unavailable as error:
            console.print(f"broken  {model.name}: {error.message} {error.hint}", markup=False, soft_wrap=True)
            failed = failed or error
            continue
        doubt = "" if whole else " (put here by hand: all it needs is here, its contents are not known)"
        console.print(f"whole   {model.name}{doubt}", markup=False, soft_wrap=True)
    if failed is not None:
        raise failed
