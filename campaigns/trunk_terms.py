"""What was agreed on with a trunk's carrier, as far as it decides about calls (SPEC R2.11, R2.14).

A carrier lets a number be shown that it has verified, often for a time; another one it hides, or refuses the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from campaigns.campaign import Campaign
from campaigns.causes import CampaignFacts


@dataclass(frozen=True, slots=True)
class TrunkTerms:
    """The terms of one trunk.

    `caller_numbers` are those that may be shown, each until an instant or, with None, for good; None: any number.
    """

    price_per_minute: Decimal = Decimal(0)
    caller_numbers: Mapping[str, datetime | None] | None = None


def with_terms(facts: CampaignFacts, campaign: Campaign, terms: TrunkTerms | None) -> CampaignFacts:
    """The facts with what the terms of the campaign's trunk say of its caller number."""
    if terms is None or terms.caller_numbers is None or campaign.caller_number is None:
        return facts
    known = {_digits(number): until for number, until in terms.caller_numbers.items()}
    number = _digits(campaign.caller_number)
    if number not in known:
        return replace(facts, caller_number_verified=False)
    return replace(facts, caller_number_until=known[number])


def _digits(number: str) -> str:
    return "".join(filter(str.isdigit, number))
