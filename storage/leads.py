"""The queue of leads in PostgreSQL, behind the dialler's port.

Companies are gone through one by one, each in transactions of its own, so that even the dialler never sees two of
them at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import TextClause, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import Campaign, CompanyId
from campaigns.leads import AttemptId, Ending, Finish, LeasedCall, Next, Orphan, WorkerId
from campaigns.settings_json import retry_from_json
from core.errors import BadInput
from storage.campaign_rows import campaign_of
from storage.database import Database
from storage.finishing import FINISH, finish_values
from storage.lead_rows import unfinished_call
from storage.lease_sql import ORPHANS, STRAYS
from storage.leases import Leases
from storage.live import CHANNEL, tell
from storage.tables import campaigns, workers

log = structlog.get_logger(__name__)

MOST_ORPHANS: Final = 500
FORGOTTEN_AFTER: Final = timedelta(days=1)

AfterEnding = Callable[[AsyncConnection, Sequence[Finish]], Awaitable[None]]
"""What else is done, in the same transaction, when attempts of one company have ended."""

_ANSWERED: Final = text("""
    UPDATE attempts SET answered_at = given.at
    FROM unnest(CAST(:ids AS bigint[]), CAST(:ats AS timestamptz[])) AS given (id, at)
    WHERE attempts.id = given.id AND attempts.result IS NULL
""")
_COMPANIES: Final = text("SELECT zvonar_company_ids()")
_DIALLING: Final = text("SELECT zvonar_dialling_companies()")
_ORPHANED: Final = text("SELECT zvonar_orphan_companies(:silent_since)")


class PostgresLeads:
    """The `LeadStore` of the product; `host` is noted beside a worker, for people who look.

    `after` is told of the attempts that have just ended, before anybody else can see it.
    """

    def __init__(self, database: Database, *, host: str = "", after: AfterEnding | None = None) -> None:
        self._database = database
        self._leases = Leases(database)
        self._host = host
        self._after = after

    async def campaigns(self) -> Sequence[Campaign]:
        """All campaigns of all companies that are switched on and not finished, but those whose settings are broken.

        Such a one is given an error, which says what is wrong with it.
        """
        async with self._database.system() as tx:
            companies = (await tx.execute(_DIALLING)).scalars().all()
        found: list[Campaign] = []
        for company in companies:
            async with self._database.transaction(CompanyId(company)) as tx:
                found.extend(await _campaigns(tx))
        return found

    async def lease(
        self, campaign: Campaign, count: int, *, worker: WorkerId, now: datetime, holding: int | None = None
    ) -> Sequence[LeasedCall]:
        """Takes up to `count` leads that may be called, in the campaign's order; none if it was stopped meanwhile.

        With `holding` calls of the campaign already, the worker gets no more than its quota.
        """
        if count < 1:
            return ()
        _aware(now)
        return await self._leases.lease(campaign, count, worker=worker, now=now, holding=holding)

    async def answered(self, call: LeasedCall, at: datetime) -> None:
        """Notes the instant of the answer, unless the attempt is over."""
        await self.answered_all([(call, at)])

    async def answered_all(self, answers: Sequence[tuple[LeasedCall, datetime]]) -> None:
        """The same for several attempts of one company at once."""
        if not answers:
            return
        wanted = {"ids": [call.attempt for call, _ in answers], "ats": [_aware(at) for _, at in answers]}
        async with self._database.transaction(answers[0][0].company) as tx:
            await tx.execute(_ANSWERED, wanted)
            for campaign in sorted({call.campaign for call, _ in answers}):
                await tell(tx, campaign)

    async def finish(self, call: LeasedCall, ending: Ending, following: Next) -> bool:
        """Ends the attempt with its one result and frees the lead; False, and nothing changed, if it had one."""
        (stored,) = await self.finish_all([Finish(call, ending, following)])
        return stored

    async def finish_all(self, ended: Sequence[Finish]) -> Sequence[bool]:
        """The same for several attempts of one company in one statement: all are stored, or none if one cannot be."""
        if not ended:
            return ()
        if len({one.call.company for one in ended}) > 1:
            raise ValueError("attempts of one company are ended together, not those of several")
        for one in ended:
            _aware(one.ending.ended_at)
        values = {"given": finish_values(ended), "channel": CHANNEL}
        async with self._database.transaction(ended[0].call.company, steady=True) as tx:
            stored = {row.id for row in (await tx.execute(FINISH, values)).all()}
            if self._after is not None:
                await self._after(tx, [one for one in ended if one.call.attempt in stored])
        told = []
        for one in ended:
            told.append(one.call.attempt in stored)
            stored.discard(one.call.attempt)
        return told

    async def beat(self, worker: WorkerId, now: datetime) -> None:
        """Says that `worker` lives; its first beat registers it and forgets workers that are long gone."""
        added = insert(workers).values(id=worker, beat_at=_aware(now), started_at=now, host=self._host)
        alive = added.on_conflict_do_update(
            index_elements=[workers.c.id], set_={"beat_at": func.greatest(workers.c.beat_at, added.excluded.beat_at)}
        ).returning(workers.c.started_at)
        async with self._database.system() as tx:
            if (await tx.execute(alive)).scalar_one() == now:
                await tx.execute(delete(workers).where(workers.c.beat_at < now - FORGOTTEN_AFTER))

    async def orphans(self, now: datetime, *, silent_for: timedelta) -> Sequence[Orphan]:
        """Unfinished attempts of workers that did not beat for `silent_for`, at most `MOST_ORPHANS` of a company."""
        silent_since = _aware(now) - silent_for
        async with self._database.system() as tx:
            companies = (await tx.execute(_ORPHANED, {"silent_since": silent_since})).scalars().all()
        return await self._unfinished(companies, ORPHANS, {"silent_since": silent_since})

    async def strays(self, worker: WorkerId, known: Collection[AttemptId]) -> Sequence[Orphan]:
        """Unfinished attempts of `worker` that are not among `known`, at most `MOST_ORPHANS` of a company."""
        async with self._database.system() as tx:
            companies = (await tx.execute(_COMPANIES)).scalars().all()
        return await self._unfinished(companies, STRAYS, {"worker": worker, "known": list(known)})

    async def _unfinished(self, companies: Sequence[int], which: TextClause, wanted: dict[str, object]) -> list[Orphan]:
        found: list[Orphan] = []
        for company in companies:
            async with self._database.transaction(CompanyId(company)) as tx:
                rows = (await tx.execute(which, {**wanted, "most": MOST_ORPHANS})).all()
            found.extend(Orphan(unfinished_call(row), row.started_at, retry_from_json(row.retry)) for row in rows)
        return found

    async def leave(self, worker: WorkerId) -> None:
        """Deregisters `worker`; what it should still own is orphaned at once."""
        async with self._database.system() as tx:
            await tx.execute(delete(workers).where(workers.c.id == worker))


async def _campaigns(tx: AsyncConnection) -> list[Campaign]:
    """The company's campaigns that are switched on and not finished."""
    wanted = select(campaigns).where(
        campaigns.c.switched_on, campaigns.c.finished_at.is_(None), campaigns.c.deleted_at.is_(None)
    )
    found = []
    for row in (await tx.execute(wanted.order_by(campaigns.c.id))).all():
        try:
            found.append(campaign_of(row))
        except BadInput as error:
            if row.error is None:
                log.error("campaign.unreadable", campaign=row.id, code=error.code, field=error.field)
                said = f"The settings cannot be read: {error.message}"
                await tx.execute(update(campaigns).where(campaigns.c.id == row.id).values(error=said))
    return found


def _aware(instant: datetime) -> datetime:
    """Refuses an instant without a zone at the door."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant
