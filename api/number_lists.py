"""Lists of numbers: those never to be called, and those of special guests (SPEC R3.5, R9.3)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Path, Query, UploadFile, status
from pydantic import BaseModel, ConfigDict, Field

from api.deps import Given
from api.forms import MOST_ID, Form
from api.security import By
from services import number_lists
from services.number_lists import ListKind, NumberList, NumbersReport

router = APIRouter(prefix="/number-lists", tags=["number lists"])

Id = Annotated[int, Path(alias="list", ge=1, le=MOST_ID, description="The list's number.")]
Name = Annotated[str, Field(min_length=1, max_length=100)]


class ListForm(Form):
    """A new list."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Не звонить", "kind": "blacklist"}]})

    name: Name
    kind: ListKind = Field(description="`blacklist`: never called; `vip`: called first, shown as such.")


class ListName(Form):
    """A list's other name."""

    name: Name


class ListView(BaseModel):
    """A list with how many numbers it holds."""

    id: int
    name: str
    kind: ListKind
    count: int

    @classmethod
    def of(cls, one: NumberList) -> ListView:
        """Shapes the answer."""
        return cls(id=one.id, name=one.name, kind=one.kind, count=one.count)


class NumbersForm(Form):
    """Numbers as people write them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"numbers": ["+7 900 111-22-33", "8 495 123 45 67"]}]})

    numbers: list[Annotated[str, Field(max_length=100)]] = Field(min_length=1, max_length=10_000)


class BadNumberView(BaseModel):
    """A number that was left out."""

    line: int = Field(description="Its place, from 1; in a file its line.")
    value: str
    reason_code: str = Field(description="Stable and machine-readable.")
    reason: str


class NumbersReportView(BaseModel):
    """What came of numbers that were given."""

    added: int
    known: int = Field(description="Numbers that the list held already, or that were given twice.")
    bad_count: int
    bad: list[BadNumberView] = Field(description="The first of the bad ones.")

    @classmethod
    def of(cls, report: NumbersReport) -> NumbersReportView:
        """Shapes the answer."""
        bad = [
            BadNumberView(line=one.line, value=one.value, reason_code=one.reason_code, reason=one.reason)
            for one in report.bad
        ]
        return cls(added=report.added, known=report.known, bad_count=report.bad_count, bad=bad)


class RemovedView(BaseModel):
    """What came of a removal."""

    removed: int


class NumbersView(BaseModel):
    """A page of a list's numbers."""

    items: list[str]
    next: str | None = Field(description="Give it as `after` for the next page; null on the last.")


@router.get("", summary="List number lists")
async def list_lists(asker: By, deps: Given) -> list[ListView]:
    """Shows all lists of numbers."""
    async with deps.database.transaction(asker.company) as tx:
        return [ListView.of(one) for one in await number_lists.list_lists(tx)]


@router.post("", summary="Add a number list", status_code=status.HTTP_201_CREATED)
async def add_list(given: ListForm, asker: By, deps: Given) -> ListView:
    """Adds a list without numbers."""
    async with deps.database.transaction(asker.company) as tx:
        return ListView.of(await number_lists.add_list(tx, given.name, given.kind, deps.clock.now()))


@router.patch("/{list}", summary="Rename a number list")
async def rename_list(id_: Id, given: ListName, asker: By, deps: Given) -> ListView:
    """Gives the list another name."""
    async with deps.database.transaction(asker.company) as tx:
        return ListView.of(await number_lists.rename_list(tx, id_, given.name))


@router.delete("/{list}", summary="Delete a number list", status_code=status.HTTP_204_NO_CONTENT)
async def delete_list(id_: Id, asker: By, deps: Given) -> None:
    """Takes the list away; its numbers may be called again unless another list holds them."""
    async with deps.database.transaction(asker.company) as tx:
        await number_lists.delete_list(tx, id_)
    deps.wake()


@router.get("/{list}/numbers", summary="Show numbers")
async def numbers(
    id_: Id,
    asker: By,
    deps: Given,
    after: Annotated[str | None, Query(max_length=20, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most numbers on the page.")] = 100,
) -> NumbersView:
    """Shows the list's numbers page by page."""
    async with deps.database.transaction(asker.company) as tx:
        found = await number_lists.numbers(tx, id_, after, limit)
    return NumbersView(items=list(found), next=found[-1] if len(found) == limit else None)


@router.post("/{list}/numbers", summary="Add numbers")
async def add_numbers(id_: Id, given: NumbersForm, asker: By, deps: Given) -> NumbersReportView:
    """Adds the good numbers and reports the bad ones. Numbers without a country are Russian."""
    async with deps.database.transaction(asker.company) as tx:
        report = await number_lists.add_numbers(tx, id_, given.numbers, deps.clock.now())
    deps.wake()
    return NumbersReportView.of(report)


@router.post("/{list}/numbers/remove", summary="Remove numbers")
async def remove_numbers(id_: Id, given: NumbersForm, asker: By, deps: Given) -> RemovedView:
    """Takes these numbers from the list; what it does not hold is passed over."""
    async with deps.database.transaction(asker.company) as tx:
        removed = await number_lists.remove_numbers(tx, id_, given.numbers)
    deps.wake()
    return RemovedView(removed=removed)


@router.post("/{list}/file", summary="Add numbers from a file")
async def load_numbers(
    id_: Id,
    asker: By,
    deps: Given,
    file: Annotated[UploadFile, File(description="CSV or XLSX with a column of numbers, at most 50 MB.")],
) -> NumbersReportView:
    """Adds the good numbers of the file and reports the bad ones."""
    data = await file.read()
    async with deps.database.transaction(asker.company) as tx:
        report = await number_lists.load_numbers(tx, id_, data, deps.clock.now())
    deps.wake()
    return NumbersReportView.of(report)
