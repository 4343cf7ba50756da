"""What a call wants done outside of the talk: beside it, within its time, and told back where it is waited for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from core.errors import Unavailable
from robot.dialog.events import (
    Acted,
    ActThis,
    CallBackAt,
    Errand,
    Fetched,
    FetchThis,
    Forbid,
    PutTag,
    SendMessage,
)
from robot.dialog.flow import Channel, StepId
from robot.errands import LIMIT_S, MOST, ErrandOver, ErrandsUnderWay, NoErrands
from robot.ports import Errands
from tests.virtual_time import run_virtual

FETCH = FetchThis(StepId("f"), "GET", "https://crm.example", {}, None, 2.0, 1, {})
ACT = ActThis(StepId("a"), "price", {}, 3.0)
MESSAGE = SendMessage(StepId("m"), Channel.SMS, "", "", "Текст", None, {})


@dataclass
class SlowErrands:
    """Takes `takes_s` for each errand, or breaks."""

    takes_s: float = 0.0
    broken: bool = False
    done: list[Errand] = field(default_factory=list)

    async def _take(self, errand: Errand) -> None:
        await asyncio.sleep(self.takes_s)
        if self.broken:
            raise Unavailable("crm_away", "The CRM is away.")
        self.done.append(errand)

    async def fetch(self, call: FetchThis) -> Fetched:
        await self._take(call)
        return Fetched({"sum": "5"})

    async def act(self, wanted: ActThis) -> Acted:
        await self._take(wanted)
        return Acted({"sum": "5"})

    async def message(self, message: SendMessage) -> None:
        await self._take(message)

    async def tag(self, tag: PutTag) -> None:
        await self._take(tag)

    async def forbid(self, wish: Forbid) -> None:
        await self._take(wish)

    async def callback(self, wish: CallBackAt) -> None:
        await self._take(wish)


async def told_by(errands: Errands, *orders: Errand, wait_s: float) -> tuple[list[ErrandOver], float]:
    """What is told back within `wait_s`, and how long the errands then took to finish."""
    told: list[ErrandOver] = []
    under_way = ErrandsUnderWay(errands, tell=told.append, call="1")
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(under_way.run())
        for order in orders:
            under_way.begin(order)
        await asyncio.sleep(wait_s)
        asked_at = loop.time()
        await under_way.finish()
        await running
    return told, loop.time() - asked_at


def test_what_is_awaited_is_told_back_and_what_is_not_is_just_done() -> None:
    errands = SlowErrands()
    orders = (PutTag("a"), MESSAGE, Forbid("не звоните"), CallBackAt(None, 5), FETCH, ACT)
    told, _ = run_virtual(told_by(errands, *orders, wait_s=1.0))
    assert told == [ErrandOver(Fetched({"sum": "5"})), ErrandOver(Acted({"sum": "5"}))]
    assert errands.done == list(orders)


def test_errands_run_beside_each_other() -> None:
    told, _ = run_virtual(told_by(SlowErrands(takes_s=2.0), MESSAGE, FETCH, ACT, wait_s=2.5))
    assert len(told) == 2


@pytest.mark.parametrize(("order", "code"), [(FETCH, Fetched(error="timeout")), (ACT, Acted(error="timeout"))])
def test_what_takes_too_long_becomes_an_event(order: Errand, code: Fetched | Acted) -> None:
    told, _ = run_virtual(told_by(SlowErrands(takes_s=60.0), order, wait_s=6.0))
    assert told == [ErrandOver(code)]


def test_what_breaks_becomes_an_event_with_its_code() -> None:
    told, _ = run_virtual(told_by(SlowErrands(broken=True), FETCH, ACT, MESSAGE, wait_s=1.0))
    assert told == [ErrandOver(Fetched(error="crm_away")), ErrandOver(Acted(error="crm_away"))]


def test_a_call_that_ends_lets_its_messages_out_but_waits_for_no_answer() -> None:
    errands = SlowErrands(takes_s=1.5)
    told, took_s = run_virtual(told_by(errands, FETCH, Forbid("не звоните"), wait_s=0.5))
    assert (told, errands.done) == ([], [Forbid("не звоните")])
    assert took_s == pytest.approx(1.0)


def test_a_message_that_is_stuck_holds_the_end_of_the_call_for_its_limit_only() -> None:
    _, took_s = run_virtual(told_by(SlowErrands(takes_s=1e6), MESSAGE, wait_s=1.0))
    assert took_s == pytest.approx(LIMIT_S - 1.0)


def test_without_anybody_to_run_them_errands_fail_in_the_flow_and_not_in_the_call() -> None:
    orders = (FETCH, ACT, MESSAGE, PutTag("a"), Forbid("нет"), CallBackAt(None, 5))
    told, _ = run_virtual(told_by(NoErrands(), *orders, wait_s=1.0))
    assert told == [ErrandOver(Fetched(error="no_errands")), ErrandOver(Acted(error="no_errands"))]


def test_more_errands_than_a_dialog_can_order_are_refused() -> None:
    under_way = ErrandsUnderWay(NoErrands(), tell=lambda over: None, call="1")
    for _ in range(MOST):
        under_way.begin(MESSAGE)
    with pytest.raises(asyncio.QueueFull):
        under_way.begin(MESSAGE)
