"""A process that carries out one import in small batches until it is killed: URL, folder, company, import."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from app.clock import SystemClock
from campaigns.campaign import CompanyId
from services.import_run import Loader
from storage.database import Database


async def main(url: str, folder: str, company: str, id_: str) -> None:
    database = Database(url)
    try:
        await Loader(database, Path(folder), SystemClock(), batch=50).run(CompanyId(int(company)), int(id_))
    finally:
        await database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
