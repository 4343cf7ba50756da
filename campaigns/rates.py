"""How the calls per second of trunks are shared out between workers; pure, the time is passed in.

A worker may go on at a rate that was taken from it until it has heard of that. So what one loses goes to the others
only after `HEARD_S`, and what all may be going at together is never more than the trunk allows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Final

from campaigns.campaign import CampaignId
from campaigns.pacing import Floor, Place, TrunkAt
from campaigns.quotas import limits_of

HEARD_S: Final = 3.0
"""After so long every worker has heard of its rate: one that heard nothing for two seconds places no call."""


class Rates:
    """What one leader has given away: it leads since `began_s`, and does not know what was taken just before."""

    def __init__(self, began_s: float) -> None:
        self._began_s = began_s
        self._held: dict[TrunkAt, tuple[float, float]] = {}

    def share_out(
        self, floor: Floor, shares: Mapping[Place, int], trunks: Mapping[CampaignId, str], now_s: float
    ) -> dict[TrunkAt, float]:
        """Calls per second by trunk and worker, in proportion to the calls that each is to hold there."""
        self._held = {at: (rate, until) for at, (rate, until) in self._held.items() if until > now_s}
        may_be_at = {
            (trunk, crew.worker): max(rate, self._held.get((trunk, crew.worker), (0.0, 0.0))[0])
            for crew in floor.crews
            for trunk, rate in crew.rates.items()
        }
        fresh = {trunk for trunk, _ in may_be_at} if now_s < self._began_s + HEARD_S else set[str]()
        new = rates(floor, shares, trunks, may_be_at, as_they_are=fresh)
        for crew in floor.crews:
            for trunk, old in crew.rates.items():
                at = (trunk, crew.worker)
                if new.get(at, old) < old:
                    self._held[at] = (may_be_at[at], now_s + HEARD_S)
        return new


def rates(
    floor: Floor,
    shares: Mapping[Place, int],
    trunks: Mapping[CampaignId, str],
    may_be_at: Mapping[TrunkAt, float],
    *,
    as_they_are: Collection[str] = (),
) -> dict[TrunkAt, float]:
    """The rates that are right, as far as nobody may be going at what they would need; trunks without calls stay.

    On the trunks `as_they_are` nobody gets more than before.
    """
    wanted: Counter[TrunkAt] = Counter()
    for (campaign, worker), count in shares.items():
        wanted[trunks[campaign], worker] += count
    new: dict[TrunkAt, float] = {}
    for trunk, limits in limits_of(floor.crews).items():
        ats = [(trunk, crew.worker) for crew in floor.crews]
        total = sum(wanted[at] for at in ats)
        if total == 0:
            continue
        ideal = {at: limits.calls_per_second * wanted[at] / total for at in ats}
        left = 0.0 if trunk in as_they_are else limits.calls_per_second - sum(may_be_at.get(at, 0.0) for at in ats)
        for at in ats:
            new[at] = min(ideal[at], may_be_at.get(at, 0.0))
        for at in ats:
            more = min(ideal[at] - new[at], max(left, 0.0))
            new[at] += more
            left -= more
    return new
