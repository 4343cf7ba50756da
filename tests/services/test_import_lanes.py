"""SPEC R9.1: batches that load side by side are committed in the order of the list, whatever takes how long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.contacts.batches import Batch
from services.import_lanes import Queue, Stopped, Ticket, load_some


async def batches(count: int) -> AsyncIterator[Batch]:
    for number in range(count):
        yield Batch(number + 1, 0, 0, 0, b"", b"")


class Bench:
    """Batches that take so many turns of the loop as is said; `fails` or `stops` at the one that begins there."""

    def __init__(self, turns: list[int], *, fails: int | None = None, stops: int | None = None) -> None:
        self.turns = turns
        self.fails = fails
        self.stops = stops
        self.numbered: list[int] = []
        self.committed: list[int] = []
        self.open = self.most_open = 0

    async def step(self, ticket: Ticket) -> None:
        number = ticket.batch.rows - 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        await ticket.wait_to_number()
        self.numbered.append(number)
        ticket.numbered.set()
        for _ in range(self.turns[number]):
            await asyncio.sleep(0)
        if number == self.fails:
            raise ValueError(f"batch {number}")
        await ticket.wait_to_commit()
        if number == self.stops or self.queue.stopped:
            raise Stopped
        self.committed.append(number)
        self.open -= 1

    async def run(self, lanes: int, most: int = 100) -> Queue:
        self.queue = Queue(batches(len(self.turns)), 0)
        while (first := await self.queue.take()) is not None:
            await load_some(self.queue, first, self.step, lanes=lanes, most=most)
        return self.queue


durations = st.lists(st.integers(0, 9), max_size=12)


@given(durations, st.integers(1, 4), st.integers(1, 5))
def test_R9_1_all_are_numbered_and_committed_in_order(turns: list[int], lanes: int, most: int) -> None:
    bench = Bench(turns)
    queue = asyncio.run(bench.run(lanes, most))
    assert bench.numbered == bench.committed == list(range(len(turns)))
    assert queue.done == sum(range(len(turns) + 1))
    assert bench.most_open <= lanes


def test_R9_1_as_many_load_at_once_as_there_are_lanes() -> None:
    bench = Bench([9] * 6)
    asyncio.run(bench.run(3))
    assert bench.most_open == 3


@given(durations, st.integers(0, 11), st.integers(1, 4))
def test_R9_1_before_an_error_comes_out_all_that_was_before_it_is_committed(
    turns: list[int], fails: int, lanes: int
) -> None:
    bench = Bench(turns, fails=fails)
    if fails < len(turns):
        with pytest.raises(ValueError, match=f"batch {fails}"):
            asyncio.run(bench.run(lanes))
        assert bench.committed == list(range(fails))
    else:
        asyncio.run(bench.run(lanes))


@given(durations, st.integers(0, 11), st.integers(1, 4))
def test_R9_1_nothing_is_committed_behind_a_batch_that_stops(turns: list[int], stops: int, lanes: int) -> None:
    bench = Bench(turns, stops=stops)
    queue = asyncio.run(bench.run(lanes))
    assert bench.committed == list(range(min(stops, len(turns))))
    assert queue.stopped is (stops < len(turns))
