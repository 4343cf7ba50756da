"""A batch of a list into the address book and a campaign, by a few statements for all of its rows (SPEC R9.1, R9.2).

The rows are copied into a temporary table, and from there, by their main phone, they are left out, merged into the
contacts that are known, or added. Whoever loads batches of a company holds its turn meanwhile, so that two lists
cannot add the same person twice; batches of one list that have no main phone in common may load at the same time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import CampaignId
from campaigns.contacts.batches import Duplicates
from core.errors import BadInput
from core.results import CallResult
from storage.copying import copy_in


@dataclass(frozen=True, slots=True)
class OtherCampaigns:
    """Which leads of other campaigns keep a row out: of these campaigns, with these results, called since then.

    Empty means any; `called_since` None: whether called or not.
    """

    campaigns: Sequence[int] = ()
    results: Sequence[CallResult] = ()
    called_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """What to do with a batch: `campaign` None is the address book alone, `others` None does not look elsewhere.

    A dry run finds out everything and adds nothing.
    """

    campaign: CampaignId | None
    duplicates: Duplicates
    now: datetime
    others: OtherCampaigns | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a batch's rows; `linked` are known contacts that became leads as they are."""

    loaded: int
    merged: int
    linked: int
    duplicates: int
    elsewhere: int
    zone_unknown: int


_REFUSED: Final = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
# Whoever holds the turn does nothing else in that transaction.
_TURN: Final = text("""
    SELECT set_config('idle_in_transaction_session_timeout', '0', true),
           pg_advisory_xact_lock(hashtextextended('zvonar contacts ' || current_setting('zvonar.company_id'), 0))
""")
# The checks of references are statements too, run for every row: planned anew each time, they take most of the load.
# A batch of wide rows stays in memory between its steps. Its commit need not wait for the disk: the rows and how far
# the import is are lost together or not at all, and its end, which does wait, makes all before it safe.
_AT_EASE: Final = text("""
    SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('work_mem', '64MB', true),
           set_config('synchronous_commit', 'off', true)
""")
_STAGE: Final = """
    CREATE TEMPORARY TABLE zvonar_staged (
        place integer, phone text, phones text[], last_name text DEFAULT '', first_name text DEFAULT '',
        middle_name text DEFAULT '', organisation text DEFAULT '', "position" text DEFAULT '', note text DEFAULT '',
        email text DEFAULT '', zone text, custom jsonb DEFAULT '{{}}', tags text[] DEFAULT '{{}}', priority integer,
        consent_at timestamptz, repeated boolean DEFAULT false, contact_id bigint DEFAULT {contact},
        lead_id bigint DEFAULT {lead}
    ) ON COMMIT DROP
"""

_ELSEWHERE: Final = text("""
    WITH gone AS (
        DELETE FROM zvonar_staged s WHERE EXISTS (
            SELECT FROM contacts c
            JOIN leads l ON l.contact_id = c.id
            JOIN campaigns o ON o.id = l.campaign_id
            WHERE c.phones[1] = ANY (COALESCE(s.phones, ARRAY[s.phone]))
              AND o.finished_at IS NULL AND o.deleted_at IS NULL
              AND l.campaign_id IS DISTINCT FROM CAST(:campaign AS bigint)
              AND (CAST(:campaigns AS bigint[]) IS NULL OR l.campaign_id = ANY (CAST(:campaigns AS bigint[])))
              AND (CAST(:results AS text[]) IS NULL OR l.last_result = ANY (CAST(:results AS text[])))
              AND (CAST(:since AS timestamptz) IS NULL OR EXISTS (
                  SELECT FROM attempts a WHERE a.lead_id = l.id AND a.started_at >= CAST(:since AS timestamptz)
              ))
        ) RETURNING 1
    )
    SELECT count(*) FROM gone
""")

# By phone, one look into the index for each row: while a long list loads nobody has counted the rows yet, and a plan
# that is chosen by guessing reads all contacts for every batch.
_KNOWN: Final = text("""
    CREATE TEMPORARY TABLE zvonar_known (place integer, id bigint, zone text, here boolean) ON COMMIT DROP
""")
_LOOK_UP: Final = text("""
    INSERT INTO zvonar_known
    SELECT s.place, k.id, k.zone, k.here
    FROM zvonar_staged s
    CROSS JOIN LATERAL (
        SELECT c.id, c.zone, EXISTS (
            SELECT FROM leads l WHERE l.contact_id = c.id AND l.campaign_id = CAST(:campaign AS bigint) OFFSET 0
        ) AS here
        FROM contacts c WHERE c.phones[1] = s.phone ORDER BY 3 DESC, 1 LIMIT 1
    ) AS k
""")
_COUNT_KNOWN: Final = text("""
    SELECT count(*) FILTER (WHERE here) AS here, count(*) FILTER (WHERE NOT here) AS there FROM zvonar_known
""")
_MERGE: Final = text("""
    UPDATE contacts c SET
        last_name = COALESCE(NULLIF(c.last_name, ''), s.last_name),
        first_name = COALESCE(NULLIF(c.first_name, ''), s.first_name),
        middle_name = COALESCE(NULLIF(c.middle_name, ''), s.middle_name),
        organisation = COALESCE(NULLIF(c.organisation, ''), s.organisation),
        "position" = COALESCE(NULLIF(c."position", ''), s."position"),
        note = COALESCE(NULLIF(c.note, ''), s.note),
        email = COALESCE(NULLIF(c.email, ''), s.email),
        zone = COALESCE(c.zone, s.zone),
        consent_at = COALESCE(c.consent_at, s.consent_at),
        phones = (c.phones || ARRAY(
            SELECT p.phone FROM unnest(COALESCE(s.phones, ARRAY[s.phone])) WITH ORDINALITY AS p (phone, place)
            WHERE p.phone <> ALL (c.phones) ORDER BY p.place
        ))[1:5],
        custom = s.custom || (
            SELECT COALESCE(jsonb_object_agg(e.key, e.value), '{}'::jsonb) FROM jsonb_each(c.custom) AS e
            WHERE e.value <> '""'::jsonb
        ),
        tags = c.tags || ARRAY(
            SELECT t.tag FROM unnest(s.tags) WITH ORDINALITY AS t (tag, place)
            WHERE t.tag <> ALL (c.tags) ORDER BY t.place
        )
    FROM zvonar_known k JOIN zvonar_staged s ON s.place = k.place
    WHERE c.id = k.id
""")
_LINK: Final = text("""
    INSERT INTO leads (company_id, id, campaign_id, contact_id, due_at, added_at, order_key, zone, priority)
    SELECT CAST(:company AS bigint), s.lead_id, CAST(:campaign AS bigint), k.id, CAST(:now AS timestamptz),
        CAST(:now AS timestamptz), random(), CASE WHEN :merging AND k.zone IS NULL THEN s.zone ELSE k.zone END,
        s.priority
    FROM zvonar_known k JOIN zvonar_staged s ON s.place = k.place WHERE NOT k.here ORDER BY s.place
""")
_LEAVE_KNOWN: Final = text("DELETE FROM zvonar_staged s USING zvonar_known k WHERE k.place = s.place")
_ADD: Final = text("""
    INSERT INTO contacts
        (company_id, id, last_name, first_name, middle_name, organisation, "position", note, email, zone, phones,
         custom, tags, consent_at, created_at)
    SELECT CAST(:company AS bigint), contact_id, last_name, first_name, middle_name, organisation, "position", note,
        email, zone, CASE WHEN phones IS NULL THEN ARRAY[phone] ELSE phones END, custom, tags,
        consent_at, CAST(:now AS timestamptz)
    FROM zvonar_staged
""")
_CALL: Final = text("""
    INSERT INTO leads (company_id, id, campaign_id, contact_id, due_at, added_at, order_key, zone, priority)
    SELECT CAST(:company AS bigint), lead_id, CAST(:campaign AS bigint), contact_id, CAST(:now AS timestamptz),
        CAST(:now AS timestamptz), random(), zone, priority
    FROM zvonar_staged
""")
# A person who comes again in the list is known by now, unless nothing was added.
_COUNT_FRESH: Final = text("""
    SELECT count(*) FILTER (WHERE new) AS fresh, count(*) FILTER (WHERE new AND zone IS NULL) AS zone_unknown,
        count(*) FILTER (WHERE NOT new) AS folded
    FROM (SELECT zone, NOT (repeated AND CAST(:dry AS boolean)) AS new FROM zvonar_staged) AS s
""")
_COMPANY: Final = text("SELECT current_setting('zvonar.company_id')::bigint")


async def take_turn(tx: AsyncConnection) -> None:
    """Waits until nobody else loads contacts of the company, and keeps them out until the transaction ends."""
    await tx.execute(_TURN)


async def stage(tx: AsyncConnection, plan: BatchPlan, columns: Sequence[str], copy: bytes) -> None:
    """Copies the lines of a batch into the transaction and gives the rows their numbers; BadInput if one is refused.

    Whoever stages batches one after the other gets people in the order of the list, whichever is loaded first.
    """
    await tx.execute(_AT_EASE)
    await tx.execute(text(_staged(plan)))
    with _refusing():
        await copy_in(tx, "zvonar_staged", columns, copy)


async def load_staged(tx: AsyncConnection, plan: BatchPlan) -> Loaded:
    """Loads the staged rows, while somebody holds the turn; the counts are theirs.

    BadInput where the database refuses a row, which ends the transaction: all of the batch is left out.
    """
    merging = plan.duplicates is Duplicates.MERGE
    with _refusing():
        elsewhere = await _leave_out(tx, plan)
        here, there = (0, 0) if plan.duplicates is Duplicates.ADD else await _look_up(tx, plan)
        if here + there:
            await _join(tx, plan, there)
        fresh = (await tx.execute(_COUNT_FRESH, {"dry": plan.dry_run})).one()
        if not plan.dry_run:
            await _add(tx, plan)
    linked = 0 if merging or plan.campaign is None else there
    return Loaded(
        loaded=fresh.fresh,
        merged=here + there + fresh.folded if merging else 0,
        linked=linked,
        duplicates=0 if merging else here + there - linked,
        elsewhere=elsewhere,
        zone_unknown=fresh.zone_unknown,
    )


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except (*_REFUSED, IntegrityError, DataError) as error:
        message = f"The database refuses a row ({type(error).__name__})."
        raise BadInput("rows_refused", message, field="file") from error


def _staged(plan: BatchPlan) -> str:
    if plan.dry_run:
        return _STAGE.format(contact="NULL", lead="NULL")
    lead = "NULL" if plan.campaign is None else "nextval('leads_id_seq')"
    return _STAGE.format(contact="nextval('contacts_id_seq')", lead=lead)


async def _leave_out(tx: AsyncConnection, plan: BatchPlan) -> int:
    if plan.others is None:
        return 0
    others = {
        "campaign": plan.campaign,
        "campaigns": list(plan.others.campaigns) or None,
        "results": [str(result) for result in plan.others.results] or None,
        "since": plan.others.called_since,
    }
    return int((await tx.execute(_ELSEWHERE, others)).scalar_one())


async def _look_up(tx: AsyncConnection, plan: BatchPlan) -> tuple[int, int]:
    """How many rows are of people who are known: with a lead in the campaign, and without."""
    await tx.execute(_KNOWN)
    await tx.execute(_LOOK_UP, {"campaign": plan.campaign})
    known = (await tx.execute(_COUNT_KNOWN)).one()
    return known.here, known.there


async def _join(tx: AsyncConnection, plan: BatchPlan, there: int) -> None:
    """Does with the known people as was chosen, and leaves the others alone in the temporary table."""
    merging = plan.duplicates is Duplicates.MERGE
    if merging and not plan.dry_run:
        await tx.execute(_MERGE)
    if there and plan.campaign is not None and not plan.dry_run:
        await tx.execute(_LINK, await _values(tx, plan) | {"campaign": plan.campaign, "merging": merging})
    await tx.execute(_LEAVE_KNOWN)


async def _add(tx: AsyncConnection, plan: BatchPlan) -> None:
    values = await _values(tx, plan)
    await tx.execute(_ADD, values)
    if plan.campaign is not None:
        await tx.execute(_CALL, values | {"campaign": plan.campaign})


async def _values(tx: AsyncConnection, plan: BatchPlan) -> dict[str, object]:
    return {"company": (await tx.execute(_COMPANY)).scalar_one(), "now": plan.now}
