"""How free slots are shared out between campaigns that may dial now.

The next slot always goes to the campaign with the fewest calls, so all get equal shares as far as their own lines
and their trunks let them; ties go by the order given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from campaigns.campaign import CampaignId


@dataclass(frozen=True, slots=True)
class Claim:
    """A campaign with `live` calls of at most `lines`, which go over `trunk`."""

    campaign: CampaignId
    trunk: str
    live: int
    lines: int


def share(claims: Sequence[Claim], *, slots: int, free: Mapping[str, int]) -> dict[CampaignId, int]:
    """How many calls each campaign may place now: never more than `slots`, its lines, and its trunk's `free` lines."""
    calls = {claim.campaign: claim.live for claim in claims}
    left = dict(free)
    able = [claim for claim in claims if claim.live < claim.lines]
    for _ in range(max(slots, 0)):
        able = [claim for claim in able if calls[claim.campaign] < claim.lines and left.get(claim.trunk, 0) > 0]
        if not able:
            break
        chosen = min(able, key=lambda claim: calls[claim.campaign])
        calls[chosen.campaign] += 1
        left[chosen.trunk] -= 1
    given = {claim.campaign: calls[claim.campaign] - claim.live for claim in claims}
    return {campaign: count for campaign, count in given.items() if count > 0}
