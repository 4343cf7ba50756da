"""How free slots are shared out between campaigns that may dial now.

The next slot always goes to the campaign of the best priority that can use one, those without a number after all
others (SPEC R2.8). Among equals it goes to the one with the fewest calls, so all get equal shares as far as their own
lines and their trunks let them; ties go by the order given.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from campaigns.campaign import CampaignId


@dataclass(frozen=True, slots=True)
class Claim:
    """A campaign with `live` calls of at most `lines`, which go over `trunk`.

    `wants` is how many more calls it has leads for, None where nobody counted: then as many as its lines allow.
    """

    campaign: CampaignId
    trunk: str
    live: int
    lines: int
    priority: int | None = None
    wants: int | None = None

    @property
    def most(self) -> int:
        """How many calls it can have at once."""
        return self.lines if self.wants is None else min(self.lines, self.live + self.wants)


def rank(priority: int | None) -> float:
    """The place of a campaign's priority: lower goes first, no number after every number."""
    return math.inf if priority is None else priority


def share(claims: Sequence[Claim], *, slots: int, free: Mapping[str, int]) -> dict[CampaignId, int]:
    """How many calls each campaign may place now: never more than `slots`, its lines, and its trunk's `free` lines."""
    calls = {claim.campaign: claim.live for claim in claims}
    left = dict(free)
    able = list(claims)
    for _ in range(max(slots, 0)):
        able = [claim for claim in able if calls[claim.campaign] < claim.most and left.get(claim.trunk, 0) > 0]
        if not able:
            break
        chosen = min(able, key=lambda claim: (rank(claim.priority), calls[claim.campaign]))
        calls[chosen.campaign] += 1
        left[chosen.trunk] -= 1
    given = {claim.campaign: calls[claim.campaign] - claim.live for claim in claims}
    return {campaign: count for campaign, count in given.items() if count > 0}
