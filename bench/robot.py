"""How many calls one process holds at once: real VAD, recogniser and voice, callers that answer by recorded clips.

`python -m bench.robot [--calls N] [--threads N] [--inline]`; the last line is JSON. Each call is a survey of two
questions: a phrase, then a phrase again. All lines are paced in real time by one ticker; with `--inline` one call after
another runs as fast as the machine computes. The reply's latency is counted from the clip's last loud sample to the
first frame of the robot's reply, in audio time, so lateness of the machine is in it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
import wave
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.audio import FRAME_BYTES, FRAME_MS, FRAME_SAMPLES, SILENCE, Pcm
from core.legs import HungUp, LegEvent
from core.results import CallResult
from robot.amd.sound import level_db
from robot.call import CallSettings, RobotCall, Senses
from robot.dialog.flow import Answer, Ask, End, Flow, Language, Prompt, Step, StepId
from robot.outcome import Outcome
from robot.ports import Exchange
from robot.senses import open_senses
from robot.workers import Workers

SOUNDS = Path(__file__).resolve().parent.parent / "telephony_esl" / "simulator" / "sounds"
ANSWERS = ("yes_00_elena", "number_05_elena")
QUIET_FRAMES = 30
CALL_S = 10.0
"""About the length of one call: over so long the calls begin, so that they do not all think at once."""


def survey() -> Flow:
    """Two questions and a farewell."""
    first, second, end = StepId("first"), StepId("second"), StepId("end")
    words = ("один", "два", "три", "четыре", "пять")
    steps: dict[StepId, Step] = {
        first: Ask(
            id=first,
            prompt=Prompt(text="Здравствуйте! Вам понравилось, как мы доставили ваш заказ?"),
            question="Понравилось",
            answers=(
                Answer(id="1", label="да", then=second, key="1", phrases=("да", "хорошо")),
                Answer(id="2", label="нет", then=second, key="2", phrases=("нет", "не понравилось")),
            ),
            otherwise=second,
        ),
        second: Ask(
            id=second,
            prompt=Prompt(text="Поставьте оценку от одного до пяти."),
            question="Оценка",
            answers=tuple(
                Answer(id=str(n), label=str(n), then=end, key=str(n), phrases=(word,))
                for n, word in enumerate(words, 1)
            ),
            otherwise=end,
        ),
        end: End(id=end, prompt=Prompt(text="Спасибо за ответы, до свидания!")),
    }
    return Flow(name="bench", start=first, steps=steps)


@dataclass(frozen=True, slots=True)
class Clip:
    """One thing a caller says, in frames; it is audible in the first `audible` of them."""

    frames: tuple[Pcm, ...]
    audible: int


@dataclass(slots=True)
class Line:
    """A caller who answers each question once by a clip, after the robot fell silent."""

    clips: deque[Clip]
    replies_ms: list[int] = field(default_factory=list)
    frames: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)
    _exchange: Exchange | None = None
    _talk: deque[Pcm] = field(default_factory=deque)
    _spoke: bool = False
    _quiet: int = 0
    _answered: int | None = None

    async def link(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def next_event(self) -> LegEvent:
        await self.over.wait()
        return HungUp(cause="NORMAL_CLEARING", result=CallResult.COMPLETED, by_us=True)

    async def transfer(self, group: str, wait_s: float) -> bool:
        return False

    async def hang_up(self) -> None:
        self.over.set()

    def tick(self) -> None:
        """One frame each way."""
        if self._exchange is None or self.over.is_set():
            return
        reply = self._exchange(self._talk.popleft() if self._talk else SILENCE)
        self.frames += 1
        if level_db(reply) > -60:
            if self._answered is not None:
                self.replies_ms.append((self.frames - 1 - self._answered) * FRAME_MS)
                self._answered = None
            self._spoke, self._quiet = True, 0
        elif not self._talk:
            self._quiet += 1
        if self._spoke and self._quiet >= QUIET_FRAMES and self.clips:
            said = self.clips.popleft()
            self._talk.extend(said.frames)
            self._answered = self.frames + said.audible
            self._spoke, self._quiet = False, 0


def clip(name: str) -> Clip:
    """The clip with the frame of its last loud sample."""
    with wave.open(str(SOUNDS / f"{name}.wav")) as file:
        pcm = bytes(file.readframes(file.getnframes()))
    loud = np.abs(np.frombuffer(pcm, dtype="<i2").astype(np.int32))
    last = int(np.flatnonzero(loud > loud.max() * 0.03)[-1])
    padded = pcm + bytes(-len(pcm) % FRAME_BYTES)
    return Clip(
        tuple(padded[i : i + FRAME_BYTES] for i in range(0, len(padded), FRAME_BYTES)), last // FRAME_SAMPLES + 1
    )


@dataclass(frozen=True, slots=True)
class Run:
    """What came of all calls."""

    outcomes: list[Outcome]
    lines: list[Line]
    wall_s: float
    cpu_s: float
    late_frames: int


async def hold(senses: Senses, folder: Path, calls: int, *, paced: bool) -> Run:
    """Holds all calls: at once in real time, or one by one at full speed."""
    answers = [clip(name) for name in ANSWERS]
    lines = [Line(deque(answers)) for _ in range(calls)]
    flow = survey()
    outcomes: list[Outcome] = []

    async def talk(number: int, after_s: float) -> None:
        await asyncio.sleep(after_s)
        settings = CallSettings(recordings=folder, call_name=str(number), detect_machines=False, language=Language.RU)
        call = RobotCall(flow, variables={}, line=lines[number], senses=senses, settings=settings)
        outcomes.append(await call.run())

    await senses.prompts.prepare(flow, {})
    began, cpu, late = time.perf_counter(), time.process_time(), 0
    if paced:
        async with asyncio.TaskGroup() as group:
            for number in range(calls):
                group.create_task(talk(number, number * CALL_S / calls))
            late = await _tick(lines)
    else:
        for number, line in enumerate(lines):
            async with asyncio.TaskGroup() as group:
                group.create_task(talk(number, 0))
                while not line.over.is_set():
                    line.tick()
                    for _ in range(5):
                        await asyncio.sleep(0)
    return Run(outcomes, lines, time.perf_counter() - began, time.process_time() - cpu, late)


async def _tick(lines: Sequence[Line]) -> int:
    """Every 20 ms one frame for each line, its calls spread over the frame; counts the frames that came too late."""
    late, due = 0, time.perf_counter()
    while not all(line.over.is_set() for line in lines):
        for line in lines:
            line.tick()
        due += FRAME_MS / 1000
        wait = due - time.perf_counter()
        late += wait < 0
        await asyncio.sleep(max(0.0, wait))
    return late


def figures(run: Run, calls: int) -> dict[str, object]:
    """The result as plain figures."""
    replies = sorted(reply for line in run.lines for reply in line.replies_ms)
    audio_s = sum(outcome.audio_ms for outcome in run.outcomes) / 1000
    right = sum([a.label for a in outcome.answers] == ["да", "5"] for outcome in run.outcomes)
    return {
        "calls": calls,
        "understood": right,
        "errors": sum(outcome.result is CallResult.SYSTEM_ERROR for outcome in run.outcomes),
        "audio_s": round(audio_s, 1),
        "wall_s": round(run.wall_s, 2),
        "cpu_s": round(run.cpu_s, 2),
        "real_time_factor": round(run.cpu_s / audio_s, 4),
        "calls_per_core": round(audio_s / run.cpu_s),
        "late_ticks": run.late_frames,
        "reply_p50_ms": round(statistics.median(replies)) if replies else None,
        "reply_p95_ms": replies[min(len(replies) - 1, int(len(replies) * 0.95))] if replies else None,
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the calls and prints the figures; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--inline", action="store_true")
    chosen = parser.parse_args(argv)
    workers = Workers.inline() if chosen.inline else Workers(chosen.threads)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        senses = open_senses(
            Language.RU, models=folder / "models", cache=folder / "cache", sounds=folder / "sounds", workers=workers
        )
        run = asyncio.run(hold(senses, folder / "recordings", chosen.calls, paced=not chosen.inline))
    workers.close()
    found = figures(run, chosen.calls)
    print(f"{found['calls']} calls, {found['understood']} understood, {found['calls_per_core']} calls per core")
    print(json.dumps(found))
    return 0 if found["errors"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
