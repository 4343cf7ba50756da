"""A lease: which leads are called next, decided by the rules and written in one transaction (SPEC R2.8–R2.11, R3.7).

The database picks the leads in the order of dialling and locks them. Where nothing but the order decides, it writes
their attempts too, in the same statement. Else each is held against the rules here: one that may not be called yet is
put off to the instant at which it may, the others are marked and get their attempts.

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

from campaigns.campaign import Campaign, CompanyId
from campaigns.company_rules import CompanyRules
from campaigns.compliance import Allowed, Compliance, PhoneCall, looks_back, may_call
from campaigns.leads import CallAt, LeasedCall, Returned, WorkerId
from campaigns.retry import next_call
from campaigns.status import may_dial
from campaigns.variants import variant_of
from core.results import CallResult
from storage.company_rules import read_rules
from storage.connections import Record
from storage.database import Database
from storage.lead_rows import blacklisted, leased_call, past_calls
from storage.lease_places import Places
from storage.lease_sql import HISTORY, MARK, PICK, PUT_OFF, TAKE, TRY_PHONES
from storage.live import CHANNEL

ASK_AGAIN: Final = timedelta(hours=1)
"""When a lead is looked at again that a rule forbids for no known time: somebody must do something about it."""
NEW_ZONES: Final = 3
"""How often a lease is asked for again because leads of a zone have come that nobody knew."""

History = Mapping[str, list[PhoneCall]]
LeadRow = Row[Any] | Record


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is leased: how many leads of which campaign, for whom, at what instant."""

    campaign: Campaign
    count: int
    worker: WorkerId
    now: datetime
    holding: int | None


@dataclass(frozen=True, slots=True)
class _Taken:
    """A picked lead that may be called now, on which phone, with the proof of that."""

    row: LeadRow
    phone: int
    proof: Mapping[str, object] | None


class Leases:
    """Leases for one process, which remembers where in its campaigns' lists it is."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._places = Places()
        self._ruled: set[CompanyId] = set()  # companies that had rules of their own when last looked at

    async def lease(
        self, campaign: Campaign, count: int, *, worker: WorkerId, now: datetime, holding: int | None
    ) -> list[LeasedCall]:
        """Takes up to `count` leads that may be called; with `holding` calls already, no more than the quota."""
        if count < 1 or not may_dial(campaign, now):
            return []
        wanted = _Wanted(campaign, count, worker, now, holding)
        looked_at = bool(campaign.variants) or campaign.company in self._ruled
        rows = [] if looked_at else await self._take(wanted)
        taken = [_taken_at_once(row) for row in rows if row.attempt_id is not None]
        if looked_at or len(taken) < len(rows):
            holds = None if holding is None else holding + len(taken)
            taken += await self._decide(_Wanted(campaign, count - len(taken), worker, now, holds))
        return taken

    async def _take(self, wanted: _Wanted) -> Sequence[Record]:
        """Those that the database picked; those that nothing but the order decides about have their attempts."""
        for _ in range(NEW_ZONES):
            given = self._places.given(wanted.campaign, wanted.now)
            rows = await self._database.at_once(
                TAKE,
                wanted.campaign.company,
                wanted.campaign.id,
                wanted.worker,
                wanted.now,
                wanted.count,
                wanted.holding,
                str(wanted.campaign.order),
                given.zones,
                given.ranks,
                given.heads,
                CHANNEL,
            )
            if not rows:
                return ()
            if not rows[0].unknown:
                self._places.note(wanted.campaign, rows[0].heads_now, len(rows) - 1)
                return rows[1:]
            self._places.learn(wanted.campaign, rows[0].unknown)
        return ()

    async def _decide(self, wanted: _Wanted) -> list[LeasedCall]:
        """The same with every rule looked at, in a transaction."""
        async with self._database.transaction(wanted.campaign.company, steady=True) as tx:
            head, rows = await self._pick(tx, wanted)
            if head is None or not rows:
                return []
            self._note_rules(wanted.campaign.company, head.rules)
            rules = read_rules(head.rules)
            taken, put_off = await _held_against(tx, wanted.campaign, rows, rules, wanted.now)
            if put_off:
                await tx.execute(PUT_OFF, {"leads": list(put_off), "untils": list(put_off.values())})
            return await _mark(tx, wanted, taken) if taken else []

    def _note_rules(self, company: CompanyId, rules: Mapping[str, Any] | None) -> None:
        if rules is None or (rules["compliance"] == "none" and not rules["compliance_overrides"]):
            self._ruled.discard(company)
        else:
            self._ruled.add(company)

    async def _pick(self, tx: AsyncConnection, wanted: _Wanted) -> tuple[LeadRow | None, Sequence[Row[Any]]]:
        """What holds for all, and the leads that are locked."""
        for _ in range(NEW_ZONES):
            given = self._places.given(wanted.campaign, wanted.now, whole=True)
            asked = {
                "company": wanted.campaign.company,
                "campaign": wanted.campaign.id,
                "worker": wanted.worker,
                "now": wanted.now,
                "count": wanted.count,
                "holding": wanted.holding,
                "order": str(wanted.campaign.order),
                "zones": given.zones,
                "ranks": given.ranks,
            }
            rows = (await tx.execute(PICK, asked)).all()
            if not rows or not rows[0].unknown:
                return (rows[0], rows[1:]) if rows else (None, ())
            self._places.learn(wanted.campaign, rows[0].unknown)
        return None, ()


def _taken_at_once(row: Record) -> LeasedCall:
    phone = row.next_phone if row.next_phone < len(row.phones) else 0
    return leased_call(
        row, attempt=row.attempt_id, leg=row.leg_id, phone_index=phone, proof=None, scenario=row.scenario
    )


# ---- what the rules say of each


async def _held_against(
    tx: AsyncConnection, campaign: Campaign, rows: Sequence[LeadRow], rules: CompanyRules, now: datetime
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


def turn(campaign: Campaign, row: LeadRow) -> tuple[int, datetime]:
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


async def _mark(tx: AsyncConnection, wanted: _Wanted, taken: Sequence[_Taken]) -> list[LeasedCall]:
    """Marks the leads and writes their attempts; none if the campaign was stopped since they were picked."""
    campaign = wanted.campaign
    values = {
        "campaign": campaign.id,
        "told": str(int(campaign.id)),
        "channel": CHANNEL,
        "worker": wanted.worker,
        "now": wanted.now,
        "leads": [one.row.lead_id for one in taken],
        "indices": [one.phone for one in taken],
        "phones": [one.row.phones[one.phone] for one in taken],
        "proofs": [None if one.proof is None else msgspec.json.encode(dict(one.proof)).decode() for one in taken],
        "versions": [_variant(campaign, one.row.contact_id) for one in taken],
        "open": [variant.scenario for variant in campaign.variants if variant.share],
    }
    made = {row.lead_id: row for row in (await tx.execute(MARK, values)).all()}
    return [
        leased_call(
            one.row,
            attempt=made[one.row.lead_id].id,
            leg=made[one.row.lead_id].leg_id,
            phone_index=one.phone,
            proof=one.proof,
            scenario=made[one.row.lead_id].scenario_version_id,
        )
        for one in taken
        if one.row.lead_id in made
    ]


def _variant(campaign: Campaign, contact: int) -> int | None:
    """The version that the contact hears first where the campaign tries several."""
    return variant_of(contact, campaign.id, campaign.variants) if campaign.variants else None
