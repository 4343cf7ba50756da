"""What a team of operators would get of a campaign, simulated from the campaign's own calls."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.campaigns import Id
from api.deps import Given
from api.security import By
from campaigns.campaign import CampaignId
from campaigns.operators.simulation import Outcome
from services import campaigns
from services.what_if import Team, WhatIf, history_of, played

router = APIRouter(prefix="/campaigns/{campaign}", tags=["operators"])


class OutcomeView(BaseModel):
    """What one way of dialling would give."""

    occupancy: float = Field(description="Talk and wrap-up over the time logged in, 0–1.")
    lost_share: float = Field(description="Of the answered calls, those that no operator came for, 0–1.")
    worst_window: float = Field(description="The worst lost share of any full hour, 0–1.")
    calls_per_operator_hour: float

    @classmethod
    def of(cls, one: Outcome) -> OutcomeView:
        """Shapes the answer."""
        return cls(
            occupancy=round(one.occupancy, 4),
            lost_share=round(one.lost_share, 4),
            worst_window=round(one.worst_window, 4),
            calls_per_operator_hour=round(one.calls_per_operator_hour, 2),
        )


class WhatIfView(BaseModel):
    """The team's day by predictive and by progressive dialling."""

    calls: int = Field(description="How many of the campaign's last calls it was drawn from.")
    answer_rate: float
    predictive: OutcomeView
    progressive: OutcomeView

    @classmethod
    def of(cls, one: WhatIf) -> WhatIfView:
        """Shapes the answer."""
        return cls(
            calls=one.calls,
            answer_rate=round(one.answer_rate, 4),
            predictive=OutcomeView.of(one.predictive),
            progressive=OutcomeView.of(one.progressive),
        )


@router.get("/what-if", summary="What a team of operators would get")
async def show_what_if(
    id_: Id,
    asker: By,
    deps: Given,
    operators: Annotated[int, Query(ge=1, le=200, description="How many operators would be logged in.")],
    limit: Annotated[float, Query(ge=0, le=0.2, description="The share of answered calls that may be lost.")] = 0.03,
    wrap_s: Annotated[float, Query(ge=0, le=600, description="Seconds of work after each talk.")] = 15.0,
    hours: Annotated[float, Query(ge=0.25, le=4, description="How long they would be at work.")] = 1.0,
) -> WhatIfView:
    """Plays predictive dialling over the durations and the answer rate of the campaign's own calls."""
    async with deps.database.transaction(asker.company) as tx:
        await campaigns.found_campaign(tx, CampaignId(id_))
        history = await history_of(tx, CampaignId(id_), wrap_s=wrap_s)
    team = Team(operators, limit, wrap_s, hours)
    return WhatIfView.of(await played(history, team, seed=id_))
