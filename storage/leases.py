"""A lease: which leads are called next, decided by the rules and written in one transaction (SPEC R2.8–R2.11, R3.7).

The leads are locked as they are picked, in the order of dialling. Each is then held against the rules: one that may
not be called yet is put off to the instant at which it may, the others are marked and get their attempts. The state of
the campaign is looked at both when picking and when marking.

The company's caps count calls of all campaigns, so whoever counts the calls to a phone holds that phone until its
attempt is committed. A phone that another transaction holds is left for the next lease.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import Campaign, Order
from campaigns.company_rules import CompanyRules
from campaigns.compliance import Allowed, Compliance, PhoneCall, looks_back, may_call
from campaigns.leads import CallAt, LeasedCall, Returned, WorkerId
from campaigns.local_time import open_zones
from campaigns.retry import next_call
from campaigns.schedule import zone_offset_min
from campaigns.status import may_dial
from core.results import CallResult
from storage.company_rules import read_rules
from storage.lead_rows import blacklisted, leased_call, past_calls
from storage.lease_sql import HISTORY, MARK, PUT_OFF, QUOTA, TRY_PHONES, WAKE, pick_statement
from storage.live import CHANNEL

WOKEN_PER_LEAD: Final = 4
"""How many leads that have become due a lease makes ready for each that it takes, so that none stay behind."""
LOOKS: Final = ((2, 8), (16, 64), (128, 512))
"""How far a lease looks, in leads per wanted one and in kinds; further where others lock what it saw first."""
ASK_AGAIN: Final = timedelta(hours=1)
"""When a lead is looked at again that a rule forbids for no known time: somebody must do something about it."""

History = Mapping[str, list[PhoneCall]]


@dataclass(frozen=True, slots=True)
class _Taken:
    """A picked lead that may be called now, on which phone, with the proof of that."""

    row: Row[Any]
    phone: int
    proof: Mapping[str, object] | None


async def lease(
    tx: AsyncConnection, campaign: Campaign, count: int, *, worker: WorkerId, now: datetime, holding: int | None
) -> list[LeasedCall]:
    """Takes up to `count` leads that may be called; with `holding` calls already, no more than the worker's quota."""
    if holding is not None:
        count = min(count, await _quota(tx, campaign, worker) - holding)
    if count < 1 or not may_dial(campaign, now):
        return []
    wanted = {"campaign": campaign.id, "now": now, "most": max(count * WOKEN_PER_LEAD, 50)}
    awake = (await tx.execute(WAKE, wanted)).one()
    zones = open_zones(campaign, [zone or None for zone in awake.zones], now)
    if not zones:
        return []
    rows = await _pick(tx, campaign, count, zones, now)
    rules = read_rules(awake.rules)
    taken, put_off = await _held_against(tx, campaign, rows, rules, now)
    if put_off:
        await tx.execute(PUT_OFF, {"leads": list(put_off), "untils": list(put_off.values())})
    return await _mark(tx, campaign, taken, worker, now) if taken else []


async def _quota(tx: AsyncConnection, campaign: Campaign, worker: WorkerId) -> int:
    """How many calls of the campaign the worker may hold; the share-out waits until this transaction is over."""
    return (await tx.execute(QUOTA, {"campaign": campaign.id, "worker": worker})).scalar() or 0


async def _pick(
    tx: AsyncConnection, campaign: Campaign, count: int, zones: Sequence[str | None], now: datetime
) -> Sequence[Row[Any]]:
    """Locks the next leads in the campaign's order, the easternmost first where that is by zones."""
    ranks = [0] * len(zones)
    if campaign.order is Order.TIME_ZONE:
        ranks = [-zone_offset_min(zone or campaign.schedule.zone, now) for zone in zones]
    wanted = {"campaign": campaign.id, "now": now, "count": count, "zones": [z or "" for z in zones], "ranks": ranks}
    rows: Sequence[Row[Any]] = ()
    for reach, kinds in LOOKS:
        look = {"reach": reach * count, "kinds": kinds}
        rows = (await tx.execute(pick_statement(campaign.order), wanted | look)).all()
        if len(rows) == count or (rows and rows[0].seen < reach * count and rows[0].places < kinds):
            break
    return rows


# ---- what the rules say of each


async def _held_against(
    tx: AsyncConnection, campaign: Campaign, rows: Sequence[Row[Any]], rules: CompanyRules, now: datetime
) -> tuple[list[_Taken], dict[int, datetime]]:
    """Those that may be called now, and until when the others are put off."""
    taken: list[_Taken] = []
    put_off: dict[int, datetime] = {}
    turns = [(row, *turn(campaign, row)) for row in rows]
    held, history = await _histories(tx, {row.phones[phone] for row, phone, _ in turns}, rules.compliance, now)
    for row, phone, due_at in turns:
        number = row.phones[phone]
        if due_at > now:
            put_off[row.lead_id] = due_at
        elif phone in blacklisted(row):
            taken.append(_Taken(row, phone, None))
        elif number in held:
            said = may_call(
                history[number], row.zone or campaign.schedule.zone, rules.compliance, now, consent=row.consent
            )
            if isinstance(said, Allowed):
                taken.append(_Taken(row, phone, said.proof if said.proof["checked"] else None))
                history[number].append(PhoneCall(now))
            else:
                put_off[row.lead_id] = said.until or now + ASK_AGAIN
    return taken, put_off


def turn(campaign: Campaign, row: Row[Any]) -> tuple[int, datetime]:
    """Which phone of a lead is called next, and when: a blacklisted one is passed over.

    Where all that are left are blacklisted it is such a one: its attempt ends at once, and so does the lead.
    """
    phone = row.next_phone if row.next_phone < len(row.phones) else 0
    barred = blacklisted(row)
    if phone not in barred:
        return phone, row.due_at
    following = next_call(
        past_calls(row.past),
        len(row.phones),
        campaign.retry,
        blacklisted=barred,
        added_at=row.due_at,
        callback_at=row.callback_at,
        returned=Returned(row.counted_from, row.extra_from, row.extra_calls),
    )
    return (following.phone, max(following.at, row.due_at)) if isinstance(following, CallAt) else (phone, row.due_at)


async def _histories(
    tx: AsyncConnection, phones: set[str], rules: Compliance, now: datetime
) -> tuple[set[str], History]:
    """The phones that this transaction holds, and the calls to them that may matter to the rules."""
    history: dict[str, list[PhoneCall]] = defaultdict(list)
    back = looks_back(rules)
    if not back or not phones:
        return phones, history
    # The calls are read by a later statement than the one that holds the phones, or it would not see the latest.
    held = set((await tx.execute(TRY_PHONES, {"phones": sorted(phones)})).scalars())
    wanted = {"phones": sorted(held), "since": now - back}
    for row in (await tx.execute(HISTORY, wanted)).all() if held else ():
        result = None if row.result is None else CallResult(row.result)
        history[row.phone].append(PhoneCall(row.started_at, row.ended_at, result))
    return held, history


# ---- writing it


async def _mark(
    tx: AsyncConnection, campaign: Campaign, taken: Sequence[_Taken], worker: WorkerId, now: datetime
) -> list[LeasedCall]:
    """Marks the leads and writes their attempts; none if the campaign was stopped since they were picked."""
    wanted = {
        "campaign": campaign.id,
        "told": str(int(campaign.id)),
        "channel": CHANNEL,
        "worker": worker,
        "now": now,
        "leads": [one.row.lead_id for one in taken],
        "indices": [one.phone for one in taken],
        "phones": [one.row.phones[one.phone] for one in taken],
        "proofs": [None if one.proof is None else msgspec.json.encode(dict(one.proof)).decode() for one in taken],
    }
    made = {row.lead_id: row for row in (await tx.execute(MARK, wanted)).all()}
    return [
        leased_call(
            one.row,
            attempt=made[one.row.lead_id].id,
            leg=made[one.row.lead_id].leg_id,
            phone_index=one.phone,
            proof=one.proof,
        )
        for one in taken
        if one.row.lead_id in made
    ]
