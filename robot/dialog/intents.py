"""Which intent free words mean: a linear classifier over `features`, one yes-or-no question for each intent.

Training (scikit-learn) happens when a scenario is published, guessing takes plain arrays: a call needs no more than
numpy. The sentences of the other intents and neutral ones are what each intent is told from. A guess counts from a
threshold on: the lowest at which, in cross-validation, few neutral sentences are taken for an intent and few examples
for another one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput
from robot.dialog.events import IntentGuess
from robot.dialog.features import Features, Vectors
from robot.dialog.flow import Language

VERSION: Final = 1
FindVectors = Callable[[Language], Vectors | None]
"""Finds the word vectors of a language; they are read only where a classifier needs them."""
_WEIGHT: Final = np.dtype("<f4")


class Confused(msgspec.Struct, frozen=True):
    """An example that was taken for another intent, or for none (None), while it was not among the trained ones.

    `likeliest` is the intent with the highest probability, also below the threshold.
    """

    example: str
    intent: str
    guessed: str | None
    likeliest: str
    probability: float


class IntentQuality(msgspec.Struct, frozen=True):
    """How an intent fared in cross-validation: the share of its guesses that were right, and of its examples found."""

    name: str
    examples: int
    precision: float
    recall: float


class Report(msgspec.Struct, frozen=True):
    """What is known of a trained classifier from cross-validation, and what would mend it.

    `false_triggers` is the share of neutral sentences that were taken for an intent.
    """

    threshold: float
    recall: float
    precision: float
    false_triggers: float
    intents: tuple[IntentQuality, ...]
    confused: tuple[Confused, ...]
    advice: tuple[str, ...]


class _Stored(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    language: Language
    names: tuple[str, ...]
    features: tuple[str, ...]
    rarity: bytes
    weights: bytes
    bias: bytes
    vectors: str | None
    report: Report


class Trained:
    """A trained classifier; `guess` is what a call asks."""

    __slots__ = ("_bias", "_features", "_weights", "language", "names", "report")

    def __init__(
        self,
        names: Sequence[str],
        features: Features,
        *,
        weights: NDArray[np.float32],
        bias: NDArray[np.float32],
        language: Language,
        report: Report,
    ) -> None:
        self.names = tuple(names)
        self.language = language
        self.report = report
        self._features = features
        self._weights = weights
        self._bias = bias

    def guess(self, text: str, *, only: Sequence[str] | None = None) -> tuple[IntentGuess, ...]:
        """The intents that the words may mean, best first, none below the threshold; of `only` these, where given."""
        return tuple(
            guess
            for guess in self.ranked(text)
            if guess.probability >= self.report.threshold and (only is None or guess.name in only)
        )

    def ranked(self, text: str) -> tuple[IntentGuess, ...]:
        """All intents by their probability, the likeliest first; empty for a text of which no word is known."""
        columns, values = self._features.row(text)
        if not len(columns):
            return ()
        scores = values @ self._weights[columns] + self._bias
        probabilities = 1.0 / (1.0 + np.exp(-scores))
        order = np.argsort(-probabilities, kind="stable")
        return tuple(IntentGuess(self.names[i], float(probabilities[i])) for i in order)

    def to_bytes(self) -> bytes:
        """The classifier as it is stored with a published scenario; word vectors are not part of it."""
        vectors = self._features.vectors
        return msgspec.msgpack.encode(
            _Stored(
                version=VERSION,
                language=self.language,
                names=self.names,
                features=self._features.names,
                rarity=self._features.rarity.astype(_WEIGHT).tobytes(),
                weights=self._weights.astype(_WEIGHT).tobytes(),
                bias=self._bias.astype(_WEIGHT).tobytes(),
                vectors=None if vectors is None else vectors.name,
                report=self.report,
            )
        )

    @classmethod
    def from_bytes(cls, data: bytes, *, find: FindVectors | None = None) -> Trained:
        """The stored classifier; `BadInput` if it is none, or if `find` does not find its word vectors."""
        try:
            stored = msgspec.msgpack.decode(data, type=_Stored)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _broken(str(error)) from error
        if stored.version != VERSION:
            raise _broken(f"it has version {stored.version} instead of {VERSION}")
        vectors = find(stored.language) if find is not None and stored.vectors is not None else None
        if stored.vectors is not None and (vectors is None or vectors.name != stored.vectors):
            message = f"The intents were trained with the word vectors {stored.vectors}, which are not here."
            hint = "Fetch them (./zvonar models fetch), or publish the scenario again."
            raise BadInput("vectors_missing", message, hint=hint)
        features = Features(stored.features, _floats(stored.rarity, len(stored.features)), vectors)
        count = len(stored.names)
        return cls(
            stored.names,
            features,
            weights=_floats(stored.weights, features.width * count).reshape(features.width, count),
            bias=_floats(stored.bias, count),
            language=stored.language,
            report=stored.report,
        )


def train(
    intents: Mapping[str, Sequence[str]],
    language: Language,
    *,
    vectors: Vectors | None = None,
    seed: int = 0,
) -> Trained:
    """A classifier of these intents, each with its examples; the same for the same arguments.

    `BadInput` if there are none, or an intent has too few different examples to be checked.
    """
    from robot.dialog.intent_training import trained

    return trained(intents, language, vectors=vectors, seed=seed)


def _floats(data: bytes, count: int) -> NDArray[np.float32]:
    if len(data) != count * _WEIGHT.itemsize:
        raise _broken(f"{len(data)} bytes where {count} figures should be")
    return np.frombuffer(data, _WEIGHT).astype(np.float32)


def _broken(why: str) -> BadInput:
    message = f"This is no classifier of intents: {why}."
    return BadInput("bad_classifier", message, hint="Publish the scenario again.")
