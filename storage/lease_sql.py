"""The statements of a lease: the database's function that picks, and what writes down what the rules said.

What a lease costs depends on how many leads are wanted and on how many zones and kinds the campaign has, never on how
many leads: a lead that is put off stands in no index that is read in order, and every index that is begins with the
zone, so those of closed zones are not passed over either. Within a zone the leads are read kind by kind (by
attempts, or by priority): each kind stands in the order wanted, and the best of each are merged.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import text

ZONE: Final = "CASE WHEN l.zone IS NULL THEN '' ELSE l.zone END"

DIALLED: Final = """
    SELECT k.scenario_version_id FROM campaigns k
    WHERE k.id = :campaign AND k.switched_on AND k.finished_at IS NULL AND k.deleted_at IS NULL AND k.error IS NULL
      AND NOT k.processing AND k.breaker_open IS NULL
      AND (k.budget IS NULL OR k.budget > (
          SELECT COALESCE(sum(r.spent), 0) FROM campaign_results r WHERE r.campaign_id = :campaign
      ))
"""

_ZONES: Final = """<name> AS (
    (
        SELECT <zone> AS zone FROM leads l
        WHERE l.campaign_id = :campaign AND l.state = 'waiting' AND <which>
        ORDER BY <zone> LIMIT 1
    )
    UNION ALL
    SELECT (
        SELECT <zone> FROM leads l
        WHERE l.campaign_id = :campaign AND l.state = 'waiting' AND <which> AND <zone> > z.zone
        ORDER BY <zone> LIMIT 1
    ) FROM <name> z WHERE z.zone IS NOT NULL
)"""

AWAKE: Final = _ZONES.replace("<name>", "awake").replace("<which>", "l.ready").replace("<zone>", ZONE)
LATER: Final = _ZONES.replace("<name>", "later").replace("<which>", "NOT l.ready").replace("<zone>", ZONE)
"""The zones of the leads that are ready, and of those that wait for an instant, hopped through in an index.

For WITH RECURSIVE; the last row is NULL.
"""

CONTACT: Final = """
    c.last_name, c.first_name, c.middle_name, c.organisation, c.position, c.note, c.email, c.phones, c.custom,
    l.counted_from, l.extra_from, l.extra_calls,
    ARRAY(
        SELECT b.phone FROM number_list_phones b
        JOIN number_lists s ON s.company_id = b.company_id AND s.id = b.list_id AND s.kind = 'blacklist'
        WHERE b.phone = ANY (c.phones)
    ) AS blacklisted,
    (
        SELECT jsonb_agg(
            jsonb_build_array(
                COALESCE(array_position(c.phones, p.phone) - 1, cardinality(c.phones)), p.result, p.ended_at
            ) ORDER BY p.ended_at, p.id
        )
        FROM attempts p WHERE p.lead_id = l.id AND p.result IS NOT NULL
    ) AS past
"""
"""What a call needs to know of its lead `l` and its contact `c`.

Which of the phones an earlier attempt called is told by the number, not by the place it had then: somebody may have
changed the contact's phones since. A number that is gone counts as one place past the last.
"""

_LEASE: Final = "SELECT * FROM zvonar_lease(<given>)"
TAKE: Final = _LEASE.replace("<given>", "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, true, $11")
"""For the driver itself: a transaction of its own, which writes the attempts where nothing but the order decides."""
PICK: Final = text(
    _LEASE.replace(
        "<given>", ":company, :campaign, :worker, :now, :count, :holding, :order, :zones, :ranks, NULL, false, NULL"
    )
)
"""Locks the leads alone; the transaction goes on."""

TRY_PHONES: Final = text("""
    SELECT p.phone FROM unnest(CAST(:phones AS text[])) AS p (phone)
    WHERE pg_try_advisory_xact_lock(hashtextextended(current_setting('zvonar.company_id') || ' ' || p.phone, 0))
""")

HISTORY: Final = text("""
    SELECT a.phone, a.started_at, a.ended_at, a.result FROM attempts a
    WHERE a.phone = ANY (CAST(:phones AS text[])) AND a.started_at >= :since ORDER BY a.id
""")

PUT_OFF: Final = text("""
    UPDATE leads SET ready = false, due_at = given.until
    FROM unnest(CAST(:leads AS bigint[]), CAST(:untils AS timestamptz[])) AS given (id, until)
    WHERE leads.id = given.id
""")

# A contact keeps the version that it has heard in this campaign, as long as the campaign tries it.
MARK: Final = text(f"""
WITH dialled AS ({DIALLED}), given AS (
    SELECT g.* FROM dialled, unnest(
        CAST(:leads AS bigint[]), CAST(:indices AS integer[]), CAST(:phones AS text[]), CAST(:proofs AS text[]),
        CAST(:versions AS bigint[])
    ) AS g (lead, phone_index, phone, proof, version)
), taken AS (
    UPDATE leads SET state = 'dialling' FROM given WHERE leads.id = given.lead
), made AS (
    INSERT INTO attempts
        (campaign_id, lead_id, leg_id, worker_id, phone_index, phone, started_at, scenario_version_id, proof)
    SELECT :campaign, lead, gen_random_uuid(), :worker, phone_index, phone, :now,
           CASE WHEN version IS NULL THEN (SELECT scenario_version_id FROM dialled) ELSE COALESCE((
               SELECT p.scenario_version_id FROM attempts p
               WHERE p.lead_id = given.lead AND p.scenario_version_id = ANY (CAST(:open AS bigint[]))
               ORDER BY p.id DESC LIMIT 1
           ), version) END,
           CAST(proof AS jsonb)
    FROM given
    RETURNING id, lead_id, leg_id, scenario_version_id
)
SELECT made.*, pg_notify(:channel, current_setting('zvonar.company_id') || ':' || CAST(:told AS text)) FROM made
""")  # noqa: S608

_UNFINISHED: Final = """
    SELECT a.id, a.company_id, a.campaign_id, a.lead_id, a.leg_id, a.started_at, a.proof,
           a.scenario_version_id, k.retry,
           COALESCE(array_position(c.phones, a.phone) - 1, cardinality(c.phones)) AS phone_index, <contact>
    FROM attempts a
    JOIN leads l ON l.id = a.lead_id JOIN contacts c ON c.id = l.contact_id JOIN campaigns k ON k.id = a.campaign_id
    WHERE a.result IS NULL AND <which>
    ORDER BY a.id LIMIT :most
""".replace("<contact>", CONTACT)

ORPHANS: Final = text(
    _UNFINISHED.replace(
        "<which>",
        "a.started_at < :silent_since AND NOT EXISTS "
        "(SELECT FROM workers w WHERE w.id = a.worker_id AND w.beat_at >= :silent_since)",
    )
)

STRAYS: Final = text(_UNFINISHED.replace("<which>", "a.worker_id = :worker AND a.id <> ALL (:known)"))
