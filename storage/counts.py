"""What campaigns came to, from the counters that the database keeps with every change (SPEC R2.7, R2.14, R10.1).

Reading costs the same whatever the number of leads and calls. A count is of the committed state that the reading
transaction sees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import CampaignId
from campaigns.leads import Bucket
from core.results import CallResult
from storage.tables import attempts, campaign_counts, campaign_results


@dataclass(slots=True)
class Counts:
    """The counters of one campaign; `results` and `spent` are of ended calls, `live` are in progress.

    `deleted` leads were taken out of it. `talk_s` is the sum of all talks, in seconds.
    """

    buckets: dict[Bucket, int] = field(default_factory=lambda: dict.fromkeys(Bucket, 0))
    deleted: int = 0
    results: dict[CallResult, int] = field(default_factory=dict)
    talk_s: float = 0.0
    spent: Decimal = Decimal(0)
    live: int = 0

    @property
    def leads(self) -> int:
        """All leads: the buckets partition them."""
        return sum(self.buckets.values())

    @property
    def attempts(self) -> int:
        """All calls, those in progress too."""
        return sum(self.results.values()) + self.live


async def counts(tx: AsyncConnection, campaign: CampaignId | None = None) -> Mapping[CampaignId, Counts]:
    """The counters of one campaign, or of all of the company that have any; one asked for is always there."""
    found: dict[CampaignId, Counts] = {} if campaign is None else {campaign: Counts()}
    await _add_leads(tx, campaign, found)
    await _add_results(tx, campaign, found)
    await _add_live(tx, campaign, found)
    return found


async def _add_leads(tx: AsyncConnection, campaign: CampaignId | None, found: dict[CampaignId, Counts]) -> None:
    table = campaign_counts.c
    by_bucket = [func.sum(table[str(one)]) for one in Bucket]
    query = select(table.campaign_id, func.sum(table.deleted), *by_bucket).group_by(table.campaign_id)
    if campaign is not None:
        query = query.where(table.campaign_id == campaign)
    for owner, deleted, *numbers in (await tx.execute(query)).all():
        mine = found.setdefault(CampaignId(owner), Counts())
        mine.deleted = int(deleted)
        mine.buckets = {one: int(number) for one, number in zip(Bucket, numbers, strict=True)}


async def _add_results(tx: AsyncConnection, campaign: CampaignId | None, found: dict[CampaignId, Counts]) -> None:
    table = campaign_results.c
    sums = (func.sum(table.attempts), func.sum(table.talk_ms), func.sum(table.spent))
    query = select(table.campaign_id, table.result, *sums).group_by(table.campaign_id, table.result)
    if campaign is not None:
        query = query.where(table.campaign_id == campaign)
    for owner, result, number, talk_ms, spent in (await tx.execute(query)).all():
        mine = found.setdefault(CampaignId(owner), Counts())
        if number:
            mine.results[CallResult(result)] = int(number)
        mine.talk_s += int(talk_ms) / 1000
        mine.spent += spent


async def _add_live(tx: AsyncConnection, campaign: CampaignId | None, found: dict[CampaignId, Counts]) -> None:
    query = select(attempts.c.campaign_id, func.count()).where(attempts.c.result.is_(None))
    if campaign is not None:
        query = query.where(attempts.c.campaign_id == campaign)
    for owner, number in (await tx.execute(query.group_by(attempts.c.campaign_id))).all():
        found.setdefault(CampaignId(owner), Counts()).live = number
