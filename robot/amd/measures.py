"""What a detector is worth, in figures: both errors, intervals, confusion, calibration, time of the verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np

from robot.amd.cadence import Verdict

Z95: Final = 1.959964


@dataclass(frozen=True, slots=True)
class Row:
    """One call judged: its label, whether it is a machine in truth, the verdict, its score and when it came."""

    name: str
    label: str
    is_machine: bool
    verdict: Verdict
    score: float
    at_s: float

    @property
    def is_right(self) -> bool:
        """Whether the right thing is done with the call; doubt counts as human."""
        return self.is_machine == (self.verdict is Verdict.MACHINE)


@dataclass(frozen=True, slots=True)
class Share:
    """A share of counted cases with its 95 % interval after Wilson."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """The share itself; 0 of nothing."""
        return self.hits / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Between which shares the true one lies in 95 of 100 cases."""
        if not self.of:
            return (0.0, 1.0)
        centre = (self.value + Z95**2 / (2 * self.of)) / (1 + Z95**2 / self.of)
        half = Z95 * sqrt(self.value * (1 - self.value) / self.of + Z95**2 / (4 * self.of**2)) / (1 + Z95**2 / self.of)
        return (max(0.0, centre - half), min(1.0, centre + half))

    def __str__(self) -> str:
        low, high = self.interval
        return f"{100 * self.value:.1f} % ({100 * low:.1f}–{100 * high:.1f})"


def share(flags: Iterable[bool]) -> Share:
    """How many of the flags are set."""
    known = list(flags)
    return Share(sum(known), len(known))


def accuracy(rows: Sequence[Row]) -> Share:
    """Calls with which the right thing is done."""
    return share(row.is_right for row in rows)


def human_as_machine(rows: Sequence[Row]) -> Share:
    """Of the people (and silent lines), those hung up on."""
    return share(row.verdict is Verdict.MACHINE for row in rows if not row.is_machine)


def machine_as_human(rows: Sequence[Row]) -> Share:
    """Of the machines, those that are talked to: taken for people, or in doubt."""
    return share(row.verdict is not Verdict.MACHINE for row in rows if row.is_machine)


def confusion(rows: Sequence[Row]) -> dict[str, dict[str, int]]:
    """By label how often each verdict was given."""
    counts = Counter((row.label, row.verdict.value) for row in rows)
    labels = sorted({row.label for row in rows})
    return {label: {verdict.value: counts[label, verdict.value] for verdict in Verdict} for label in labels}


def summary(rows: Sequence[Row], cpu_ms_per_call: float) -> dict[str, object]:
    """The figures as `./zvonar amd evaluate --json` prints them; shares lie between 0 and 1."""
    times = [row.at_s for row in rows]
    middle, late = np.percentile(times, [50, 95]).tolist() if times else (0.0, 0.0)
    return {
        "n": len(rows),
        "accuracy": round(accuracy(rows).value, 4),
        "human_as_machine": round(human_as_machine(rows).value, 4),
        "machine_as_human": round(machine_as_human(rows).value, 4),
        "uncertain": round(share(row.verdict is Verdict.UNCERTAIN for row in rows).value, 4),
        "decision_p50_s": round(middle, 3),
        "decision_p95_s": round(late, 3),
        "cpu_ms_per_call": round(cpu_ms_per_call, 3),
        "confusion": confusion(rows),
    }


@dataclass(frozen=True, slots=True)
class Bin:
    """Of the moments whose probability lay about `told`, the share that were machines."""

    told: float
    true: float
    count: int


def calibration(told: Sequence[float], true: Sequence[bool], bins: int = 10) -> list[Bin]:
    """Told against true, in bins of equal width; empty ones are left out."""
    place = np.minimum((np.asarray(told) * bins).astype(int), bins - 1)
    truths, values = np.asarray(true, dtype=float), np.asarray(told)
    return [
        Bin(
            round(float(values[place == b].mean()), 4),
            round(float(truths[place == b].mean()), 4),
            int((place == b).sum()),
        )
        for b in range(bins)
        if (place == b).any()
    ]
