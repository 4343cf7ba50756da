"""Trains the detector on composed or recorded calls, sets its thresholds, and measures it on voices it never heard.

Everything is split by group: a threshold is set on calls whose voices the trees that judged them were not trained on,
and a figure is told only of calls from sources that neither trees nor thresholds have seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
from sklearn.ensemble import GradientBoostingClassifier  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

from core.audio import SAMPLE_RATE, Samples
from core.errors import BadInput
from robot.amd.cadence import Cadence, Greeted, Verdict, cadence_after
from robot.amd.composing import Label, Shape
from robot.amd.features import NAMES, Track
from robot.amd.judging import TICK, Heard, Limits, verdict
from robot.amd.model import FORMAT, Bias, Floats, Thresholds, Trained, Trees
from robot.amd.sound import Tone
from robot.amd.tones import CHUNK, Measured, ToneKind, Tones
from robot.turns import Moment

TREES: Final = 110
DEPTH: Final = 4
RATE: Final = 0.12
ROWS_PER_CALL: Final = 12
BORDERS: Final = tuple(
    np.round(np.concatenate([np.arange(0.5, 0.95, 0.05), np.arange(0.95, 0.9999, 0.005)]), 4).tolist()
)
MOST_PEOPLE: Final = {Bias.PEOPLE_FIRST: 0.006, Bias.BALANCED: 0.015, Bias.MACHINES_OUT: 0.04}
"""Of the people on the training sources at most this share may be taken for machines."""
LEAST_BORDER: Final = 0.9
"""Few calls prove little: however well a lower border does on them, it is not taken."""
MOST_MISSED: Final = 0.01
"""Of the machines at most this share may be taken for people before the limit."""
Truths = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Listened:
    """One call heard to its end: figures at each look where somebody had spoken, and what a verdict needs there.

    `fold` is the part of the sources that its voice is from, `timing` how it was composed, `by_rule` what the cadence
    rule says.
    """

    label: Label
    shape: Shape
    group: str
    fold: int
    timing: str
    figures: Floats
    looks: tuple[Heard, ...]
    tone: tuple[ToneKind, Samples] | None
    by_rule: Greeted

    @property
    def is_machine(self) -> bool:
        """Whether it is no person's call, silence apart."""
        return self.label in (Label.MACHINE, Label.FAX)

    @property
    def speaks(self) -> bool:
        """Whether it says by its voice what it is, so that the trees can learn from it."""
        return self.label in (Label.HUMAN, Label.MACHINE) and self.tone is None and len(self.figures) > 0


def listened(
    label: Label,
    shape: Shape,
    *,
    group: str,
    fold: int,
    timing: str,
    speech: Sequence[float],
    measured: Sequence[Measured],
) -> Listened:
    """Hears a call whose chunks are measured."""
    track, tones, tone, rule = Track(), Tones(), None, Cadence()
    looks: list[Heard] = []
    figures: list[list[float]] = []
    for probability, chunk in zip(speech, measured, strict=True):
        track.take(probability, chunk)
        heard, start = tones.take(chunk), (track.chunks - 1) * CHUNK
        moment = Moment(Samples(start), Samples(start + CHUNK), probability, chunk.level_db)
        rule = cadence_after(rule, moment, Tone(chunk.hertz, chunk.share))
        if heard is not None and heard.kind is not ToneKind.BEEP and tone is None:
            tone = (heard.kind, Heard.of(track).now)
        if track.chunks % TICK == 0:
            looks.append(Heard.of(track))
            figures.append(track.figures() if track.spoke else [])
    width = len(NAMES)
    spoken = np.array([row for row in figures if row], dtype=np.float32).reshape(-1, width)
    end = Samples(track.chunks * CHUNK)
    by_rule = rule.verdict or Greeted(Verdict.UNCERTAIN, 0.5, end, end)
    return Listened(label, shape, group, fold, timing, spoken.astype(np.float64), tuple(looks), tone, by_rule)


def fit_trees(calls: Sequence[Listened], seed: int) -> Trees:
    """Boosted trees over `ROWS_PER_CALL` moments of each call; people and machines weigh alike."""
    random = np.random.default_rng(seed)
    rows: list[Floats] = []
    truths: list[bool] = []
    for call in calls:
        if not call.speaks:
            continue
        count = min(ROWS_PER_CALL, len(call.figures))
        chosen = random.choice(len(call.figures), count, replace=False)
        rows.append(call.figures[chosen])
        truths += [call.is_machine] * count
    if len(set(truths)) < 2:
        raise BadInput(
            "too_little_speech",
            "Speech was heard in calls of one class only, or in none, once a part of the sources was kept out.",
            hint="Give recordings of people and of machines from more sources.",
        )
    x, y = np.concatenate(rows), np.array(truths)
    weight = np.where(y, 0.5 / y.mean(), 0.5 / (1.0 - y.mean()))
    fitted = GradientBoostingClassifier(
        n_estimators=TREES, max_depth=DEPTH, learning_rate=RATE, subsample=0.5, max_features=8,
        min_samples_leaf=40, random_state=seed,
    ).fit(x, y, sample_weight=weight)  # fmt: skip
    nodes = [one.tree_ for one in fitted.estimators_[:, 0]]
    return Trees(
        base=float(
            fitted.decision_function(x[:1])[0] - RATE * sum(t.predict(x[:1].astype(np.float32))[0, 0] for t in nodes)
        ),
        rate=RATE,
        features=[[int(n) if n >= 0 else -1 for n in t.feature] for t in nodes],
        borders=[[float(n) for n in t.threshold] for t in nodes],
        left=[t.children_left.tolist() for t in nodes],
        right=[t.children_right.tolist() for t in nodes],
        values=[[round(float(n), 7) for n in t.value[:, 0, 0]] for t in nodes],
    )


def unset(trees: Trees, calls: Sequence[Listened], seed: int) -> Trained:
    """The trees with no calibration and no thresholds yet."""
    return Trained(
        format=FORMAT,
        names=NAMES,
        seed=seed,
        trees=trees,
        slope=1.0,
        shift=0.0,
        silent=silent_shares(calls),
        tone_errs=tone_errors(calls),
        thresholds={},
        sources=tuple(sorted({call.group for call in calls})),
        calls=len(calls),
    )


def silent_shares(calls: Sequence[Listened]) -> list[float]:
    """By tenths of a second: of the calls that are silent up to then the share that stays so."""
    onsets = [next((look.now / SAMPLE_RATE for look in call.looks if look.spoke), inf) for call in calls]
    shares = []
    for tenth in range(40):
        still = [onset for onset in onsets if onset > tenth / 10]
        shares.append(round((sum(onset == inf for onset in still) + 0.5) / (len(still) + 1.0), 4))
    return shares


def tone_errors(calls: Sequence[Listened]) -> float:
    """How often a tone was heard with a person, among all calls in which one was (with one error added)."""
    toned = [call for call in calls if call.tone is not None]
    return round((sum(not call.is_machine for call in toned) + 1) / (len(toned) + 2), 4)


def with_thresholds(trained: Trained, calls: Sequence[Listened], sums: Sequence[Floats]) -> Trained:
    """Calibrates and sets the thresholds by the probabilities `sums` that other trees gave these calls."""
    spoken = [(call, one) for call, one in zip(calls, sums, strict=True) if call.speaks]
    odds = np.concatenate([_logit(one) for _, one in spoken])[:, None]
    truths = np.concatenate([np.full(len(one), call.is_machine) for call, one in spoken])
    platt = LogisticRegression(C=100.0).fit(odds, truths)
    slope, shift = float(platt.coef_[0, 0]), float(platt.intercept_[0])
    calibrated = [1.0 / (1.0 + np.exp(-(slope * _logit(one) + shift))) for one in sums]
    thresholds = {bias: _thresholds(calls, calibrated, most) for bias, most in MOST_PEOPLE.items()}
    return _changed(trained, slope=slope, shift=shift, thresholds=thresholds)


def _thresholds(calls: Sequence[Listened], machine: Sequence[Floats], most_people: float) -> Thresholds:
    """The lowest border of machines that costs no more people than may be, then the highest one of people."""
    found = Thresholds(machine=BORDERS[-1], human=0.0, people_taken_for_machines=0.0, machines_missed=1.0)
    for border in (one for one in BORDERS if one >= LEAST_BORDER):
        found = Thresholds(machine=border, human=0.0, people_taken_for_machines=0.0, machines_missed=0.0)
        if errors(calls, machine, found)[0] <= most_people:
            break
    without = errors(calls, machine, found)[1]
    for human in (0.3, 0.25, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03, 0.02, 0.01):
        found = Thresholds(machine=found.machine, human=human, people_taken_for_machines=0.0, machines_missed=0.0)
        if errors(calls, machine, found)[1] <= without + MOST_MISSED:
            break
    people, missed = errors(calls, machine, found)
    return Thresholds(
        machine=found.machine,
        human=found.human,
        people_taken_for_machines=round(people, 5),
        machines_missed=round(missed, 5),
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict on a call, and when it came."""

    verdict: Verdict
    at: Samples

    @property
    def seconds(self) -> float:
        """When it came, since the answer."""
        return self.at / SAMPLE_RATE


def decided(call: Listened, machine: Floats, thresholds: Thresholds, limits: Limits = Limits()) -> Judged:  # noqa: B008 - frozen
    """What the detector says of a call whose probabilities are known, and when."""
    first = len(call.looks) - len(machine)
    for number, look in enumerate(call.looks):
        if call.tone is not None and look.now >= call.tone[1]:
            return Judged(Verdict.MACHINE, call.tone[1])
        probability = float(machine[number - first]) if number >= first else 0.5
        if (found := verdict(look, probability, thresholds, limits)) is not None:
            return Judged(found, look.now)
    return Judged(Verdict.UNCERTAIN, call.looks[-1].now if call.looks else Samples(0))


def errors(calls: Sequence[Listened], machine: Sequence[Floats], thresholds: Thresholds) -> tuple[float, float]:
    """The share of people taken for machines, and of machines not taken for one."""
    people = missed = humans = machines = 0
    for call, one in zip(calls, machine, strict=True):
        if call.label is Label.SILENCE:
            continue
        said = decided(call, one, thresholds).verdict is Verdict.MACHINE
        humans, machines = humans + (not call.is_machine), machines + call.is_machine
        people, missed = people + (said and not call.is_machine), missed + (call.is_machine and not said)
    return people / max(humans, 1), missed / max(machines, 1)


def train(calls: Sequence[Listened], seed: int) -> Trained:
    """A detector whose thresholds are set by folds: each fold's calls are judged by trees that never heard it."""
    folds = sorted({call.fold for call in calls})
    sums: list[Floats] = [np.zeros(0)] * len(calls)
    for fold in folds if len(folds) > 1 else ():
        judge = unset(fit_trees([call for call in calls if call.fold != fold], seed), calls, seed)
        for number, call in enumerate(calls):
            if call.fold == fold and len(call.figures):
                sums[number] = judge.machine(call.figures)
    return with_thresholds(unset(fit_trees(calls, seed), calls, seed), calls, sums)


def cross_validated(calls: Sequence[Listened], train_on: str, seed: int) -> Mapping[int, Trained]:
    """By fold: a detector trained, calibrated and given thresholds by the calls of the other folds alone."""
    return {
        fold: train([call for call in calls if call.fold != fold and call.timing == train_on], seed)
        for fold in sorted({call.fold for call in calls})
    }


def _logit(probability: Floats) -> Floats:
    kept = np.clip(probability, 1e-7, 1.0 - 1e-7)
    odds: Floats = np.log(kept / (1.0 - kept))
    return odds


def _changed(trained: Trained, *, slope: float, shift: float, thresholds: dict[Bias, Thresholds]) -> Trained:
    return msgspec.structs.replace(trained, slope=slope, shift=shift, thresholds=thresholds)
