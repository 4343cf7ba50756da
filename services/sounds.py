"""A company's sound files for prompts: stored as telephone audio, listed, played, deleted unless a scenario plays them.

A sound is a file in the company's own folder, named by its contents, and a row that says what people call it. A
prompt's `audio` is `<company>/<name>`, the path below the folder of all sounds. Whoever publishes locks the rows of the
sounds that the flow plays, and whoever deletes locks its row too, so that neither overlooks the other.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Row, delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import CompanyId
from core.audio import ms, samples
from core.errors import BadInput, Conflict, Gone, NotFound, Unavailable
from robot.dialog.flow import Flow
from robot.dialog.prompts import prompts_of
from robot.tts.sounds import keep_sound, sound_name, telephone_sound
from services.scenarios import flow_of
from services.texts import one_line
from storage.tables import sounds

MOST_SOUNDS: Final = 10_000
_NAME: Final = re.compile(r"[0-9a-f]{32}\.wav")
_HEADER_BYTES: Final = 44
_USED: Final = text(
    """
    SELECT s.name FROM scenario_versions v JOIN scenarios s ON s.id = v.scenario_id
    WHERE jsonb_path_exists(v.flow, '$.**.audio ? (@ == $audio)', jsonb_build_object('audio', CAST(:audio AS text)))
      AND (
          EXISTS (
              SELECT FROM campaigns c
              WHERE c.deleted_at IS NULL AND c.finished_at IS NULL AND (c.ends_on IS NULL OR c.ends_on >= :yesterday)
                AND (c.scenario_version_id = v.id
                     OR c.variants @> jsonb_build_array(jsonb_build_object('scenario', v.id)))
          )
          OR v.script IS NULL
          AND NOT EXISTS (SELECT FROM scenario_versions n WHERE n.scenario_id = v.scenario_id AND n.version > v.version)
      )
    ORDER BY s.name LIMIT 1
    """
)
"""A scenario that plays the sound: in a version that a campaign runs which is not over, or the newest one drawn."""


@dataclass(frozen=True, slots=True)
class StoredSound:
    """A stored sound: `audio` is what a prompt names, `name` what people call it."""

    id: int
    name: str
    audio: str
    seconds: float
    size_bytes: int
    created_at: datetime


async def store_sound(
    tx: AsyncConnection, folder: Path, company: CompanyId, content: bytes, *, name: str, now: datetime
) -> StoredSound:
    """Checks and stores an uploaded WAV, MP3, OGG or FLAC file; `BadInput` (field `file`) says what is wrong.

    The same sound is stored once and takes the new name.
    """
    called = one_line(name, "name")
    pcm = await asyncio.to_thread(telephone_sound, content)
    wanted = sound_name(pcm)
    values = {"seconds": ms(samples(pcm)) / 1000, "size_bytes": _HEADER_BYTES + len(pcm), "created_at": now}
    new = insert(sounds).values(name=called, audio=f"{company}/{wanted}", **values)
    kept = new.on_conflict_do_update(index_elements=["company_id", "audio"], set_={"name": called})
    row = (await tx.execute(kept.returning(sounds))).one()  # locked: whoever deletes it waits for the file
    try:
        await asyncio.to_thread(keep_sound, folder / str(company), pcm)
    except OSError as error:
        message = f"The file cannot be stored: {error.strerror}."
        raise Unavailable("sound_not_stored", message, hint="Is the disk full?") from error
    return _sound(row)


async def list_sounds(tx: AsyncConnection) -> list[StoredSound]:
    """The company's sounds by name."""
    query = select(sounds).order_by(sounds.c.name, sounds.c.id).limit(MOST_SOUNDS)
    return [_sound(row) for row in await tx.execute(query)]


async def one_sound(tx: AsyncConnection, id_: int) -> StoredSound:
    """One of the company's sounds; `NotFound` if it has no such."""
    return _sound(await _found(tx, id_))


async def delete_sound(tx: AsyncConnection, folder: Path, company: CompanyId, id_: int, *, now: datetime) -> None:
    """Deletes the sound, its file too; `Conflict` names a scenario that plays it.

    A campaign that is over plays nothing any more; one that ended today or yesterday may not be over in its zone.
    """
    row = await _found(tx, id_, lock=True)
    wanted = {"audio": row.audio, "yesterday": now.date() - timedelta(days=1)}
    user = (await tx.execute(_USED, wanted)).scalar_one_or_none()
    if user is not None:
        message = f"The scenario {user!r} plays this sound."
        raise Conflict("sound_in_use", message, hint="Take it out of the scenario first, or finish its campaign.")
    await tx.execute(delete(sounds).where(sounds.c.id == id_))
    path = folder / str(company) / row.audio.rpartition("/")[2]
    await asyncio.to_thread(path.unlink, missing_ok=True)


def sound_path(folder: Path, company: CompanyId, audio: str) -> Path:
    """The file of one of the company's sounds; `NotFound` for what is no sound's name or another's, `Gone` if lost."""
    owner, _, name = audio.partition("/")
    path = folder / str(company) / name
    if owner != str(company) or not _NAME.fullmatch(name):
        raise NotFound("no_such_sound", f"There is no sound file {audio!r}.", hint="Upload it again.")
    if not path.is_file():
        raise Gone("sound_gone", f"The file of the sound {audio!r} is lost.", hint="Upload it again.")
    return path


async def check_sounds(tx: AsyncConnection, flow: Flow, folder: Path, company: CompanyId) -> None:
    """Raises `BadInput` if a prompt names a sound that the company does not have; in the transaction that publishes.

    The sounds stay until that transaction ends.
    """
    wanted = list(dict.fromkeys(prompt.audio for prompt in prompts_of(flow) if prompt.audio))
    if not wanted:
        return
    query = select(sounds.c.audio).where(sounds.c.audio.in_(wanted)).order_by(sounds.c.id).with_for_update(read=True)
    known = set((await tx.execute(query)).scalars())
    for audio in wanted:
        try:
            sound_path(folder, company, audio)
        except NotFound as error:
            raise BadInput(error.code, error.message, field="audio", hint=error.hint) from error
        if audio not in known:
            message = f"There is no sound file {audio!r}."
            raise BadInput("no_such_sound", message, field="audio", hint="Upload it again.")


async def check_sounds_of(tx: AsyncConnection, versions: Iterable[int], folder: Path, company: CompanyId) -> None:
    """The same for published versions that a campaign is to run: their sounds may have been deleted since."""
    for version in versions:
        await check_sounds(tx, await flow_of(tx, version), folder, company)


async def known_sounds(tx: AsyncConnection) -> frozenset[str]:
    """What prompts of the company may name as their `audio`."""
    return frozenset((await tx.execute(select(sounds.c.audio))).scalars())


async def _found(tx: AsyncConnection, id_: int, *, lock: bool = False) -> Row[Any]:
    query = select(sounds).where(sounds.c.id == id_)
    row = (await tx.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise NotFound("no_such_sound", "There is no such sound file.")
    return row


def _sound(row: Row[Any]) -> StoredSound:
    return StoredSound(row.id, row.name, row.audio, row.seconds, row.size_bytes, row.created_at)
