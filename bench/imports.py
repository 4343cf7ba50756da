"""How fast a list becomes contacts and leads: a CSV file of 6 columns, the whole path, on the embedded PostgreSQL.

`python -m bench.imports [--rows N] [--runs N]`; the last line is JSON. The path is that of every import: the file is
looked into, mapped, read, its numbers normalised, duplicates found, contacts and leads added, batch by batch. The
same bytes go by a bare COPY into a table without indexes in the same run, before and after; `ratio` is that of the
speeds. `peak_rss_mb` is that of this process and the process that reads, without PostgreSQL's own.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import asyncpg
from sqlalchemy import insert

from app.clock import SystemClock
from campaigns.campaign import CampaignId, CompanyId, RetryPolicy
from campaigns.settings_json import retry_to_json
from services import imports
from services.import_run import Loader
from services.imports import ImportOptions, ImportState
from storage import embedded, tables
from storage.companies import add_company
from storage.database import Database, PoolLimits
from storage.migrate import upgrade
from storage.urls import for_asyncpg

COLUMNS = ("Фамилия", "Имя", "Отчество", "Телефон", "Организация", "Сумма")
LAST = ("Иванов", "Смирнова", "Кузнецов", "Попова", "Соколов", "Лебедева", "Козлов", "Новикова")
FIRST = ("Пётр", "Анна", "Иван", "Мария", "Сергей", "Ольга", "Дмитрий", "Елена")
MIDDLE = ("Ильич", "Сергеевна", "Петрович", "Ивановна")
ORGANISATIONS = ("ООО «Ромашка»", "ИП Васильев", "", "АО «Север, Юг»", "ПАО Банк")
_TABLE = "CREATE TABLE bare (a text, b text, c text, d text, e text, f text)"


def write_list(path: Path, rows: int, randomness: random.Random) -> None:
    """A list as a spreadsheet writes it: numbers in four forms, one in fifty a repetition, one in a hundred bad."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(COLUMNS)
        for place in range(rows):
            number = f"9{randomness.randrange(10**9):09}" if place % 50 else "9000000000"
            a, b, c, d = number[:3], number[3:6], number[6:8], number[8:]
            phone = (f"8{number}", f"+7{number}", f"8 ({a}) {b}-{c}-{d}", f"+7 {a} {b} {c} {d}")[place % 4]
            writer.writerow((
                LAST[place % 8], FIRST[place // 8 % 8], MIDDLE[place % 4], phone if place % 100 != 7 else "нет",
                ORGANISATIONS[place % 5], str(randomness.randrange(100_000)),
            ))  # fmt: skip


async def add_campaign(database: Database) -> tuple[CompanyId, CampaignId]:
    """A company with an empty campaign."""
    now = SystemClock().now()
    company = await add_company(database, name="bench", now=now)
    day = [{"start": "00:00", "end": "00:00"}]
    campaign = insert(tables.campaigns).values(
        name="bench",
        kind="operator",
        schedule={"zone": "UTC", "week": [day] * 7, "holidays": []},
        retry=retry_to_json(RetryPolicy()),
        trunk="bench",
        created_at=now,
    )
    async with database.transaction(company) as tx:
        id_ = (await tx.execute(campaign.returning(tables.campaigns.c.id))).scalar_one()
    return company, CampaignId(id_)


async def bare_copy(url: str, path: Path) -> float:
    """Seconds of a COPY of the file into a table without indexes."""
    connection = await asyncpg.connect(for_asyncpg(url))
    try:
        await connection.execute("DROP TABLE IF EXISTS bare")
        await connection.execute(_TABLE)
        began = time.perf_counter()
        await connection.copy_to_table("bare", source=path, format="csv", delimiter=";", header=True)
        took = time.perf_counter() - began
        await connection.execute("DROP TABLE bare")
    finally:
        await connection.close()
    return took


async def whole_path(database: Database, folder: Path, path: Path, company: CompanyId, campaign: CampaignId) -> float:
    """Seconds of an import, from the look into the file to the last lead."""
    clock = SystemClock()
    kept = await imports.keep_file(folder, company, _chunks(path))
    async with database.transaction(company) as tx:
        made = await imports.add_import(tx, kept, name=path.name, campaign=campaign, by=None, now=clock.now())
    loader = Loader(database, folder, clock)
    began = time.perf_counter()
    await loader.run(company, made.id)
    async with database.transaction(company) as tx:
        await imports.start_import(tx, made.id, mapping=None, options=ImportOptions(), dry_run=False, now=clock.now())
    await loader.run(company, made.id)
    took = time.perf_counter() - began
    async with database.transaction(company) as tx:
        done = await imports.one_import(tx, made.id)
    assert done.state is ImportState.DONE, done.error_message
    assert done.rows_done == done.loaded + done.duplicates + done.bad, done
    return took


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            yield chunk


async def measure(server: embedded.Embedded, folder: Path, options: argparse.Namespace) -> dict[str, object]:
    """Copies, imports, copies again."""
    await upgrade(server.owner_url, app_url=server.app_url)
    database = Database(server.app_url, PoolLimits(connections=4, statement_ms=120_000))
    path = folder / "list.csv"
    write_list(path, options.rows, random.Random(1))
    copies, loads = list[float](), list[float]()
    try:
        for _ in range(options.runs):
            company, campaign = await add_campaign(database)
            copies.append(await bare_copy(server.owner_url, path))
            loads.append(await whole_path(database, folder, path, company, campaign))
            copies.append(await bare_copy(server.owner_url, path))
    finally:
        await database.close()
    copy_s, load_s = min(copies), min(loads)
    peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "rows": options.rows,
        "rows_per_s": round(options.rows / load_s),
        "copy_rows_per_s": round(options.rows / copy_s),
        "ratio": round(copy_s / load_s, 3),
        "peak_rss_mb": round(sum(peaks) / 1024),
        "load_average": round(os.getloadavg()[0], 1),
    }


def main(argv: Sequence[str]) -> int:
    """Measures on a server of its own, which is removed at the end."""
    parser = argparse.ArgumentParser(prog="bench.imports", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--alone", action="store_true", help="measure in this very process")
    options = parser.parse_args(argv)
    if not options.alone:  # this process may have waited for others before: their memory would count as the reader's
        return subprocess.run([sys.executable, "-m", "bench.imports", *argv, "--alone"], check=False).returncode
    folder = Path(tempfile.mkdtemp(prefix="zvonar-bench-"))
    server = embedded.start(folder)
    try:
        print(json.dumps(asyncio.run(measure(server, folder, options))))
    finally:
        server.stop()
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
