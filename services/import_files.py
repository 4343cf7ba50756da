"""The files of imports and exports: kept below the product's folder by company, under names that nobody can guess."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from campaigns.campaign import CompanyId
from core.errors import BadInput

MOST_BYTES: Final = 2_000_000_000


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that was taken in; `name` finds it again."""

    name: str
    size_bytes: int


def imports_of(folder: Path, company: CompanyId) -> Path:
    """Where the company's lists lie."""
    return folder / "imports" / str(int(company))


def exports_of(folder: Path, company: CompanyId) -> Path:
    """Where the company's exports lie."""
    return folder / "exports" / str(int(company))


def errors_of(folder: Path, company: CompanyId, name: str) -> Path:
    """Where the bad rows of a list lie."""
    return imports_of(folder, company) / f"{name}.errors.csv"


async def keep_file(folder: Path, company: CompanyId, chunks: AsyncIterator[bytes]) -> KeptFile:
    """Takes in a file piece by piece; BadInput if it grows beyond the limit, and nothing of it stays."""
    name, place = secrets.token_hex(16), imports_of(folder, company)
    path = place / name
    size = 0
    await asyncio.to_thread(place.mkdir, mode=0o700, parents=True, exist_ok=True)
    try:
        with await asyncio.to_thread(path.open, "xb") as file:
            async for chunk in chunks:
                size += len(chunk)
                if size > MOST_BYTES:
                    message = f"A file may have at most {MOST_BYTES // 1_000_000} MB."
                    raise BadInput("file_too_large", message, field="file", hint="Cut the list into several.")
                await asyncio.to_thread(file.write, chunk)
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return KeptFile(name, size)


def append_at(path: Path, place: int, data: bytes) -> int:
    """Writes at `place`, after which the file ends, and says where that is: what a killed write left there is gone."""
    with path.open("r+b" if path.exists() else "w+b") as file:
        file.truncate(place)
        file.seek(place)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return place + len(data)
