"""Sound files that scenarios play: uploaded, listed, listened to, deleted (SPEC R6.1)."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePath
from typing import Annotated

from fastapi import APIRouter, File, Path, UploadFile, status
from fastapi import Form as Part
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from api.deps import Deps, Given
from api.forms import MOST_ID
from api.security import By
from services import sounds
from services.sounds import StoredSound

router = APIRouter(prefix="/sounds", tags=["sounds"])

Id = Annotated[int, Path(alias="sound", ge=1, le=MOST_ID, description="The sound's number.")]


class SoundView(BaseModel):
    """A stored sound file."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 3,
                    "name": "Приветствие",
                    "audio": "1/0f3b5c0e6d4a4e6a9d6a0a7b4c1d2e3f.wav",
                    "seconds": 4.2,
                    "size_bytes": 67244,
                    "created_at": "2026-11-23T09:00:00Z",
                }
            ]
        }
    )

    id: int
    name: str
    audio: str = Field(description="What a prompt's `audio` names.")
    seconds: float
    size_bytes: int = Field(description="Of the stored telephone audio: 8 kHz, 16 bits, one channel.")
    created_at: datetime

    @classmethod
    def of(cls, one: StoredSound) -> SoundView:
        """Shapes the answer."""
        return cls.model_validate(one, from_attributes=True)


@router.post("", summary="Upload a sound file", status_code=status.HTTP_201_CREATED)
async def upload_sound(
    file: Annotated[
        UploadFile, File(description="WAV, MP3, OGG or FLAC, at most five minutes and 50 MB; any rate, 1–8 channels.")
    ],
    asker: By,
    deps: Given,
    name: Annotated[
        str | None,
        Part(max_length=200, description="What people call it; left out: the file's name.", examples=["Приветствие"]),
    ] = None,
) -> SoundView:
    """Checks the file and stores it as telephone audio at the voices' level; the same sound is stored once."""
    content = await file.read()
    called = name or PurePath(file.filename or "").stem or "sound"
    async with deps.database.transaction(asker.company) as tx:
        stored = await sounds.store_sound(
            tx, deps.folder / "sounds", asker.company, content, name=called, now=deps.clock.now()
        )
    return SoundView.of(stored)


@router.get("", summary="List sound files")
async def list_sounds(asker: By, deps: Given) -> list[SoundView]:
    """Shows the company's sounds by name."""
    async with deps.database.transaction(asker.company) as tx:
        return [SoundView.of(one) for one in await sounds.list_sounds(tx)]


@router.get("/{sound}", summary="Show a sound file")
async def show_sound(id_: Id, asker: By, deps: Given) -> SoundView:
    """Shows one of the company's sounds."""
    return SoundView.of(await _one(id_, asker, deps))


@router.get(
    "/{sound}/audio",
    summary="Listen to a sound file",
    response_class=FileResponse,
    responses={
        200: {"description": "Telephone audio.", "content": {"audio/wav": {}}},
        206: {"description": "The part that `Range` asked for.", "content": {"audio/wav": {}}},
    },
)
async def listen(id_: Id, asker: By, deps: Given) -> FileResponse:
    """Sends the sound, or the part of it that `Range` asks for."""
    one = await _one(id_, asker, deps)
    path = sounds.sound_path(deps.folder / "sounds", asker.company, one.audio)
    return FileResponse(path, media_type="audio/wav", filename=f"sound-{id_}.wav", content_disposition_type="inline")


@router.delete("/{sound}", summary="Delete a sound file", status_code=status.HTTP_204_NO_CONTENT)
async def delete_sound(id_: Id, asker: By, deps: Given) -> None:
    """Deletes the sound for good; refused while a scenario plays it that may still be called with."""
    async with deps.database.transaction(asker.company) as tx:
        await sounds.delete_sound(tx, deps.folder / "sounds", asker.company, id_, now=deps.clock.now())


async def _one(id_: int, asker: By, deps: Deps) -> StoredSound:
    async with deps.database.transaction(asker.company) as tx:
        return await sounds.one_sound(tx, id_)
