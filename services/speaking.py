"""Prompts heard beforehand by the people who write them, and how far those of a scenario are rendered.

Synthesis is work for the processor, so one asker hears one prompt at a time, few are rendered at once, and a preview
has its bounds: those of a prompt for the text, `MOST_VARIABLES_TEXT` for what is put in, `LONGEST_PAUSES_MS` for the
silence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from core.errors import BadInput, Conflict, Unavailable
from robot.dialog.flow import Flow, Language, Prompt
from robot.dialog.prompts import fixed_speeches, speak
from robot.dialog.texts import check_text
from robot.prompts import Prompts
from robot.tts.sounds import wav_of

MOST_VARIABLES_TEXT: Final = 1_000
LONGEST_PAUSES_MS: Final = 60_000
WAIT_S: Final = 20.0

FindPrompts = Callable[[Language], Awaitable[Prompts]]


@dataclass(frozen=True, slots=True)
class Rendered:
    """How many of a scenario's fixed prompts there are, and how many a call would find ready."""

    total: int
    ready: int


class Speaking:
    """What all previews of a process share; at most `most` are rendered at once, one for each asker."""

    def __init__(self, prompts: FindPrompts, *, most: int = 2) -> None:
        self._prompts = prompts
        self._places = asyncio.Semaphore(most)
        self._hearing: set[int] = set()

    async def preview(self, asker: int, prompt: Prompt, language: Language, variables: Mapping[str, str]) -> bytes:
        """The prompt as a call would hear it, as a WAV file; a sound that it names was checked to be the company's.

        `BadInput` if there is nothing to hear or too much, `Conflict` while this asker's last one is being made,
        `Unavailable` while too many others are.
        """
        check_preview(prompt, variables)
        with self._seat(asker):
            prompts = await self._prompts(language)
            try:
                async with asyncio.timeout(WAIT_S):
                    await self._places.acquire()
            except TimeoutError as error:
                message = "Too many texts are being spoken at the moment."
                raise Unavailable("voice_busy", message, hint="Try again in a few seconds.") from error
            try:
                return await _wav(prompts, prompt, language, variables)
            finally:
                self._places.release()

    async def rendered(self, flow: Flow) -> Rendered:
        """How far the rendering of the flow's fixed prompts is."""
        prompts = await self._prompts(flow.language)
        wanted = fixed_speeches(flow)
        ready = await asyncio.to_thread(lambda: sum(map(prompts.is_rendered, wanted)))
        return Rendered(len(wanted), ready)

    @contextmanager
    def _seat(self, asker: int) -> Iterator[None]:
        if asker in self._hearing:
            message = "Your last text is still being spoken."
            raise Conflict("preview_in_progress", message, hint="Wait for it to end.")
        self._hearing.add(asker)
        try:
            yield
        finally:
            self._hearing.discard(asker)


def check_preview(prompt: Prompt, variables: Mapping[str, str]) -> None:
    """Raises `BadInput` where the text is no prompt's, or the variables are too long."""
    check_text(prompt.text, field="text")
    if sum(map(len, variables.values())) > MOST_VARIABLES_TEXT:
        message = f"The variables may have at most {MOST_VARIABLES_TEXT} letters together."
        raise BadInput("too_long", message, field="variables")


async def _wav(prompts: Prompts, prompt: Prompt, language: Language, variables: Mapping[str, str]) -> bytes:
    speech = speak(prompt, variables, language)
    if speech is None:
        raise BadInput("no_text", "There is neither a text nor a sound file.", field="text")
    if sum(piece.pause_ms for piece in speech.delivery) > LONGEST_PAUSES_MS:
        message = f"The pauses may last {LONGEST_PAUSES_MS // 1000} seconds together."
        raise BadInput("pauses_too_long", message, field="text")
    return wav_of(await prompts.spoken(speech))
