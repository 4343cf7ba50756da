"""The statements by which leads are leased and given back, and the values their rows become.

A lease is one statement: it picks leads that are due in the campaign's order, those with a priority first, skips
what another worker is just taking, and writes the attempts. The end of an attempt is one statement too.

Which of a lead's phones an earlier attempt called is told by the number, not by the place it had then: somebody may
have changed the contact's phones since. A number that is gone counts as one place past the last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Row, TextClause, text

from campaigns.buckets import LeadState
from campaigns.campaign import CampaignId, CompanyId, Order
from campaigns.leads import (
    AttemptId,
    CallAt,
    Ending,
    Exhausted,
    LeadId,
    LeasedCall,
    Next,
    PastCall,
    Reached,
)
from core.legs import LegId
from core.phones import Phone
from core.results import CallResult
from storage.live import CHANNEL

_ORDERS: Final[Mapping[Order, str]] = {
    Order.RANDOM: "l.order_key",
    Order.NEWEST: "l.added_at DESC, l.id DESC",
    Order.OLDEST: "l.added_at, l.id",
    Order.FEWEST_ATTEMPTS: "l.attempts, l.order_key",
    Order.TIME_ZONE: "l.zone_offset_min DESC, l.order_key",
}

_CONTACT: Final = """
    c.last_name, c.first_name, c.middle_name, c.organisation, c.position, c.note, c.email, c.phones, c.custom,
    ARRAY(SELECT b.phone FROM blacklist b WHERE b.phone = ANY (c.phones)) AS blacklisted,
    (
        SELECT jsonb_agg(
            jsonb_build_array(
                COALESCE(array_position(c.phones, p.phone) - 1, cardinality(c.phones)), p.result, p.ended_at
            ) ORDER BY p.ended_at, p.id
        )
        FROM attempts p WHERE p.lead_id = l.id AND p.result IS NOT NULL
    ) AS past
"""

_LEASE: Final = """
WITH dialled AS (
    SELECT scenario_version_id FROM campaigns
    WHERE id = :campaign AND switched_on AND finished_at IS NULL AND error IS NULL AND NOT processing
), urgent AS (
    SELECT l.id FROM leads l
    WHERE l.campaign_id = :campaign AND l.state = 'waiting' AND l.priority IS NOT NULL AND l.due_at <= :now
      AND EXISTS (SELECT FROM dialled)
    ORDER BY l.priority, <order> LIMIT :count FOR UPDATE SKIP LOCKED
), plain AS (
    SELECT l.id FROM leads l
    WHERE l.campaign_id = :campaign AND l.state = 'waiting' AND l.priority IS NULL AND l.due_at <= :now
      AND EXISTS (SELECT FROM dialled)
    ORDER BY <order> LIMIT :count - (SELECT count(*) FROM urgent) FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE leads SET state = 'dialling'
    FROM (SELECT id FROM urgent UNION ALL SELECT id FROM plain) AS chosen
    WHERE leads.id = chosen.id
    RETURNING leads.*
), called AS (
    SELECT l.id, CASE WHEN l.next_phone < cardinality(c.phones) THEN l.next_phone ELSE 0 END AS phone_index, c.phones
    FROM taken l JOIN contacts c ON c.id = l.contact_id
), made AS (
    INSERT INTO attempts
        (campaign_id, lead_id, leg_id, worker_id, phone_index, phone, started_at, scenario_version_id)
    SELECT :campaign, id, gen_random_uuid(), :worker, phone_index, phones[phone_index + 1], :now,
           (SELECT scenario_version_id FROM dialled)
    FROM called
    RETURNING id, company_id, campaign_id, lead_id, leg_id, phone_index
)
SELECT made.*, <contact>
FROM made JOIN taken l ON l.id = made.lead_id JOIN contacts c ON c.id = l.contact_id
ORDER BY l.priority NULLS LAST, <order>
"""

_LEASES: Final[Mapping[Order, TextClause]] = {
    order: text(_LEASE.replace("<order>", by).replace("<contact>", _CONTACT)) for order, by in _ORDERS.items()
}

_UNFINISHED: Final = """
    SELECT a.id, a.company_id, a.campaign_id, a.lead_id, a.leg_id, a.started_at, k.retry,
           COALESCE(array_position(c.phones, a.phone) - 1, cardinality(c.phones)) AS phone_index, <contact>
    FROM attempts a
    JOIN leads l ON l.id = a.lead_id JOIN contacts c ON c.id = l.contact_id JOIN campaigns k ON k.id = a.campaign_id
    WHERE a.result IS NULL AND <which>
    ORDER BY a.id LIMIT :most
""".replace("<contact>", _CONTACT)

ORPHANS: Final = text(
    _UNFINISHED.replace(
        "<which>",
        "a.started_at < :silent_since AND NOT EXISTS "
        "(SELECT FROM workers w WHERE w.id = a.worker_id AND w.beat_at >= :silent_since)",
    )
)

STRAYS: Final = text(_UNFINISHED.replace("<which>", "a.worker_id = :worker AND a.id <> ALL (:known)"))

FINISH: Final = text("""
WITH ended AS (
    UPDATE attempts
    SET result = :result, ended_at = :ended_at, answered_at = COALESCE(:answered_at, answered_at), cause = :cause,
        sip_status = :sip_status, details = CAST(:details AS jsonb), recording = :recording
    WHERE id = :attempt AND result IS NULL
    RETURNING id, company_id, campaign_id, lead_id
), freed AS (
    UPDATE leads
    SET state = CASE state WHEN 'dialling' THEN :state ELSE state END,
        due_at = COALESCE(:due_at, due_at), next_phone = COALESCE(:next_phone, next_phone),
        attempts = attempts + 1, last_result = :result, callback_at = :callback_at
    FROM ended WHERE leads.id = ended.lead_id
), answered AS (
    INSERT INTO answers (attempt_id, campaign_id, lead_id, step, question, answer, label, how, said, confidence)
    SELECT ended.id, ended.campaign_id, ended.lead_id,
           given.step, given.question, given.answer, given.label, given.how, given.said, given.confidence
    FROM ended, jsonb_to_recordset(CAST(:answers AS jsonb)) AS given (
        step text, question text, answer text, label text, how text, said text, confidence double precision
    )
), active AS (
    UPDATE campaigns SET last_activity_at = :ended_at
    FROM ended WHERE campaigns.id = ended.campaign_id
      AND (last_activity_at IS NULL OR last_activity_at < CAST(:ended_at AS timestamptz) - interval '1 minute')
)
SELECT pg_notify(:channel, company_id || ':' || campaign_id) FROM ended
""")


def lease_statement(order: Order) -> TextClause:
    """The lease in this order; wants campaign, count, worker, now; its rows are for `leased_call`."""
    return _LEASES[order]


def leased_call(row: Row[Any]) -> LeasedCall:
    """The call of a row of a lease, of `ORPHANS` or of `STRAYS`."""
    past: Sequence[tuple[int, str, str]] = row.past or ()
    return LeasedCall(
        attempt=AttemptId(row.id),
        lead=LeadId(row.lead_id),
        campaign=CampaignId(row.campaign_id),
        company=CompanyId(row.company_id),
        leg=LegId(str(row.leg_id)),
        phone_index=row.phone_index,
        phones=tuple(Phone(number) for number in row.phones),
        variables=_variables(row),
        past=tuple(
            PastCall(phone, CallResult(result), datetime.fromisoformat(ended_at)) for phone, result, ended_at in past
        ),
        blacklisted=frozenset(i for i, number in enumerate(row.phones) if number in row.blacklisted),
    )


def finish_values(call: LeasedCall, ending: Ending, following: Next) -> dict[str, object]:
    """What `FINISH` wants."""
    details = None if ending.details is None else _storable(ending.details)
    answers = details.get("answers", ()) if isinstance(details, dict) else ()
    recording = details.get("recording") if isinstance(details, dict) else None
    return {
        "attempt": call.attempt,
        "result": str(ending.result),
        "ended_at": ending.ended_at,
        "answered_at": ending.answered_at,
        "cause": _storable(ending.cause),
        "sip_status": ending.sip_status,
        "details": None if details is None else msgspec.json.encode(details).decode(),
        "recording": recording,
        "answers": msgspec.json.encode(answers).decode(),
        "callback_at": ending.callback_at if isinstance(following, CallAt) else None,
        "channel": CHANNEL,
        **_following(following),
    }


def _following(following: Next) -> dict[str, object]:
    match following:
        case CallAt(phone, at):
            return {"state": str(LeadState.WAITING), "due_at": at, "next_phone": phone}
        case Reached():
            return {"state": str(LeadState.REACHED), "due_at": None, "next_phone": None}
        case Exhausted():
            return {"state": str(LeadState.FAILED), "due_at": None, "next_phone": None}


def _variables(row: Row[Any]) -> dict[str, str]:
    """What a scenario may say of the contact (SPEC R6.5); what is empty is left out, so that defaults are said."""
    known = {
        "full_name": " ".join(part for part in (row.last_name, row.first_name, row.middle_name) if part),
        "last_name": row.last_name,
        "first_name": row.first_name,
        "middle_name": row.middle_name,
        "organisation": row.organisation,
        "position": row.position,
        "note": row.note,
        "email": row.email,
        "phone": row.phones[min(row.phone_index, len(row.phones) - 1)],
    }
    custom = {str(name): str(value) for name, value in row.custom.items() if value is not None}
    return {name: value for name, value in {**custom, **known}.items() if value}


def _storable(value: object) -> object:
    """The value without what PostgreSQL cannot hold in a text: NUL and halves of surrogate pairs."""
    match value:
        case str():
            return value.replace("\0", "").encode("utf-8", "replace").decode()
        case Mapping():
            return {str(_storable(key)): _storable(item) for key, item in value.items()}
        case list() | tuple():
            return [_storable(item) for item in value]
    return value
