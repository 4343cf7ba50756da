"""Published flows by version, with their classifiers: immutable, so kept in memory, the least used ones forgotten.

When a flow comes into use, its fixed prompts are rendered and what it hears by is loaded, so that the first call waits
for neither.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from pathlib import Path

from campaigns.campaign import CompanyId
from robot.dialog.flow import Flow
from robot.dialog.intents import Trained
from robot.warming import warm
from services.scenarios import flow_of, trained_of
from storage.database import Database

KEPT = 200


class Flows:
    """Loads a flow once and keeps the `KEPT` last used."""

    def __init__(
        self, database: Database, render_fixed: Callable[[Flow], Awaitable[None]], models: Path | None = None
    ) -> None:
        """`models` is the folder of fetched models, where classifiers find their word vectors."""
        self._database = database
        self._models = models
        self._render_fixed = render_fixed
        self._flows: OrderedDict[tuple[CompanyId, int], tuple[Flow, Trained | None]] = OrderedDict()

    async def get(self, company: CompanyId, version: int) -> tuple[Flow, Trained | None]:
        """A published version's flow and its classifier, if it has one; `NotFound` if there is no such version."""
        key = (company, version)
        if key not in self._flows:
            async with self._database.transaction(company) as tx:
                flow, trained = await flow_of(tx, version), await trained_of(tx, version, self._models)
            await asyncio.to_thread(warm, flow, trained)
            await self._render_fixed(flow)
            self._flows[key] = flow, trained
            while len(self._flows) > KEPT:
                self._flows.popitem(last=False)
        self._flows.move_to_end(key)
        return self._flows[key]
