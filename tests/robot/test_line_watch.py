"""A line that brings no audio is given up, one that waits for our own loop is not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from core.results import CallResult
from robot.line_watch import SILENT_LINE_S, STEP_S, LineWatch, watched
from tests.fakes.line import FakeLine, GoDead, When
from tests.robot.test_call import talk
from tests.virtual_time import VirtualLoop, run_virtual


def stand_still(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.stand_still(seconds)


async def given_up_after(meanwhile: Callable[[LineWatch], None] = lambda _: None) -> float:
    """Seconds until a line that brings nothing is given up; `meanwhile` happens after one second."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        async with watched(lambda: 0) as watch:
            loop.call_later(1.01, meanwhile, watch)
            await asyncio.sleep(1000)
    except TimeoutError:
        return loop.time() - began
    raise AssertionError("the line was not given up")


def test_a_line_without_audio_is_given_up() -> None:
    assert run_virtual(given_up_after()) == pytest.approx(SILENT_LINE_S, abs=0.01)


@pytest.mark.parametrize("stall_s", [0.3, 4.0, 60.0])
def test_time_in_which_the_loop_stood_still_counts_as_one_step_at_most(stall_s: float) -> None:
    after = run_virtual(given_up_after(lambda _: stand_still(stall_s)))
    assert SILENT_LINE_S + stall_s - STEP_S <= after <= SILENT_LINE_S + stall_s


def test_audio_gives_the_full_time_anew() -> None:
    async def hear() -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with watched(lambda: min(160, int(loop.time() * 8))):
                await asyncio.sleep(1000)
        except TimeoutError:
            return loop.time() - began
        raise AssertionError("the line was not given up")

    assert run_virtual(hear()) == pytest.approx(20 + SILENT_LINE_S, abs=STEP_S)


def test_a_pause_stops_the_watch_and_going_on_gives_the_full_time() -> None:
    def wait(watch: LineWatch) -> None:
        watch.pause()
        asyncio.get_running_loop().call_later(50, watch.go_on)

    assert run_virtual(given_up_after(wait)) == pytest.approx(51.01 + SILENT_LINE_S, abs=0.01)


def test_nothing_is_left_after_the_block() -> None:
    async def end() -> None:
        async with watched(lambda: 0) as watch:
            await asyncio.sleep(1)
        await asyncio.sleep(100)
        assert not watch.timeout.expired()

    run_virtual(end())


def test_a_stall_of_our_own_loop_ends_no_call(tmp_path: Path) -> None:
    class Stalled(FakeLine):
        async def run(self) -> None:
            asyncio.get_running_loop().call_later(1.3, stand_still, 30)
            await super().run()

    outcome = talk(tmp_path, Stalled())
    assert outcome.result is not CallResult.SYSTEM_ERROR


def test_a_line_that_dies_ends_its_call(tmp_path: Path) -> None:
    outcome = talk(tmp_path, FakeLine([GoDead(When(at_ms=1300))]))
    assert outcome.result is CallResult.SYSTEM_ERROR
