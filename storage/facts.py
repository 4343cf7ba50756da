"""What the database knows of a campaign and of a lead, for the rules that explain why nobody is called (SPEC R2.11).

Each answer costs the same whatever the number of leads: zones are hopped through in an index, counts come from the
counters, and what must be counted by reading is counted up to `MOST_COUNTED`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.buckets import LeadState
from campaigns.budget import exhausted
from campaigns.campaign import Campaign
from campaigns.causes import CampaignFacts, LeadFacts
from campaigns.company_rules import CompanyRules
from campaigns.compliance import PhoneCall, looks_back
from campaigns.leads import Bucket, LeadId, Returned
from campaigns.local_time import open_zones
from campaigns.status import may_dial
from core.errors import BadInput
from core.results import CallResult
from storage.campaign_rows import campaign_of
from storage.company_rules import NO_RULES
from storage.counts import counts
from storage.lead_rows import blacklisted, past_calls
from storage.lease_sql import AWAKE, CONTACT, HISTORY, LATER, ZONE
from storage.tables import campaigns

MOST_COUNTED: Final = 5_000
"""Up to so many waiting leads are told apart exactly by whether they are due, where nobody wants to know less."""

_DUE: Final = text(
    """
    WITH RECURSIVE <awake>, <later>
    SELECT first.zone, min(first.due_at) AS due_at FROM (
        SELECT z.zone, (
            SELECT l.due_at FROM leads l
            WHERE l.campaign_id = :campaign AND l.state = 'waiting' AND l.ready AND <zone> = z.zone
            ORDER BY l.attempts LIMIT 1
        ) FROM awake z WHERE z.zone IS NOT NULL
        UNION ALL SELECT z.zone, (
            SELECT l.due_at FROM leads l
            WHERE l.campaign_id = :campaign AND l.state = 'waiting' AND NOT l.ready AND <zone> = z.zone
            ORDER BY l.due_at LIMIT 1
        ) FROM later z WHERE z.zone IS NOT NULL
    ) AS first (zone, due_at)
    WHERE first.due_at IS NOT NULL GROUP BY first.zone
    """.replace("<awake>", AWAKE)
    .replace("<later>", LATER)
    .replace("<zone>", ZONE)
)

_WAITING: Final = text(
    """
    WITH RECURSIVE <awake>, <later>
    SELECT
        (SELECT count(*) FROM (
            SELECT FROM awake z CROSS JOIN LATERAL (
                SELECT FROM leads l
                WHERE l.campaign_id = :campaign AND l.state = 'waiting' AND l.ready AND <zone> = z.zone LIMIT :most
            ) AS stands WHERE z.zone IS NOT NULL LIMIT :most
        ) AS ready) AS ready,
        (SELECT count(*) FROM (
            SELECT FROM later z CROSS JOIN LATERAL (
                SELECT FROM leads l
                WHERE l.campaign_id = :campaign AND l.state = 'waiting' AND NOT l.ready AND <zone> = z.zone
                  AND l.due_at <= :now LIMIT :most
            ) AS come WHERE z.zone IS NOT NULL LIMIT :most
        ) AS due) AS due
    """.replace("<awake>", AWAKE)
    .replace("<later>", LATER)
    .replace("<zone>", ZONE)
)

_BARRED: Final = text("""
    SELECT count(*) FILTER (WHERE c.consent_at IS NULL) AS barred
    FROM (
        (SELECT l.contact_id FROM leads l
         WHERE l.campaign_id = :campaign AND l.state = 'waiting' AND l.ready LIMIT :most)
        UNION ALL
        (SELECT l.contact_id FROM leads l
         WHERE l.campaign_id = :campaign AND l.state = 'waiting' AND NOT l.ready LIMIT :most)
    ) AS waiting JOIN contacts c ON c.id = waiting.contact_id
""")

_LEAD: Final = text(f"""
    SELECT l.id AS lead_id, l.state, l.next_phone, l.due_at, l.zone, l.callback_at, c.consent_at IS NOT NULL AS consent,
           {CONTACT}
    FROM leads l JOIN contacts c ON c.id = l.contact_id WHERE l.id = :lead
""")  # noqa: S608


async def campaign_facts(
    tx: AsyncConnection,
    campaign: Campaign,
    now: datetime,
    *,
    rules: CompanyRules = NO_RULES,
    most_counted: int = MOST_COUNTED,
    free_lines: int | None = None,
    operators: int = 0,
    operators_dialling: int = 0,
) -> CampaignFacts:
    """What is known of the campaign at the instant `now`; lines and operators are known to the caller alone.

    Leads that are due are counted up to `most_counted`; a few do for who asks but whether there are any.
    """
    wanted = {"campaign": campaign.id, "now": now, "most": most_counted}
    due = {row.zone or None: row.due_at for row in (await tx.execute(_DUE, wanted)).all()}
    mine = (await counts(tx, campaign.id))[campaign.id]
    waiting = max(mine.buckets[Bucket.NOT_CALLED] + mine.buckets[Bucket.WILL_CALL_AGAIN] - mine.live, 0)
    barred = 0
    if rules.compliance.consent_required and waiting:
        barred = min((await tx.execute(_BARRED, wanted | {"most": MOST_COUNTED})).scalar_one(), waiting)
        due = {} if barred == waiting else due
    come = (await tx.execute(_WAITING, wanted)).one() if due else None
    waiting_due = 0 if come is None else min(come.ready + come.due, waiting)
    return CampaignFacts(
        due=due,
        waiting_due=waiting_due,
        waiting_later=waiting - waiting_due,
        barred=barred,
        leads=mine.leads,
        deleted=mine.deleted,
        dialling=mine.live,
        spent=mine.spent,
        scenario_exists=campaign.scenario is not None,
        free_lines=free_lines,
        operators=operators,
        operators_dialling=operators_dialling,
        higher=await _higher(tx, campaign, now),
    )


async def _higher(tx: AsyncConnection, campaign: Campaign, now: datetime) -> tuple[str, ...]:
    """The campaigns of a higher priority that would place a call now if they got a line."""
    others: ColumnElement[bool] = campaigns.c.priority.is_not(None)
    if campaign.priority is not None:
        others = campaigns.c.priority < campaign.priority
    on = (campaigns.c.switched_on, campaigns.c.finished_at.is_(None), campaigns.c.deleted_at.is_(None))
    rows = (await tx.execute(select(campaigns).where(*on, others).order_by(campaigns.c.priority, campaigns.c.id))).all()
    names = []
    for row in rows:
        try:
            other = campaign_of(row)
        except BadInput:
            continue  # it cannot dial before somebody mends its settings
        if other.id != campaign.id and may_dial(other, now) and await _wants_lines(tx, other, now):
            names.append(other.name)
    return tuple(names)


async def _wants_lines(tx: AsyncConnection, campaign: Campaign, now: datetime) -> bool:
    """Whether it has a lead that may be called now, money for it, and a line of its own left."""
    wanted = {"campaign": campaign.id, "now": now}
    due = [row.zone or None for row in (await tx.execute(_DUE, wanted)).all() if row.due_at <= now]
    if not open_zones(campaign, due, now):
        return False
    mine = (await counts(tx, campaign.id))[campaign.id]
    return mine.live < campaign.lines and not exhausted(campaign, mine.spent)


async def lead_facts(
    tx: AsyncConnection, lead: LeadId, now: datetime, *, rules: CompanyRules, asked: int | None = None
) -> LeadFacts:
    """What is known of a lead at the instant `now`; `asked` is the phone that somebody asks about, by its index."""
    row = (await tx.execute(_LEAD, {"lead": lead})).one_or_none()
    if row is None:
        return LeadFacts(LeadState.WAITING, 0, deleted=True, asked=asked)
    history = await _calls(tx, row.phones, rules, now)
    return LeadFacts(
        state=LeadState(row.state),
        phones=len(row.phones),
        next_phone=row.next_phone if row.next_phone < len(row.phones) else 0,
        due_at=row.due_at,
        zone=row.zone,
        blacklisted=blacklisted(row),
        past=past_calls(row.past),
        returned=Returned(row.counted_from, row.extra_from, row.extra_calls),
        callback_at=row.callback_at,
        history={place: tuple(history[phone]) for place, phone in enumerate(row.phones)},
        consent=row.consent,
        asked=asked,
    )


async def _calls(
    tx: AsyncConnection, phones: Sequence[str], rules: CompanyRules, now: datetime
) -> dict[str, list[PhoneCall]]:
    """The company's calls to these phones that may matter to its rules."""
    history: dict[str, list[PhoneCall]] = defaultdict(list)
    wanted = {"phones": list(phones), "since": now - looks_back(rules.compliance)}
    for row in (await tx.execute(HISTORY, wanted)).all():
        result = None if row.result is None else CallResult(row.result)
        history[row.phone].append(PhoneCall(row.started_at, row.ended_at, result))
    return history
