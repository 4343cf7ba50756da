"""`zvonar why`: says why a campaign, or a number in it, is not being called, and when that ends."""

from __future__ import annotations

import json
from datetime import datetime

from app.clock import SystemClock
from app.database import open_database
from app.settings import Settings
from campaigns.campaign import CampaignId, CompanyId
from campaigns.cause import Cause
from core.errors import BadInput, NotFound
from services import accounts, causes
from services.cause_words import sentence
from services.causes import Explanation
from storage.database import Database


async def run_why(settings: Settings, campaign: str, phone: str | None, *, company: str | None, as_json: bool) -> None:
    """Prints the causes; `NotFound` or `BadInput` where the campaign, the number or the company is not clear."""
    now = SystemClock().now()
    async with open_database(settings) as opened:
        owner, number = await _find(opened.database, campaign, company)
        async with opened.database.transaction(owner) as tx:
            if phone is None:
                found = await causes.explain(tx, number, now, terms=settings.terms)
            else:
                found = await causes.explain_phone(tx, number, phone, now, terms=settings.terms)
    if as_json:
        print(json.dumps(told(found, now), ensure_ascii=False))
    else:
        print("\n".join(lines(found)))


def lines(found: Explanation) -> list[str]:
    """The explanation as people read it."""
    zone = found.campaign.schedule.zone
    said = [f"{found.campaign.name} (campaign {found.campaign.id}): {found.status}"]
    if not found.callers:
        said.append("  No process that places calls is running (`zvonar up` or `zvonar calls`).")
    if not found.causes:
        said.append("  Nothing keeps the campaign from calling.")
    said += [f"  {sentence(cause, zone)}" for cause in found.causes]
    if found.lead is None:
        return said
    said.append(f"The number (lead {found.lead}):")
    if not found.lead_causes:
        said.append(f"  Nothing keeps it from being called{', but what keeps the campaign' if found.causes else ''}.")
    return said + [f"  {sentence(cause, zone)}" for cause in found.lead_causes]


def told(found: Explanation, now: datetime) -> dict[str, object]:
    """The explanation as plain JSON values."""
    zone = found.campaign.schedule.zone
    return {
        "at": now.isoformat(),
        "campaign": found.campaign.id,
        "name": found.campaign.name,
        "status": str(found.status),
        "zone": zone,
        "calls": found.calls,
        "callers": found.callers,
        "causes": [_plain(cause, zone) for cause in found.causes],
        "lead": found.lead,
        "lead_causes": [_plain(cause, zone) for cause in found.lead_causes],
    }


def _plain(cause: Cause, zone: str) -> dict[str, object]:
    until = None if cause.until is None else cause.until.isoformat()
    return {
        "kind": str(cause.kind),
        "until": until,
        "detail": dict(cause.detail),
        "message": sentence(cause, zone),
    }


async def _find(database: Database, campaign: str, company: str | None) -> tuple[CompanyId, CampaignId]:
    """The campaign, and the company that has it: the named one, or the only one that has such a campaign."""
    names = await accounts.company_names(database)
    if company is not None:
        wanted = {one: name for one, name in names.items() if name.casefold() == company.strip().casefold()}
        if not wanted:
            hint = f"Known: {', '.join(names.values()) or 'none'}."
            raise NotFound("no_such_company", f"There is no company {company!r}.", field="company", hint=hint)
        names = wanted
    found: list[tuple[CompanyId, CampaignId]] = []
    missing = NotFound("no_such_campaign", f"There is no campaign {campaign!r}.")
    for one in names:
        async with database.transaction(one) as tx:
            try:
                found.append((one, await causes.named_campaign(tx, campaign)))
            except NotFound as error:
                missing = error
    if not found:
        raise missing
    if len(found) > 1:
        hint = "Name one by --company: " + ", ".join(names[one] for one, _ in found) + "."
        raise BadInput("several_companies", f"Several companies have a campaign {campaign!r}.", hint=hint)
    return found[0]
