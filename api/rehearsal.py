"""A scenario's rehearsal: simulated callers run it, and the report says how (SPEC R6.9)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from api.deps import Deps, Given
from api.forms import Form
from api.scenarios import Id
from api.security import By
from robot.rehearsal import Report
from robot.rehearsal.page import page_of
from services import rehearsals
from services.accounts import Asker
from services.rehearsals import MOST_DIALOGS

router = APIRouter(prefix="/scenarios/{scenario}", tags=["scenarios"])


class RehearsalForm(Form):
    """What is rehearsed, and how often."""

    version: int | None = Field(default=None, ge=1, le=2**31 - 1, description="Left out: the draft.")
    dialogs: int = Field(default=1000, ge=1, le=MOST_DIALOGS, description="How many dialogs.")
    seed: int = Field(default=1, ge=0, le=2**31 - 1, description="The same seed gives the same callers.")


class WayView(BaseModel):
    """A link that no dialog went along."""

    step: str
    field: str
    to: str
    label: str


class ReachedView(BaseModel):
    """How many dialogs came to a step, or to a handler (`@id`)."""

    step: str
    dialogs: int
    hung_up: int = Field(description="Callers who hung up there.")


class MisunderstoodView(BaseModel):
    """Words that were not taken for what was meant."""

    step: str
    meant: str
    taken: str | None = Field(description="Null: not understood.")
    said: str
    heard: str = Field(description="What the robot heard; a mumbler's words are distorted.")
    times: int


class LengthsView(BaseModel):
    """The middle one, the one that nine of ten do not pass, and the longest."""

    median: float
    p90: float
    most: float


class PersonaView(BaseModel):
    """What became of one kind of caller."""

    persona: str
    dialogs: int
    results: dict[str, int]
    dispositions: dict[str, int]
    hung_up: dict[str, int]
    turns: float
    seconds: float
    understood: float | None


class RehearsalView(BaseModel):
    """What a rehearsal found; the same scenario, number of dialogs and seed give the same."""

    name: str
    language: str
    dialogs: int
    seed: int
    coverage: float = Field(description="The share of steps that some dialog reached.")
    unreached: list[str]
    dead: list[WayView]
    steps: list[ReachedView]
    understood: float | None = Field(description="The share of turns of words that were taken for what was meant.")
    misunderstood: list[MisunderstoodView]
    turns: LengthsView
    seconds: LengthsView = Field(description="Estimated by the letters that are said.")
    results: dict[str, int]
    personas: list[PersonaView]
    broken: int = Field(description="Dialogs that ended by a fault of the scenario.")

    @classmethod
    def of(cls, report: Report) -> RehearsalView:
        """Shapes the answer."""
        told: dict[str, Any] = report.told()
        return cls(**told)


@router.post("/rehearsal", summary="Rehearse a scenario")
async def rehearse_scenario(id_: Id, given: RehearsalForm, asker: By, deps: Given) -> RehearsalView:
    """Lets simulated callers run the draft, or a version; nobody is called and nothing is stored."""
    return RehearsalView.of(await _report(id_, given, asker, deps))


@router.post("/rehearsal/page", summary="Rehearse, as a page", response_class=HTMLResponse)
async def rehearse_as_page(id_: Id, given: RehearsalForm, asker: By, deps: Given) -> HTMLResponse:
    """The same report as one page to keep or to send."""
    return HTMLResponse(page_of(await _report(id_, given, asker, deps)))


async def _report(id_: int, given: RehearsalForm, asker: Asker, deps: Deps) -> Report:
    async with deps.database.transaction(asker.company) as tx:
        flow = await rehearsals.flow_to_rehearse(tx, id_, given.version)
    return await rehearsals.run(
        flow, dialogs=given.dialogs, seed=given.seed, now=deps.clock.now(), models=deps.folder / "models"
    )
