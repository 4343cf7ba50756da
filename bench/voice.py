"""How many people the robots of one machine can talk with, and how long those wait for a reply.

`./zvonar bench voice [--calls 1,10,20] [--seconds 40] [--keypad 100] [--quiet 20] [--threads N] [--profile]
[--shared FOLDER]`; the last line is one JSON object: the best row (the most calls whose `turn_p95_ms` stays within
700), all rows, the keypad calls, the quiet callers and the answers understood by condition.

The callers live in a process of their own, behind real ESL and UDP; Silero, Vosk and espeak-ng (or whatever is
fetched under var/models) do the robot's hearing and speaking. docs/performance.md says what each figure means.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import structlog

from bench.callers.conditions import understood
from bench.callers.measured import Waits, median, percentile, waits_of
from bench.callers.meters import Meter, MeteredWorkers, metered
from bench.callers.network import Counted, FarEnd, network_beside
from bench.callers.ours import Row, connected, hold
from bench.callers.people import Caller, cast_of, key_pressers, notice, quieter, survey, talkers
from bench.callers.waveform import AUDIBLE
from robot.dialog.flow import Flow, Language
from robot.senses import Senses, open_senses

ROOT = Path(__file__).resolve().parent.parent
ENGINES = ("vad", "asr", "tts")
PATIENCE_MS = 700
RISE_S = 15.0
"""About the length of one call: over so long the calls begin, so that not all are at the same word."""
QUIET_DB = 20.0
QUIET_AUDIBLE = AUDIBLE // 10
ENDLESS = (1, 10, 20, 40, 60, 80, 120, 160, 240, 320)


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints; 1 if a call broke."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--calls", type=_numbers, default=ENDLESS, help="calls at once, by commas")
    options.add_argument("--seconds", type=float, default=30, help="how long each number of calls is held")
    options.add_argument("--keypad", type=int, default=100, help="reminders with keys at once; 0: none")
    options.add_argument("--quiet", type=int, default=20, help="callers 20 dB quieter at once; 0: none")
    options.add_argument("--threads", type=int, default=None, help="threads for hearing; default: one a core")
    options.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="where further voices are")
    options.add_argument("--no-conditions", action="store_true", help="leave the spoilt clips out")
    options.add_argument("--profile", action="store_true", help="write a flame graph into var/")
    given = options.parse_args(argv)
    if given.profile:
        return _profiled(argv if argv is not None else sys.argv[1:])
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    meter = Meter()
    with tempfile.TemporaryDirectory() as name:
        workers = MeteredWorkers(given.threads, meter)
        senses = _senses(Path(name), workers, meter)
        try:
            found = measure(given, senses, meter, Path(name))
        finally:
            workers.close()
    print(json.dumps(found, ensure_ascii=False))
    return 1 if found["broken_calls"] else 0


def measure(given: argparse.Namespace, senses: Senses, meter: Meter, folder: Path) -> dict[str, object]:
    """All rows, the best of them, keypad calls and conditions."""
    rows: list[dict[str, object]] = []
    for calls in given.calls:
        row = _row(survey(), talkers(calls), senses, meter, folder, seconds=given.seconds)
        rows.append(row)
        print(json.dumps(row, ensure_ascii=False), flush=True)
        if _patience_is_over(row):
            break
    keypad = None
    if given.keypad:
        keypad = _row(notice(), key_pressers(given.keypad), senses, meter, folder, seconds=given.seconds)
        print(json.dumps({"keypad": keypad}, ensure_ascii=False), flush=True)
    quiet = None
    if given.quiet:
        callers = talkers(given.quiet, clip=quieter(folder / "clips", QUIET_DB))
        quiet = _row(survey(), callers, senses, meter, folder, seconds=given.seconds, audible=QUIET_AUDIBLE)
        print(json.dumps({"quiet": quiet}, ensure_ascii=False), flush=True)
    conditions = [] if given.no_conditions else understood(senses, given.shared)
    for one in conditions:
        print(json.dumps(one, ensure_ascii=False), flush=True)
    best = max(
        (row for row in rows if not _patience_is_over(row)), key=lambda row: int(str(row["calls"])), default=None
    )
    return {
        **(best or {}),
        "broken_calls": sum(int(str(row["broken"])) for row in (*rows, keypad, quiet) if row),
        "rows": rows,
        "keypad": keypad,
        "quiet": quiet,
        "understood": conditions,
        "models": list(senses.notices),
        "cores": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()],
    }


def _row(
    flow: Flow,
    callers: list[Caller],
    senses: Senses,
    meter: Meter,
    folder: Path,
    *,
    seconds: float,
    audible: int = AUDIBLE,
) -> dict[str, object]:
    spent = {name: meter.total(name) for name in ENGINES}
    with network_beside(cast_of(callers)) as far:
        others = _machine_s()
        row, began, ended = asyncio.run(_hold(far, flow, callers, senses, folder, seconds=seconds))
        waits = waits_of(far.calls(), audible=audible)
    engines = {name: meter.total(name) - spent[name] for name in ENGINES}
    network_s = ended.cpu_s - began.cpu_s
    return _figures(len(callers), row, waits, engines) | {
        "network_cores": round(network_s / row.wall_s, 3),
        "others_cores": round(max(0.0, _machine_s() - others - row.cpu_s - network_s) / row.wall_s, 2),
        "network_ticks_skipped": ended.ticks_skipped,
    }


async def _hold(
    far: FarEnd, flow: Flow, callers: list[Caller], senses: Senses, folder: Path, *, seconds: float
) -> tuple[Row, Counted, Counted]:
    async with connected(far.port) as switch:
        began = far.count()
        row = await hold(switch, flow, callers, senses, folder, seconds=seconds, rise_s=RISE_S)
        return row, began, far.count()


def _figures(calls: int, row: Row, waits: Waits, engines: dict[str, float]) -> dict[str, object]:
    wanted = sum(len(one.caller.labels) for one in row.held)
    ours = row.cpu_s - sum(engines.values())
    return {
        "calls": calls,
        "turn_p50_ms": median(waits.turns),
        "turn_p95_ms": percentile(waits.turns, 0.95),
        "barge_in_p95_ms": percentile(waits.barge_ins, 0.95),
        "answers_right": round(sum(one.right for one in row.held) / wanted, 4) if wanted else None,
        "late_frames": waits.late_frames,
        "frame_p50_ms": percentile(waits.frames, 0.5, digits=2),
        "frame_p99_ms": percentile(waits.frames, 0.99, digits=2),
        "calls_per_core": round(row.audio_s / row.cpu_s, 1),
        "asr_share": round(engines["asr"] / row.cpu_s, 3),
        "overhead_ms_per_call_s": round(1000 * ours / row.audio_s, 2) if row.audio_s else None,
        "vad_share": round(engines["vad"] / row.cpu_s, 3),
        "tts_share": round(engines["tts"] / row.cpu_s, 3),
        "our_share": round(ours / row.cpu_s, 3),
        "turns": len(waits.turns),
        "barge_ins": len(waits.barge_ins),
        "rushed_frames": waits.rushed_frames,
        "talked_over": waits.talked_over,
        "unanswered": waits.unanswered,
        "caller_speaks": round(sum(waits.caller_share) / max(1, len(waits.caller_share)), 3),
        "ended": len(row.held),
        "broken": row.broken,
        "wrong": dict(Counter(wrong for one in row.held for wrong in one.wrong).most_common(5)),
        "audio_s": round(row.audio_s, 1),
        "cpu_s": round(row.cpu_s, 2),
        "wall_s": round(row.wall_s, 1),
    }


def _machine_s() -> float:
    """CPU seconds that all processes of this machine used since it started; 0 where Linux does not tell."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return 0.0
    user, nice, system, _idle, _wait, *interrupts = map(int, stat.read_text().splitlines()[0].split()[1:8])
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def _patience_is_over(row: dict[str, object]) -> bool:
    p95 = row["turn_p95_ms"]
    return not isinstance(p95, int) or p95 > PATIENCE_MS


def _senses(folder: Path, workers: MeteredWorkers, meter: Meter) -> Senses:
    models, cache, sounds = ROOT / "var" / "models", folder / "prompts", folder / "sounds"
    return metered(open_senses(Language.RU, models=models, cache=cache, sounds=sounds, workers=workers), meter)


def _profiled(argv: Sequence[str]) -> int:
    """The same measurement under py-spy: as its child, since a process may be traced by its parents only."""
    graph = ROOT / "var" / "voice.svg"
    graph.parent.mkdir(exist_ok=True)
    spy = Path(sys.executable).with_name("py-spy")
    command = [
        str(spy),
        "record",
        "--nonblocking",
        "--threads",
        "--rate",
        "200",
        "--output",
        str(graph),
        "--",
        sys.executable,
    ]
    done = subprocess.run(
        [*command, "-m", "bench.voice", "--no-conditions", *_without_profile(argv)], cwd=ROOT, check=False
    )
    print(f"flame graph: {graph}", file=sys.stderr)
    return done.returncode


def _without_profile(argv: Sequence[str]) -> Iterator[str]:
    yield from (word for word in argv if word != "--profile")


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
