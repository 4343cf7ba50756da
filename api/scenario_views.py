"""Scenarios as they are given and shown."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from api.forms import Form
from robot.dialog.finding import Severity
from robot.dialog.flow import flow_to_json
from robot.dialog.source import Change, Changed, Finding
from robot.dialog.source.regression import Verdict
from services.drafts import Scenario
from services.publishing import Prepared
from services.versions import Version

Source = Annotated[str | None, Field(max_length=1_000_000, description="The scenario as YAML.")]
FlowJson = Annotated[dict[str, Any] | None, Field(description="The scenario as a flow, instead of YAML.")]
Tests = Annotated[str | None, Field(max_length=1_000_000, description="Its regression set as YAML.")]
Revision = Annotated[int, Field(ge=0, le=2**31 - 1, description="The revision of the draft that was seen.")]
Move = Annotated[bool, Field(description="Dialog campaigns of its older versions go on with this one.")]

EXAMPLE = "name: Заказ готов\nsteps:\n  hello:\n    say: Здравствуйте, ваш заказ готов.\n  bye:\n    end:\n"


class NewScenarioForm(Form):
    """A scenario by its name, empty or with a first draft."""

    name: str | None = Field(default=None, max_length=200, description="Left out: the one in the YAML.")
    source: Source = Field(default=None, examples=[EXAMPLE])
    flow: FlowJson = None
    tests: Tests = None


class DraftForm(Form):
    """A draft; without YAML the comments of the one before are kept."""

    revision: Revision
    source: Source = Field(default=None, examples=[EXAMPLE])
    flow: FlowJson = None
    tests: Tests = None


class CheckForm(Form):
    """A scenario that is looked over and not stored; without one it is the draft."""

    source: Source = None
    flow: FlowJson = None
    tests: Tests = None


class PublishForm(Form):
    """What is published, and how."""

    revision: Revision
    force: bool = Field(default=False, description="Also with a red regression set; this is noted with the version.")
    note: str = Field(default="", max_length=500, description="What is new, for the list of versions.")
    move_campaigns: Move = False


class RollBackForm(Form):
    """Which version becomes the newest again."""

    version: int = Field(ge=1, le=2**31 - 1)
    move_campaigns: Move = True


class FindingView(BaseModel):
    """One thing that is wrong or doubtful, at its place in the YAML."""

    code: str
    severity: Severity
    line: int
    column: int
    path: str = Field(description="The field, with dots between levels; `tests.` before those of the regression set.")
    message: str
    hint: str

    @classmethod
    def of(cls, one: Finding) -> FindingView:
        """Shapes the answer."""
        return cls(
            code=one.code,
            severity=one.severity,
            line=one.place.line,
            column=one.place.column,
            path=one.path,
            message=one.message,
            hint=one.hint,
        )


class DialogView(BaseModel):
    """What came of one dialog of the regression set."""

    name: str
    green: bool
    faults: list[str]

    @classmethod
    def of(cls, one: Verdict) -> DialogView:
        """Shapes the answer."""
        return cls(name=one.name, green=one.green, faults=list(one.faults))


class CheckView(BaseModel):
    """Whether a scenario may be published, and why not."""

    publishable: bool = Field(description="There are no errors and no red dialogs.")
    findings: list[FindingView]
    dialogs: list[DialogView]
    training: dict[str, Any] | None = Field(description="What was learnt of the intents, and which are confused.")

    @classmethod
    def of(cls, prepared: Prepared) -> CheckView:
        """Shapes the answer."""
        return cls(
            publishable=not prepared.errors and not prepared.red,
            findings=[FindingView.of(one) for one in prepared.findings],
            dialogs=[DialogView.of(one) for one in prepared.verdicts],
            training=None if prepared.training is None else dict(prepared.training),
        )

    @classmethod
    def unreadable(cls, findings: Iterable[Finding]) -> CheckView:
        """The same for a text that is no scenario."""
        shown = [FindingView.of(one) for one in findings]
        return cls(publishable=False, findings=shown, dialogs=[], training=None)


class ScenarioView(BaseModel):
    """One line of the list of scenarios."""

    id: int
    name: str
    created_at: datetime
    changed_at: datetime | None
    revision: int = Field(description="The draft's revision; whoever saves tells which one he saw.")
    version: int | None = Field(description="The newest published version; null: never published.")

    @classmethod
    def of(cls, one: Scenario) -> ScenarioView:
        """Shapes the answer."""
        return cls(**_summary(one))


class ScenarioDetails(ScenarioView):
    """A scenario with its draft."""

    draft: dict[str, Any] | None = Field(description="The draft as a flow.")
    source: str | None = Field(description="The draft as YAML.")
    tests: str | None = Field(description="The draft's regression set as YAML.")

    @classmethod
    def of(cls, one: Scenario) -> ScenarioDetails:
        """Shapes the answer."""
        draft = None if one.draft is None else flow_to_json(one.draft)
        return cls(**_summary(one), draft=draft, source=one.source, tests=one.tests)


class VersionView(BaseModel):
    """A published version."""

    id: int
    version: int
    published_at: datetime
    published_by: str | None
    note: str
    forced: list[str] = Field(description="The red dialogs that it was published with by force.")
    training: dict[str, Any] | None
    campaigns: int = Field(description="How many campaigns run it.")

    @classmethod
    def of(cls, one: Version) -> VersionView:
        """Shapes the answer."""
        return cls(
            id=one.id,
            version=one.version,
            published_at=one.published_at,
            published_by=one.published_by,
            note=one.note,
            forced=list(one.forced),
            training=None if one.training is None else dict(one.training),
            campaigns=one.campaigns,
        )


class ChangeView(BaseModel):
    """One difference between two versions."""

    changed: Changed
    path: str
    part: str
    field: str
    before: str | None
    after: str | None
    message: str = Field(description="The difference as a sentence.")

    @classmethod
    def of(cls, one: Change) -> ChangeView:
        """Shapes the answer."""
        return cls(
            changed=one.changed,
            path=one.path,
            part=one.part,
            field=one.field,
            before=one.before,
            after=one.after,
            message=str(one),
        )


def _summary(one: Scenario) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "created_at": one.created_at,
        "changed_at": one.changed_at,
        "revision": one.revision,
        "version": one.version,
    }
