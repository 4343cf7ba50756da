"""Trains the classifier of intents and checks it by cross-validation, when a scenario is published."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.model_selection import StratifiedKFold  # type: ignore[import-untyped]
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from core.errors import BadInput
from robot.dialog import library
from robot.dialog.features import Features, Vectors
from robot.dialog.flow import Language
from robot.dialog.intents import Confused, IntentQuality, Report, Trained
from robot.dialog.words import cut

LEAST_EXAMPLES: Final = 5
GOOD_EXAMPLES: Final = 20
FOLDS: Final = 5
MOST_FALSE: Final = 0.05
"""Of the neutral sentences at most this share may be taken for an intent."""
MOST_WRONG: Final = 0.10
"""Of the examples at most this share may be taken for another intent."""
LEAST_THRESHOLD: Final = 0.4
SOFTNESS: Final = 3.0
"""Inverse strength of the regularisation, chosen by cross-validation on the ready intents."""
OWN_WEIGHT: Final = 8.0
"""How much more an example of the intent counts than a sentence of the others, which are many more."""
GOOD_RECALL: Final = 0.5
MOST_ADVICE: Final = 20
NONE: Final = -1

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]


def trained(intents: Mapping[str, Sequence[str]], language: Language, *, vectors: Vectors | None, seed: int) -> Trained:
    """A classifier of these intents with its report; `BadInput` if there is too little to learn from."""
    names = tuple(intents)
    sentences, truth = _sentences(intents, language)
    with threadpool_limits(1):  # so small products only wait for each other on several cores
        found = _cross_validated(sentences, truth, len(names), vectors=vectors, seed=seed)
        threshold = _threshold(found, truth)
        features, weights, bias = _fitted(sentences, truth, len(names), vectors=vectors, seed=seed)
    return Trained(
        names,
        features,
        weights=weights.astype(np.float32),
        bias=bias.astype(np.float32),
        language=language,
        report=_report(names, sentences, truth, found=found, threshold=threshold),
    )


def _sentences(intents: Mapping[str, Sequence[str]], language: Language) -> tuple[list[str], Numbers]:
    """All different sentences with the number of their intent, the neutral ones with `NONE`."""
    if not intents:
        raise BadInput("no_intents", "There are no intents to train.", field="intents")
    sentences: list[str] = []
    truth: list[int] = []
    taken: set[tuple[str, ...]] = set()
    for number, (name, examples) in enumerate(intents.items()):
        own = {cut(example): example for example in examples if cut(example)}
        if len(own) < LEAST_EXAMPLES:
            message = f"The intent {name!r} has {len(own)} different examples; at least {LEAST_EXAMPLES} are needed."
            hint = f"Write {GOOD_EXAMPLES} or more, as people say it, or take a ready intent of the library."
            raise BadInput("too_few_examples", message, field=f"intents.{name}.examples", hint=hint)
        sentences += own.values()
        truth += [number] * len(own)
        taken |= own.keys()
    neutral = [sentence for sentence in library.neutral(language) if cut(sentence) not in taken]
    return sentences + neutral, np.array(truth + [NONE] * len(neutral))


def _matrix(features: Features, sentences: Sequence[str]) -> csr_matrix:
    rows = [features.row(sentence) for sentence in sentences]
    ends = np.cumsum([0, *(len(columns) for columns, _ in rows)])
    columns = np.concatenate([columns for columns, _ in rows])
    values = np.concatenate([values for _, values in rows]).astype(np.float64)
    return csr_matrix((values, columns, ends), shape=(len(rows), features.width))


def _fitted(
    sentences: Sequence[str], truth: Numbers, count: int, *, vectors: Vectors | None, seed: int
) -> tuple[Features, Floats, Floats]:
    """The features of the sentences, and for each intent the weight of every column and the bias."""
    features = Features.of(sentences, vectors=vectors)
    matrix = _matrix(features, sentences)
    weights, bias = np.zeros((features.width, count)), np.zeros(count)
    for number in range(count):
        model = LogisticRegression(
            C=SOFTNESS, solver="liblinear", class_weight={0: 1.0, 1: OWN_WEIGHT}, random_state=seed
        )
        model.fit(matrix, (truth == number).astype(int))
        weights[:, number], bias[number] = model.coef_[0], model.intercept_[0]
    return features, weights, bias


def _cross_validated(
    sentences: Sequence[str], truth: Numbers, count: int, *, vectors: Vectors | None, seed: int
) -> Floats:
    """For each sentence the probabilities of all intents by a classifier that was trained without it."""
    found = np.zeros((len(sentences), count))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    for known, unknown in folds.split(np.zeros(len(sentences)), truth):
        own = [sentences[i] for i in known]
        features, weights, bias = _fitted(own, truth[known], count, vectors=vectors, seed=seed)
        scores = _matrix(features, [sentences[i] for i in unknown]) @ weights + bias
        found[unknown] = 1.0 / (1.0 + np.exp(-scores))
    return found


def _threshold(found: Floats, truth: Numbers) -> float:
    """The lowest threshold at which false triggers and confusions are few enough."""
    best, likeliest = found.max(axis=1), found.argmax(axis=1)
    neutral, examples = truth == NONE, truth != NONE
    wrong = examples & (likeliest != truth)
    lowest = LEAST_THRESHOLD
    for possible in np.arange(LEAST_THRESHOLD, 1.0, 0.01):
        taken = best >= possible
        lowest = float(possible)
        false = (taken & neutral).sum() / max(1, neutral.sum())
        if false <= MOST_FALSE and (taken & wrong).sum() / examples.sum() <= MOST_WRONG:
            break
    return round(lowest, 2)


def _report(
    names: tuple[str, ...], sentences: Sequence[str], truth: Numbers, *, found: Floats, threshold: float
) -> Report:
    guessed = np.where(found.max(axis=1) >= threshold, found.argmax(axis=1), NONE)
    examples = truth != NONE
    right = examples & (guessed == truth)
    confused = tuple(
        Confused(
            sentences[i],
            names[truth[i]],
            names[guessed[i]] if guessed[i] != NONE else None,
            names[int(found[i].argmax())],
            round(float(found[i].max()), 3),
        )
        for i in np.flatnonzero(examples & (guessed != truth)).tolist()
    )
    quality = tuple(
        IntentQuality(
            name,
            int((truth == number).sum()),
            _share(right & (truth == number), guessed == number),
            _share(right & (truth == number), truth == number),
        )
        for number, name in enumerate(names)
    )
    return Report(
        threshold=threshold,
        recall=_share(right, examples),
        precision=_share(right, guessed != NONE),
        false_triggers=_share((truth == NONE) & (guessed != NONE), truth == NONE),
        intents=quality,
        confused=tuple(sorted(confused, key=lambda one: (one.guessed is None, -one.probability))),
        advice=_advice(quality, confused, threshold),
    )


def _share(part: NDArray[np.bool_], whole: NDArray[np.bool_]) -> float:
    return round(float(part.sum() / whole.sum()), 3) if whole.any() else 0.0


def _advice(quality: tuple[IntentQuality, ...], confused: tuple[Confused, ...], threshold: float) -> tuple[str, ...]:
    """Sentences that say what to mend, the gravest first."""
    advice: list[str] = []
    pairs = defaultdict[tuple[str, ...], list[str]](list)
    for one in confused:
        if one.likeliest != one.intent and one.probability >= threshold / 2:
            pairs[tuple(sorted((one.intent, one.likeliest)))].append(one.example)
    for names, examples in sorted(pairs.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        if len(examples) > 1:
            some = "; ".join(f"«{example}»" for example in examples[:3])
            advice.append(
                f"{' and '.join(names)} are hard to tell apart ({len(examples)} examples, such as {some}): "
                "move these examples, make them more distinct, or join the two intents."
            )
    for own in quality:
        if own.examples < GOOD_EXAMPLES:
            advice.append(f"{own.name} has {own.examples} examples: {GOOD_EXAMPLES} or more are understood better.")
        elif own.recall < GOOD_RECALL:
            advice.append(
                f"{own.name} is often missed ({own.recall:.0%} of its examples found): its examples have little in "
                "common; add further ones like those that were missed."
            )
    return tuple(advice[:MOST_ADVICE])
