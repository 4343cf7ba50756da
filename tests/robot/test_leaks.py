"""Thousands of calls through the simulated network at full speed leave the process as it was."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections import Counter
from pathlib import Path

import pytest

from core.results import CallResult
from robot.outcome import Outcome
from telephony_esl.simulator import Answer as Act
from telephony_esl.simulator import Pace, Person
from tests.robot.side_by_side import NO, YES, Town, open_files, question, says, town

CALLS, WARM_UP, AT_ONCE = 2000, 500, 30
MOST_GROWTH = 1.05
COLLECT_EVERY = 50


def person(folder: Path, at: int) -> Person:
    """Somebody who answers by a word or a key, interrupts, or hangs up in the middle."""
    yes, no = says(folder, YES), says(folder, NO)
    people = (
        Person((Act(say=yes, wait_s=0.1),), greeting=None, turn_silence_s=0.2),
        Person((Act(press="2", wait_s=0.1),), greeting=None, turn_silence_s=0.2),
        Person((Act(say=no, interrupt_after_s=0.2),), greeting=None, turn_silence_s=0.2),
        Person(greeting=None, hang_up_after_s=0.5),
    )
    return people[at % len(people)]


async def hold(there: Town, count: int, results: Counter[CallResult]) -> None:
    """So many calls, some at once; their recordings are taken away as they come."""

    async def one_after_another() -> None:
        while taken := next(tickets, None):
            outcome: Outcome = await there.call(question(), str(79000000000 + taken % 4))
            results[outcome.result] += 1
            if taken % COLLECT_EVERY == 0:
                gc.collect()  # how much the collector lets lie depends on all that pytest has imported
            if outcome.recording is not None:
                outcome.recording.unlink()

    tickets = iter(range(1, count + 1))
    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(one_after_another())


def resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc to see its own memory")
async def test_two_thousand_calls_leave_nothing_behind(tmp_path: Path) -> None:
    people = {str(79000000000 + at): person(tmp_path, at) for at in range(4)}
    results: Counter[CallResult] = Counter()
    async with town(tmp_path, people, pace=Pace.FAST) as there:
        await hold(there, WARM_UP, results)
        before = (open_files(), threading.active_count(), len(asyncio.all_tasks()))
        memory = resident()
        await hold(there, CALLS - WARM_UP, results)
        assert (open_files(), threading.active_count(), len(asyncio.all_tasks())) == before
        assert resident() <= memory * MOST_GROWTH
        assert there.switch.legs_live == 0
        assert there.network.channels == {}
    assert results.total() == CALLS
    assert set(results) <= {CallResult.COMPLETED, CallResult.HUNG_UP_EARLY}
    assert results[CallResult.COMPLETED] >= CALLS * 3 // 4
