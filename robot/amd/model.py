"""The trained detector as figures in one JSON file: trees, calibration, thresholds; told by numpy alone.

The trees tell how surely a machine speaks, once somebody speaks; before, the share of silent lines among calls that
were silent so long. A tone is told by rule (`robot.amd.tones`), with the share of calls in which such a rule erred.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from core.errors import Unavailable
from robot.amd.features import NAMES

FORMAT: Final = 1
Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


class Bias(StrEnum):
    """Which error is the worse one: a person hung up on, or a machine talked to."""

    PEOPLE_FIRST = "people_first"
    BALANCED = "balanced"
    MACHINES_OUT = "machines_out"


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """From which probability on it is a machine, up to which a person; and what that cost on the training sources."""

    machine: float
    human: float
    people_taken_for_machines: float
    machines_missed: float


class Trees(msgspec.Struct, frozen=True, kw_only=True):
    """Boosted trees: for each one its nodes' features (-1 in a leaf), borders, children and values."""

    base: float
    rate: float
    features: list[list[int]]
    borders: list[list[float]]
    left: list[list[int]]
    right: list[list[int]]
    values: list[list[float]]


class Trained(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """All that a call needs; `slope` and `shift` make the trees' sum a probability (Platt)."""

    format: int
    names: tuple[str, ...]
    seed: int
    trees: Trees
    slope: float
    shift: float
    silent: list[float]
    tone_errs: float
    thresholds: dict[Bias, Thresholds]
    sources: tuple[str, ...]
    calls: int

    @cached_property
    def _arrays(self) -> tuple[Numbers, Floats, Numbers, Numbers, Floats]:
        """Nodes of all trees in one row each, padded; a leaf leads to itself."""
        trees, most = self.trees, max(map(len, self.trees.features))
        features = np.zeros((len(trees.features), most), dtype=np.int64)
        borders = np.full(features.shape, np.inf)
        left, right = np.zeros_like(features), np.zeros_like(features)
        values = np.zeros(features.shape)
        for row, kinds in enumerate(trees.features):
            for node, kind in enumerate(kinds):
                leaf = kind < 0
                features[row, node] = 0 if leaf else kind
                borders[row, node] = np.inf if leaf else trees.borders[row][node]
                left[row, node] = node if leaf else trees.left[row][node]
                right[row, node] = node if leaf else trees.right[row][node]
                values[row, node] = trees.values[row][node]
        return features, borders, left, right, values

    @cached_property
    def _depth(self) -> int:
        """How many steps lead from a root to its farthest leaf."""
        deepest = 0
        for kinds, left, right in zip(self.trees.features, self.trees.left, self.trees.right, strict=True):
            level, depth = [0], 0
            while level := [c for n in level if kinds[n] >= 0 for c in (left[n], right[n])]:
                depth += 1
            deepest = max(deepest, depth)
        return deepest

    def machine(self, figures: Sequence[Sequence[float]] | Floats) -> Floats:
        """The probability of a machine for each row of figures, by `features.NAMES`."""
        rows = np.asarray(figures, dtype=np.float32).astype(np.float64)
        features, borders, left, right, values = self._arrays
        trees = np.arange(len(features))[None, :]
        rowed = np.arange(len(rows))[:, None]
        nodes = np.zeros((len(rows), len(features)), dtype=np.int64)
        for _ in range(self._depth):
            goes_left = rows[rowed, features[trees, nodes]] <= borders[trees, nodes]
            nodes = np.where(goes_left, left[trees, nodes], right[trees, nodes])
        total = self.trees.base + self.trees.rate * values[trees, nodes].sum(axis=1)
        probability: Floats = 1.0 / (1.0 + np.exp(-(self.slope * total + self.shift)))
        return probability

    def silence(self, seconds: float) -> float:
        """How surely nobody is going to speak who has not spoken for so long, in tenths of seconds."""
        return self.silent[min(int(seconds * 10), len(self.silent) - 1)]

    def to_bytes(self) -> bytes:
        """The file's contents."""
        return msgspec.json.encode(self)


def load(path: Path) -> Trained:
    """Reads a trained detector; `Unavailable` if it cannot be used here."""
    try:
        trained = msgspec.json.decode(path.read_bytes(), type=Trained)
    except (OSError, msgspec.MsgspecError) as error:
        raise Unavailable(
            "amd_unusable", f"The detector of answering machines {path} cannot be read: {error}.",
            hint="Train it anew (./zvonar amd train) or restore it from the project.",
        ) from error  # fmt: skip
    if trained.format != FORMAT or trained.names != NAMES:
        raise Unavailable(
            "amd_unusable", f"The detector {path} was trained for another version.", hint="Train it anew."
        )
    return trained
