"""Which version of a scenario a contact hears where a campaign tries several (SPEC R6.11).

Each version draws a number for each contact, always the same one, from an exponential distribution whose rate is its
share; the least number wins. So a contact keeps its version through all retries, versions are heard in proportion to
their shares, and when shares change nobody leaves a version but for one whose share grew against it: no more contacts
change than must.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Final

from campaigns.campaign import CampaignId, Variant
from core.errors import BadInput

MOST_VARIANTS: Final = 10
MOST_SHARE: Final = 100
_STEPS: Final = 2**53


def variant_of(contact: int, campaign: CampaignId, variants: Sequence[Variant]) -> int:
    """The version that the contact hears; there must be at least one variant with a share."""
    open_ = [one for one in variants if one.share > 0]
    return min(open_, key=lambda one: (_drawn(contact, campaign, one), one.scenario)).scenario


def _drawn(contact: int, campaign: CampaignId, variant: Variant) -> float:
    said = f"{campaign} {contact} {variant.scenario}".encode()
    number = int.from_bytes(hashlib.blake2b(said, digest_size=8).digest(), "big") >> 11
    return -math.log((number + 0.5) / _STEPS) / variant.share


def check_variants(variants: Sequence[Variant]) -> None:
    """Raises `BadInput` unless these are no variants, or several different ones with shares that can be."""
    if not variants:
        return
    if not 2 <= len(variants) <= MOST_VARIANTS:
        raise BadInput("bad_variants", f"A campaign tries 2 to {MOST_VARIANTS} versions at once.", field="variants")
    for number, one in enumerate(variants):
        if not 0 <= one.share <= MOST_SHARE:
            raise BadInput("out_of_range", f"A share is 0 to {MOST_SHARE}.", field=f"variants.{number}.share")
        if any(one.scenario == other.scenario for other in variants[:number]):
            raise BadInput("variant_twice", "This version is among them already.", field=f"variants.{number}")
    if not any(one.share for one in variants):
        raise BadInput("no_share", "No version has a share, so nobody could be called.", field="variants")


def variants_from_json(value: object) -> tuple[Variant, ...]:
    """The variants as they are stored; `BadInput` where they cannot be read."""
    if value is None:
        return ()
    try:
        assert isinstance(value, list)
        return tuple(Variant(int(one["scenario"]), int(one["share"])) for one in value)
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        raise BadInput("bad_variants", "The variants cannot be read.", field="variants") from error


def variants_to_json(variants: Sequence[Variant]) -> list[Mapping[str, int]] | None:
    """The variants as they are stored."""
    return [{"scenario": one.scenario, "share": one.share} for one in variants] or None
