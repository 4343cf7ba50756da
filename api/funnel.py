"""How far the callers of a campaign come, step by step, and how its versions differ."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from api.campaigns import Id
from api.deps import Given
from api.security import By
from campaigns.campaign import CampaignId
from campaigns.proportions import Difference, Share
from services import campaigns
from services.funnel import StepCount, StepDifference, VersionFunnel, differences, funnel

router = APIRouter(prefix="/campaigns/{campaign}", tags=["reports"])

When = Annotated[AwareDatetime | None, Query(description="An instant with its offset.")]


class ShareView(BaseModel):
    """A share with its 95 % interval."""

    count: int
    of: int
    share: float | None = Field(description="0–1; null where there was nothing to count.")
    low: float | None = Field(description="The interval's lower bound (Wilson).")
    high: float | None = Field(description="The interval's upper bound (Wilson).")

    @classmethod
    def of_(cls, one: Share) -> ShareView:
        """Shapes the answer."""
        return cls(count=one.count, of=one.of, share=one.share, low=one.low, high=one.high)


class StepView(BaseModel):
    """One step of a version."""

    step: str
    reached: ShareView = Field(description="Of all talks, those that came to this step.")
    visits: int = Field(description="How many times they came to it in all.")
    ended: int = Field(description="How many talks ended here.")
    hung_up: ShareView = Field(description="Of the talks that came here, those that the caller ended here early.")

    @classmethod
    def of(cls, one: StepCount) -> StepView:
        """Shapes the answer."""
        reached, hung_up = ShareView.of_(one.reached), ShareView.of_(one.hung_up)
        return cls(step=one.step, reached=reached, visits=one.visits, ended=one.ended, hung_up=hung_up)


class VersionFunnelView(BaseModel):
    """The funnel of one version; its steps stand in the order in which callers come to them."""

    version_id: int | None
    version: int | None
    scenario: str | None
    talks: int
    steps: list[StepView]

    @classmethod
    def of(cls, one: VersionFunnel) -> VersionFunnelView:
        """Shapes the answer."""
        steps = [StepView.of(step) for step in one.steps]
        return cls(version_id=one.version, version=one.number, scenario=one.scenario, talks=one.talks, steps=steps)


class DifferenceView(BaseModel):
    """By how much the second version's share is greater, with its 95 % interval (Newcombe)."""

    difference: float
    low: float
    high: float
    certain: bool = Field(description="The interval leaves out that there is no difference.")

    @classmethod
    def of(cls, one: Difference | None) -> DifferenceView | None:
        """Shapes the answer."""
        if one is None:
            return None
        return cls(difference=one.difference, low=one.low, high=one.high, certain=one.is_certain)


class StepDifferenceView(BaseModel):
    """One step in two versions."""

    first: int | None
    second: int | None
    step: str
    reached: DifferenceView | None
    hung_up: DifferenceView | None

    @classmethod
    def of(cls, one: StepDifference) -> StepDifferenceView:
        """Shapes the answer."""
        reached, hung_up = DifferenceView.of(one.reached), DifferenceView.of(one.hung_up)
        return cls(first=one.first, second=one.second, step=one.step, reached=reached, hung_up=hung_up)


class FunnelView(BaseModel):
    """The funnels of all versions, and each later one against the first."""

    versions: list[VersionFunnelView]
    differences: list[StepDifferenceView]


@router.get("/funnel", summary="How far callers come")
async def show_funnel(id_: Id, asker: By, deps: Given, since: When = None, until: When = None) -> FunnelView:
    """Counts the steps that the ended talks came to, by version of the scenario."""
    async with deps.database.transaction(asker.company) as tx:
        await campaigns.found_campaign(tx, CampaignId(id_))
        found = await funnel(tx, CampaignId(id_), since=since, until=until)
    shown = [StepDifferenceView.of(one) for one in differences(found)]
    return FunnelView(versions=[VersionFunnelView.of(one) for one in found], differences=shown)
