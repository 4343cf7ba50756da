"""Loading contacts from a file into a campaign (SPEC R9.1): a look at it first, then the good rows, in batches.

Reading a file is work for the processor, so it runs off the loop, a batch at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from random import Random
from typing import Final

import msgspec
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import CampaignId
from campaigns.contacts.mapping import check_mapping, suggest
from campaigns.contacts.reading import Row, Sheet, read
from campaigns.contacts.rows import BadRow, NewContact, contact_of
from core.errors import BadInput, Conflict
from services.campaigns import hold_load, may_change
from storage.live import tell
from storage.tables import campaigns
from storage.vips import raise_guests

BATCH: Final = 500
SAMPLE: Final = 20
SAMPLE_LETTERS: Final = 200
MOST_BAD: Final = 100_000

# By phone, then by contact: while a long list loads nobody has counted the rows yet, and a plan that is chosen by
# guessing reads all leads for every batch.
_KNOWN: Final = text("""
    SELECT given.phone
    FROM unnest(CAST(:phones AS text[])) AS given (phone)
    CROSS JOIN LATERAL (SELECT c.id FROM contacts c WHERE c.phones[1] = given.phone OFFSET 0) AS same
    CROSS JOIN LATERAL (
        SELECT FROM leads l WHERE l.campaign_id = :campaign AND l.contact_id = same.id OFFSET 0
    ) AS here
""")

# One statement a batch: a batch of parameters a row costs twenty times as much.
_ADD: Final = text("""
WITH given AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('contacts', 'id')) AS id, row.*
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS row (
        place integer, last_name text, first_name text, middle_name text, organisation text, "position" text, note text,
        email text, zone text, phones text[], custom jsonb, tags text[], priority integer,
        consent_at timestamptz, order_key double precision
    )
), made AS (
    INSERT INTO contacts
        (id, last_name, first_name, middle_name, organisation, "position", note, email, zone, phones, custom,
         tags, consent_at, created_at)
    SELECT id, last_name, first_name, middle_name, organisation, "position", note, email, zone, phones, custom, tags,
        consent_at, :now
    FROM given
)
INSERT INTO leads (campaign_id, contact_id, due_at, added_at, order_key, zone, priority)
SELECT :campaign, id, :now, :now, order_key, zone, priority FROM given ORDER BY place
""")


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file seems to hold: its columns, what each seems to be, and its first rows."""

    columns: tuple[str, ...]
    suggested_mapping: Mapping[str, str]
    sample_rows: tuple[tuple[str, ...], ...]
    encoding: str
    delimiter: str


@dataclass(slots=True)
class LoadReport:
    """What came of a load: every row was loaded, is a duplicate, or is bad.

    `zone_unknown` of the loaded ones tell no time zone, so the campaign's counts for them (SPEC R4.2).
    """

    columns: tuple[str, ...]
    rows: int = 0
    loaded: int = 0
    duplicates: int = 0
    zone_unknown: int = 0
    bad: list[BadRow] = field(default_factory=list)


async def preview(data: bytes) -> Preview:
    """Looks into a file; BadInput on `file` if it is no list."""
    return await asyncio.to_thread(_preview, data)


async def load_contacts(
    tx: AsyncConnection,
    *,
    campaign: CampaignId,
    data: bytes,
    mapping: Mapping[str, str] | None,
    now: datetime,
    randomness: Random,
) -> LoadReport:
    """Loads the good rows as contacts and leads; `mapping` None takes what the columns' names suggest.

    A row whose first phone another lead of the campaign has as its first, in the file or before, is a duplicate.
    `Conflict` if the campaign is finished, or becomes so meanwhile: then nothing is loaded.
    """
    await may_change(tx, campaign, now)
    await hold_load(tx, campaign)
    sheet = await asyncio.to_thread(read, data)
    chosen = suggest(sheet) if mapping is None else dict(mapping)
    check_mapping(chosen, sheet.columns)
    report = LoadReport(columns=sheet.columns)
    rows = sheet.rows()
    while batch := await asyncio.to_thread(_batch, rows, sheet, chosen, now):
        report.rows += len(batch)
        good = [one for one in batch if isinstance(one, NewContact)]
        report.bad += [one for one in batch if isinstance(one, BadRow)]
        if len(report.bad) > MOST_BAD:
            hint = "See that the columns are mapped to the right fields."
            raise BadInput("too_many_bad_rows", f"More than {MOST_BAD} rows are bad.", field="file", hint=hint)
        fresh = await _new_ones(tx, campaign, good)
        report.duplicates += len(good) - len(fresh)
        await _add(tx, campaign, fresh, now, randomness)
        report.loaded += len(fresh)
        report.zone_unknown += sum(one.zone is None for one in fresh)
    await raise_guests(tx, campaign, now)
    await _note_activity(tx, campaign, now)
    return report


def _preview(data: bytes) -> Preview:
    sheet = read(data)
    width = len(sheet.columns)
    sample = tuple(
        tuple(cell[:SAMPLE_LETTERS] for cell in (*row.cells, *[""] * width)[:width])
        for row in islice(sheet.rows(), SAMPLE)
    )
    return Preview(sheet.columns, suggest(sheet), sample, sheet.encoding, sheet.delimiter)


def _batch(rows: Iterator[Row], sheet: Sheet, mapping: Mapping[str, str], now: datetime) -> list[NewContact | BadRow]:
    return [contact_of(row, sheet.columns, mapping, now=now) for row in islice(rows, BATCH)]


async def _new_ones(tx: AsyncConnection, campaign: CampaignId, batch: Sequence[NewContact]) -> list[NewContact]:
    """Those of the batch whose first phone no lead of the campaign has as its first, each phone once."""
    by_phone: dict[str, NewContact] = {}
    for contact in batch:
        by_phone.setdefault(contact.phones[0].e164, contact)
    wanted = {"campaign": campaign, "phones": list(by_phone)}
    known = set((await tx.execute(_KNOWN, wanted)).scalars()) if by_phone else set()
    return [contact for phone, contact in by_phone.items() if phone not in known]


async def _add(
    tx: AsyncConnection, campaign: CampaignId, batch: Sequence[NewContact], now: datetime, randomness: Random
) -> None:
    if not batch:
        return
    rows = await asyncio.to_thread(_as_json, batch, randomness)
    await tx.execute(_ADD, {"rows": rows, "campaign": campaign, "now": now})


def _as_json(batch: Sequence[NewContact], randomness: Random) -> str:
    """The batch as `_ADD` wants it."""
    rows = [
        {
            "place": place,
            "last_name": contact.last_name,
            "first_name": contact.first_name,
            "middle_name": contact.middle_name,
            "organisation": contact.organisation,
            "position": contact.position,
            "note": contact.note,
            "email": contact.email,
            "zone": contact.zone,
            "phones": [phone.e164 for phone in contact.phones],
            "custom": dict(contact.custom),
            "tags": contact.tags,
            "priority": contact.priority,
            "consent_at": contact.consent_at,
            "order_key": randomness.random(),
        }
        for place, contact in enumerate(batch)
    ]
    return msgspec.json.encode(rows).decode()


async def _note_activity(tx: AsyncConnection, campaign: CampaignId, now: datetime) -> None:
    """Notes the load; refuses it if the campaign was finished or deleted while it ran."""
    still = (campaigns.c.id == campaign) & campaigns.c.finished_at.is_(None)
    noted = update(campaigns).where(still).values(last_activity_at=now).returning(campaigns.c.id)
    if (await tx.execute(noted)).scalar_one_or_none() is None:
        message = "The campaign was finished while its contacts were being loaded; nothing is loaded."
        raise Conflict("campaign_finished", message)
    await tell(tx, campaign)
