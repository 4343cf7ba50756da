"""A queue of leads with what tests put in and look at, in memory and in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from types import MappingProxyType
from typing import Protocol

from sqlalchemy import insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from campaigns.campaign import (
    Campaign,
    CampaignId,
    CampaignKind,
    CompanyId,
    Period,
    RetryPolicy,
    WeeklySchedule,
)
from campaigns.company_rules import CompanyRules
from campaigns.compliance import Compliance
from campaigns.leads import LeadId, LeadStore, WorkerId
from campaigns.rules_json import compliance_to_json
from campaigns.schedule_json import schedule_to_json
from campaigns.settings_json import retry_to_json
from core.phones import Phone
from storage import tables
from storage.companies import add_company
from storage.database import Database
from storage.leads import PostgresLeads
from tests.conftest import EPOCH
from tests.fakes.leads import Lead, MemoryLeads

ALWAYS = WeeklySchedule("Europe/Moscow", MappingProxyType({day: (Period(time(0), time(0)),) for day in range(7)}))
PHONE = "+79000000001"
MINUTE = timedelta(minutes=1)


def campaign(number: int = 1, company: int = 1, **settings: object) -> Campaign:
    """A campaign that may always dial, changed by `settings`."""
    plain = Campaign(
        id=CampaignId(number),
        company=CompanyId(company),
        name=f"Campaign {number}",
        kind=CampaignKind.SURVEY,
        switched_on=True,
        schedule=ALWAYS,
        retry=RetryPolicy(),
        trunk="simulator",
        scenario=1,
        lines=100,
    )
    return replace(plain, **settings)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a lead, and the results of its attempts (None: unfinished), oldest first."""

    state: str
    attempts: int
    due_at: datetime
    next_phone: int
    callback_at: datetime | None
    results: tuple[str | None, ...]


class World(Protocol):
    """What the contract test needs beside the port."""

    store: LeadStore

    async def add_company(self) -> CompanyId: ...

    async def add_campaign(self, company: CompanyId | None = None, **settings: object) -> Campaign: ...

    async def change_campaign(self, changed: Campaign) -> None: ...

    async def add_lead(
        self,
        campaign: Campaign,
        *,
        phones: Sequence[str] = (PHONE,),
        due_at: datetime = EPOCH,
        order_key: float = 0.5,
        added_at: datetime = EPOCH,
        priority: int | None = None,
        zone: str | None = None,
        first_name: str = "",
        custom: Mapping[str, str] | None = None,
    ) -> LeadId: ...

    async def bar(self, company: CompanyId, phone: str) -> None: ...

    async def rule(self, company: CompanyId, rules: Compliance) -> None: ...

    async def give_quota(self, campaign: Campaign, worker: WorkerId, slots: int) -> None: ...

    async def kept(self, campaign: Campaign, lead: LeadId) -> Kept: ...


class MemoryWorld:
    """A world of the fake."""

    def __init__(self) -> None:
        self.memory = MemoryLeads()
        self.store: LeadStore = self.memory
        self._companies = 0

    async def add_company(self) -> CompanyId:
        self._companies += 1
        return CompanyId(self._companies)

    async def add_campaign(self, company: CompanyId | None = None, **settings: object) -> Campaign:
        company = company or await self.add_company()
        made = campaign(len(self.memory.all_campaigns) + 1, company, **settings)
        self.memory.all_campaigns[made.id] = made
        return made

    async def change_campaign(self, changed: Campaign) -> None:
        self.memory.all_campaigns[changed.id] = changed

    async def add_lead(
        self,
        campaign: Campaign,
        *,
        phones: Sequence[str] = (PHONE,),
        due_at: datetime = EPOCH,
        order_key: float = 0.5,
        added_at: datetime = EPOCH,
        priority: int | None = None,
        zone: str | None = None,
        first_name: str = "",
        custom: Mapping[str, str] | None = None,
    ) -> LeadId:
        known = {"phone": phones[0], **({"full_name": first_name, "first_name": first_name} if first_name else {})}
        lead = Lead(
            id=self.memory.new_id(),
            campaign=campaign.id,
            phones=tuple(Phone(number) for number in phones),
            due_at=due_at,
            order_key=order_key,
            added_at=added_at,
            priority=priority,
            zone=zone,
            variables={**(custom or {}), **known},
        )
        self.memory.add(lead)
        return lead.id

    async def bar(self, company: CompanyId, phone: str) -> None:
        self.memory.blacklist.add(Phone(phone))

    async def rule(self, company: CompanyId, rules: Compliance) -> None:
        self.memory.rules[company] = CompanyRules(rules)

    async def give_quota(self, campaign: Campaign, worker: WorkerId, slots: int) -> None:
        self.memory.quotas[campaign.id, worker] = slots

    async def kept(self, campaign: Campaign, lead: LeadId) -> Kept:
        row = self.memory.leads[lead]
        results = tuple(
            None if one.ending is None else str(one.ending.result)
            for one in self.memory.attempts.values()
            if one.call.lead == lead
        )
        return Kept(str(row.state), row.attempts, row.due_at, row.next_phone, row.callback_at, results)


class PostgresWorld:
    """A world of real rows."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.store: LeadStore = PostgresLeads(database)

    async def add_company(self) -> CompanyId:
        return await add_company(self.database, name="Ромашка", now=EPOCH)

    async def add_campaign(self, company: CompanyId | None = None, **settings: object) -> Campaign:
        company = company or await self.add_company()
        wanted = campaign(1, company, **settings)
        async with self.database.transaction(company) as tx:
            name = f"scenario {wanted.name}"
            scenario = insert(tables.scenarios).values(name=name, created_at=EPOCH).returning(tables.scenarios.c.id)
            known = select(tables.scenarios.c.id).where(tables.scenarios.c.name == name)
            scenario_id = (await tx.execute(known)).scalar() or (await tx.execute(scenario)).scalar_one()
            count = (await tx.execute(text("SELECT count(*) FROM scenario_versions"))).scalar_one()
            version = (
                insert(tables.scenario_versions)
                .values(scenario_id=scenario_id, version=count + 1, flow={}, published_at=EPOCH)
                .returning(tables.scenario_versions.c.id)
            )
            wanted = replace(wanted, scenario=(await tx.execute(version)).scalar_one())
            row = insert(tables.campaigns).values(created_at=EPOCH, **_columns(wanted)).returning(tables.campaigns.c.id)
            return replace(wanted, id=CampaignId((await tx.execute(row)).scalar_one()))

    async def change_campaign(self, changed: Campaign) -> None:
        async with self.database.transaction(changed.company) as tx:
            mine = tables.campaigns.c.id == changed.id
            await tx.execute(update(tables.campaigns).where(mine).values(**_columns(changed)))

    async def add_lead(
        self,
        campaign: Campaign,
        *,
        phones: Sequence[str] = (PHONE,),
        due_at: datetime = EPOCH,
        order_key: float = 0.5,
        added_at: datetime = EPOCH,
        priority: int | None = None,
        zone: str | None = None,
        first_name: str = "",
        custom: Mapping[str, str] | None = None,
    ) -> LeadId:
        async with self.database.transaction(campaign.company) as tx:
            contact = (
                insert(tables.contacts)
                .values(phones=list(phones), first_name=first_name, custom=dict(custom or {}), created_at=added_at)
                .returning(tables.contacts.c.id)
            )
            lead = (
                insert(tables.leads)
                .values(
                    campaign_id=campaign.id,
                    contact_id=(await tx.execute(contact)).scalar_one(),
                    due_at=due_at,
                    order_key=order_key,
                    added_at=added_at,
                    priority=priority,
                    zone=zone,
                    ready=due_at <= EPOCH,
                )
                .returning(tables.leads.c.id)
            )
            return LeadId((await tx.execute(lead)).scalar_one())

    async def bar(self, company: CompanyId, phone: str) -> None:
        async with self.database.transaction(company) as tx:
            lists, numbers = tables.number_lists, tables.number_list_phones
            made = upsert(lists).values(name="b", kind="blacklist", created_at=EPOCH)
            named = made.on_conflict_do_update(index_elements=["company_id", "name"], set_={"kind": "blacklist"})
            list_id = (await tx.execute(named.returning(lists.c.id))).scalar_one()
            await tx.execute(insert(numbers).values(list_id=list_id, phone=phone, added_at=EPOCH))

    async def rule(self, company: CompanyId, rules: Compliance) -> None:
        written = compliance_to_json(rules)
        async with self.database.transaction(company) as tx:
            row = {"compliance": "none", "compliance_overrides": written, "changed_at": EPOCH}
            await tx.execute(insert(tables.company_rules).values(row))

    async def give_quota(self, campaign: Campaign, worker: WorkerId, slots: int) -> None:
        await self.store.beat(worker, EPOCH)
        async with self.database.transaction(campaign.company) as tx:
            row = {"campaign_id": campaign.id, "worker_id": worker, "slots": slots}
            await tx.execute(insert(tables.campaign_quotas).values(row))

    async def kept(self, campaign: Campaign, lead: LeadId) -> Kept:
        leads, attempts = tables.leads, tables.attempts
        async with self.database.transaction(campaign.company) as tx:
            row = (await tx.execute(select(leads).where(leads.c.id == lead))).one()
            made = select(attempts.c.result).where(attempts.c.lead_id == lead).order_by(attempts.c.id)
            results = tuple((await tx.execute(made)).scalars())
        return Kept(row.state, row.attempts, row.due_at, row.next_phone, row.callback_at, results)


def _columns(wanted: Campaign) -> dict[str, object]:
    return {
        "name": wanted.name,
        "kind": str(wanted.kind),
        "switched_on": wanted.switched_on,
        "finished_at": EPOCH if wanted.finished else None,
        "error": wanted.error,
        "schedule": schedule_to_json(wanted.schedule),
        "retry": retry_to_json(wanted.retry),
        "trunk": wanted.trunk,
        "scenario_version_id": wanted.scenario,
        "caller_number": wanted.caller_number,
        "lines": wanted.lines,
        "ring_timeout_s": int(wanted.ring_timeout.total_seconds()),
        "dial_order": str(wanted.order),
        "starts_on": wanted.starts_on,
        "ends_on": wanted.ends_on,
        "detect_machines": wanted.detect_machines,
        "processing": wanted.processing,
        "priority": wanted.priority,
        "local_time": str(wanted.local_time),
        "budget": wanted.budget,
        "breaker_open": wanted.breaker_open,
    }
