"""What pacer and workers read and change of campaigns and quotas, in PostgreSQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
import structlog
from sqlalchemy import text

from campaigns.campaign import Campaign, CampaignId, CompanyId
from campaigns.causes import CampaignFacts
from campaigns.leads import WorkerId
from campaigns.pacing import Ages, Capacity, Share
from campaigns.trunk_terms import TrunkTerms, with_terms
from core.errors import BadInput
from core.results import CallResult
from storage.campaign_rows import campaign_of
from storage.company_rules import company_rules
from storage.database import Database
from storage.facts import campaign_facts
from storage.leads import PostgresLeads
from storage.live import CHANNEL, tell

log = structlog.get_logger(__name__)

LOOKED_AT: Final = 500
"""Of a campaign's attempts the latest: enough to see whether its calls fail, at constant cost."""

_REPORT: Final = text("UPDATE workers SET slots = :slots, trunks = CAST(:trunks AS jsonb) WHERE id = :worker")
_RING: Final = text("SELECT pg_notify(:channel, '')")
_RATES: Final = text("SELECT rates, ARRAY(SELECT zvonar_worker_companies(:worker)) FROM workers WHERE id = :worker")
_MINE: Final = text("""
    SELECT c.*, q.slots FROM campaign_quotas q JOIN campaigns c ON c.id = q.campaign_id
    WHERE q.worker_id = :worker AND q.slots > 0 AND c.switched_on AND c.finished_at IS NULL AND c.deleted_at IS NULL
    ORDER BY c.id
""")
_AGES: Final = text("""
    SELECT c.created_at, c.last_activity_at, CASE
        WHEN GREATEST(c.created_at, c.last_activity_at) + make_interval(days => :days) <= :now
        THEN (SELECT max(l.added_at) FROM leads l WHERE l.campaign_id = c.id)
    END AS added_at
    FROM campaigns c WHERE c.id = :campaign
""")
_RESULTS: Final = text("""
    SELECT ended_at, result FROM (
        SELECT ended_at, result FROM attempts WHERE campaign_id = :campaign ORDER BY id DESC LIMIT :most
    ) AS latest WHERE result IS NOT NULL AND ended_at > :since
""")
_FINISH: Final = text("UPDATE campaigns SET finished_at = :now WHERE id = :campaign AND finished_at IS NULL")
_BREAK: Final = text("UPDATE campaigns SET breaker_open = :why WHERE id = :campaign AND breaker_open IS NULL")


class PostgresPacing:
    """The `Quotas` and the `PacingStore` of the product."""

    def __init__(self, database: Database, terms: Mapping[str, TrunkTerms] | None = None) -> None:
        """`terms` are those of the trunks by their names, for the pacer."""
        self._database = database
        self._leads = PostgresLeads(database)
        self._terms = terms or {}

    # ---- for workers

    async def report(self, worker: WorkerId, capacity: Capacity) -> None:
        """Tells what the worker can do, and wakes the pacer."""
        trunks = {name: {"lines": one.lines, "calls_per_second": one.calls_per_second}
                  for name, one in capacity.trunks.items()}  # fmt: skip
        wanted = {"worker": worker, "slots": capacity.slots, "trunks": msgspec.json.encode(trunks).decode()}
        async with self._database.system() as tx:
            await tx.execute(_REPORT, wanted)
            await tx.execute(_RING, {"channel": CHANNEL})

    async def share_of(self, worker: WorkerId) -> Share:
        """What the worker may do now; campaigns whose settings cannot be read are left out."""
        async with self._database.system() as tx:
            row = (await tx.execute(_RATES, {"worker": worker})).one_or_none()
        if row is None:
            return Share()
        quotas: list[tuple[Campaign, int]] = []
        for company in row[1]:
            async with self._database.transaction(CompanyId(company)) as tx:
                rows = (await tx.execute(_MINE, {"worker": worker})).all()
            for one in rows:
                try:
                    quotas.append((campaign_of(one), one.slots))
                except BadInput:
                    continue  # the pacer's own look gives it an error
        return Share(quotas, row.rates)

    # ---- for the pacer

    async def campaigns(self) -> Sequence[Campaign]:
        """All campaigns of all companies that are switched on and not finished."""
        return await self._leads.campaigns()

    async def facts(self, campaigns: Sequence[Campaign], now: datetime) -> Mapping[CampaignId, CampaignFacts]:
        """What the database and the terms of the trunks tell of these campaigns, company by company."""
        by_company: dict[CompanyId, list[Campaign]] = defaultdict(list)
        for campaign in campaigns:
            by_company[campaign.company].append(campaign)
        found: dict[CampaignId, CampaignFacts] = {}
        for company, mine in by_company.items():
            async with self._database.transaction(company) as tx:
                try:
                    rules = await company_rules(tx)
                except BadInput as error:
                    log.error("rules.unreadable", company=company, code=error.code, field=error.field)
                    continue  # nobody of this company is called before somebody has mended them
                for campaign in mine:
                    facts = await campaign_facts(tx, campaign, now, rules=rules)
                    found[campaign.id] = with_terms(facts, campaign, self._terms.get(campaign.trunk))
        return found

    async def ages(self, campaign: Campaign, now: datetime) -> Ages:
        """How long nothing has happened in it; the last lead is looked for only where all else is long ago."""
        wanted = {"campaign": campaign.id, "days": campaign.auto_finish_days, "now": now}
        async with self._database.transaction(campaign.company) as tx:
            row = (await tx.execute(_AGES, wanted)).one_or_none()
        return Ages(now) if row is None else Ages(row.created_at, row.last_activity_at, row.added_at)

    async def results(self, campaign: Campaign, since: datetime) -> Sequence[tuple[datetime, CallResult]]:
        """The ends of its latest calls after `since`."""
        wanted = {"campaign": campaign.id, "since": since, "most": LOOKED_AT}
        async with self._database.transaction(campaign.company) as tx:
            return [(row.ended_at, CallResult(row.result)) for row in (await tx.execute(_RESULTS, wanted)).all()]

    async def finish_campaign(self, campaign: Campaign, now: datetime) -> None:
        """Finishes it, unless somebody did."""
        async with self._database.transaction(campaign.company) as tx:
            await tx.execute(_FINISH, {"campaign": campaign.id, "now": now})
            await tell(tx, campaign.id)

    async def open_breaker(self, campaign: Campaign, why: str) -> None:
        """Pauses it with the reason."""
        async with self._database.transaction(campaign.company) as tx:
            await tx.execute(_BREAK, {"campaign": campaign.id, "why": why})
            await tell(tx, campaign.id)
