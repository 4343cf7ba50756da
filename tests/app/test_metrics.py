"""What a process tells Prometheus, and where one without the interface serves it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry, Counter

from app.measured import MeasuredLeads
from app.metrics import metrics_page
from app.settings import MetricsPart, read_settings
from campaigns.leads import CallAt, Ending, Finish, LeasedCall, Reached, WorkerId
from core.clock import Clock
from core.errors import BadInput
from core.results import CallResult
from services import outside_calls
from storage.database import Database
from tests.conftest import EPOCH
from tests.services.desk import Noon
from tests.services.things import WORKER
from tests.storage.worlds import PostgresWorld


def asked(address: str) -> str:
    with urlopen(address, timeout=5) as answer:
        return str(answer.read().decode())


async def test_a_process_without_the_interface_serves_its_figures_where_it_is_told() -> None:
    registry = CollectorRegistry()
    Counter("zvonar_tries", "Tries.", registry=registry).inc()
    async with metrics_page(MetricsPart(port=0), registry) as page:
        assert page is not None
        assert page.startswith("http://127.0.0.1:")
        assert "zvonar_tries_total 1.0" in await asyncio.to_thread(asked, page)
        with pytest.raises(HTTPError) as error:
            await asyncio.to_thread(asked, page.removesuffix("metrics"))
        assert error.value.code == 404
        error.value.close()


async def test_figures_are_served_nowhere_unless_a_port_is_named() -> None:
    async with metrics_page(MetricsPart(), CollectorRegistry()) as page:
        assert page is None


@pytest.mark.postgres
async def test_leases_and_results_are_counted_once(database: Database) -> None:
    registry, world = CollectorRegistry(), PostgresWorld(database)
    clock: Clock = Noon()
    store = MeasuredLeads(database, registry=registry, clock=clock, after=outside_calls.note_campaign_calls)
    campaign = await world.add_campaign()
    for n in range(3):
        await world.add_lead(campaign, phones=[f"+7900000000{n}"])
    calls = await store.lease(campaign, 5, worker=WorkerId(WORKER), now=EPOCH)
    ends = [_end(call, CallResult.BUSY if n else CallResult.COMPLETED) for n, call in enumerate(calls)]
    assert list(await store.finish_all(ends)) == [True] * 3
    assert await store.finish(ends[0].call, ends[0].ending, ends[0].following) is False
    assert registry.get_sample_value("zvonar_leads_leased_total") == 3
    assert registry.get_sample_value("zvonar_lease_seconds_count") == 1
    assert registry.get_sample_value("zvonar_results_total", {"result": "busy"}) == 2
    assert registry.get_sample_value("zvonar_results_total", {"result": "completed"}) == 1


def _end(call: LeasedCall, result: CallResult) -> Finish:
    following = Reached() if result is CallResult.COMPLETED else CallAt(0, EPOCH + timedelta(minutes=10))
    return Finish(call, Ending(result, EPOCH, answered_at=EPOCH), following)


TRUNK = {"name": "provider", "gateway": "sofia/gateway/provider", "price_per_minute": "1.50"}


def settings_with(tmp_path: Path, **changes: object) -> object:
    return read_settings(var=tmp_path, switches=({"name": "one", "trunks": (TRUNK | changes,)},))


def test_R2_11_a_trunk_says_which_numbers_may_be_shown_and_until_when(tmp_path: Path) -> None:
    numbers = ({"number": "+74951234567"}, {"number": "74951234568", "until": "2026-11-30"})
    settings = read_settings(
        var=tmp_path,
        switches=({"name": "one", "trunks": (TRUNK | {"caller_numbers": numbers, "label_header": "X-Call-Label"},)},),
    )
    terms = settings.terms["provider"]
    assert terms.caller_numbers is not None
    assert terms.caller_numbers["+74951234567"] is None
    assert str(terms.caller_numbers["74951234568"]) == "2026-12-01 00:00:00+00:00"
    assert str(terms.price_per_minute) == "1.50"
    (trunk,) = settings.switches[0].settings().trunks
    assert trunk.label_header == "X-Call-Label"


@pytest.mark.parametrize(
    "changes", [{"label_header": "X Label"}, {"label_header": "X:"}, {"caller_numbers": ({"number": "анна"},)}]
)
def test_R3_7_a_trunk_that_cannot_be_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(BadInput) as error:
        settings_with(tmp_path, **changes)
    assert error.value.code == "bad_setting"
