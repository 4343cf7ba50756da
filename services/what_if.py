"""What operators would get from a campaign's own calls: its history, played with another team (SPEC R8.3)."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from random import Random
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import CampaignId
from campaigns.operators.simulation import AdaptivePace, History, Market, Outcome, Progressive, simulate
from core.errors import BadInput, Conflict

CALLS: Final = 5000
ENOUGH: Final = 30
"""Fewer answered calls than this say too little."""
PATIENCE_S: Final = 2.0
_PLAYING: Final = threading.Lock()
_CALLS: Final = text("""
    SELECT EXTRACT(epoch FROM a.answered_at - a.started_at)::float AS answered_after,
           EXTRACT(epoch FROM a.ended_at - a.started_at)::float AS ended_after,
           EXTRACT(epoch FROM a.ended_at - a.answered_at)::float AS talk
    FROM attempts a
    WHERE a.campaign_id = :campaign AND a.result IS NOT NULL
      AND a.result NOT IN ('blacklisted', 'system_error', 'answering_machine', 'fax')
    ORDER BY a.id DESC LIMIT :calls
""")


@dataclass(frozen=True, slots=True)
class Team:
    """Who would take the calls, for how long, with which limit on lost ones (0–1) and how long a wrap-up."""

    operators: int
    limit: float
    wrap_s: float
    hours: float


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What the team would get, by predictive and by progressive dialling, and what that was drawn from."""

    predictive: Outcome
    progressive: Outcome
    calls: int
    answer_rate: float


async def history_of(tx: AsyncConnection, campaign: CampaignId, *, wrap_s: float) -> History:
    """The durations of the campaign's last calls to people; `BadInput` if too few of them were answered."""
    rows = (await tx.execute(_CALLS, {"campaign": campaign, "calls": CALLS})).all()
    answered = [row for row in rows if row.answered_after is not None]
    failed = [row.ended_after for row in rows if row.answered_after is None]
    if len(answered) < ENOUGH:
        raise BadInput(
            "too_few_calls",
            f"Only {len(answered)} calls of this campaign were answered; at least {ENOUGH} are needed.",
            hint="Let it call on for a while, or try with the figures of another campaign.",
        )
    return History(
        answered_after_s=[max(row.answered_after, 0.0) for row in answered],
        failed_after_s=failed or [max(row.answered_after, 0.0) for row in answered],
        talks_s=[max(row.talk, 1.0) for row in answered],
        wraps_s=[wrap_s],
        failures=len(failed),
    )


async def played(history: History, team: Team, *, seed: int) -> WhatIf:
    """Plays both rules over the same fates, beside the loop; `Conflict` while another play has a core busy."""
    return await asyncio.to_thread(_play, history, team, seed)


def _play(history: History, team: Team, seed: int) -> WhatIf:
    if not _PLAYING.acquire(blocking=False):
        raise Conflict("what_if_busy", "Another simulation is under way.", hint="Try again in some seconds.")
    try:
        return _both(history, team, seed)
    finally:
        _PLAYING.release()


def _both(history: History, team: Team, seed: int) -> WhatIf:
    market = Market(lambda _: history.answer_rate, lambda _: team.operators, history.fate, team.hours, PATIENCE_S)
    return WhatIf(
        predictive=simulate(market, AdaptivePace(team.limit, PATIENCE_S), Random(seed)),
        progressive=simulate(market, Progressive(), Random(seed)),
        calls=history.calls,
        answer_rate=history.answer_rate,
    )
