"""The virtual loop itself: it jumps, keeps order, and tells a deadlock."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.virtual_time import VirtualClock, run_virtual

START = datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_hours_pass_at_once_and_the_clock_shows_them() -> None:
    async def main() -> datetime:
        await asyncio.sleep(7200)
        return VirtualClock(START).now()

    assert abs(run_virtual(main()) - START - timedelta(hours=2)) < timedelta(milliseconds=1)


def test_timers_of_one_instant_run_in_the_order_they_were_made() -> None:
    async def main() -> list[int]:
        order: list[int] = []
        at = asyncio.get_running_loop().time() + 5
        for n in range(50):
            asyncio.get_running_loop().call_at(at, order.append, n)
        await asyncio.sleep(6)
        return order

    assert run_virtual(main()) == list(range(50))


def test_waiting_for_what_never_comes_is_told() -> None:
    with pytest.raises(RuntimeError, match="deadlock"):
        run_virtual(asyncio.Event().wait())
