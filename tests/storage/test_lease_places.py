"""Where a lease reads on: the zones that are known, and how long a place in the list may be trusted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import time
from types import MappingProxyType

import pytest

from campaigns.campaign import Campaign, CompanyId, LocalTime, Order, Period, WeeklySchedule
from storage.lease_places import FRESH_S, MANY, Places
from tests.conftest import EPOCH
from tests.storage.worlds import campaign as make

DAY = (Period(time(9), time(18)),)
OFFICE = WeeklySchedule("Europe/Moscow", MappingProxyType(dict.fromkeys(range(7), DAY)))
ZONES = ["", "America/New_York", "Asia/Omsk"]


class _Loop(asyncio.SelectorEventLoop):
    """A loop whose clock the test moves."""

    at_s = 1000.0

    def time(self) -> float:
        return self.at_s


@pytest.fixture
def loop() -> Iterator[_Loop]:
    made = _Loop()
    yield made
    made.close()


@pytest.fixture
def campaign() -> Campaign:
    return make(1, CompanyId(1))


def on(loop: _Loop, places: Places, campaign: Campaign) -> str | None:
    """Where the next lease reads on."""

    async def ask() -> str | None:
        return places.given(campaign, EPOCH).heads

    return loop.run_until_complete(ask())


def note(loop: _Loop, places: Places, campaign: Campaign, heads: str, taken: int) -> None:
    """A lease comes back."""

    async def tell() -> None:
        places.given(campaign, EPOCH)
        places.note(campaign, heads, taken)

    loop.run_until_complete(tell())


def test_R2_9_a_list_that_few_leads_are_taken_from_is_always_read_from_its_head(
    loop: _Loop, campaign: Campaign
) -> None:
    places = Places()
    note(loop, places, campaign, "a", MANY - 1)
    assert on(loop, places, campaign) is None


def test_R2_9_who_takes_many_reads_on_until_the_head_must_be_looked_at_again(loop: _Loop, campaign: Campaign) -> None:
    places = Places()
    note(loop, places, campaign, "a", MANY)
    assert on(loop, places, campaign) == "a"
    note(loop, places, campaign, "b", 1)
    assert on(loop, places, campaign) == "b"
    loop.at_s += FRESH_S
    assert on(loop, places, campaign) is None
    note(loop, places, campaign, "c", MANY)
    assert on(loop, places, campaign) == "c"


def test_R2_9_another_order_takes_effect_at_once(loop: _Loop, campaign: Campaign) -> None:
    places = Places()
    note(loop, places, campaign, "a", MANY)
    assert on(loop, places, replace(campaign, order=Order.OLDEST)) is None


def test_R4_2_closed_zones_have_no_rank_and_the_easternmost_comes_first(loop: _Loop, campaign: Campaign) -> None:
    own = replace(campaign, schedule=OFFICE, local_time=LocalTime.CONTACTS_ONLY, order=Order.TIME_ZONE)
    places = Places()
    places.learn(own, ZONES)
    given = places.given(own, EPOCH, whole=True)
    assert (given.zones, given.ranks) == (ZONES, [-180, None, -360])
