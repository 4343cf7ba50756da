"""The rules that hold for all campaigns of a company (SPEC R2.12, R3.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from campaigns.compliance import Compliance
from campaigns.outside_calls import LEAVE_ALONE, Effect, OutsideKind


@dataclass(frozen=True, slots=True)
class CompanyRules:
    """What its calls keep to, and what calls outside of a campaign do to its leads."""

    compliance: Compliance = field(default_factory=Compliance)
    outside: Mapping[OutsideKind, Effect] = field(default_factory=lambda: LEAVE_ALONE)
