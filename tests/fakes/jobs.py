"""The background's work, asked for and never done."""

from __future__ import annotations

from dataclasses import dataclass, field

from campaigns.campaign import CompanyId


@dataclass(slots=True)
class Orders:
    """Notes what is asked of the background; nothing carries it out."""

    imports: list[tuple[CompanyId, int]] = field(default_factory=list)
    exports: list[tuple[CompanyId, int]] = field(default_factory=list)
    rendered: list[tuple[CompanyId, int]] = field(default_factory=list)
    messages: list[tuple[CompanyId, int]] = field(default_factory=list)

    async def import_(self, company: CompanyId, id_: int) -> None:
        self.imports.append((company, id_))

    async def export(self, company: CompanyId, id_: int) -> None:
        self.exports.append((company, id_))

    async def render(self, company: CompanyId, version: int) -> None:
        self.rendered.append((company, version))

    async def message(self, company: CompanyId, id_: int) -> None:
        self.messages.append((company, id_))
