"""The rules that hold for all campaigns of a company: read, replaced (SPEC R2.12, R3.7, R11.7).

Stored are the name of a preset and what the company does otherwise; so a preset that is mended with the product mends
the company's rules too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.company_rules import CompanyRules
from campaigns.compliance_presets import preset, presets
from campaigns.outside_calls import LEAVE_ALONE, Matrix
from campaigns.rules_json import (
    check_compliance,
    compliance_from_json,
    matrix_from_json,
    matrix_to_json,
)
from core.errors import BadInput
from storage.tables import company_rules

LONGEST_KEPT_DAYS: Final = 36_500


@dataclass(frozen=True, slots=True)
class StoredRules:
    """A company's rules: what is stored, and in `rules` what comes of it.

    `overrides` are plain JSON values by the names of `campaigns.rules_json`; recordings are kept for
    `keep_recordings_days` and what was said in writing for `keep_transcripts_days`, None for ever.
    """

    preset: str = "none"
    overrides: Mapping[str, Any] = field(default_factory=dict)
    outside: Matrix = field(default_factory=lambda: LEAVE_ALONE)
    keep_recordings_days: int | None = None
    keep_transcripts_days: int | None = None
    changed_at: datetime | None = None

    @property
    def rules(self) -> CompanyRules:
        """What the rules of dialling take."""
        base = preset(self.preset)
        return CompanyRules(compliance_from_json(self.overrides, preset=base), self.outside)


async def read_rules(tx: AsyncConnection) -> StoredRules:
    """The company's rules; those of no preset where none were ever stored."""
    row = (await tx.execute(select(company_rules))).one_or_none()
    if row is None:
        return StoredRules()
    return StoredRules(
        preset=row.compliance,
        overrides=MappingProxyType(dict(row.compliance_overrides)),
        outside=matrix_from_json(row.outside_calls),
        keep_recordings_days=row.keep_recordings_days,
        keep_transcripts_days=row.keep_transcripts_days,
        changed_at=row.changed_at,
    )


async def save_rules(tx: AsyncConnection, new: StoredRules, now: datetime) -> StoredRules:
    """Replaces the company's rules, at once for every call that is not placed yet; BadInput names what cannot be."""
    checked(new)
    values = {
        "compliance": new.preset,
        "compliance_overrides": dict(new.overrides),
        "outside_calls": matrix_to_json(new.outside),
        "keep_recordings_days": new.keep_recordings_days,
        "keep_transcripts_days": new.keep_transcripts_days,
        "changed_at": now,
    }
    saved = insert(company_rules).values(values)
    await tx.execute(saved.on_conflict_do_update(index_elements=["company_id"], set_=values))
    return await read_rules(tx)


def checked(new: StoredRules) -> None:
    """Refuses rules that cannot be: BadInput naming the field."""
    if new.preset not in presets():
        hint = f"Known: {', '.join(presets())}."
        raise BadInput("no_such_preset", f"There is no preset {new.preset!r}.", field="preset", hint=hint)
    for name in ("keep_recordings_days", "keep_transcripts_days"):
        days = getattr(new, name)
        if days is not None and not 1 <= days <= LONGEST_KEPT_DAYS:
            message = f"What was said is kept for 1 to {LONGEST_KEPT_DAYS} days, or for ever."
            raise BadInput("out_of_range", message, field=name)
    try:
        check_compliance(new.rules.compliance)
    except BadInput as error:
        field = None if error.field is None else error.field.replace("compliance", "overrides", 1)
        raise BadInput(error.code, error.message, field=field, hint=error.hint) from error
