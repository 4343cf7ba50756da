"""The batches of one list loaded at the same time, and committed in the order of the list (SPEC R9.1).

Each batch is a transaction of its own; it ends only when that of the batch before has ended well. So what is committed
is always the list up to some row, wherever a load breaks off, and several processors of the database work on it. The
batches are numbered one after the other, so that people stand in the order of the list.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from campaigns.contacts.batches import Batch


class Stopped(Exception):
    """The import is to go no further: nothing of this batch is kept, nor of those behind it."""


class Ticket:
    """A batch with the rows `done` before it."""

    def __init__(self, batch: Batch, done: int, before: Ticket | None) -> None:
        self.batch = batch
        self.done = done
        self.numbered = asyncio.Event()
        self.committed = asyncio.Event()
        self._before = None if before is None else (before.numbered, before.committed)

    async def wait_to_number(self) -> None:
        """Waits until the rows of the batches before have their numbers."""
        if self._before is not None:
            await self._before[0].wait()

    async def wait_to_commit(self) -> None:
        """Waits until the batches before are committed."""
        if self._before is not None:
            await self._before[1].wait()


class Queue:
    """Gives out the batches of a list in their order; `done` rows of it come before the next one."""

    def __init__(self, batches: AsyncIterator[Batch], done: int) -> None:
        self.done = done
        self.stopped = False
        self._batches = batches
        self._taking = asyncio.Lock()
        self._last: Ticket | None = None

    async def take(self) -> Ticket | None:
        """The next batch; None after the last, or where the import is to go no further."""
        async with self._taking:
            batch = None if self.stopped else await anext(self._batches, None)
            if batch is None:
                return None
            ticket = self._last = Ticket(batch, self.done, self._last)
            self.done += batch.rows
            return ticket


async def load_some(
    queue: Queue, first: Ticket, step: Callable[[Ticket], Awaitable[None]], *, lanes: int, most: int
) -> None:
    """Loads the first batch and up to `most` in all, as many at a time as there are lanes.

    An error of a batch comes out once those before it are committed, and ends the others.
    """
    waiting = [first]
    left = most - 1

    async def lane() -> None:
        nonlocal left
        while True:
            if waiting:
                ticket = waiting.pop()
            elif left <= 0:
                return
            else:
                left -= 1
                taken = await queue.take()
                if taken is None:
                    return
                ticket = taken
            await _carried_out(queue, ticket, step)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(lanes):
                group.create_task(lane())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None


async def _carried_out(queue: Queue, ticket: Ticket, step: Callable[[Ticket], Awaitable[None]]) -> None:
    try:
        await step(ticket)
    except Stopped:
        queue.stopped = True
    except Exception:
        await ticket.wait_to_commit()
        raise
    ticket.numbered.set()
    ticket.committed.set()
