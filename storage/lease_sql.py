"""The statements of a lease: wake what has become due, pick in the campaign's order, mark what is taken.

What each costs depends on how many leads are wanted and on how many zones and kinds the campaign has, never on how
many leads: a lead that is put off stands in no index that is read in order, and every index that is begins with the
zone, so those of closed zones are not passed over either. Within a zone the leads are read kind by kind (by
attempts, or by priority): each kind stands in the order wanted, and the best of each are merged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import TextClause, text

from campaigns.campaign import Order

_LEAST: Final = "CASE WHEN l.priority IS NULL THEN 2147483647 ELSE l.priority END"
ZONE: Final = "CASE WHEN l.zone IS NULL THEN '' ELSE l.zone END"
_IN_ZONE: Final = f"l.campaign_id = :campaign AND l.state = 'waiting' AND l.ready AND {ZONE} = z.zone"


@dataclass(frozen=True, slots=True)
class _Reading:
    """How an order is read: by which kind, in what order within one kind, and in what order over all."""

    kind: str
    within: str
    over_all: str


_BY_ATTEMPTS: Final = f"{_LEAST}, l.order_key"
_READINGS: Final[Mapping[Order, _Reading]] = {
    Order.RANDOM: _Reading("l.attempts", _BY_ATTEMPTS, "n.first, n.order_key"),
    Order.FEWEST_ATTEMPTS: _Reading("l.attempts", _BY_ATTEMPTS, "n.first, n.attempts, n.order_key"),
    Order.TIME_ZONE: _Reading("l.attempts", _BY_ATTEMPTS, "n.first, n.east, n.order_key"),
    Order.OLDEST: _Reading(_LEAST, "l.added_at, l.id", "n.first, n.added_at, n.id"),
    Order.NEWEST: _Reading(_LEAST, "l.added_at DESC, l.id DESC", "n.first, n.added_at DESC, n.id DESC"),
}

DIALLED: Final = """
    SELECT k.scenario_version_id FROM campaigns k
    WHERE k.id = :campaign AND k.switched_on AND k.finished_at IS NULL AND k.deleted_at IS NULL AND k.error IS NULL
      AND NOT k.processing AND k.breaker_open IS NULL
      AND (k.budget IS NULL OR k.budget > (
          SELECT COALESCE(sum(r.spent), 0) FROM campaign_results r WHERE r.campaign_id = :campaign
      ))
"""

QUOTA: Final = text("SELECT slots FROM campaign_quotas WHERE campaign_id = :campaign AND worker_id = :worker FOR SHARE")

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

WAKE: Final = text(
    """
WITH RECURSIVE <later>, due AS (
    SELECT d.id FROM later z CROSS JOIN LATERAL (
        SELECT l.id FROM leads l
        WHERE l.campaign_id = :campaign AND l.state = 'waiting' AND NOT l.ready AND <zone> = z.zone
          AND l.due_at <= :now
        ORDER BY l.due_at LIMIT :most FOR UPDATE SKIP LOCKED
    ) d
), woken AS (
    UPDATE leads l SET ready = true WHERE l.id = ANY (ARRAY(SELECT d.id FROM due d)) RETURNING <zone> AS zone
), <awake>
SELECT
    ARRAY(SELECT zone FROM awake WHERE zone IS NOT NULL UNION SELECT zone FROM woken ORDER BY zone) AS zones,
    (SELECT to_jsonb(r) FROM company_rules r) AS rules
""".replace("<later>", LATER)
    .replace("<awake>", AWAKE)
    .replace("<zone>", ZONE)
)

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

_PICK: Final = """
WITH places AS (
    SELECT z.zone, z.east, kinds.kind
    FROM (<dialled>) AS dialled
    CROSS JOIN unnest(CAST(:zones AS text[]), CAST(:ranks AS integer[])) AS z (zone, east)
    CROSS JOIN LATERAL (
        WITH RECURSIVE found AS (
            SELECT (SELECT <kind> FROM leads l WHERE <in_zone> ORDER BY <kind> LIMIT 1) AS kind
            UNION ALL
            SELECT (SELECT <kind> FROM leads l WHERE <in_zone> AND <kind> > f.kind ORDER BY <kind> LIMIT 1)
            FROM found f WHERE f.kind IS NOT NULL
        )
        SELECT f.kind FROM found f WHERE f.kind IS NOT NULL LIMIT :kinds
    ) AS kinds
), near AS (
    SELECT n.* FROM places z CROSS JOIN LATERAL (
        SELECT l.id, <least> AS first, l.attempts, l.order_key, l.added_at, z.east FROM leads l
        WHERE <in_zone> AND <kind> = z.kind AND l.due_at <= :now
        ORDER BY <within> LIMIT :reach
    ) AS n
    ORDER BY <over_all> LIMIT :reach
), chosen AS (
    SELECT l.*, n.first, n.attempts, n.order_key, n.added_at, n.east
    FROM near n CROSS JOIN LATERAL (
        SELECT l.id, l.company_id, l.campaign_id, l.contact_id, l.zone, l.due_at, l.callback_at, l.next_phone,
               l.counted_from, l.extra_from, l.extra_calls
        FROM leads l WHERE l.id = n.id AND l.state = 'waiting' AND l.ready AND l.due_at <= :now
        FOR UPDATE SKIP LOCKED
    ) AS l
    LIMIT :count
)
SELECT l.id AS lead_id, l.company_id, l.campaign_id, l.zone, l.due_at, l.callback_at, l.next_phone,
       c.consent_at IS NOT NULL AS consent, <contact>,
       (SELECT count(*) FROM near) AS seen, (SELECT count(*) FROM places) AS places
FROM chosen l CROSS JOIN LATERAL (SELECT * FROM contacts c WHERE c.id = l.contact_id OFFSET 0) AS c
ORDER BY <last>
"""


def _pick(reading: _Reading) -> TextClause:
    statement = _PICK
    for name, sql in (
        ("in_zone", _IN_ZONE),
        ("dialled", DIALLED),
        ("kind", reading.kind),
        ("within", reading.within),
        ("over_all", reading.over_all),
        ("last", reading.over_all.replace("n.", "l.")),
        ("least", _LEAST),
        ("contact", CONTACT),
    ):
        statement = statement.replace(f"<{name}>", sql)
    return text(statement)


_PICKS: Final[Mapping[Order, TextClause]] = {order: _pick(reading) for order, reading in _READINGS.items()}


def pick_statement(order: Order) -> TextClause:
    """Locks leads in this order; wants campaign, now, count, the open zones with their ranks, and how far to look.

    `reach` is how many leads are looked at, `kinds` how many kinds of each zone, the first in order first.
    """
    return _PICKS[order]


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

MARK: Final = text(f"""
WITH dialled AS ({DIALLED}), given AS (
    SELECT g.* FROM dialled, unnest(
        CAST(:leads AS bigint[]), CAST(:indices AS integer[]), CAST(:phones AS text[]), CAST(:proofs AS text[])
    ) AS g (lead, phone_index, phone, proof)
), taken AS (
    UPDATE leads SET state = 'dialling' FROM given WHERE leads.id = given.lead
), made AS (
    INSERT INTO attempts
        (campaign_id, lead_id, leg_id, worker_id, phone_index, phone, started_at, scenario_version_id, proof)
    SELECT :campaign, lead, gen_random_uuid(), :worker, phone_index, phone, :now,
           (SELECT scenario_version_id FROM dialled), CAST(proof AS jsonb)
    FROM given
    RETURNING id, lead_id, leg_id
)
SELECT made.*, pg_notify(:channel, current_setting('zvonar.company_id') || ':' || CAST(:told AS text)) FROM made
""")  # noqa: S608

_UNFINISHED: Final = """
    SELECT a.id, a.company_id, a.campaign_id, a.lead_id, a.leg_id, a.started_at, a.proof, k.retry,
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
