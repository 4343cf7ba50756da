"""A lead's row with its contact as the call that the dialler places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from campaigns.campaign import CampaignId, CompanyId
from campaigns.leads import AttemptId, LeadId, LeasedCall, PastCall, Returned
from core.legs import LegId
from core.phones import Phone
from core.results import CallResult
from storage.connections import Record


def leased_call(
    row: Row[Any] | Record,
    *,
    attempt: int,
    leg: object,
    phone_index: int,
    proof: Mapping[str, object] | None,
    scenario: int | None = None,
) -> LeasedCall:
    """The call of a row with what `lease_sql.CONTACT` tells."""
    return LeasedCall(
        attempt=AttemptId(attempt),
        lead=LeadId(row.lead_id),
        campaign=CampaignId(row.campaign_id),
        company=CompanyId(row.company_id),
        leg=LegId(str(leg)),
        phone_index=phone_index,
        phones=tuple(Phone(number) for number in row.phones),
        variables=_variables(row, phone_index),
        past=past_calls(row.past),
        blacklisted=blacklisted(row),
        returned=Returned(row.counted_from, row.extra_from, row.extra_calls),
        proof=proof,
        scenario=scenario,
    )


def unfinished_call(row: Row[Any]) -> LeasedCall:
    """The call of a row of `ORPHANS` or of `STRAYS`."""
    return leased_call(
        row,
        attempt=row.id,
        leg=row.leg_id,
        phone_index=row.phone_index,
        proof=row.proof,
        scenario=row.scenario_version_id,
    )


def past_calls(past: Sequence[tuple[int, str, str]] | None) -> tuple[PastCall, ...]:
    """The ended calls of a lead as its row tells them, oldest first."""
    return tuple(
        PastCall(phone, CallResult(result), datetime.fromisoformat(ended_at)) for phone, result, ended_at in past or ()
    )


def blacklisted(row: Row[Any] | Record) -> frozenset[int]:
    """Which of the phones of a row stand on a blacklist."""
    return frozenset(place for place, number in enumerate(row.phones) if number in row.blacklisted)


def _variables(row: Row[Any] | Record, phone_index: int) -> dict[str, str]:
    """What a scenario may say of the contact (SPEC R6.5); what is empty is left out, so that defaults are said."""
    known = {
        "full_name": " ".join(part for part in (row.last_name, row.first_name, row.middle_name) if part),
        "last_name": row.last_name,
        "first_name": row.first_name,
        "middle_name": row.middle_name,
        "organisation": row.organisation,
        "position": row.position,
        "note": row.note,
        "email": row.email,
        "phone": row.phones[min(phone_index, len(row.phones) - 1)],
    }
    custom = {str(name): str(value) for name, value in row.custom.items() if value is not None}
    return {name: value for name, value in {**custom, **known}.items() if value}
