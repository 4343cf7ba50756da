"""A batch of a list into the address book and a campaign, by a few statements for all of its rows (SPEC R9.1, R9.2).

The rows are copied into a temporary table, and from there, by their main phone, they are left out, merged into the
contacts that are known, or added. Loads of one company take turns batch by batch, so that two of them cannot add
the same person twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import CampaignId
from campaigns.contacts.batches import STAGED, Duplicates
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
_TURN: Final = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('zvonar contacts ' || current_setting('zvonar.company_id'), 0))"
)
# The checks of references are statements too, run for every row: planned anew each time, they take most of the load.
# A batch of wide rows stays in memory between its steps.
_AT_EASE: Final = text("""
    SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('work_mem', '64MB', true)
""")
_STAGE: Final = text("""
    CREATE TEMPORARY TABLE zvonar_staged (
        place integer, phone text, phones text[], last_name text, first_name text, middle_name text, organisation text,
        "position" text, note text, email text, zone text, custom jsonb, tags text[], priority integer,
        repeated boolean
    ) ON COMMIT DROP
""")

_ELSEWHERE: Final = text("""
    WITH gone AS (
        DELETE FROM zvonar_staged s WHERE EXISTS (
            SELECT FROM contacts c
            JOIN leads l ON l.contact_id = c.id
            JOIN campaigns o ON o.id = l.campaign_id
            WHERE c.phones[1] = ANY (s.phones)
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
_KNOWN: Final = """
    known AS MATERIALIZED (
        SELECT s.place, k.id, k.here
        FROM zvonar_staged s
        CROSS JOIN LATERAL (
            SELECT c.id, EXISTS (
                SELECT FROM leads l WHERE l.contact_id = c.id AND l.campaign_id = CAST(:campaign AS bigint) OFFSET 0
            ) AS here
            FROM contacts c WHERE c.phones[1] = s.phone ORDER BY 2 DESC, 1 LIMIT 1
        ) AS k
    )"""
_NOBODY: Final = """
    known AS MATERIALIZED (SELECT NULL::integer AS place, NULL::bigint AS id, NULL::boolean AS here WHERE false)"""

_COUNTS: Final = """
    SELECT
        (SELECT count(*) FROM fresh) AS fresh,
        (SELECT count(*) FROM fresh WHERE zone IS NULL) AS zone_unknown,
        (SELECT count(*) FROM known WHERE here) AS here,
        (SELECT count(*) FROM known WHERE NOT here) AS there"""

_LOOK: Final = """
    WITH {known}, fresh AS (
        SELECT s.zone FROM zvonar_staged s
        WHERE NOT s.repeated AND NOT EXISTS (SELECT FROM known k WHERE k.place = s.place)
    )"""
_REPEATED: Final = """,
        (SELECT count(*) FROM zvonar_staged s
         WHERE s.repeated AND NOT EXISTS (SELECT FROM known k WHERE k.place = s.place)) AS repeated"""

_ADD: Final = """
    WITH {known}, fresh AS MATERIALIZED (
        SELECT nextval('contacts_id_seq') AS contact_id, s.*
        FROM zvonar_staged s WHERE NOT EXISTS (SELECT FROM known k WHERE k.place = s.place) ORDER BY s.place
    ), made AS (
        INSERT INTO contacts
            (id, last_name, first_name, middle_name, organisation, "position", note, email, zone, phones, custom, tags,
             created_at)
        SELECT contact_id, last_name, first_name, middle_name, organisation, "position", note, email, zone, phones,
            custom, tags, CAST(:now AS timestamptz)
        FROM fresh
    ){further}"""
_LEADS: Final = """, led AS (
        INSERT INTO leads (campaign_id, contact_id, due_at, added_at, order_key, zone, priority)
        SELECT CAST(:campaign AS bigint), f.contact_id, CAST(:now AS timestamptz), CAST(:now AS timestamptz), random(),
            f.zone, f.priority
        FROM fresh f
    ), linked AS (
        INSERT INTO leads (campaign_id, contact_id, due_at, added_at, order_key, zone, priority)
        SELECT CAST(:campaign AS bigint), k.id, CAST(:now AS timestamptz), CAST(:now AS timestamptz), random(),
            {zone}, s.priority
        FROM known k JOIN zvonar_staged s ON s.place = k.place JOIN contacts c ON c.id = k.id
        WHERE NOT k.here ORDER BY s.place
    )"""
_MERGE: Final = """, merged AS (
        UPDATE contacts c SET
            last_name = COALESCE(NULLIF(c.last_name, ''), s.last_name),
            first_name = COALESCE(NULLIF(c.first_name, ''), s.first_name),
            middle_name = COALESCE(NULLIF(c.middle_name, ''), s.middle_name),
            organisation = COALESCE(NULLIF(c.organisation, ''), s.organisation),
            "position" = COALESCE(NULLIF(c."position", ''), s."position"),
            note = COALESCE(NULLIF(c.note, ''), s.note),
            email = COALESCE(NULLIF(c.email, ''), s.email),
            zone = COALESCE(c.zone, s.zone),
            phones = (c.phones || ARRAY(
                SELECT p.phone FROM unnest(s.phones) WITH ORDINALITY AS p (phone, place)
                WHERE p.phone <> ALL (c.phones) ORDER BY p.place
            ))[1:5],
            custom = s.custom || (
                SELECT COALESCE(jsonb_object_agg(e.key, e.value), '{{}}'::jsonb) FROM jsonb_each(c.custom) AS e
                WHERE e.value <> '""'::jsonb
            ),
            tags = c.tags || ARRAY(
                SELECT t.tag FROM unnest(s.tags) WITH ORDINALITY AS t (tag, place)
                WHERE t.tag <> ALL (c.tags) ORDER BY t.place
            )
        FROM known k JOIN zvonar_staged s ON s.place = k.place
        WHERE c.id = k.id
    )"""


async def load_batch(tx: AsyncConnection, plan: BatchPlan, copy: bytes) -> Loaded:
    """Loads the lines of one batch within the transaction; the counts are those of its rows.

    BadInput where the database refuses a row, which ends the transaction: all of the batch is left out.
    """
    await tx.execute(_TURN)
    await tx.execute(_AT_EASE)
    await tx.execute(_STAGE)
    try:
        await copy_in(tx, "zvonar_staged", STAGED, copy)
        elsewhere = await _leave_out(tx, plan)
        row = (await tx.execute(text(_statement(plan)), _values(plan))).one()
    except (*_REFUSED, IntegrityError, DataError) as error:
        message = f"The database refuses a row ({type(error).__name__})."
        raise BadInput("rows_refused", message, field="file") from error
    known, repeated = row.here + row.there, row.repeated if plan.dry_run else 0
    merging = plan.duplicates is Duplicates.MERGE
    linked = 0 if merging or plan.campaign is None else row.there
    return Loaded(
        loaded=row.fresh,
        merged=known + repeated if merging else 0,
        linked=linked,
        duplicates=0 if merging else known - linked,
        elsewhere=elsewhere,
        zone_unknown=row.zone_unknown,
    )


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


def _statement(plan: BatchPlan) -> str:
    known = _NOBODY if plan.duplicates is Duplicates.ADD else _KNOWN
    if plan.dry_run:
        return _LOOK.format(known=known) + _COUNTS + _REPEATED
    further = _MERGE.format() if plan.duplicates is Duplicates.MERGE else ""
    if plan.campaign is not None:
        further += _LEADS.format(zone="COALESCE(c.zone, s.zone)" if further else "c.zone")
    return _ADD.format(known=known, further=further) + _COUNTS


def _values(plan: BatchPlan) -> dict[str, object]:
    values: dict[str, object] = {}
    if plan.duplicates is not Duplicates.ADD or (plan.campaign is not None and not plan.dry_run):
        values["campaign"] = plan.campaign
    if not plan.dry_run:
        values["now"] = plan.now
    return values
