"""The robots' ears and voices by language: opened at the first call that needs them, then shared by all calls."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import structlog

from app.settings import Settings
from core.errors import Unavailable
from models.manifest import SHIPPED, Model, check_sizes, known
from robot.call import Senses
from robot.dialog.flow import Language
from robot.senses import open_senses
from robot.workers import Workers

log = structlog.get_logger(__name__)


class AllSenses:
    """A context manager that owns the workers of recognition and synthesis."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._workers = Workers()
        self._open: dict[Language, Senses] = {}
        self._opening: dict[Language, asyncio.Lock] = defaultdict(asyncio.Lock)

    def __enter__(self) -> AllSenses:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._workers.close()

    async def of(self, language: Language) -> Senses:
        """The senses for `language`; `Unavailable` where a model that is needed is missing or broken."""
        async with self._opening[language]:
            if language not in self._open:
                var = self._settings.var
                self._open[language] = await asyncio.to_thread(
                    open_senses,
                    language,
                    models=var / "models",
                    cache=var / "prompts",
                    sounds=var / "sounds",
                    workers=self._workers,
                )
                for notice in self._open[language].notices:
                    log.info("senses.opened", language=str(language), notice=notice)
        return self._open[language]


def model_lines(settings: Settings) -> Iterator[str]:
    """One line for each model: whether it is here and whole, its licence, and where to get it if it is not here."""
    folder = settings.var / "models"
    for model in known():
        what = f"{model.kind} {model.language or 'any language'}{f', {model.sex}' if model.sex else ''}"
        yield f"{_state(model, folder):<8} {model.name:<28} {what:<22} {model.licence:<12} {model.note or model.source}"
    yield f"Full models are unpacked under {folder}, each in a folder of its name, and are used from the next start on."


def _state(model: Model, folder: Path) -> str:
    place = model.place(SHIPPED if model.shipped else folder)
    if place is None:
        return "not here"
    try:
        check_sizes(model, place)
    except Unavailable:
        return "broken"
    return "ships" if model.shipped else "here"
