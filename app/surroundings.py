"""What this installation has for scenarios: recognisers, voices, custom actions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Final

import httpx

from app.actions import PackageActions, ServerActions
from app.settings import Settings
from core.errors import Unavailable
from robot.dialog.finding import Offer, Speech
from robot.dialog.flow import Language
from robot.serving import speech_of

ASKED_WITHIN_S: Final = 3.0


class Installed:
    """The `Surroundings` as the settings name them; nothing is kept, so what is brought later counts at once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def speech(self, language: Language) -> Speech:
        """What the models that are here hear and say."""
        return speech_of(language, [self._settings.var / "models"])

    async def offer(self) -> Offer:
        """The actions of the trusted packages and of the action server; one that is away leaves the offer open."""
        part, names, unasked = self._settings.actions, frozenset[str](), []
        async with AsyncExitStack() as stack:
            askable: list[Callable[[], Awaitable[frozenset[str]]]] = []
            if part.packages:
                packages = PackageActions(part.packages)
                stack.callback(packages.close)
                askable.append(packages.names)
            if part.server is not None:
                client = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
                headers = {name: value.get_secret_value() for name, value in part.headers.items()}
                askable.append(ServerActions(client, part.server, headers).names)
            for ask in askable:
                try:
                    async with asyncio.timeout(ASKED_WITHIN_S):
                        names |= await ask()
                except Unavailable as error:
                    unasked.append(error.message)
                except TimeoutError:
                    unasked.append(f"Its offer did not come within {ASKED_WITHIN_S:g} seconds.")
        return Offer(names, " ".join(unasked) or None)
