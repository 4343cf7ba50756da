"""What is kept of calls only for a time: files and words go, counts stay."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from campaigns.campaign import CompanyId
from campaigns.leads import AttemptId
from core.results import CallResult
from robot.dialog.events import GivenAnswer, How
from robot.dialog.flow import StepId
from robot.outcome import Latency, Outcome, Speaker, Utterance
from services import kept_calls
from services.kept_calls import forget_recordings, forget_transcripts, sweep_recordings
from services.reports import call_card
from storage.database import Database
from storage.tables import answers, attempts
from tests.conftest import EPOCH, make_company
from tests.services.things import add_answer, add_attempt, lead_ids, load_phones, make_campaign

pytestmark = pytest.mark.postgres

OLD, NEW = EPOCH - timedelta(days=40), EPOCH - timedelta(days=10)
BEFORE = EPOCH - timedelta(days=30)
TALK = Outcome(
    result=CallResult.COMPLETED,
    answers=(GivenAnswer(StepId("q1"), "Оценка", "a1", "Доволен", How.PHRASE, "да конечно", 0.9),),
    transcript=(Utterance(Speaker.ROBOT, "Довольны?", 0, 900), Utterance(Speaker.CALLER, "да конечно", 1000, 1500)),
    path=("q1", "end"),
    latencies=(Latency(1, 300),),
)


async def calls(
    database: Database,
    company: CompanyId,
    folder: Path,
    *names: str,
    **values: Any,  # noqa: ANN401
) -> list[AttemptId]:
    """A call for each name of a recording, with its file."""
    made = []
    async with database.transaction(company) as tx:
        campaign = await make_campaign(tx)
        await load_phones(tx, campaign, 1, first=100)
        (lead,) = await lead_ids(tx, campaign)
        for name in names:
            details = msgspec.to_builtins(TALK, enc_hook=str) | {"recording": name}
            row: dict[str, Any] = {"ended_at": OLD, "details": details, "recording": name} | values
            attempt = await add_attempt(tx, campaign, lead, CallResult.COMPLETED, **row)
            await add_answer(tx, attempt, campaign, lead, "a1", "Доволен", "phrase")
            made.append(attempt)
            if (folder / name).parent.is_relative_to(folder):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(b"RIFF")
    return made


async def references(database: Database, company: CompanyId) -> list[str | None]:
    async with database.transaction(company) as tx:
        return list((await tx.execute(select(attempts.c.recording).order_by(attempts.c.id))).scalars())


async def test_R11_7_old_recordings_go_with_their_references_and_new_ones_stay(
    database: Database, company: CompanyId, tmp_path: Path
) -> None:
    (old,) = await calls(database, company, tmp_path, "1/a.wav")
    await calls(database, company, tmp_path, "1/b.wav", ended_at=NEW)
    async with database.transaction(company) as tx:
        assert await forget_recordings(tx, tmp_path, before=BEFORE) is False
    assert [file.name for file in tmp_path.rglob("*.wav")] == ["b.wav"]
    assert await references(database, company) == [None, "1/b.wav"]
    async with database.transaction(company) as tx:
        card = await call_card(tx, old)
    assert (card.recording, card.transcript) == (None, TALK.transcript)


async def test_a_recording_outside_of_the_folder_is_forgotten_and_left_alone(
    database: Database, company: CompanyId, tmp_path: Path
) -> None:
    folder, secret = tmp_path / "recordings", tmp_path / "secret.wav"
    folder.mkdir()
    secret.write_bytes(b"mine")
    await calls(database, company, folder, "../secret.wav")
    async with database.transaction(company) as tx:
        await forget_recordings(tx, folder, before=BEFORE)
    assert secret.exists()
    assert await references(database, company) == [None]


async def test_what_cannot_be_deleted_keeps_its_reference_and_does_not_hold_up_the_rest(
    database: Database, company: CompanyId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_calls, "BATCH", 2)
    await calls(database, company, tmp_path, "1/stuck.wav")
    await calls(database, company, tmp_path, "1/a.wav", "1/b.wav", "1/c.wav", ended_at=OLD + timedelta(hours=1))
    (tmp_path / "1" / "stuck.wav").unlink()
    (tmp_path / "1" / "stuck.wav").mkdir()
    rounds = 0
    more = True
    while more:
        async with database.transaction(company) as tx:
            more = await forget_recordings(tx, tmp_path, before=BEFORE)
        rounds += 1
        assert rounds < 10
    assert await references(database, company) == ["1/stuck.wav", None, None, None]


async def test_R11_7_what_was_said_goes_and_what_was_counted_stays(
    database: Database, company: CompanyId, tmp_path: Path
) -> None:
    old, also = await calls(database, company, tmp_path, "1/a.wav", "1/b.wav")
    (new,) = await calls(database, company, tmp_path, "1/c.wav", ended_at=NEW)
    async with database.transaction(company) as tx:
        assert await forget_transcripts(tx, before=BEFORE) is False
    async with database.transaction(company) as tx:
        for attempt in (old, also):
            card = await call_card(tx, attempt)
            assert card.transcript == ()
            assert [(one.label, one.said) for one in card.answers] == [("Доволен", "")]
            assert (card.path, card.latencies, card.result) == (TALK.path, TALK.latencies, CallResult.COMPLETED)
        assert (await call_card(tx, new)).transcript == TALK.transcript
        said = (await tx.execute(select(answers.c.attempt_id, answers.c.label, answers.c.said))).all()
    assert {(row.attempt_id, row.label): bool(row.said) for row in said} == {
        (old, "Доволен"): False,
        (also, "Доволен"): False,
        (new, "Доволен"): True,
    }


async def test_transcripts_go_in_bounded_parts(
    database: Database, company: CompanyId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_calls, "BATCH", 2)
    await calls(database, company, tmp_path, *(f"1/{n}.wav" for n in range(5)))
    told = []
    for _ in range(3):
        async with database.transaction(company) as tx:
            told.append(await forget_transcripts(tx, before=BEFORE))
    assert told == [True, True, False]


async def test_R11_4_nothing_of_another_company_is_forgotten(
    database: Database, company: CompanyId, tmp_path: Path
) -> None:
    other = await make_company(database, "Вектор")
    (theirs,) = await calls(database, other, tmp_path, "2/a.wav")
    async with database.transaction(company) as tx:
        await forget_recordings(tx, tmp_path, before=BEFORE)
        await forget_transcripts(tx, before=BEFORE)
    async with database.transaction(other) as tx:
        card = await call_card(tx, theirs)
    assert (card.recording, card.transcript) == ("2/a.wav", TALK.transcript)
    assert (tmp_path / "2" / "a.wav").exists()


async def test_files_that_no_call_names_go_by_their_days(company: CompanyId, tmp_path: Path) -> None:
    for day in ("2026-10-01", "2026-11-20"):
        (tmp_path / str(company) / day).mkdir(parents=True)
        (tmp_path / str(company) / day / "x.wav").write_bytes(b"RIFF")
    assert await asyncio.to_thread(sweep_recordings, tmp_path, company, before=BEFORE.date()) == 1
    assert [file.parent.name for file in tmp_path.rglob("*.wav")] == ["2026-11-20"]
