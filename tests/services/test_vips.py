"""SPEC R9.3: who stands on a VIP list is called first, and is shown as such."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import CampaignId, CompanyId, Order
from campaigns.leads import LeadId, WorkerId
from services import bulk, campaigns, lead_cards, number_lists
from services.accounts import UserId
from services.bulk import Asked, Selection
from services.number_lists import ListKind
from storage.database import Database
from storage.leads import PostgresLeads
from tests.conftest import EPOCH, make_company
from tests.services.desk import Desk
from tests.services.things import WORKER, lead_ids, load, make_campaign, set_lead

GUEST = "+79000000007"

pytestmark = pytest.mark.postgres


def rows(count: int = 10) -> str:
    return "Телефон\n" + "".join(f"8900{number:07}\n" for number in range(count))


async def invite(tx: AsyncConnection, *phones: str, name: str = "Гости", kind: ListKind = ListKind.VIP) -> None:
    made = await number_lists.add_list(tx, name, kind, EPOCH)
    await number_lists.add_numbers(tx, made.id, phones, EPOCH)


async def priorities(tx: AsyncConnection, campaign: CampaignId) -> dict[str, int | None]:
    """By the first phone; those without a priority are left out."""
    cards = [await lead_cards.lead_card(tx, campaign, LeadId(lead)) for lead in await lead_ids(tx, campaign)]
    return {card.phones[0]: card.priority for card in cards if card.priority is not None}


@pytest.mark.parametrize("order", list(Order))
async def test_R9_3_a_special_guest_is_called_first_whatever_the_order(
    database: Database, company: CompanyId, order: Order
) -> None:
    async with database.transaction(company) as tx:
        await invite(tx, GUEST)
        made = await make_campaign(tx, order=order)
        await load(tx, made, rows())
        await campaigns.switch(tx, made, on=True, now=EPOCH)
    store = PostgresLeads(database)
    (campaign,) = await store.campaigns()
    (call,) = await store.lease(campaign, 1, worker=WorkerId(WORKER), now=EPOCH)
    assert call.phone.e164 == GUEST


async def test_R9_3_a_number_that_is_put_on_a_list_goes_first_in_every_campaign_that_is_not_over(
    database: Database, company: CompanyId
) -> None:
    other = await make_company(database, "Вектор")
    async with database.transaction(other) as tx:
        theirs = await make_campaign(tx)
        await load(tx, theirs, rows())
    async with database.transaction(company) as tx:
        made, finished = await make_campaign(tx), await make_campaign(tx)
        await load(tx, made, rows() + f"89001110000, {GUEST}\n")
        await load(tx, finished, rows())
        await campaigns.finish_campaign(tx, finished, EPOCH)
        await invite(tx, "8 900 000-00-07")
        assert await priorities(tx, made) == {GUEST: 1, "+79001110000": 1}
        assert await priorities(tx, finished) == {}
        (card,) = [
            card
            for lead in await lead_ids(tx, made)
            if (card := await lead_cards.lead_card(tx, made, LeadId(lead))).phones == (GUEST,)
        ]
        assert card.vip
        (change,) = card.changes
        assert (change.what, change.details) == ("priority", {"priority": 1, "vip": True})
    async with database.transaction(other) as tx:
        assert await priorities(tx, theirs) == {}


async def test_R9_3_a_priority_that_was_given_stays_and_so_does_what_was_called(
    database: Database, company: CompanyId
) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
        await load(tx, made, rows(3))
        given, reached, waiting = await lead_ids(tx, made)
        await set_lead(tx, given, priority=5)
        await set_lead(tx, reached, state="reached")
        await invite(tx, *(f"+7900{number:07}" for number in range(3)))
        found = [(await lead_cards.lead_card(tx, made, LeadId(lead))).priority for lead in (given, reached, waiting)]
    assert found == [5, None, 1]


async def test_R9_3_guests_go_first_wherever_their_leads_come_from(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        made, target = await make_campaign(tx), await make_campaign(tx, "Другая")
        await load(tx, made, rows())
        await invite(tx, GUEST)
        asked = Asked(made, Selection(all=True), UserId(1), EPOCH)
        assert await bulk.add_selected(tx, asked, target, random.Random(1)) == 10
        assert await priorities(tx, target) == {GUEST: 1}


async def test_R9_3_an_imported_list_lets_its_guests_go_first(
    database: Database, company: CompanyId, tmp_path: Path
) -> None:
    desk = Desk(database, company, tmp_path)
    campaign = await desk.campaign()
    async with desk.database.transaction(desk.company) as tx:
        await invite(tx, GUEST)
    await desk.load(rows(), campaign)
    async with desk.database.transaction(desk.company) as tx:
        assert await priorities(tx, campaign) == {GUEST: 1}


async def test_R9_3_a_blacklisted_guest_is_not_called_first_but_never(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        await invite(tx, GUEST)
        await invite(tx, GUEST, name="Не звонить", kind=ListKind.BLACKLIST)
        made = await make_campaign(tx)
        await load(tx, made, f"Телефон\n{GUEST}\n")
        await campaigns.switch(tx, made, on=True, now=EPOCH)
    store = PostgresLeads(database)
    (campaign,) = await store.campaigns()
    (call,) = await store.lease(campaign, 1, worker=WorkerId(WORKER), now=EPOCH)
    assert call.phone_index in call.blacklisted
