"""The report of a training: how well the detector does on sources that were kept from it, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from core.audio import SAMPLE_RATE
from robot.amd.cadence import Verdict
from robot.amd.composing import Label, Shape
from robot.amd.measures import (
    Row,
    Share,
    accuracy,
    calibration,
    confusion,
    human_as_machine,
    machine_as_human,
)
from robot.amd.model import Bias, Floats, Thresholds, Trained
from robot.amd.training import BORDERS, Listened, decided

MOMENTS_S: Final = (1.5, 2.0, 3.0)
"""Seconds after the onset of speech at which a verdict is forced, to compare detectors."""
CURVE_S: Final = tuple(np.round(np.arange(0.5, 6.01, 0.25), 2).tolist())
Plain = dict[str, object]


def kept_out(calls: Sequence[Listened], models: Mapping[int, Trained]) -> list[Floats]:
    """The probabilities of each call by the detector that never heard its fold."""
    return [models[call.fold].machine(call.figures) if len(call.figures) else np.zeros(0) for call in calls]


def rows_of(
    calls: Sequence[Listened], machine: Sequence[Floats], thresholds: Callable[[Listened], Thresholds]
) -> list[Row]:
    """The verdicts, each by the thresholds for its call."""
    rows = []
    for call, probabilities in zip(calls, machine, strict=True):
        judged = decided(call, probabilities, thresholds(call))
        score = float(probabilities[-1]) if len(probabilities) else 0.0
        rows.append(Row(call.group, call.shape.value, call.is_machine, judged.verdict, score, judged.seconds))
    return rows


def rows_by_rule(calls: Sequence[Listened]) -> list[Row]:
    """What the cadence rule says of the same calls."""
    return [
        Row(c.group, c.shape.value, c.is_machine, c.by_rule.verdict, c.by_rule.score, c.by_rule.at / SAMPLE_RATE)
        for c in calls
    ]


def report(calls: Sequence[Listened], models: Mapping[int, Trained]) -> Plain:
    """All figures, by timing: at the shipped thresholds, at fixed moments, and along the curves."""
    machine = kept_out(calls, models)
    timings = list(dict.fromkeys(call.timing for call in calls))
    found: Plain = {}
    for timing in timings:
        chosen = [number for number, call in enumerate(calls) if call.timing == timing]
        found[timing] = _of([calls[n] for n in chosen], [machine[n] for n in chosen], models)
    return found


def _of(calls: Sequence[Listened], machine: Sequence[Floats], models: Mapping[int, Trained]) -> Plain:
    by_bias = {
        bias.value: _shipped(rows_of(calls, machine, lambda call, bias=bias: models[call.fold].thresholds[bias]))  # type: ignore[misc]
        for bias in Bias
    }
    short = [number for number, call in enumerate(calls) if call.shape is not Shape.LONG]
    return {
        "calls": len(calls),
        "by_bias": by_bias,
        "by_cadence_rule": _shipped(rows_by_rule(calls)),
        "at_moments": [_moment(calls, machine, at_s, border) for at_s in MOMENTS_S for border in (0.5, 0.95)],
        "at_moments_without_long_answers": [
            _moment([calls[n] for n in short], [machine[n] for n in short], at_s, border)
            for at_s in MOMENTS_S
            for border in (0.5, 0.95)
        ],
        "threshold_curve": [_moment(calls, machine, 2.0, border) for border in BORDERS],
        "decision_times": _times(calls, machine, models),
        "calibration": _calibration(calls, machine),
    }


def _shipped(rows: Sequence[Row]) -> Plain:
    spoken = [row.at_s for row in rows if row.label not in (Shape.SILENCE.value, Shape.FAX.value)]
    middle, late = np.percentile(spoken, [50, 95]).tolist() if spoken else (0.0, 0.0)
    loud = [row for row in rows if row.label != Shape.SILENCE.value]
    return {
        "accuracy": told(accuracy(loud)),
        "human_as_machine": told(human_as_machine(loud)),
        "machine_as_human": told(machine_as_human(loud)),
        "decision_p50_s": round(middle, 2),
        "decision_p95_s": round(late, 2),
        "by_shape": confusion(rows),
        "by_source": {
            source: confusion([row for row in rows if row.name == source]) for source in sorted({r.name for r in rows})
        },
    }


def _moment(calls: Sequence[Listened], machine: Sequence[Floats], at_s: float, border: float) -> Plain:
    """Both errors if a verdict had to be given so long after the onset of speech."""
    rows = []
    for call, probabilities in zip(calls, machine, strict=True):
        if not call.speaks:
            continue
        look = min(int(np.searchsorted(call.figures[:, 0], at_s)), len(probabilities) - 1)
        found = Verdict.MACHINE if probabilities[look] >= border else Verdict.HUMAN
        rows.append(Row(call.group, call.label.value, call.is_machine, found, float(probabilities[look]), at_s))
    return {
        "after_onset_s": at_s,
        "border": border,
        "accuracy": told(accuracy(rows)),
        "human_as_machine": told(human_as_machine(rows)),
        "machine_as_human": told(machine_as_human(rows)),
    }


def _times(calls: Sequence[Listened], machine: Sequence[Floats], models: Mapping[int, Trained]) -> list[Plain]:
    """What share of people and of machines have their verdict by then."""
    people: list[float] = []
    machines: list[float] = []
    for call, probabilities in zip(calls, machine, strict=True):
        if call.label is not Label.SILENCE:
            judged = decided(call, probabilities, models[call.fold].thresholds[Bias.PEOPLE_FIRST])
            (machines if call.is_machine else people).append(judged.at / SAMPLE_RATE)
    return [
        {
            "s": at,
            "people": round(float(np.mean(np.array(people) <= at)), 4) if people else 0.0,
            "machines": round(float(np.mean(np.array(machines) <= at)), 4) if machines else 0.0,
        }
        for at in CURVE_S
    ]


def _calibration(calls: Sequence[Listened], machine: Sequence[Floats]) -> list[Plain]:
    spoken = [(one, call.is_machine) for call, one in zip(calls, machine, strict=True) if call.speaks]
    if not spoken:
        return []
    probabilities = np.concatenate([one for one, _ in spoken]).tolist()
    truths = [truth for one, truth in spoken for _ in range(len(one))]
    return [{"told": b.told, "true": b.true, "moments": b.count} for b in calibration(probabilities, truths)]


def told(one: Share) -> Plain:
    """A share with its interval and its counts."""
    low, high = one.interval
    return {"share": round(one.value, 4), "low": round(low, 4), "high": round(high, 4), "hits": one.hits, "of": one.of}
