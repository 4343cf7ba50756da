"""What a team of operators would get from predictive dialling: the product's pacing in a simulated market.

    ./zvonar bench pacing [--operators N] [--talk S] [--wrap S] [--answer P] [--limit L] [--hours H] [--seed K]
        [--drift] [--history FILE]

Talks are log-normal (coefficient of variation 0.7), calls are answered after N(12, 4) s, of the others half fail
after 3 s and half ring for 30 s, callers wait 2 s. With `--drift` the answer rate swings between half and one and a
half times `--answer` every two hours. The pacing begins without knowing any of it. `best_fixed_occupancy` is that of
the best fixed ratio of calls to free operators, found with hindsight on the same random numbers. `--history FILE`
takes the durations from a campaign's own calls (JSON with lists of seconds: answered_after_s, failed_after_s,
talks_s, wraps_s). The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

from campaigns.operators.simulation import (
    AdaptivePace,
    History,
    Market,
    Progressive,
    best_fixed,
    drifting,
    fates_of,
    simulate,
)

DRIFT_PERIOD_S = 7200.0


def market_of(options: argparse.Namespace) -> Market:
    """The market that the options describe."""
    answer, draw = options.answer, fates_of(talk_s=options.talk, wrap_s=options.wrap)
    if options.history is not None:
        history = History(**json.loads(Path(options.history).read_text()))
        answer, draw = history.answer_rate, history.fate
    phase = Random(options.seed + 1000).uniform(0, 2 * math.pi)
    rate = drifting(answer * 0.5, answer * 1.5, DRIFT_PERIOD_S, phase) if options.drift else lambda _: answer
    return Market(rate, lambda _: options.operators, draw, options.hours, options.patience)


def main(argv: Sequence[str]) -> int:
    """Plays the pacing, the progressive rule and all fixed ratios."""
    parser = argparse.ArgumentParser(prog="bench.pacing", description=__doc__)
    parser.add_argument("--operators", type=int, default=20)
    parser.add_argument("--talk", type=float, default=120.0)
    parser.add_argument("--wrap", type=float, default=15.0)
    parser.add_argument("--answer", type=float, default=0.3)
    parser.add_argument("--limit", type=float, default=0.03)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--patience", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--drift", action="store_true")
    parser.add_argument("--history")
    parser.add_argument("--no-fixed", action="store_true", help="leave out the search for the best fixed ratio")
    options = parser.parse_args(argv)
    market = market_of(options)
    began = time.perf_counter()
    got = simulate(market, AdaptivePace(options.limit, options.patience), Random(options.seed))
    took = time.perf_counter() - began
    progressive = simulate(market, Progressive(), Random(options.seed))
    figures: dict[str, float | None] = {
        "occupancy": round(got.occupancy, 4),
        "lost_share": round(got.lost_share, 4),
        "worst_window": round(got.worst_window, 4),
        "calls_per_operator_hour": round(got.calls_per_operator_hour, 2),
        "progressive_occupancy": round(progressive.occupancy, 4),
        "best_fixed_occupancy": None,
    }
    if not options.no_fixed:
        ratio, fixed = best_fixed(market, options.limit, lambda: Random(options.seed))
        figures |= {"best_fixed_occupancy": round(fixed.occupancy, 4), "best_fixed_ratio": ratio}
    figures |= {"answered": got.answered, "placed": got.placed, "simulated_in_s": round(took, 1)}
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
