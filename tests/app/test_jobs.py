"""Background jobs: done by a worker, lost and found again, never with more than numbers in them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from app.jobs import Jobs, open_jobs, run_jobs
from app.senses import AllSenses
from app.settings import read_settings
from campaigns.campaign import CompanyId
from core.results import CallResult
from robot.dialog.flow import Channel, Language
from robot.dialog.prompts import fixed_speeches
from services import exports, imports, messages, scenarios
from services.exports import ExportChoice, ExportState
from services.import_files import errors_of, exports_of, imports_of
from services.imports import Import, ImportOptions, ImportState
from services.retention import Retention
from storage import tables
from storage.database import Database
from storage.migrate import upgrade
from tests.conftest import EPOCH, Fresh, as_superuser
from tests.fakes.http_server import Said, http_server
from tests.services.desk import Desk, Noon, phones
from tests.services.things import add_attempt, flow, lead_ids

pytestmark = pytest.mark.postgres


class Later:
    """A clock that can be put on."""

    def __init__(self) -> None:
        self.at = EPOCH

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0


@pytest.fixture
def clock() -> Later:
    return Later()


@pytest.fixture
async def jobs(database: Database, fresh: Fresh, tmp_path: Path, clock: Later) -> AsyncIterator[Jobs]:
    async with open_jobs(database, fresh.app_url, read_settings(var=tmp_path), clock) as opened:
        yield opened


async def work_off(jobs: Jobs) -> None:
    """Does all jobs that are there."""
    await jobs.app.run_worker_async(wait=False, listen_notify=False, install_signal_handlers=False)


async def uploaded(desk: Desk, data: str) -> Import:
    async def chunks() -> AsyncIterator[bytes]:
        yield data.encode()

    kept = await imports.keep_file(desk.folder, desk.company, chunks())
    async with desk.database.transaction(desk.company) as tx:
        return await imports.add_import(tx, kept, name="list.csv", campaign=None, by=None, now=EPOCH)


async def started(desk: Desk, id_: int) -> None:
    async with desk.database.transaction(desk.company) as tx:
        await imports.start_import(tx, id_, mapping=None, options=ImportOptions(), dry_run=False, now=EPOCH)


@pytest.fixture
def desk(database: Database, company: CompanyId, tmp_path: Path) -> Desk:
    return Desk(database, company, tmp_path)


async def test_R9_1_an_import_and_an_export_go_through_the_queue(jobs: Jobs, desk: Desk) -> None:
    one = await uploaded(desk, "Телефон\n" + phones(9))
    await jobs.import_(desk.company, one.id)
    await work_off(jobs)
    assert (await desk.show(one.id)).state is ImportState.MAPPING
    await started(desk, one.id)
    await jobs.import_(desk.company, one.id)
    async with desk.database.transaction(desk.company) as tx:
        export = await exports.add_export(tx, choice=ExportChoice("contacts"), format="csv", by=None, now=EPOCH)
    await work_off(jobs)
    assert (await desk.show(one.id)).state is ImportState.DONE
    await jobs.export(desk.company, export.id)
    await work_off(jobs)
    async with desk.database.transaction(desk.company) as tx:
        done = await exports.one_export(tx, export.id)
    assert (done.state, done.rows_done) == (ExportState.DONE, 9)


async def test_a_job_that_is_given_twice_waits_once_and_holds_numbers_only(
    jobs: Jobs, desk: Desk, fresh: Fresh
) -> None:
    one = await uploaded(desk, "Телефон\n" + phones(1))
    await jobs.import_(desk.company, one.id)
    await jobs.import_(desk.company, one.id)
    waiting = list(await jobs.app.job_manager.list_jobs_async())
    assert [(job.task_name, job.task_kwargs) for job in waiting] == [
        ("import", {"company": desk.company, "id": one.id})
    ]


async def test_a_lost_job_is_given_again_by_the_sweep_and_a_living_one_is_left_alone(
    jobs: Jobs, desk: Desk, clock: Later
) -> None:
    lost, living = [await uploaded(desk, "Телефон\n" + phones(1)) for _ in range(2)]
    async with desk.database.transaction(desk.company) as tx:
        beat = update(tables.imports).where(tables.imports.c.id == living.id).values(beat_at=EPOCH)
        await tx.execute(beat)
    clock.at += timedelta(seconds=10)
    await jobs.sweep()
    waiting = [job.task_kwargs["id"] for job in await jobs.app.job_manager.list_jobs_async()]
    assert waiting == [lost.id]
    clock.at += timedelta(seconds=60)
    await jobs.sweep()
    waiting = [job.task_kwargs["id"] for job in await jobs.app.job_manager.list_jobs_async()]
    assert set(waiting) == {lost.id, living.id}
    assert len(waiting) == 2


async def test_the_worker_stops_when_it_is_cancelled_and_the_next_one_goes_on(jobs: Jobs, desk: Desk) -> None:
    one = await uploaded(desk, "Телефон\n" + phones(9))
    async with asyncio.TaskGroup() as group:
        working = group.create_task(run_jobs(jobs))
        while (await desk.show(one.id)).state is ImportState.CHECKING:
            await asyncio.sleep(0)  # lets the worker, whose sweep finds the import, do it
        working.cancel()
    assert (await desk.show(one.id)).state is ImportState.MAPPING


async def test_the_jobs_schema_is_made_once_and_mended_from_where_it_stands(fresh: Fresh) -> None:
    await upgrade(fresh.owner_url, app_url=fresh.app_url)
    await as_superuser(fresh.superuser_url, "COMMENT ON SCHEMA jobs IS 'zz'")
    await upgrade(fresh.owner_url, app_url=fresh.app_url)


async def test_R11_7_recordings_are_deleted_after_the_companys_time_and_kept_without_one(
    desk: Desk, tmp_path: Path
) -> None:
    campaign = await desk.campaign()
    await desk.load("Телефон\n" + phones(3), campaign)
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    async with desk.database.transaction(desk.company) as tx:
        for lead, (name, days) in zip(
            await lead_ids(tx, campaign), (("old", 31), ("new", 29), ("gone", 40)), strict=True
        ):
            at = EPOCH - timedelta(days=days)
            file = f"{name}.wav"
            await add_attempt(tx, campaign, lead, CallResult.BUSY, started_at=at, ended_at=at, recording=file)
            if name != "gone":
                (recordings / f"{name}.wav").write_bytes(b"RIFF")
    retention = Retention(desk.database, tmp_path, recordings, Noon())

    async def kept() -> list[str | None]:
        async with desk.database.transaction(desk.company) as tx:
            query = select(tables.attempts.c.recording).order_by(tables.attempts.c.id)
            return list((await tx.execute(query)).scalars())

    await retention.run()
    assert await kept() == ["old.wav", "new.wav", "gone.wav"]
    async with desk.database.transaction(desk.company) as tx:
        await tx.execute(text("INSERT INTO company_rules (keep_recordings_days, changed_at) VALUES (30, now())"))
    await retention.run()
    assert await kept() == [None, "new.wav", None]
    assert [path.name for path in recordings.iterdir()] == ["new.wav"]


async def test_R11_7_what_was_said_is_forgotten_after_the_companys_time_and_the_counts_stay(
    desk: Desk, tmp_path: Path
) -> None:
    campaign = await desk.campaign()
    await desk.load("Телефон\n" + phones(2), campaign)
    said = {"transcript": [{"speaker": "caller", "text": "да"}], "answers": [{"label": "Доволен", "said": "да"}]}
    async with desk.database.transaction(desk.company) as tx:
        for lead, days in zip(await lead_ids(tx, campaign), (31, 29), strict=True):
            at = EPOCH - timedelta(days=days)
            await add_attempt(tx, campaign, lead, CallResult.COMPLETED, started_at=at, ended_at=at, details=said)
        await tx.execute(text("INSERT INTO company_rules (keep_transcripts_days, changed_at) VALUES (30, now())"))
    await Retention(desk.database, tmp_path, tmp_path / "recordings", Noon()).run()
    async with desk.database.transaction(desk.company) as tx:
        query = select(tables.attempts.c.details, tables.attempts.c.result).order_by(tables.attempts.c.id)
        old, new = (await tx.execute(query)).all()
    assert (old.details["transcript"], old.details["answers"]) == ([], [{"label": "Доволен", "said": ""}])
    assert (new.details, old.result) == (said, "completed")


async def test_R11_7_files_of_imports_and_exports_are_deleted_after_a_month(desk: Desk, tmp_path: Path) -> None:
    one = await desk.load("Телефон\nнет\n" + phones(1))
    mine = imports_of(tmp_path, desk.company) / one.file
    retention = Retention(desk.database, tmp_path, tmp_path / "recordings", Noon())
    await retention.run()
    assert mine.is_file()
    async with desk.database.transaction(desk.company) as tx:
        month_ago = datetime(2026, 10, 1, tzinfo=UTC)
        await tx.execute(update(tables.imports).values(finished_at=month_ago))
        values = {"state": "done", "file": "x.csv", "finished_at": month_ago}
        made = await exports.add_export(tx, choice=ExportChoice("contacts"), format="csv", by=None, now=EPOCH)
        await exports.changed(tx, made.id, values)
    place = exports_of(tmp_path, desk.company)
    place.mkdir(parents=True)
    (place / "x.csv").touch()
    await retention.run()
    assert not mine.exists()
    assert not errors_of(tmp_path, desk.company, one.file).exists()
    assert not (place / "x.csv").exists()


async def test_R6_4_a_published_scenario_is_rendered_into_the_cache_that_calls_use(
    jobs: Jobs, desk: Desk, tmp_path: Path
) -> None:
    async with desk.database.transaction(desk.company) as tx:
        version = await scenarios.publish(tx, name="Опрос", flow=flow(), script=None, now=EPOCH)
    await jobs.render(desk.company, version)
    await jobs.render(desk.company, 10**9)  # deleted meanwhile
    await work_off(jobs)
    with AllSenses(read_settings(var=tmp_path)) as senses:
        prompts = (await senses.of(Language.RU)).prompts
        wanted = fixed_speeches(flow())
        assert wanted
        assert all(map(prompts.is_rendered, wanted)), "another process finds them ready"
        before = {file: file.stat().st_mtime_ns for file in (tmp_path / "prompts").rglob("*.pcm")}
        await prompts.render_fixed(flow())
    assert set((tmp_path / "prompts").rglob("*.pcm")) == set(before), "nothing was rendered again"


async def test_R12_a_message_goes_through_the_queue_and_is_found_when_its_push_was_lost(
    database: Database, fresh: Fresh, company: CompanyId, tmp_path: Path, clock: Later
) -> None:
    async with http_server(lambda _: Said()) as gateway:
        settings = read_settings(var=tmp_path, sms={"url": gateway.url("/send")})
        async with open_jobs(database, fresh.app_url, settings, clock) as opened:
            new = messages.NewMessage(None, "send", Channel.SMS, "+79001112233", "", "Готов.")
            async with database.transaction(company) as tx:
                pushed, lost = [await messages.add_message(tx, new, EPOCH) for _ in range(2)]
            await opened.message(company, pushed)
            await opened.sweep()
            await work_off(opened)
    assert len(gateway.asked) == 2
    async with database.transaction(company) as tx:
        assert {(await messages.one_message(tx, id_)).state for id_ in (pushed, lost)} == {messages.MessageState.SENT}
