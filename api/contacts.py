"""Loading contacts from a file: first a look at it, then the load with its report."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, File, Form, UploadFile, status
from pydantic import BaseModel, Field

from api.campaigns import Id
from api.deps import Given
from api.security import By
from campaigns.campaign import CampaignId
from core.errors import BadInput
from services import contact_lists
from services.contact_lists import LoadReport, Preview

router = APIRouter(tags=["contacts"])

ContactFile = Annotated[UploadFile, File(description="CSV with a line of column names, at most 50 MB.")]


class PreviewView(BaseModel):
    """What a file seems to hold."""

    columns: list[str]
    suggested_mapping: dict[str, str] = Field(description="Column to field of a contact, as far as the names tell.")
    sample_rows: list[list[str]]
    encoding: str
    delimiter: str

    @classmethod
    def of(cls, preview: Preview) -> PreviewView:
        """Shapes the answer."""
        return cls(
            columns=list(preview.columns),
            suggested_mapping=dict(preview.suggested_mapping),
            sample_rows=[list(row) for row in preview.sample_rows],
            encoding=preview.encoding,
            delimiter=preview.delimiter,
        )


class BadRowView(BaseModel):
    """A row that was left out."""

    line: int = Field(description="Its line in the file; the column names are line 1.")
    column: str | None
    value: str
    reason_code: str = Field(description="Stable and machine-readable.")
    reason: str


class LoadReportView(BaseModel):
    """What came of a load."""

    rows: int
    loaded: int
    duplicates: int = Field(description="Rows whose first phone the campaign has already.")
    zone_unknown: int = Field(description="Loaded contacts whose time zone nothing tells: the campaign's counts.")
    bad: list[BadRowView]
    columns: list[str]

    @classmethod
    def of(cls, report: LoadReport) -> LoadReportView:
        """Shapes the answer."""
        return cls(
            rows=report.rows,
            loaded=report.loaded,
            duplicates=report.duplicates,
            zone_unknown=report.zone_unknown,
            bad=[
                BadRowView(line=b.line, column=b.column, value=b.value, reason_code=b.reason_code, reason=b.reason)
                for b in report.bad
            ],
            columns=list(report.columns),
        )


@router.post("/contacts/preview", summary="Look into a file of contacts")
async def preview(file: ContactFile, asker: By) -> PreviewView:
    """Reads the file's form, its columns and its first rows; loads nothing."""
    return PreviewView.of(await contact_lists.preview(await file.read()))


@router.post("/campaigns/{campaign}/contacts", summary="Load contacts", status_code=status.HTTP_201_CREATED)
async def load(
    id_: Id,
    file: ContactFile,
    asker: By,
    deps: Given,
    mapping: Annotated[
        str | None,
        Form(description='A JSON object: column of the file to field of a contact, as in {"Тел.": "phone"}.'),
    ] = None,
) -> LoadReportView:
    """Loads the good rows into the campaign and reports the bad ones. Numbers without a country are Russian."""
    now = deps.clock.now()
    chosen = _mapping(mapping)
    data = await file.read()
    async with deps.database.transaction(asker.company) as tx:
        report = await contact_lists.load_contacts(
            tx, campaign=CampaignId(id_), data=data, mapping=chosen, now=now, randomness=deps.randomness
        )
    deps.wake()
    return LoadReportView.of(report)


def _mapping(text: str | None) -> dict[str, str] | None:
    if not text:
        return None
    try:
        return msgspec.json.decode(text, type=dict[str, str])
    except msgspec.DecodeError as error:
        raise BadInput(
            "bad_mapping",
            "The mapping must be a JSON object of columns and fields.",
            field="mapping",
            hint='For example {"Телефон": "phone", "Имя": "first_name"}.',
        ) from error
