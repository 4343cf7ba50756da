"""Endings stored together, and answers noted: many in one transaction, and nobody held up by another."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

from structlog.testing import capture_logs

from campaigns.answers import Answer, Answers
from campaigns.campaign import RetryPolicy
from campaigns.endings import MOST_TOGETHER, Endings
from campaigns.leads import Ending, Finish, LeasedCall, WorkerId
from core.phones import Phone
from core.results import CallResult
from tests.campaigns.office import virtual
from tests.conftest import EPOCH
from tests.fakes.leads import Lead, MemoryLeads
from tests.storage.worlds import campaign
from tests.virtual_time import VirtualClock


class Store(MemoryLeads):
    """Counts transactions; refuses what `refused` names."""

    def __init__(self) -> None:
        super().__init__()
        self.together: list[int] = []
        self.noted: list[int] = []
        self.refused: set[int] = set()

    async def calls(self, count: int, company: int = 1) -> Sequence[LeasedCall]:
        made = campaign(company, company)
        self.all_campaigns[made.id] = made
        for _ in range(count):
            lead = self.new_id()
            phone = (Phone(f"+79{lead:09}"),)
            self.add(Lead(lead, made.id, phone, EPOCH, order_key=lead, added_at=EPOCH))
        return await self.lease(made, count, worker=WorkerId(UUID(int=1)), now=EPOCH)

    async def finish_all(self, ended: Sequence[Finish]) -> Sequence[bool]:
        self.together.append(len(ended))
        await asyncio.sleep(0.02)
        if any(one.call.attempt in self.refused and one.ending.cause is None for one in ended):
            raise ValueError("cannot hold this")
        return await super().finish_all(ended)

    async def answered_all(self, answers: Sequence[Answer]) -> None:
        await super().answered_all(answers)
        self.noted.append(len(answers))


async def end_all(store: Store, calls: Sequence[LeasedCall], clock: VirtualClock) -> Endings:
    endings = Endings(store, clock)
    async with asyncio.TaskGroup() as group:
        storing = group.create_task(endings.run())
        async with asyncio.TaskGroup() as ending:
            for call in calls:
                ending.create_task(endings.end(call, Ending(CallResult.COMPLETED, clock.now()), RetryPolicy()))
        storing.cancel()
    return endings


@virtual
async def test_endings_that_wait_together_are_stored_together_and_never_too_many() -> None:
    store, clock = Store(), VirtualClock(EPOCH)
    calls = await store.calls(250)
    await end_all(store, calls, clock)
    assert sorted(store.together) == [50, MOST_TOGETHER, MOST_TOGETHER]
    assert all(one.ending is not None for one in store.attempts.values())


@virtual
async def test_attempts_of_several_companies_are_never_in_one_transaction() -> None:
    store, clock = Store(), VirtualClock(EPOCH)
    calls = [*await store.calls(5), *await store.calls(7, company=2)]
    await end_all(store, calls, clock)
    assert sorted(store.together) == [5, 7]


@virtual
async def test_one_that_cannot_be_stored_keeps_none_of_the_others_from_it_and_is_stored_bare() -> None:
    store, clock = Store(), VirtualClock(EPOCH)
    calls = await store.calls(5)
    store.refused = {calls[2].attempt}
    with capture_logs() as logs:
        await end_all(store, calls, clock)
    causes = [one.ending.cause if one.ending else "none" for one in store.attempts.values()]
    assert causes == [None, None, "not_stored", None, None]
    assert [log["event"] for log in logs].count("dialler.trouble") == 1


@virtual
async def test_an_outage_holds_all_of_them_and_loses_none() -> None:
    store, clock = Store(), VirtualClock(EPOCH)
    calls = await store.calls(5)
    store.away = True
    asyncio.get_running_loop().call_later(30, setattr, store, "away", False)
    await end_all(store, calls, clock)
    assert 30 <= clock.monotonic() < 36
    assert all(one.ending is not None for one in store.attempts.values())


@virtual
async def test_answers_are_noted_together_and_dropped_while_the_store_is_away() -> None:
    store, clock = Store(), VirtualClock(EPOCH)
    calls = await store.calls(6)
    answers = Answers(store)
    async with asyncio.TaskGroup() as group:
        noting = group.create_task(answers.run())
        for call in calls[:4]:
            answers.note(call, clock.now())
        await asyncio.sleep(1)
        store.away = True
        answers.note(calls[4], clock.now())
        await asyncio.sleep(1)
        store.away = False
        answers.note(calls[5], clock.now())
        await asyncio.sleep(1)
        noting.cancel()
    assert store.noted == [4, 1]
    assert [one.answered_at is not None for one in store.attempts.values()] == [True] * 4 + [False, True]
