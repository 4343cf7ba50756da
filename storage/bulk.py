"""What is done to many leads of a campaign at once (SPEC R2.6–R2.8), in the caller's transactions.

The chosen leads are gone through in the order of their numbers, `BATCH` by `BATCH`, so that a million of them need no
more memory than a thousand; each batch is changed by one statement. Leads that are being called are left as they are
wherever the change would be felt by the call. What changes a lead's course is noted in `lead_changes`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import CampaignId, RetryPolicy
from campaigns.leads import Bucket, CallAt, Returned
from campaigns.retry import next_call
from campaigns.settings_json import retry_from_json
from core.results import CallResult
from storage.lead_rows import blacklisted, past_calls
from storage.lease_sql import CONTACT
from storage.tables import BUCKET

BATCH: Final = 5_000


@dataclass(frozen=True, slots=True)
class Selection:
    """Which leads of a campaign: those that all given conditions hold for; none given and not `all` is none.

    `result` is that of a lead's last call, `tag` one of its contact; `text` is part of a name, whatever its case, or
    of a phone. Only numbers past `after` and up to `upto` are chosen.
    """

    ids: tuple[int, ...] = ()
    bucket: Bucket | None = None
    result: CallResult | None = None
    tag: str | None = None
    text: str | None = None
    all: bool = False
    after: int = 0
    upto: int | None = None


_STEADY: Final = text("SELECT set_config('plan_cache_mode', 'auto', true)")
_NAMES: Final = "concat_ws(' ', c.last_name, c.first_name, c.middle_name, c.organisation)"
_CHOSEN: Final = "SELECT l.id, l.contact_id FROM leads l JOIN contacts c ON c.id = l.contact_id WHERE <which>"
_CONDITIONS: Final[Mapping[str, str]] = {
    "ids": "l.id = ANY (CAST(:ids AS bigint[]))",
    "bucket": f"{BUCKET} = :bucket",
    "result": "l.last_result = :result",
    "tag": "CAST(:tag AS text) = ANY (c.tags)",
    "text": f"(position(lower(:text) IN lower({_NAMES})) > 0 OR position(:text IN array_to_string(c.phones, ' ')) > 0)",
}

_TAG: Final = text("""
    UPDATE contacts c SET tags = new.tags
    FROM (
        SELECT o.id, ARRAY(
            SELECT DISTINCT t FROM unnest(o.tags || CAST(:add AS text[])) AS t
            WHERE t <> ALL (CAST(:remove AS text[])) ORDER BY t
        ) AS tags
        FROM contacts o WHERE o.id = ANY (CAST(:contacts AS bigint[]))
    ) AS new
    WHERE c.id = new.id AND c.tags IS DISTINCT FROM new.tags
""")

_DELETE: Final = text("DELETE FROM leads WHERE id = ANY (CAST(:leads AS bigint[])) AND state <> 'dialling'")

_ADD: Final = text("""
    INSERT INTO leads (campaign_id, contact_id, due_at, added_at, order_key, zone)
    SELECT :target, l.contact_id, :now, :now, g.order_key, l.zone
    FROM unnest(CAST(:leads AS bigint[]), CAST(:keys AS double precision[])) AS g (id, order_key)
    JOIN leads l ON l.id = g.id
    ON CONFLICT (contact_id, campaign_id) DO NOTHING
""")
_ACTIVE: Final = text("UPDATE campaigns SET last_activity_at = :now WHERE id = :campaign")

_NOTE: Final = """
    INSERT INTO lead_changes (campaign_id, lead_id, what, changed_at, changed_by, details)
    SELECT campaign_id, id, CAST(:what AS text), :now, :by, jsonb_strip_nulls(jsonb_build_object(<details>))
    FROM changed
"""

_AS_NEW: Final = text(
    """
    WITH changed AS (
        UPDATE leads SET
            state = 'waiting', ready = true, due_at = :now, next_phone = 0, last_result = NULL, callback_at = NULL,
            counted_from = counted_from + attempts, attempts = 0, extra_from = 0, extra_calls = 0
        WHERE id = ANY (CAST(:leads AS bigint[])) AND state <> 'dialling' AND (state <> 'waiting' OR attempts > 0)
        RETURNING id, campaign_id
    )"""
    + _NOTE.replace("<details>", "'as', 'new'")
)

_HELD: Final = text(f"""
    SELECT l.id AS lead_id, l.attempts, {CONTACT}
    FROM leads l JOIN contacts c ON c.id = l.contact_id
    WHERE l.id = ANY (CAST(:leads AS bigint[])) AND l.state <> 'dialling' ORDER BY l.id FOR UPDATE OF l
""")  # noqa: S608

_MORE: Final = text(
    """
    WITH changed AS (
        UPDATE leads SET
            state = 'waiting', ready = given.due_at <= :now, due_at = given.due_at, next_phone = given.phone,
            callback_at = NULL, extra_from = leads.counted_from + leads.attempts, extra_calls = :extra
        FROM unnest(CAST(:leads AS bigint[]), CAST(:phones AS integer[]), CAST(:dues AS timestamptz[]))
            AS given (id, phone, due_at)
        WHERE leads.id = given.id
        RETURNING leads.id, leads.campaign_id
    )"""
    + _NOTE.replace("<details>", "'extra_calls', CAST(:extra AS integer)")
)

_RETRY: Final = text("SELECT retry FROM campaigns WHERE id = :campaign")

_PRIORITY: Final = text(
    """
    WITH changed AS (
        UPDATE leads SET priority = :priority
        WHERE id = ANY (CAST(:leads AS bigint[])) AND priority IS DISTINCT FROM CAST(:priority AS integer)
        RETURNING id, campaign_id
    )<note>
""".replace("<note>", _NOTE.replace("<details>", "'priority', CAST(:priority AS integer)"))
)


async def selected(
    tx: AsyncConnection, campaign: CampaignId, selection: Selection, *, batch: int = BATCH
) -> AsyncIterator[Sequence[Row[Any]]]:
    """The chosen leads (`id`, `contact_id`) in the order of their numbers, in batches."""
    chosen = _chosen(selection)
    if chosen is None:
        return
    statement = text(f"{chosen} ORDER BY l.id LIMIT :batch")
    values = _values(campaign, selection)
    await tx.execute(_STEADY)
    after = selection.after
    while rows := (await tx.execute(statement, {**values, "after": after, "batch": batch})).all():
        after = rows[-1].id
        yield rows


async def next_part(
    tx: AsyncConnection, campaign: CampaignId, selection: Selection, *, most: int = BATCH
) -> Selection | None:
    """The first `most` of the chosen leads; None where there are none.

    Whoever changes a long selection part by part, each in a transaction of its own, keeps no lead from being called for
    longer than a part takes.
    """
    chosen = _chosen(selection)
    if chosen is None:
        return None
    statement = text(f"SELECT max(part.id) FROM ({chosen} ORDER BY l.id LIMIT :batch) AS part")  # noqa: S608
    values = _values(campaign, selection) | {"batch": most}
    upto = (await tx.execute(statement, values)).scalar_one()
    return None if upto is None else replace(selection, upto=upto)


def _chosen(selection: Selection) -> str | None:
    """The chosen leads as SQL; None where nothing is chosen."""
    given = [condition for name, condition in _CONDITIONS.items() if getattr(selection, name)]
    if not given and not selection.all:
        return None
    span = ["l.campaign_id = :campaign", "l.id > :after"]
    if selection.upto is not None:
        span.append("l.id <= :upto")
    return _CHOSEN.replace("<which>", " AND ".join([*span, *given]))


def _values(campaign: CampaignId, selection: Selection) -> dict[str, object]:
    found: dict[str, object] = {"campaign": campaign, "after": selection.after}
    if selection.upto is not None:
        found["upto"] = selection.upto
    for name in _CONDITIONS:
        if value := getattr(selection, name):
            found[name] = list(value) if name == "ids" else str(value)
    return found


async def tag_leads(
    tx: AsyncConnection, campaign: CampaignId, selection: Selection, *, add: Sequence[str], remove: Sequence[str]
) -> int:
    """Gives the contacts of the leads tags and takes others from them; says how many contacts that changed."""
    changed = 0
    async for rows in selected(tx, campaign, selection):
        wanted = {"contacts": [row.contact_id for row in rows], "add": list(add), "remove": list(remove)}
        changed += (await tx.execute(_TAG, wanted)).rowcount
    return changed


async def delete_leads(tx: AsyncConnection, campaign: CampaignId, selection: Selection) -> int:
    """Takes the leads out of the campaign, but those that are being called; contacts and calls stay."""
    deleted = 0
    async for rows in selected(tx, campaign, selection):
        deleted += (await tx.execute(_DELETE, {"leads": [row.id for row in rows]})).rowcount
    return deleted


async def add_to_campaign(
    tx: AsyncConnection,
    campaign: CampaignId,
    selection: Selection,
    target: CampaignId,
    *,
    now: datetime,
    randomness: Random,
) -> int:
    """Adds the contacts of the leads to the campaign `target`, each once; says how many it did not hold yet."""
    added = 0
    async for rows in selected(tx, campaign, selection):
        keys = [randomness.random() for _ in rows]
        wanted = {"target": target, "now": now, "leads": [row.id for row in rows], "keys": keys}
        added += (await tx.execute(_ADD, wanted)).rowcount
    if added:
        await tx.execute(_ACTIVE, {"campaign": target, "now": now})
    return added


async def return_to_dialling(
    tx: AsyncConnection,
    campaign: CampaignId,
    selection: Selection,
    *,
    extra_calls: int | None,
    now: datetime,
    by: int | None,
) -> int:
    """Lets the leads be called again: as new ones, or with their counters kept and `extra_calls` more calls.

    Those that are being called stay as they are, and those that have no number left that exists. Says how many changed.
    """
    noted = {"what": "returned", "now": now, "by": by}
    retry = retry_from_json((await tx.execute(_RETRY, {"campaign": campaign})).scalar_one())
    returned = 0
    async for rows in selected(tx, campaign, selection):
        leads = {"leads": [row.id for row in rows]}
        if extra_calls is None:
            returned += (await tx.execute(_AS_NEW, leads | noted)).rowcount
            continue
        held = (await tx.execute(_HELD, leads)).all()
        again = await asyncio.to_thread(_again, held, retry, extra_calls, now)
        returned += (await tx.execute(_MORE, again | noted | {"extra": extra_calls})).rowcount
    return returned


def _again(held: Sequence[Row[Any]], retry: RetryPolicy, extra_calls: int, now: datetime) -> dict[str, list[object]]:
    """Which phone of each lead is called with its further calls, and when: as the retry rules say."""
    leads: list[object] = []
    phones: list[object] = []
    dues: list[object] = []
    for row in held:
        following = next_call(
            past_calls(row.past),
            len(row.phones),
            retry,
            blacklisted=blacklisted(row),
            added_at=now,
            returned=Returned(row.counted_from, row.counted_from + row.attempts, extra_calls),
        )
        if isinstance(following, CallAt):
            leads.append(row.lead_id)
            phones.append(following.phone)
            dues.append(max(following.at, now))
    return {"leads": leads, "phones": phones, "dues": dues}


async def set_priority(
    tx: AsyncConnection,
    campaign: CampaignId,
    selection: Selection,
    priority: int | None,
    *,
    now: datetime,
    by: int | None,
) -> int:
    """Gives the leads a priority, 1 first, or none; it holds for their next calls. Says how many changed."""
    noted = {"what": "priority", "now": now, "by": by, "priority": priority}
    changed = 0
    async for rows in selected(tx, campaign, selection):
        changed += (await tx.execute(_PRIORITY, noted | {"leads": [row.id for row in rows]})).rowcount
    return changed
