"""Recognition in threads: told in the loop that asked, errors to whom they belong, many results by one wake-up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from robot.workers import Workers


async def done(workers: Workers, work: Callable[[], object], count: int = 1) -> list[object]:
    loop, found = asyncio.get_running_loop(), list[object]()
    over = loop.create_future()

    def tell(one: object) -> None:
        assert asyncio.get_running_loop() is loop
        found.append(one)
        if len(found) == count:
            over.set_result(None)

    for _ in range(count):
        workers.hear(work, tell)
    await asyncio.wait_for(over, 5)
    return found


def test_work_is_done_by_a_thread_and_told_in_each_loop_that_asks() -> None:
    workers = Workers(2)
    for _ in range(2):
        names = asyncio.run(done(workers, lambda: threading.current_thread().name, 20))
        assert all(str(name).startswith("hear") for name in names)
    workers.close()


def test_an_error_is_told_in_place_of_a_result_and_the_thread_goes_on() -> None:
    workers = Workers(1)

    def breaks() -> None:
        raise ValueError("deaf")

    (error,) = asyncio.run(done(workers, breaks))
    assert isinstance(error, ValueError)
    assert asyncio.run(done(workers, lambda: 7)) == [7]
    workers.close()


def test_inline_workers_tell_at_once() -> None:
    told: list[object] = []
    Workers.inline().hear(lambda: 7, told.append)
    Workers.inline().hear(lambda: 1 // 0, told.append)
    assert told[0] == 7
    assert isinstance(told[1], ZeroDivisionError)


def test_what_is_done_after_its_loop_closed_is_told_to_nobody() -> None:
    workers, go, told = Workers(1), threading.Event(), list[object]()

    async def ask() -> None:
        workers.hear(go.wait, told.append)

    asyncio.run(ask())
    go.set()
    assert asyncio.run(done(workers, lambda: 7)) == [7]
    assert told == []
    workers.close()


def test_closing_ends_the_threads() -> None:
    before = threading.active_count()
    Workers(3).close()
    assert threading.active_count() == before
