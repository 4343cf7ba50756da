"""SPEC R9.1: an import whose process is killed goes on exactly where it stopped."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from campaigns.campaign import CompanyId
from services.imports import ImportState
from storage.database import Database
from tests.conftest import ROOT, Fresh
from tests.services.desk import Desk, report

pytestmark = pytest.mark.postgres

ROWS = 1500


async def test_R9_1_a_list_loads_whole_and_once_however_often_its_process_is_killed(
    database: Database, company: CompanyId, fresh: Fresh, tmp_path: Path
) -> None:
    """Each process is killed after another few batches of fifty, in whatever it does then."""
    desk = Desk(database, company, tmp_path)
    campaign = await desk.campaign()
    rows = [f"{place};{f'89{place:09}' if place % 10 else 'нет'}\n" for place in range(ROWS)]
    one = await desk.upload("Имя;Телефон\n" + "".join(rows), campaign)
    await desk.start(one.id)
    kills = 0
    while (now := await desk.show(one.id)).state is ImportState.RUNNING:
        wanted = now.rows_done + 200 + 200 * kills
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.services.loading_process", fresh.app_url, str(tmp_path), str(int(company)),
            str(one.id), cwd=ROOT,
        )  # fmt: skip
        while process.returncode is None and (await desk.show(one.id)).rows_done < wanted:
            await asyncio.sleep(0.01 + 0.003 * kills)  # other instants of a batch each time
        if process.returncode is None:
            process.kill()
            kills += 1
        await process.wait()
    assert kills >= 2
    assert (now.state, now.rows_done, report(now)) == (ImportState.DONE, ROWS, {"loaded": 1350, "bad": 150})
    assert [person.first_name for person in await desk.people()] == [str(n) for n in range(ROWS) if n % 10]
    assert len(await desk.leads()) == 1350
    assert [row[3] for row in (await desk.errors(one.id))[1:]] == [str(n) for n in range(0, ROWS, 10)]
