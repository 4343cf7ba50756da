"""What `./zvonar amd train` does; apart, because scikit-learn is loaded for it alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.errors import BadInput
from robot.amd.composing import Label
from robot.amd.dataset import Composed, composed, listen_to, recorded
from robot.amd.model import Trained
from robot.amd.recordings import has_labels, read_calls, read_clips
from robot.amd.report import report
from robot.amd.training import cross_validated, train
from robot.asr.silero import Silero

LEAST_PARTS: Final = 3


@dataclass(frozen=True, slots=True)
class Training:
    """A detector trained on everything, and what the same training is worth on sources kept out of it."""

    trained: Trained
    report: dict[str, object]


def train_from(folder: Path, vad: Silero, *, seed: int, people: int) -> Training:
    """Trains on the calls composed from a folder's pieces, or on its labelled calls where the manifest has labels."""
    calls = _calls(folder, seed=seed, people=people)
    if len({fold for fold, _, _ in calls}) < LEAST_PARTS:
        raise BadInput(
            "too_few_sources",
            f"The recordings of machines come from fewer than {LEAST_PARTS} sources.",
            field="manifest",
            hint="One is kept out to measure on, and two are needed to set the thresholds.",
        )
    heard = listen_to(calls, vad)
    base = heard[0].timing
    trained = train([call for call in heard if call.timing == base], seed)
    figures = report(heard, cross_validated(heard, base, seed))
    return Training(trained, {"seed": seed, "sources": list(trained.sources), "timings": figures})


def _calls(folder: Path, *, seed: int, people: int) -> list[Composed]:
    if not has_labels(folder):
        return composed(read_clips(folder), people=people, seed=seed)
    calls = recorded(read_calls(folder))
    for label in (Label.HUMAN, Label.MACHINE):
        parts = {fold for fold, _, call in calls if call.label is label}
        if len(parts) < LEAST_PARTS:
            raise BadInput(
                "too_few_sources",
                f"Calls with the label {label.value!r} come from fewer than {LEAST_PARTS} sources.",
                field="manifest",
                hint="Name the caller or the network of each call in the column source; without it each file is one.",
            )
    return calls
