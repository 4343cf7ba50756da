"""Text out of a CTC network's letter probabilities: the likeliest letters, and how likely given texts are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

BLANK: Final = "[PAD]"
SPACE: Final = "|"
_NEVER: Final = -1e30


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The letters of a network by their number; `blank` is CTC's sign for none."""

    letters: tuple[str, ...]
    numbers: Mapping[str, int]
    blank: int

    @classmethod
    def of(cls, vocabulary: Mapping[str, int]) -> Alphabet:
        """From letters with their numbers, as the model's `vocab.json` lists them; `KeyError` without a blank."""
        blank = vocabulary[BLANK]
        letters = [""] * (max(vocabulary.values()) + 1)
        for letter, number in vocabulary.items():
            letters[number] = " " if letter == SPACE else letter if len(letter) == 1 else ""
        return cls(tuple(letters), {letter: n for n, letter in enumerate(letters) if letter}, blank)

    def write(self, text: str) -> tuple[int, ...] | None:
        """The numbers of a text's letters; None if it has a letter that the network does not know."""
        found = [self.numbers.get(sign, self.numbers.get("е") if sign == "ё" else None) for sign in text]
        return None if None in found else tuple(number for number in found if number is not None)


@dataclass(frozen=True, slots=True)
class Letters:
    """The likeliest letters: their text, the log-likelihood of that path, and the mean probability of its letters."""

    text: str
    score: float
    confidence: float


def greedy(logs: npt.NDArray[np.float32], alphabet: Alphabet) -> Letters:
    """Takes the likeliest letter of each step; repeated ones count once, blanks not."""
    best = logs.argmax(axis=1)
    chances = logs[np.arange(len(best)), best]
    new = np.ones(len(best), dtype=bool)
    new[1:] = best[1:] != best[:-1]
    kept = new & (best != alphabet.blank)
    text = " ".join("".join(alphabet.letters[number] for number in best[kept]).split())
    sure = float(np.exp(chances[kept]).mean()) if kept.any() else 0.0
    return Letters(text, float(chances.sum()), sure)


def log_likelihoods(
    logs: npt.NDArray[np.float32], texts: Sequence[tuple[int, ...]], blank: int
) -> npt.NDArray[np.float64]:
    """The log of the probability that the steps spell each text in any way, for all texts at once.

    That is CTC's forward sum over blank, letter, blank, letter, …, blank.
    """
    if not texts:
        return np.zeros(0)
    longest = 2 * max(len(text) for text in texts) + 1
    signs = np.full((len(texts), longest), blank)
    for row, text in enumerate(texts):
        signs[row, 1 : 2 * len(text) : 2] = text
    skips = np.zeros(signs.shape, dtype=bool)
    skips[:, 3::2] = signs[:, 3::2] != signs[:, 1:-2:2]
    sums = np.full(signs.shape, _NEVER)
    sums[:, 0] = logs[0, blank]
    sums[:, 1] = logs[0, signs[:, 1]]
    for step in logs[1:]:
        one = np.full(signs.shape, _NEVER)
        one[:, 1:] = sums[:, :-1]
        two = np.full(signs.shape, _NEVER)
        two[:, 2:] = sums[:, :-2]
        two[~skips] = _NEVER
        sums = np.logaddexp(np.logaddexp(sums, one), two) + step[signs]
    ends = np.array([2 * len(text) for text in texts])
    rows = np.arange(len(texts))
    before = np.where(ends > 0, sums[rows, np.maximum(ends - 1, 0)], _NEVER)
    return np.asarray(np.logaddexp(sums[rows, ends], before))
