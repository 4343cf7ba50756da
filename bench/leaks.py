"""Whether many calls leave anything behind: memory, files, tasks, threads.

`./zvonar bench leaks [--calls 10000] [--at-once 20] [--warm-up 1000]`: short calls with the real engines through the
simulated network at full speed, in this process. The last line is one JSON object; the status is 1 where memory grew
by more than 5 % after the warm-up, or anything else was left.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from bench.callers.ours import Row, connected, hold_each
from bench.callers.people import Caller
from robot.dialog.flow import Answer, Ask, End, Flow, Language, Prompt, StepId
from robot.senses import Senses, open_senses
from robot.workers import Workers
from telephony_esl.simulator import Answer as Act
from telephony_esl.simulator import Cast, Pace, Person, SimulatedNetwork

ROOT = Path(__file__).resolve().parent.parent
MOST_GROWTH = 0.05
PEOPLE = (
    (Person((Act(say="да", wait_s=0.1),), greeting=None, turn_silence_s=0.3), ("да",)),
    (Person((Act(press="2", wait_s=0.1),), greeting=None, turn_silence_s=0.3), ("нет",)),
    (Person(greeting=None, hang_up_after_s=0.5), ()),
    (Person((Act(say="нет", interrupt_after_s=0.3),), greeting=None, turn_silence_s=0.3), ("нет",)),
)


@dataclass(frozen=True, slots=True)
class Left:
    """What the process holds when no call is on."""

    memory_mb: float
    files: int
    threads: int
    tasks: int


def question() -> Flow:
    """One question, answered by word or key."""
    ask, end = StepId("ask"), StepId("end")
    answers = (
        Answer(id="1", label="да", then=end, key="1", phrases=("да", "хорошо")),
        Answer(id="2", label="нет", then=end, key="2", phrases=("нет", "не хочу")),
    )
    first = Ask(id=ask, prompt=Prompt(text="Вы придёте?"), question="придёт", answers=answers, otherwise=end, repeats=0)
    return Flow(name="leaks", start=ask, steps={ask: first, end: End(id=end, prompt=Prompt(text="Ждём."))})


def now_left() -> Left:
    """Counts what is held, after a full collection; memory is the resident set."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Left(
        memory_mb=round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1),
        files=len(os.listdir("/proc/self/fd")),
        threads=threading.active_count(),
        tasks=len(asyncio.all_tasks()),
    )


async def leaks(senses: Senses, folder: Path, *, calls: int, at_once: int, warm_up: int) -> dict[str, object]:
    """Holds the calls and compares what is left with what was left after the warm-up."""
    callers = [Caller(str(79000000000 + at), *PEOPLE[at % len(PEOPLE)]) for at in range(at_once)]
    cast = Cast({caller.number: (caller.person,) for caller in callers})
    row, samples = Row(), []
    async with SimulatedNetwork(cast, pace=Pace.FAST) as network, connected(network.port) as switch:
        began = time.perf_counter()
        await hold_each(switch, question(), callers, senses, folder, count=warm_up, row=row)
        network.forget_placed()
        before = now_left()
        results: Counter[str] = Counter()
        for part in range(10):
            await hold_each(switch, question(), callers, senses, folder, count=(calls - warm_up) // 10, row=row)
            results.update(str(one.outcome.result) for one in row.held)
            row.held.clear()
            network.forget_placed()
            samples.append(now_left().memory_mb)
            print(f"{warm_up + (part + 1) * (calls - warm_up) // 10} calls: {samples[-1]} MB", flush=True)
        after = now_left()
        legs = switch.legs_live
    return {
        "calls": calls,
        "memory_mb": before.memory_mb,
        "memory_after_mb": after.memory_mb,
        "growth": round(after.memory_mb / before.memory_mb - 1, 4),
        "files_left": after.files - before.files,
        "threads_left": after.threads - before.threads,
        "tasks_left": after.tasks - before.tasks,
        "legs_left": legs,
        "results": dict(results),
        "calls_per_s": round(calls / (time.perf_counter() - began), 1),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--calls", type=int, default=10_000)
    options.add_argument("--at-once", type=int, default=20)
    options.add_argument("--warm-up", type=int, default=1000)
    given = options.parse_args(argv)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        models, cache, sounds = ROOT / "var" / "models", folder / "prompts", folder / "sounds"
        senses = open_senses(Language.RU, models=models, cache=cache, sounds=sounds, workers=Workers.inline())
        found = asyncio.run(
            leaks(senses, folder / "recordings", calls=given.calls, at_once=given.at_once, warm_up=given.warm_up)
        )
        found["recordings_left"] = len(list(folder.rglob("*.wav")))
    print(json.dumps(found))
    left = [found[what] for what in ("files_left", "threads_left", "tasks_left", "legs_left", "recordings_left")]
    growth = found["growth"]
    return 1 if any(left) or not isinstance(growth, float) or growth > MOST_GROWTH else 0


if __name__ == "__main__":
    sys.exit(main())
