"""What a process knows of the lists that it dials: their zones, and how far it has read each of them.

A list is read from its head, which costs little as long as few leads were taken since it was vacuumed. Who takes many
in a second goes on where it stopped, and looks at the head again every `FRESH_S`: a lead that has become due, or that
came in front of the others, is taken that much later.
"""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from campaigns.campaign import Campaign, CampaignId, Order
from campaigns.local_time import open_zones
from campaigns.schedule import zone_offset_min

FRESH_S: Final = 1.0
MANY: Final = 100
"""How many leads must have been taken in such a time for the next lease to go on from there."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a lease is told: the known zones with their ranks, None where closed, and where to read on, or None."""

    zones: list[str]
    ranks: list[int | None]
    heads: str | None


@dataclass(slots=True)
class _Reading:
    """Where a campaign is read on in one way; how many leads were taken since its head was looked at, and before."""

    way: Order
    looked_at_s: float = -math.inf
    heads: str | None = None
    taken: int = 0
    taken_before: int = 0

    def is_stale(self, now_s: float) -> bool:
        """Whether the head must be looked at again; one who asks is told so, the others read on meanwhile."""
        if now_s - self.looked_at_s < FRESH_S:
            return False
        self.looked_at_s = now_s
        self.taken_before, self.taken = self.taken, 0
        return True


@dataclass(slots=True)
class Places:
    """The zones and heads of the campaigns that this process dials."""

    _zones: defaultdict[CampaignId, set[str]] = field(default_factory=lambda: defaultdict(set))
    _readings: dict[CampaignId, _Reading] = field(default_factory=dict)

    def given(self, campaign: Campaign, now: datetime, *, whole: bool = False) -> Given:
        """What the next lease is told at the instant `now`; a `whole` one reads from the head in any case."""
        zones = sorted(self._zones[campaign.id])
        is_open = set(open_zones(campaign, [zone or None for zone in zones], now))
        ranks = [_rank(campaign, zone, now) if (zone or None) in is_open else None for zone in zones]
        return Given(zones, ranks, None if whole else self._heads(campaign))

    def learn(self, campaign: Campaign, zones: Sequence[str]) -> None:
        """Leads wait in these zones too."""
        self._zones[campaign.id] |= set(zones)

    def note(self, campaign: Campaign, heads: str | None, taken: int) -> None:
        """A lease found the list's heads to be so, and took so many leads."""
        reading = self._reading(campaign)
        reading.heads = heads
        reading.taken += taken

    def _heads(self, campaign: Campaign) -> str | None:
        reading = self._reading(campaign)
        if reading.is_stale(asyncio.get_running_loop().time()):
            return None
        return reading.heads if max(reading.taken, reading.taken_before) >= MANY else None

    def _reading(self, campaign: Campaign) -> _Reading:
        reading = self._readings.get(campaign.id)
        if reading is None or reading.way is not _way(campaign.order):
            reading = self._readings[campaign.id] = _Reading(_way(campaign.order))
        return reading


def _way(order: Order) -> Order:
    """How a list is read in this order: all but those by age differ only in how its places are merged."""
    return order if order in {Order.NEWEST, Order.OLDEST} else Order.RANDOM


def _rank(campaign: Campaign, zone: str, now: datetime) -> int:
    """The place of a zone in the order: the easternmost first where that is by zones, else all are alike."""
    if campaign.order is not Order.TIME_ZONE:
        return 0
    return -zone_offset_min(zone or campaign.schedule.zone, now)
