"""The voices by language, without ears: for what is rendered or heard beforehand; opened at the first use."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from types import TracebackType

from app.settings import Settings
from robot.dialog.flow import Flow, Language
from robot.prompts import Prompts, shrink
from robot.tts.voices import choose_voices
from robot.workers import Workers


class AllVoices:
    """A context manager that owns one thread of synthesis; what it renders lies in the cache that calls use."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._workers = Workers(1)
        self._open: dict[Language, Prompts] = {}
        self._opening: dict[Language, asyncio.Lock] = defaultdict(asyncio.Lock)

    def __enter__(self) -> AllVoices:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._workers.close()

    async def of(self, language: Language) -> Prompts:
        """The prompts of `language`; `Unavailable` where a voice that was fetched is broken."""
        async with self._opening[language]:
            if language not in self._open:
                self._open[language] = await asyncio.to_thread(self._load, language)
        return self._open[language]

    async def render_fixed(self, flow: Flow) -> None:
        """Renders what every call of the flow says alike; `Unavailable` names what cannot be said."""
        prompts = await self.of(flow.language)
        await prompts.render_fixed(flow)

    def _load(self, language: Language) -> Prompts:
        var, most = self._settings.var, self._settings.prompt_cache_mb * 1024 * 1024
        shrink(var / "prompts", most)
        voices = choose_voices(language, [var / "models"])
        return Prompts(
            voices, language, cache=var / "prompts", sounds=var / "sounds", workers=self._workers, disk_bytes=most
        )
