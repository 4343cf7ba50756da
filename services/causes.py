"""Why a campaign, a lead or a phone is not being called, and until when (SPEC R2.11).

The rules that the dialler obeys say it, from what the database knows at this instant; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import Campaign, CampaignId, CampaignStatus
from campaigns.causes import Cause, causes, lead_causes
from campaigns.leads import LeadId
from campaigns.status import status_of
from campaigns.trunk_terms import TrunkTerms, with_terms
from core.errors import BadInput, NotFound
from services.campaigns import found_campaign
from services.lead_cards import lead_of_phone
from storage.campaign_rows import campaign_of
from storage.company_rules import company_rules
from storage.facts import campaign_facts, lead_facts
from storage.tables import campaigns, leads, workers

BEATS_WITHIN: Final = timedelta(seconds=60)
"""A process that has not beaten for so long is not counted on."""
NO_TERMS: Final[Mapping[str, TrunkTerms]] = MappingProxyType({})
_BUSY: Final = text("SELECT zvonar_trunk_calls(:trunk)")


@dataclass(frozen=True, slots=True)
class Explanation:
    """What keeps a campaign from calling, and where it was asked for what keeps one of its leads; empty: nothing does.

    `callers` counts the processes that place calls now. `lead` is None where nobody asked about one.
    """

    campaign: Campaign
    status: CampaignStatus
    causes: tuple[Cause, ...]
    callers: int
    lead: LeadId | None = None
    lead_causes: tuple[Cause, ...] = ()

    @property
    def calls(self) -> bool:
        """Whether nothing forbids the call, and somebody is there to place it."""
        return self.callers > 0 and not self.causes and not self.lead_causes


async def explain(
    tx: AsyncConnection, campaign: CampaignId, now: datetime, *, terms: Mapping[str, TrunkTerms] = NO_TERMS
) -> Explanation:
    """What keeps the campaign from calling; `NotFound` if the company has no such campaign.

    `terms` are what was agreed on with the carriers, by trunk.
    """
    found = campaign_of(await found_campaign(tx, campaign))
    callers = await _callers(tx, now)
    facts = await campaign_facts(
        tx,
        found,
        now,
        rules=await company_rules(tx),
        most_counted=1,
        free_lines=await _free_lines(tx, found.trunk, callers),
    )
    facts = with_terms(facts, found, terms.get(found.trunk))
    return Explanation(found, status_of(found, now), causes(found, facts, now), len(callers))


async def _callers(tx: AsyncConnection, now: datetime) -> Sequence[Row[Any]]:
    """The processes that place calls now, with the trunks that they reach."""
    living = (workers.c.beat_at > now - BEATS_WITHIN) & (workers.c.slots > 0)
    return (await tx.execute(select(workers.c.trunks).where(living))).all()


async def _free_lines(tx: AsyncConnection, trunk: str, callers: Sequence[Row[Any]]) -> int | None:
    """The lines of the trunk that no call of any company holds; 0 where nobody reaches it, None without any caller."""
    if not callers:
        return None
    lines = [int(row.trunks[trunk]["lines"]) for row in callers if trunk in row.trunks]
    if not lines:
        return 0
    return max(min(lines) - int((await tx.execute(_BUSY, {"trunk": trunk})).scalar_one()), 0)


async def explain_lead(
    tx: AsyncConnection,
    campaign: CampaignId,
    lead: LeadId,
    now: datetime,
    *,
    asked: int | None = None,
    terms: Mapping[str, TrunkTerms] = NO_TERMS,
) -> Explanation:
    """What keeps the lead from being called, or its phone number `asked` (from 0), beside what keeps its campaign."""
    whole = await explain(tx, campaign, now, terms=terms)
    mine = select(leads.c.id).where(leads.c.id == lead, leads.c.campaign_id == campaign)
    if (await tx.execute(mine)).first() is None:
        raise NotFound("no_such_lead", "The campaign has no such contact.")
    rules = await company_rules(tx)
    facts = await lead_facts(tx, lead, now, rules=rules, asked=asked)
    return replace(whole, lead=lead, lead_causes=lead_causes(whole.campaign, facts, rules, now))


async def explain_phone(
    tx: AsyncConnection,
    campaign: CampaignId,
    phone: str,
    now: datetime,
    *,
    terms: Mapping[str, TrunkTerms] = NO_TERMS,
) -> Explanation:
    """The same for the campaign's lead with this number, and for the number itself."""
    lead, place = await lead_of_phone(tx, campaign, phone)
    return await explain_lead(tx, campaign, lead, now, asked=place, terms=terms)


async def named_campaign(tx: AsyncConnection, asked: str) -> CampaignId:
    """The campaign with this number or else this name, whatever its case; BadInput where several have the name."""
    alive = select(campaigns.c.id, campaigns.c.name).where(campaigns.c.deleted_at.is_(None))
    rows = (await tx.execute(alive.order_by(campaigns.c.id))).all()
    if asked.isdecimal() and any(row.id == int(asked) for row in rows):
        return CampaignId(int(asked))
    same = [row for row in rows if row.name == asked] or [row for row in rows if _alike(row.name, asked)]
    if len(same) > 1:
        hint = "Name one by its number: " + ", ".join(str(row.id) for row in same) + "."
        raise BadInput("several_campaigns", f"{len(same)} campaigns are called {asked!r}.", field="campaign", hint=hint)
    if not same:
        known = ", ".join(f"{row.id} {row.name}" for row in rows[-5:]) or "none"
        raise NotFound("no_such_campaign", f"There is no campaign {asked!r}.", hint=f"The latest ones: {known}.")
    return CampaignId(same[0].id)


def _alike(name: str, asked: str) -> bool:
    return name.casefold() == " ".join(asked.split()).casefold()
