"""Published flows by version: immutable, so kept in memory, the least used ones forgotten.

When a flow comes into use, its fixed prompts are rendered, so that the first call does not wait for them either.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from campaigns.campaign import CompanyId
from robot.dialog.flow import Flow
from services.scenarios import flow_of
from storage.database import Database

KEPT = 200


class Flows:
    """Loads a flow once and keeps the `KEPT` last used."""

    def __init__(self, database: Database, render_fixed: Callable[[Flow], Awaitable[None]]) -> None:
        self._database = database
        self._render_fixed = render_fixed
        self._flows: OrderedDict[tuple[CompanyId, int], Flow] = OrderedDict()

    async def get(self, company: CompanyId, version: int) -> Flow:
        """The flow of a published version; `NotFound` if the company has no such version."""
        key = (company, version)
        if key not in self._flows:
            async with self._database.transaction(company) as tx:
                flow = await flow_of(tx, version)
            await self._render_fixed(flow)
            self._flows[key] = flow
            while len(self._flows) > KEPT:
                self._flows.popitem(last=False)
        self._flows.move_to_end(key)
        return self._flows[key]
