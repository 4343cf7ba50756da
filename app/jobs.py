"""Background work on procrastinate: imports, exports, prompts, messages, retention.

A job carries numbers only. The rows of imports, exports and messages are the truth, a job is but a push: every minute
those that should be going on and show no sign of life are pushed again, whoever lost them. So a killed process, a lost
job or a job that was given twice change nothing but the time it takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog
from procrastinate import App, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Status
from sqlalchemy import select, text

from app.sending import senders
from app.settings import Settings
from app.voices import AllVoices
from campaigns.campaign import CompanyId
from core.clock import Clock
from core.errors import NotFound, Unavailable
from services.export_run import Exporter
from services.import_run import Loader
from services.message_delivery import Deliverer
from services.retention import Retention
from services.scenarios import flow_of
from storage import tables
from storage.database import Database
from storage.jobs_schema import SCHEMA
from storage.urls import for_asyncpg

log = structlog.get_logger(__name__)

AT_ONCE: Final = 2
MESSAGES_AT_ONCE: Final = 4
MESSAGES: Final = "messages"
"""The queue of deliveries: they have workers of their own, so that none waits for an import."""
WORK: Final = "default"
SILENT: Final = timedelta(seconds=30)
STOP_S: Final = 2.0
EVERY_MINUTE: Final = "* * * * *"
EVERY_NIGHT: Final = "17 0 * * *"
IMPORT, EXPORT, RENDER, SWEEP, RETAIN, DELIVER = "import", "export", "render", "sweep", "retain", "deliver"
_RETRY: Final = RetryStrategy(max_attempts=8, exponential_wait=2, retry_exceptions=[Unavailable])
_DUE: Final = text("SELECT company_id, id FROM zvonar_due_messages(:now)")
_UNFINISHED: Final = {
    IMPORT: (text("SELECT company_id, id FROM zvonar_unfinished_imports()"), tables.imports),
    EXPORT: (text("SELECT company_id, id FROM zvonar_unfinished_exports()"), tables.exports),
}


@dataclass(frozen=True, slots=True)
class Jobs:
    """The queue of jobs, connected."""

    app: App
    database: Database
    clock: Clock

    async def import_(self, company: CompanyId, id_: int) -> None:
        """Asks to go on with an import."""
        await self._push(IMPORT, company, id_)

    async def export(self, company: CompanyId, id_: int) -> None:
        """Asks to make an export."""
        await self._push(EXPORT, company, id_)

    async def render(self, company: CompanyId, version: int) -> None:
        """Asks to render the fixed prompts of a scenario; one that is lost is rendered when the first call needs it."""
        await self._push(RENDER, company, version)

    async def message(self, company: CompanyId, id_: int) -> None:
        """Asks to deliver a message; one that waits for its next try is asked for when it is due."""
        await self._push(DELIVER, company, id_)

    async def sweep(self) -> None:
        """Pushes what should be going on and shows no sign of life; clears away the jobs of workers that are gone."""
        for job in await self.app.job_manager.get_stalled_jobs(seconds_since_heartbeat=SILENT.total_seconds()):
            await self.app.job_manager.finish_job(job, status=Status.FAILED, delete_job=True)
        before = self.clock.now() - SILENT
        for name, (unfinished, table) in _UNFINISHED.items():
            async with self.database.system() as tx:
                rows = (await tx.execute(unfinished)).all()
            for company, id_ in rows:
                async with self.database.transaction(CompanyId(company)) as tx:
                    beat = (await tx.execute(select(table.c.beat_at).where(table.c.id == id_))).scalar_one_or_none()
                if beat is None or beat < before:
                    await self._push(name, CompanyId(company), id_)
        async with self.database.system() as tx:
            due = (await tx.execute(_DUE, {"now": self.clock.now()})).all()
        for company, id_ in due:
            await self.message(CompanyId(company), id_)

    async def _push(self, name: str, company: CompanyId, id_: int) -> None:
        numbers = {"company": int(company), "id": id_}
        lock = f"{name} {int(company)} {id_}"
        try:
            with suppress(AlreadyEnqueued):
                await self.app.configure_task(name, queueing_lock=lock).defer_async(**numbers)
        except ConnectorException as error:
            # The order is in the database already, so the next sweep gives it.
            log.warning("job.not_pushed", job=name, id=id_, error=type(error).__name__)


@asynccontextmanager
async def open_jobs(database: Database, url: str, settings: Settings, clock: Clock) -> AsyncIterator[Jobs]:
    """Connects to the queue of jobs in the database at `url` for as long as the block runs."""
    connector = PsycopgConnector(
        conninfo=for_asyncpg(url),
        kwargs={"options": f"-c search_path={SCHEMA}", "application_name": "zvonar jobs"},
        min_size=1,
        max_size=AT_ONCE + MESSAGES_AT_ONCE + 4,
        timeout=10,
    )
    app = App(connector=connector)
    jobs = Jobs(app, database, clock)
    with AllVoices(settings) as voices:
        _add_tasks(jobs, settings, voices)
        try:
            await app.open_async()
        except ConnectorException as error:
            raise Unavailable("jobs_unreachable", "The queue of background jobs does not answer.") from error
        try:
            yield jobs
        finally:
            await app.close_async()


async def run_jobs(jobs: Jobs) -> None:
    """Does the jobs until it is cancelled; what goes on then stops, and goes on with the next start."""
    await jobs.sweep()
    async with asyncio.TaskGroup() as group:
        for queue, at_once in ((WORK, AT_ONCE), (MESSAGES, MESSAGES_AT_ONCE)):
            group.create_task(
                jobs.app.run_worker_async(
                    name=queue,
                    queues=[queue],
                    concurrency=at_once,
                    install_signal_handlers=False,
                    shutdown_graceful_timeout=STOP_S,
                    delete_jobs="always",
                )
            )


def _add_tasks(jobs: Jobs, settings: Settings, voices: AllVoices) -> None:
    loader = Loader(jobs.database, settings.var, jobs.clock)
    exporter = Exporter(jobs.database, settings.var, jobs.clock)
    deliverer = Deliverer(jobs.database, senders(settings, jobs.clock), jobs.clock)
    retention = Retention(jobs.database, settings.var, settings.recordings, jobs.clock)

    async def import_(company: int, id: int) -> None:
        log.info("import.run", company=company, id=id)
        await loader.run(CompanyId(company), id)

    async def export(company: int, id: int) -> None:
        log.info("export.run", company=company, id=id)
        with suppress(NotFound):
            await exporter.run(CompanyId(company), id)

    async def render(company: int, id: int) -> None:
        with suppress(NotFound):
            async with jobs.database.transaction(CompanyId(company)) as tx:
                flow = await flow_of(tx, id)
            await voices.render_fixed(flow)
            log.info("prompts.rendered", company=company, version=id)

    async def deliver(company: int, id: int) -> None:
        await deliverer.run(CompanyId(company), id)

    async def sweep(timestamp: int) -> None:
        await jobs.sweep()

    async def retain(timestamp: int) -> None:
        await retention.run()

    work: Mapping[str, Any] = {IMPORT: import_, EXPORT: export, RENDER: render, DELIVER: deliver}
    for name, function in work.items():
        jobs.app.task(name=name, retry=_RETRY, queue=MESSAGES if name == DELIVER else WORK)(function)
    jobs.app.periodic(cron=EVERY_MINUTE)(jobs.app.task(name=SWEEP, queueing_lock=SWEEP)(sweep))
    jobs.app.periodic(cron=EVERY_NIGHT)(jobs.app.task(name=RETAIN, queueing_lock=RETAIN, retry=_RETRY)(retain))
