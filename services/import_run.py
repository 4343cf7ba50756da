"""Carrying out an import: looking into its file, loading its rows batch by batch (SPEC R9.1, R9.2).

Each batch is a transaction that also moves the import's place in the file. Whoever goes on after a crash, or at the
same time by mistake, finds the place that was committed and no other: a row is never loaded twice, nor left out.
Batches load side by side where no two of them can have a person in common, some at a time, and then the next list of
the company gets its turn.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import CampaignId, CompanyId
from campaigns.contacts.batches import BATCH, Batch, Duplicates, error_header
from core.clock import Clock
from core.errors import BadInput, Conflict, NotFound, Unavailable, ZvonarError
from services import fields, imports, lists
from services.import_files import append_at, errors_of, imports_of
from services.import_lanes import Queue, Stopped, Ticket, load_some
from services.imports import Import, ImportState
from services.list_feed import Feed, Rule
from services.mappings import remembered
from storage import tables
from storage.database import Database
from storage.live import tell
from storage.loading import BatchPlan, Loaded, OtherCampaigns, load_staged, stage, take_turn
from storage.vips import raise_guests

LANES: Final = max(2, min(4, os.cpu_count() or 1))
TURN: Final = 4
"""How many batches of each lane load before another list of the company may."""


@dataclass(frozen=True, slots=True)
class Loader:
    """Carries out the imports of one database; `batch` rows make a transaction, `lanes` of them are open at once."""

    database: Database
    folder: Path
    clock: Clock
    batch: int = BATCH
    lanes: int = LANES

    async def run(self, company: CompanyId, id_: int) -> None:
        """Goes on with an import as far as it can go; one that is over, or waits for somebody, is left as it is.

        What is wrong with the file or the campaign ends the import. `Unavailable` comes out: then it is to be
        tried again.
        """
        try:
            async with self.database.transaction(company) as tx:
                found = await imports.one_import(tx, id_)
                rules = await fields.rules(tx)
            if found.state is ImportState.CHECKING:
                await self._look(company, found)
            elif found.state is ImportState.RUNNING:
                feed_rules = {name: Rule(rule.kind, rule.options) for name, rule in rules.items()}
                await self._load(company, found, feed_rules)
        except Unavailable:
            raise
        except NotFound:
            return  # the campaign was deleted, and the import with it
        except ZvonarError as error:
            message = error.message + (f" {error.hint}" if error.hint else "")
            await self._fail(company, id_, error.code, message)

    async def _look(self, company: CompanyId, found: Import) -> None:
        looked = await lists.look(self._file(company, found))
        async with self.database.transaction(company) as tx:
            suggested = await remembered(tx, looked.columns) or looked.suggested
            await imports.looked_into(tx, found.id, looked, suggested)

    async def _load(self, company: CompanyId, found: Import, rules: dict[str, Rule]) -> None:
        options = found.options
        feed = Feed(
            mapping=found.mapping or {},
            rules=rules,
            duplicates=options.duplicates,
            now=found.started_at or found.created_at,
            tags=options.tags,
            priority=options.priority,
            done=found.rows_done,
            size=self.batch,
        )
        lanes = 1 if options.duplicates is Duplicates.MERGE else self.lanes
        async with aclosing(lists.batches(self._file(company, found), feed)) as batches:
            queue = Queue(batches, found.rows_done)
            while (ticket := await queue.take()) is not None:
                await self._turn(company, found.id, queue, ticket, lanes)
        await self._end(company, found.id, None if queue.stopped else queue.done)

    async def _turn(self, company: CompanyId, id_: int, queue: Queue, first: Ticket, lanes: int) -> None:
        """Loads some batches while no other list of the company loads."""

        async def step(ticket: Ticket) -> None:
            await self._step(company, id_, ticket, queue)

        async with self.database.transaction(company) as tx:
            await take_turn(tx)
            await load_some(queue, first, step, lanes=lanes, most=TURN * lanes)

    async def _step(self, company: CompanyId, id_: int, ticket: Ticket, queue: Queue) -> None:
        """Loads one batch; `Stopped` where the import is to stop, or somebody else goes on with it."""
        batch = ticket.batch
        async with self.database.transaction(company) as tx:
            found = await imports.one_import(tx, id_)
            if not _goes_on(found) or found.rows_done > ticket.done:
                raise Stopped
            plan = _plan(found)
            await ticket.wait_to_number()
            await stage(tx, plan, batch.columns, batch.copy)
            ticket.numbered.set()
            loaded = await load_staged(tx, plan)
            await ticket.wait_to_commit()
            found = await imports.one_import(tx, id_, lock=True)
            if queue.stopped or not _goes_on(found) or found.rows_done != ticket.done:
                raise Stopped
            await self._note_activity(tx, found)
            errors = await self._write_errors(company, found, batch)
            await _change(tx, id_, **_counted(found, batch, loaded), errors_bytes=errors, beat_at=self.clock.now())

    async def _end(self, company: CompanyId, id_: int, done: int | None) -> None:
        """Notes the end of an import, if all rows are done or somebody asked to cancel it."""
        async with self.database.transaction(company) as tx:
            now = await imports.one_import(tx, id_, lock=True)
            if now.state is not ImportState.RUNNING:
                return
            if now.rows_done == done:
                await _change(tx, id_, state=str(ImportState.DONE), finished_at=self.clock.now(), rows_total=done)
            elif now.cancel_asked:
                await _change(tx, id_, state=str(ImportState.CANCELLED), finished_at=self.clock.now())
            else:
                return
            if now.campaign is not None and not now.dry_run:
                await raise_guests(tx, CampaignId(now.campaign), self.clock.now())

    async def _note_activity(self, tx: AsyncConnection, found: Import) -> None:
        """Notes the load with the campaign; refuses it if the campaign was finished meanwhile."""
        if found.campaign is None or found.dry_run:
            return
        campaigns = tables.campaigns.c
        still = (campaigns.id == found.campaign) & campaigns.finished_at.is_(None) & campaigns.deleted_at.is_(None)
        noted = update(tables.campaigns).where(still).values(last_activity_at=self.clock.now())
        if (await tx.execute(noted.returning(campaigns.id))).scalar_one_or_none() is None:
            raise Conflict("campaign_finished", "The campaign was finished while its contacts were being loaded.")
        await tell(tx, CampaignId(found.campaign))

    async def _write_errors(self, company: CompanyId, found: Import, batch: Batch) -> int:
        """Adds the bad rows to their file before the transaction ends: what it does not confirm is cut off again."""
        if not batch.errors:
            return found.errors_bytes
        path = errors_of(self.folder, company, found.file)
        data = batch.errors if found.errors_bytes else error_header(found.columns) + batch.errors
        return await asyncio.to_thread(append_at, path, found.errors_bytes, data)

    def _file(self, company: CompanyId, found: Import) -> Path:
        path = imports_of(self.folder, company) / found.file
        if not path.is_file():
            hint = "Upload it again."
            raise BadInput("file_gone", "The file of the import is gone.", field="file", hint=hint)
        return path

    async def _fail(self, company: CompanyId, id_: int, code: str, message: str) -> None:
        async with self.database.transaction(company) as tx:
            await imports.failed(tx, id_, code=code, message=message, now=self.clock.now())


def _goes_on(found: Import) -> bool:
    return found.state is ImportState.RUNNING and not found.cancel_asked


def _plan(found: Import) -> BatchPlan:
    elsewhere, started = found.options.elsewhere, found.started_at or found.created_at
    others = None
    if elsewhere is not None:
        since = None if elsewhere.within_days is None else started - timedelta(days=elsewhere.within_days)
        others = OtherCampaigns(elsewhere.campaigns, elsewhere.results, since)
    campaign = None if found.campaign is None else CampaignId(found.campaign)
    return BatchPlan(campaign, found.options.duplicates, started, others, dry_run=found.dry_run)


def _counted(found: Import, batch: Batch, loaded: Loaded) -> dict[str, int]:
    """The counters with a batch added."""
    return {
        "rows_done": found.rows_done + batch.rows,
        "loaded": found.loaded + loaded.loaded,
        "merged": found.merged + loaded.merged + batch.folded,
        "linked": found.linked + loaded.linked,
        "duplicates": found.duplicates + loaded.duplicates + batch.skipped,
        "elsewhere": found.elsewhere + loaded.elsewhere,
        "bad": found.bad + batch.bad,
        "zone_unknown": found.zone_unknown + loaded.zone_unknown,
    }


async def _change(tx: AsyncConnection, id_: int, **values: str | int | datetime) -> None:
    await tx.execute(update(tables.imports).where(tables.imports.c.id == id_).values(values))
