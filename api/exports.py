"""Lists written to files in the background (SPEC R9.4): started, watched, downloaded."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, status
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from api.deps import Given
from api.forms import MOST_ID, Form, Number, Tag
from api.security import By
from campaigns.campaign import CampaignId
from campaigns.leads import Bucket
from core.results import CallResult
from services import exports
from services.exports import Export, ExportChoice, ExportState

router = APIRouter(prefix="/exports", tags=["contacts"])

Id = Annotated[int, Path(alias="export", ge=1, le=MOST_ID, description="The export's number.")]
MEDIA_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class ExportForm(Form):
    """What is to be written to a file; conditions that are left out hold for all."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"what": "leads", "campaign": 7, "bucket": "failed", "format": "xlsx"}]}
    )

    what: Literal["contacts", "leads"] = Field(description="Contacts, or leads with how their calls went.")
    campaign: Number | None = Field(default=None, description="Only of this campaign; leads need one.")
    bucket: Bucket | None = Field(default=None, description="Only leads of this bucket.")
    result: CallResult | None = Field(default=None, description="Only leads whose last call had this result.")
    tags: list[Tag] = Field(default_factory=list, max_length=100, description="Only contacts with all of these tags.")
    text: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="Only contacts whose name or phone holds this."
    )
    ids: list[Number] = Field(default_factory=list, max_length=100_000, description="Only these leads or contacts.")
    format: Literal["csv", "xlsx"] = Field(default="xlsx", description="The form of the file.")

    def value(self) -> ExportChoice:
        """The same as the use case takes it."""
        return ExportChoice(
            what=self.what,
            campaign=None if self.campaign is None else CampaignId(self.campaign),
            bucket=self.bucket,
            result=self.result,
            tags=tuple(self.tags),
            text=self.text,
            ids=tuple(self.ids),
        )


class ExportView(BaseModel):
    """An export and how far it is."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str = Field(description="What the file is called when it is downloaded.")
    format: Literal["csv", "xlsx"]
    state: ExportState
    rows_total: int | None = Field(description="Null until they are counted.")
    rows_done: int
    size_bytes: int | None = Field(description="Null until the file is whole.")
    error: str | None = Field(description="Why it failed: stable and machine-readable.")
    error_message: str | None
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, one: Export) -> ExportView:
        """Shapes the answer."""
        return cls.model_validate(one)


@router.post("", summary="Start an export", status_code=status.HTTP_201_CREATED)
async def start_export(given: ExportForm, asker: By, deps: Given) -> ExportView:
    """Begins to write the file in the background."""
    async with deps.database.transaction(asker.company) as tx:
        made = await exports.add_export(
            tx, choice=given.value(), format=given.format, by=asker.user, now=deps.clock.now()
        )
    await deps.jobs.export(asker.company, made.id)
    return ExportView.of(made)


@router.get("", summary="List exports")
async def list_exports(asker: By, deps: Given) -> list[ExportView]:
    """Shows the exports, the latest first."""
    async with deps.database.transaction(asker.company) as tx:
        return [ExportView.of(one) for one in await exports.list_exports(tx)]


@router.get("/{export}", summary="Show an export")
async def show_export(id_: Id, asker: By, deps: Given) -> ExportView:
    """Shows how far the export is."""
    async with deps.database.transaction(asker.company) as tx:
        return ExportView.of(await exports.one_export(tx, id_))


@router.post("/{export}/cancel", summary="Cancel an export")
async def cancel_export(id_: Id, asker: By, deps: Given) -> ExportView:
    """Stops the export; there will be no file."""
    async with deps.database.transaction(asker.company) as tx:
        return ExportView.of(await exports.cancel_export(tx, id_, now=deps.clock.now()))


@router.get(
    "/{export}/file",
    summary="Download an export",
    response_class=FileResponse,
    responses={
        200: {"description": "The whole file.", "content": {kind: {} for kind in MEDIA_TYPES.values()}},
        206: {
            "description": "The part that `Range` asked for.",
            "content": {kind: {} for kind in MEDIA_TYPES.values()},
        },
    },
)
async def export_file(id_: Id, asker: By, deps: Given) -> FileResponse:
    """Sends the file once it is whole."""
    async with deps.database.transaction(asker.company) as tx:
        one = await exports.one_export(tx, id_)
        file = await exports.export_file(tx, deps.folder, asker.company, id_)
    return FileResponse(file, media_type=MEDIA_TYPES[one.format], filename=one.name)
