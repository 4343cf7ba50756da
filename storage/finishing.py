"""The statement by which attempts get their results and their leads are freed: any number of one company at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from sqlalchemy import text

from campaigns.buckets import LeadState
from campaigns.leads import CallAt, Exhausted, Finish, Next, Reached

FINISH: Final = text("""
WITH given AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(CAST(:given AS jsonb)) AS g (
        attempt bigint, result text, ended_at timestamptz, answered_at timestamptz, cause text, sip_status integer,
        details jsonb, recording text, cost numeric, path text[], answers jsonb, state text, due_at timestamptz,
        next_phone integer, callback_at timestamptz
    )
), running AS MATERIALIZED (
    SELECT a.id FROM attempts a JOIN given ON given.attempt = a.id WHERE a.result IS NULL ORDER BY a.id FOR UPDATE OF a
), ended AS (
    UPDATE attempts
    SET result = given.result, ended_at = given.ended_at, cause = given.cause, sip_status = given.sip_status,
        answered_at = COALESCE(given.answered_at, attempts.answered_at), details = given.details,
        recording = given.recording, cost = given.cost, path = given.path
    FROM given JOIN running ON running.id = given.attempt WHERE attempts.id = given.attempt
    RETURNING attempts.id, attempts.company_id, attempts.campaign_id, attempts.lead_id
), freed AS (
    UPDATE leads
    SET state = CASE leads.state WHEN 'dialling' THEN given.state ELSE leads.state END,
        due_at = COALESCE(given.due_at, leads.due_at), next_phone = COALESCE(given.next_phone, leads.next_phone),
        ready = COALESCE(given.due_at <= given.ended_at, leads.ready), attempts = leads.attempts + 1,
        last_result = given.result, callback_at = given.callback_at
    FROM ended JOIN given ON given.attempt = ended.id WHERE leads.id = ended.lead_id
), answered AS (
    INSERT INTO answers (attempt_id, campaign_id, lead_id, step, question, answer, label, how, said, confidence)
    SELECT ended.id, ended.campaign_id, ended.lead_id,
           a.step, a.question, a.answer, a.label, a.how, a.said, a.confidence
    FROM ended JOIN given ON given.attempt = ended.id
    CROSS JOIN LATERAL jsonb_to_recordset(given.answers) AS a (
        step text, question text, answer text, label text, how text, said text, confidence double precision
    )
    WHERE ended.lead_id IS NOT NULL
), active AS (
    UPDATE campaigns SET last_activity_at = latest.at
    FROM (
        SELECT ended.campaign_id AS id, max(given.ended_at) AS at
        FROM ended JOIN given ON given.attempt = ended.id GROUP BY ended.campaign_id
    ) AS latest
    WHERE campaigns.id = latest.id
      AND (campaigns.last_activity_at IS NULL OR campaigns.last_activity_at < latest.at - interval '1 minute')
)
SELECT ended.id, pg_notify(:channel, ended.company_id || ':' || ended.campaign_id) FROM ended
""")


def finish_values(ended: Sequence[Finish]) -> str:
    """What `FINISH` wants, as JSON; the first of two ends of one attempt is taken."""
    first: dict[int, dict[str, object]] = {}
    for finish in ended:
        first.setdefault(finish.call.attempt, _values(finish))
    return msgspec.json.encode(list(first.values())).decode()


def _values(finish: Finish) -> dict[str, object]:
    ending = finish.ending
    details = None if ending.details is None else _storable(ending.details)
    told = details if isinstance(details, dict) else {}
    return {
        "attempt": finish.call.attempt,
        "result": str(ending.result),
        "ended_at": ending.ended_at,
        "answered_at": ending.answered_at,
        "cause": _storable(ending.cause),
        "sip_status": ending.sip_status,
        "details": details,
        "recording": told.get("recording"),
        "cost": ending.cost,
        "path": told.get("path"),
        "answers": told.get("answers") or (),
        "callback_at": ending.callback_at if isinstance(finish.following, CallAt) else None,
        **_following(finish.following),
    }


def _following(following: Next) -> dict[str, object]:
    match following:
        case CallAt(phone, at):
            return {"state": str(LeadState.WAITING), "due_at": at, "next_phone": phone}
        case Reached():
            return {"state": str(LeadState.REACHED), "due_at": None, "next_phone": None}
        case Exhausted():
            return {"state": str(LeadState.FAILED), "due_at": None, "next_phone": None}


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
