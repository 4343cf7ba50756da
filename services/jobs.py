"""The port to the background: what takes long is asked for here and done elsewhere."""

from __future__ import annotations

from typing import Protocol

from campaigns.campaign import CompanyId


class JobQueue(Protocol):
    """Takes orders that outlive this process; an order given twice is carried out once."""

    async def import_(self, company: CompanyId, id_: int) -> None:
        """Asks to go on with an import."""

    async def export(self, company: CompanyId, id_: int) -> None:
        """Asks to make an export."""

    async def render(self, company: CompanyId, version: int) -> None:
        """Asks to render the fixed prompts of a published version of a scenario."""

    async def message(self, company: CompanyId, id_: int) -> None:
        """Asks to deliver a message of the outbox."""
