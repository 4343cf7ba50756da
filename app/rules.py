"""The rules of companies for calls that are just being placed: read anew after some seconds, not for each call."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from campaigns.campaign import CompanyId
from campaigns.company_rules import CompanyRules
from core.clock import Clock
from storage.company_rules import company_rules
from storage.database import Database

FRESH_S: Final = 5.0
KEPT: Final = 1_000


class RecentRules:
    """Loads a company's rules and goes by them for `FRESH_S`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: OrderedDict[CompanyId, tuple[float, CompanyRules]] = OrderedDict()

    async def get(self, company: CompanyId) -> CompanyRules:
        """The rules as they are, or were a moment ago; BadInput where they cannot be read."""
        now_s = self._clock.monotonic()
        known = self._known.get(company)
        if known is not None and now_s - known[0] < FRESH_S:
            return known[1]
        async with self._database.transaction(company) as tx:
            rules = await company_rules(tx)
        self._known[company] = (now_s, rules)
        self._known.move_to_end(company)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        return rules
