"""The demo's company: made at the first start, found again later; each start gives it three new campaigns."""

from __future__ import annotations

import random
import secrets
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from types import MappingProxyType
from typing import Final

from app.demo.plan import Plan
from app.demo.scripts import GROUP, NAMES, SCRIPTS
from app.product import Product
from app.settings import SIMULATED_TRUNK
from campaigns.campaign import CampaignId, CampaignKind, CampaignStatus, CompanyId, Period, RetryPolicy, WeeklySchedule
from core.errors import NotFound
from core.results import RETRIED, CallResult
from robot.dialog.scripts import flow_of_script, script_from_json, script_to_json
from services import accounts, campaigns, contact_lists, groups, scenarios
from services.contact_lists import LoadReport
from storage.companies import add_company

COMPANY: Final = "Магазин «Ромашка»"
LOGIN: Final = "demo"
ALWAYS: Final = WeeklySchedule("Europe/Moscow", {day: (Period(time(0), time(0)),) for day in range(7)})
ONCE: Final = (CallResult.ANSWERING_MACHINE, CallResult.NO_INPUT)
RETRY: Final = RetryPolicy(
    limits=MappingProxyType({result: 1 if result in ONCE else 2 for result in sorted(RETRIED)}),
    waits=MappingProxyType(dict.fromkeys(sorted(RETRIED), timedelta(seconds=8))),
    phone_gap=timedelta(seconds=3),
)
RING: Final = timedelta(seconds=9)
LINES: Final = {CampaignKind.NOTIFICATION: 8, CampaignKind.SURVEY: 10, CampaignKind.OFFER: 8}


@dataclass(frozen=True, slots=True)
class DemoCompany:
    """The company with its login, and this start's campaigns with what came of their loads."""

    company: CompanyId
    login: str
    password: str
    campaigns: dict[CampaignKind, CampaignId]
    loads: dict[CampaignKind, LoadReport]


async def prepare(product: Product, plan: Plan) -> DemoCompany:
    """Makes what is missing, finishes an earlier start's campaigns, and makes and loads the new ones, switched off."""
    now = product.clock.now()
    company, password = await _company(product, now)
    made: dict[CampaignKind, CampaignId] = {}
    loads: dict[CampaignKind, LoadReport] = {}
    async with product.database.transaction(company) as tx:
        for row in await campaigns.list_campaigns(tx, now=now):
            if row.status is not CampaignStatus.FINISHED:
                await campaigns.finish_campaign(tx, row.campaign.id, now)
        await groups.save_group(tx, name=GROUP, phones=("101", "102", "103"), wait_s=40)
        for kind, data in plan.files.items():
            script = script_from_json(SCRIPTS[kind])
            flow = flow_of_script(script, name=NAMES[kind])
            version = await scenarios.publish(tx, name=NAMES[kind], flow=flow, script=script_to_json(script), now=now)
            new = campaigns.NewCampaign(
                name=NAMES[kind],
                kind=kind,
                scenario=version,
                trunk=SIMULATED_TRUNK,
                schedule=ALWAYS,
                retry=RETRY,
                lines=LINES[kind],
                ring_timeout=RING,
            )
            made[kind] = await campaigns.create_campaign(tx, new, now)
            loads[kind] = await contact_lists.load_contacts(
                tx,
                campaign=made[kind],
                data=data,
                mapping=None,
                now=now,
                randomness=random.Random(),
            )
    return DemoCompany(company, LOGIN, password, made, loads)


async def switch_on(product: Product, demo: DemoCompany) -> None:
    """Lets the three campaigns dial."""
    now = product.clock.now()
    async with product.database.transaction(demo.company) as tx:
        for campaign in demo.campaigns.values():
            await campaigns.switch(tx, campaign, on=True, now=now)
    product.dialler.wake()


async def _company(product: Product, now: datetime) -> tuple[CompanyId, str]:
    """The demo's company with a password of this start, for the one before was shown then."""
    database = product.database
    try:
        password = await accounts.reset_password(database, login=LOGIN)
    except NotFound:
        password = secrets.token_urlsafe(12)
        company = await add_company(database, name=COMPANY, now=now)
        await accounts.add_user(database, company, login=LOGIN, password=password, now=now)
    session = await accounts.sign_in(database, login=LOGIN, password=password, now=now)
    await accounts.sign_out(database, session.token, now)
    return session.asker.company, password
