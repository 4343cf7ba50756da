"""What calls cost and when a campaign has spent what it may (SPEC R2.14).

Money is exact: a cost has four decimals, rounded half up, and a spent budget is one that the sum has reached.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from campaigns.campaign import Campaign

SMALLEST: Final = Decimal("0.0001")
MINUTE_US: Final = 60_000_000


def cost(talked: timedelta, price_per_minute: Decimal, *, step: timedelta = timedelta(seconds=1)) -> Decimal:
    """The price of a call that was answered for `talked`, by started steps; a call without an answer costs nothing."""
    if talked <= timedelta():
        return Decimal(0).quantize(SMALLEST)
    steps = -(-talked // step)
    billed_us = Decimal(steps * (step // timedelta(microseconds=1)))
    return (price_per_minute * billed_us / MINUTE_US).quantize(SMALLEST, ROUND_HALF_UP)


def exhausted(campaign: Campaign, spent: Decimal) -> bool:
    """Whether its ended calls cost what it may spend; without a budget never."""
    return campaign.budget is not None and spent >= campaign.budget


def left(campaign: Campaign, spent: Decimal) -> Decimal | None:
    """What it may still spend, at least 0; None without a budget."""
    return None if campaign.budget is None else max(campaign.budget - spent, Decimal(0))
