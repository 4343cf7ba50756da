"""Files of contacts: uploaded, mapped, tried out, loaded in the background, watched and stopped (SPEC R9.1, R9.2)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, status
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from api.deps import Given
from api.forms import MOST_ID, Form, Number, Tag
from api.security import By
from campaigns.campaign import CampaignId
from core.results import CallResult
from services import imports
from services.campaigns import may_change
from services.import_files import imports_of
from services.imports import Duplicates, Elsewhere, Import, ImportOptions, ImportState

router = APIRouter(prefix="/imports", tags=["contacts"])

Id = Annotated[int, Path(alias="import", ge=1, le=MOST_ID, description="The import's number.")]


class ElsewhereForm(Form):
    """Which contacts to leave out because another campaign has them; an empty list means any."""

    campaigns: list[Number] = Field(default_factory=list, max_length=1000, description="Only these campaigns count.")
    results: list[CallResult] = Field(
        default_factory=list, max_length=100, description="Only where the last call had one of these results."
    )
    within_days: int | None = Field(default=None, ge=1, le=3650, description="Only where that was so lately.")

    def value(self) -> Elsewhere:
        """The same as the use case takes it."""
        return Elsewhere(tuple(CampaignId(one) for one in self.campaigns), tuple(self.results), self.within_days)


class StartForm(Form):
    """How the file is to be loaded."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"mapping": {"Телефон": "phone", "Имя": "first_name"}, "duplicates": "skip", "dry_run": True}]
        }
    )

    mapping: dict[str, str] | None = Field(
        default=None, max_length=10_000, description="Column of the file to field of a contact; left out: as suggested."
    )
    duplicates: Duplicates = Field(
        default=Duplicates.SKIP, description="What becomes of a row whose first phone is known already."
    )
    elsewhere: ElsewhereForm | None = Field(default=None, description="Left out: other campaigns do not matter.")
    tags: list[Tag] = Field(default_factory=list, max_length=100, description="Given to every contact that is loaded.")
    priority: int | None = Field(default=None, ge=1, le=1_000, description="Of the new leads; 1 is called first.")
    dry_run: bool = Field(default=False, description="Counts everything, changes nothing.")

    def options(self) -> ImportOptions:
        """The same as the use case takes it."""
        return ImportOptions(
            duplicates=self.duplicates,
            elsewhere=self.elsewhere.value() if self.elsewhere else None,
            tags=tuple(self.tags),
            priority=self.priority,
        )


class ImportView(BaseModel):
    """An import and how far it is."""

    id: int
    campaign: int | None = Field(description="The campaign whose leads the contacts become; null: address book alone.")
    name: str = Field(description="The file's name.")
    size_bytes: int
    state: ImportState
    dry_run: bool
    columns: list[str]
    suggested_mapping: dict[str, str] = Field(description="As remembered for such a file, or as the names tell.")
    mapping: dict[str, str] | None
    sample_rows: list[list[str]]
    encoding: str | None
    delimiter: str | None
    rows_total: int | None = Field(description="Null until they are counted.")
    rows_done: int
    loaded: int = Field(description="New contacts.")
    merged: int = Field(description="Known contacts that took what the file knew better.")
    linked: int = Field(description="Known contacts that became leads of the campaign.")
    duplicates: int = Field(description="Rows left out as known.")
    elsewhere: int = Field(description="Rows left out because another campaign has the contact.")
    bad: int = Field(description="Rows left out as bad; the error file lists them.")
    zone_unknown: int = Field(description="Loaded contacts whose time zone nothing tells: the campaign's counts.")
    error: str | None = Field(description="Why it failed: stable and machine-readable.")
    error_message: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, one: Import) -> ImportView:
        """Shapes the answer."""
        return cls.model_validate(
            {name: getattr(one, name) for name in cls.model_fields}
            | {
                "columns": list(one.columns),
                "sample_rows": [list(row) for row in one.sample_rows],
                "suggested_mapping": dict(one.suggested_mapping),
                "mapping": None if one.mapping is None else dict(one.mapping),
            }
        )


@router.post(
    "",
    summary="Upload a file of contacts",
    status_code=status.HTTP_201_CREATED,
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The file as it is: CSV or XLSX with a line of column names, at most 2 GB.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def upload(
    request: Request,
    asker: By,
    deps: Given,
    name: Annotated[str, Query(min_length=1, max_length=255, description="The file's name.", examples=["list.csv"])],
    campaign: Annotated[
        int | None, Query(ge=1, le=MOST_ID, description="Load into this campaign; left out: the address book alone.")
    ] = None,
) -> ImportView:
    """Keeps the file, while it arrives, and begins to look into it; `state` becomes `mapping` when that is done."""
    into = None if campaign is None else CampaignId(campaign)
    if into is not None:  # before the file is waited for
        async with deps.database.transaction(asker.company) as tx:
            await may_change(tx, into, deps.clock.now())
    kept = await imports.keep_file(deps.folder, asker.company, request.stream())
    try:
        async with deps.database.transaction(asker.company) as tx:
            now = deps.clock.now()
            made = await imports.add_import(tx, kept, name=name, campaign=into, by=asker.user, now=now)
    except BaseException:
        (imports_of(deps.folder, asker.company) / kept.name).unlink(missing_ok=True)
        raise
    await deps.jobs.import_(asker.company, made.id)
    return ImportView.of(made)


@router.get("", summary="List imports")
async def list_imports(
    asker: By,
    deps: Given,
    campaign: Annotated[int | None, Query(ge=1, le=MOST_ID, description="Only those into this campaign.")] = None,
) -> list[ImportView]:
    """Shows the imports, the latest first."""
    async with deps.database.transaction(asker.company) as tx:
        found = await imports.list_imports(tx, None if campaign is None else CampaignId(campaign))
    return [ImportView.of(one) for one in found]


@router.get("/{import}", summary="Show an import")
async def show_import(id_: Id, asker: By, deps: Given) -> ImportView:
    """Shows the file's columns and first rows, and how far the import is."""
    async with deps.database.transaction(asker.company) as tx:
        return ImportView.of(await imports.one_import(tx, id_))


@router.post("/{import}/start", summary="Start an import")
async def start_import(id_: Id, given: StartForm, asker: By, deps: Given) -> ImportView:
    """Loads the file in the background, or with `dry_run` only counts what would come of it."""
    async with deps.database.transaction(asker.company) as tx:
        started = await imports.start_import(
            tx,
            id_,
            mapping=given.mapping,
            options=given.options(),
            dry_run=given.dry_run,
            now=deps.clock.now(),
        )
    await deps.jobs.import_(asker.company, id_)
    return ImportView.of(started)


@router.post("/{import}/cancel", summary="Cancel an import")
async def cancel_import(id_: Id, asker: By, deps: Given) -> ImportView:
    """Stops the import at its next batch; `state` and the counts say what became of the rows."""
    async with deps.database.transaction(asker.company) as tx:
        return ImportView.of(await imports.cancel_import(tx, id_, now=deps.clock.now()))


@router.get(
    "/{import}/errors",
    summary="Download the bad rows",
    response_class=FileResponse,
    responses={200: {"description": "CSV: line, column, reason, then the row as it was.", "content": {"text/csv": {}}}},
)
async def errors(id_: Id, asker: By, deps: Given) -> FileResponse:
    """Sends the rows that were left out as bad, each with its reason."""
    async with deps.database.transaction(asker.company) as tx:
        file = await imports.error_file(tx, deps.folder, asker.company, id_)
    return FileResponse(file, media_type="text/csv", filename=f"import-{id_}-errors.csv")
