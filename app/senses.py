"""The robots' ears and voices by language: opened at the first call that needs them, then shared by all calls."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from types import TracebackType

import structlog

from app.settings import Settings
from core.errors import Unavailable
from robot.call import Senses
from robot.dialog.flow import Flow, Language
from robot.hearing import HearingCounts
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

    @property
    def heard(self) -> dict[str, HearingCounts]:
        """How well hearing kept up in the calls that are over, by language."""
        return {str(language): senses.heard for language, senses in self._open.items()}

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
                    cache_bytes=self._settings.prompt_cache_mb * 1024 * 1024,
                    machines=self._settings.machine_bias if self._settings.machine_rule == "trained" else None,
                )
                for notice in self._open[language].notices:
                    log.info("senses.opened", language=str(language), notice=notice)
        return self._open[language]

    async def render_fixed(self, flow: Flow) -> None:
        """Renders what every call of the flow says alike; what fails here is told, and fails again when it is said."""
        try:
            senses = await self.of(flow.language)
            await senses.prompts.render_fixed(flow)
        except Unavailable as error:
            log.warning("senses.not_rendered", flow=flow.name, code=error.code, error=error.message)
