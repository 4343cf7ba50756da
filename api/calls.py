"""A single call: its card and its recording."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from api.deps import Given
from api.security import By
from campaigns.leads import AttemptId
from core.errors import Gone, NotFound
from core.results import CallResult
from services import reports
from services.reports import CallCard

router = APIRouter(prefix="/calls", tags=["calls"])

Id = Annotated[int, Path(alias="attempt", ge=1, le=2**63 - 1, description="The attempt's number.")]


class GivenAnswerView(BaseModel):
    """One answer of the caller."""

    step: str
    question: str
    answer: str
    label: str
    how: str = Field(description="`key` or `phrase`.")
    said: str
    confidence: float


class UtteranceView(BaseModel):
    """One line of the transcript; times are milliseconds from the beginning of the talk."""

    speaker: str = Field(description="`robot` or `caller`.")
    text: str
    start_ms: int
    end_ms: int
    confidence: float | None
    key: bool = Field(description="The caller pressed this key.")
    interrupted: bool = Field(description="The caller cut the robot off here.")


class LatencyView(BaseModel):
    """How long the caller waited for the robot's reply at one turn."""

    turn: int
    reply_ms: int


class CallCardView(BaseModel):
    """All that is kept of one call."""

    attempt: int
    campaign: int
    lead: int | None = Field(description="Null once the lead was deleted.")
    name: str
    phone: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    result: CallResult | None = Field(description="Null while the call is in progress.")
    cause: str | None = Field(description="The carrier's word for the end.")
    sip_status: int | None
    answers: list[GivenAnswerView]
    transcript: list[UtteranceView]
    path: list[str] = Field(description="The scenario's steps in the order they were reached.")
    latencies: list[LatencyView]
    has_recording: bool

    @classmethod
    def of(cls, card: CallCard, recordings: FilePath) -> CallCardView:
        """Shapes the answer."""
        return cls.model_validate(
            {
                "attempt": card.attempt,
                "campaign": card.campaign,
                "lead": card.lead,
                "name": card.name,
                "phone": card.phone,
                "started_at": card.started_at,
                "answered_at": card.answered_at,
                "ended_at": card.ended_at,
                "result": card.result,
                "cause": card.cause,
                "sip_status": card.sip_status,
                "answers": [GivenAnswerView.model_validate(a, from_attributes=True) for a in card.answers],
                "transcript": [UtteranceView.model_validate(u, from_attributes=True) for u in card.transcript],
                "path": list(card.path),
                "latencies": [LatencyView.model_validate(one, from_attributes=True) for one in card.latencies],
                "has_recording": recording_file(recordings, card.recording) is not None,
            }
        )


def recording_file(recordings: FilePath, recording: str | None) -> FilePath | None:
    """The sound file of a call, if there is one and it lies below the folder `recordings`."""
    if recording is None:
        return None
    file = (recordings / recording).resolve()
    return file if file.is_relative_to(recordings.resolve()) and file.is_file() else None


@router.get("/{attempt}", summary="Show a call")
async def show_call(id_: Id, asker: By, deps: Given) -> CallCardView:
    """Shows what was said, answered and measured in one call."""
    async with deps.database.transaction(asker.company) as tx:
        card = await reports.call_card(tx, AttemptId(id_))
    return CallCardView.of(card, deps.recordings)


@router.get(
    "/{attempt}/recording",
    summary="Listen to a call",
    response_class=FileResponse,
    responses={
        200: {"description": "Both sides, stereo.", "content": {"audio/wav": {}}},
        206: {"description": "The part that `Range` asked for.", "content": {"audio/wav": {}}},
    },
)
async def recording(id_: Id, asker: By, deps: Given) -> FileResponse:
    """Sends the recording, or the part of it that `Range` asks for."""
    async with deps.database.transaction(asker.company) as tx:
        card = await reports.call_card(tx, AttemptId(id_))
    file = recording_file(deps.recordings, card.recording)
    if card.recording is None:
        raise NotFound("no_recording", "This call has no recording: none was made, or its time to be kept is over.")
    if file is None:
        raise Gone("recording_gone", "The recording of this call is lost: its file is not there any more.")
    return FileResponse(file, media_type="audio/wav", filename=f"call-{id_}.wav", content_disposition_type="inline")
