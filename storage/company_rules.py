"""A row of the table of the companies' rules as the value that the rules work with."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.company_rules import CompanyRules
from campaigns.compliance_presets import preset
from campaigns.rules_json import compliance_from_json, matrix_from_json

NO_RULES: Final = CompanyRules()
_ROW: Final = text("SELECT to_jsonb(r) FROM company_rules r")


async def company_rules(tx: AsyncConnection) -> CompanyRules:
    """The rules of the transaction's company; without a row of its own it has none."""
    return read_rules((await tx.execute(_ROW)).scalar())


def read_rules(row: Mapping[str, Any] | None) -> CompanyRules:
    """The rules of a row as JSON, or None; BadInput naming the field where they cannot be read."""
    if row is None:
        return NO_RULES
    kept = (row["compliance"], row["compliance_overrides"], row["outside_calls"])
    return _read(msgspec.json.encode(kept, order="sorted"))


@lru_cache(maxsize=256)
def _read(kept: bytes) -> CompanyRules:
    name, overrides, outside = msgspec.json.decode(kept)
    return CompanyRules(compliance_from_json(overrides, preset=preset(name)), matrix_from_json(outside))
