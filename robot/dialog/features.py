"""What a classifier of intents sees of a sentence: words, pairs of words, lemmas and pieces of words, as numbers.

Each kind of feature is weighted by how rare it is among the training sentences (TF-IDF) and has length 1 by itself,
so that a long word with many pieces does not drown its neighbours. Where word vectors are given, their mean is one
more kind: each word by the square of its rarity, less what all words of the training sentences have in common.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice, pairwise
from math import log, sqrt
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from robot.dialog.lexicon import FILLERS, Words
from robot.dialog.word_forms import lemma
from robot.dialog.words import cut

PIECES: Final = (2, 3, 4, 5)
"""Lengths of the pieces of words, a blank at both ends counted."""
WEIGHTS: Final = {"w": 0.5, "l": 0.7, "c": 1.2}
"""How much words and their pairs, lemmas and their pairs, and pieces of words count."""
LONGEST: Final = 40
"""So many words of a turn are looked at."""

_WHOLE: Final = {
    short: tuple(whole.split())
    for short, whole in (
        *(("im", "i am"), ("ive", "i have"), ("ill", "i will"), ("id", "i would"), ("dont", "do not")),
        *(("doesnt", "does not"), ("didnt", "did not"), ("cant", "can not"), ("cannot", "can not")),
        *(("wont", "will not"), ("isnt", "is not"), ("arent", "are not"), ("youre", "you are")),
        *(("youve", "you have"), ("were", "we are"), ("weve", "we have"), ("thats", "that is"), ("its", "it is")),
        *(("whats", "what is"), ("whos", "who is"), ("wheres", "where is"), ("hes", "he is"), ("shes", "she is")),
        *(("theres", "there is"), ("lets", "let us"), ("havent", "have not"), ("hasnt", "has not")),
    )
}
"""English words that a recogniser may write apart."""

Row = tuple[NDArray[np.int32], NDArray[np.float32]]
"""The columns of a sentence that are not 0, and their values."""


class Vectors(Protocol):
    """Vectors of words that mean alike; `name` says which, for a classifier works with its own alone."""

    @property
    def name(self) -> str:
        """Which vectors they are."""

    @property
    def size(self) -> int:
        """How many figures a vector has."""

    def vector(self, word: str) -> NDArray[np.float32] | None:
        """The vector of the word in small letters; None for a word that it does not know."""


class Features:
    """The features of the training sentences, each with its column and its rarity."""

    __slots__ = ("_centre", "_columns", "_rarest", "rarity", "vectors")

    def __init__(self, names: Sequence[str], rarity: NDArray[np.float32], vectors: Vectors | None = None) -> None:
        self._columns = {name: column for column, name in enumerate(names)}
        self.rarity = rarity
        self.vectors = vectors
        self._rarest = float(rarity.max()) if len(rarity) else 1.0
        self._centre = np.zeros(0, np.float32) if vectors is None else _centre(names, vectors)

    @classmethod
    def of(cls, sentences: Iterable[str], *, vectors: Vectors | None = None) -> Features:
        """The features of these sentences; those of one alone count too, for examples are few."""
        count, seen = 0, Counter[str]()
        for sentence in sentences:
            count += 1
            seen.update(set(_features(_words(sentence))))
        names = sorted(seen)
        rarity = np.array([log((1 + count) / (1 + seen[name])) + 1 for name in names], dtype=np.float32)
        return cls(names, rarity, vectors)

    @property
    def names(self) -> tuple[str, ...]:
        """The features in the order of their columns."""
        return tuple(self._columns)

    @property
    def width(self) -> int:
        """How many columns a row has, those of the word vectors last."""
        return len(self._columns) + (self.vectors.size if self.vectors is not None else 0)

    def row(self, sentence: str) -> Row:
        """The sentence as its columns; a sentence of unknown words alone has none."""
        words = _words(sentence)
        kinds: dict[str, dict[int, float]] = {kind: {} for kind in WEIGHTS}
        for name in _features(words):
            column = self._columns.get(name)
            if column is not None:
                kinds[name[0]][column] = float(self.rarity[column])
        columns: list[int] = []
        values: list[float] = []
        for kind, found in kinds.items():
            if found:
                scale = WEIGHTS[kind] / sqrt(sum(value * value for value in found.values()))
                columns += found
                values += [value * scale for value in found.values()]
        if self.vectors is not None and (mean := self._mean(words, self.vectors)) is not None:
            columns += range(len(self._columns), self.width)
            values += mean.tolist()
        return np.array(columns, dtype=np.int32), np.array(values, dtype=np.float32)

    def _mean(self, words: Words, vectors: Vectors) -> NDArray[np.float32] | None:
        """The vector of the sentence, of length 1; None where no word of it is known."""
        mean = np.zeros(vectors.size, np.float32)
        for word in words:
            if (vector := vectors.vector(word)) is not None:
                mean += (vector - self._centre) * self._rarity_of(word) ** 2
        length = float(np.linalg.norm(mean))
        return None if length == 0.0 else mean / np.float32(length)

    def _rarity_of(self, word: str) -> float:
        column = self._columns.get(f"l{lemma(word)}")
        return self._rarest if column is None else float(self.rarity[column])


def _words(sentence: str) -> Words:
    whole = (part for word in cut(sentence) if word not in FILLERS for part in _WHOLE.get(word, (word,)))
    return tuple(islice(whole, LONGEST))


@lru_cache(maxsize=4096)
def _features(words: Words) -> tuple[str, ...]:
    """Each feature by a name that begins with its kind."""
    return tuple(_named(words))


def _named(words: Words) -> Iterator[str]:
    yield from (f"w{word}" for word in words)
    yield from (f"w{one} {other}" for one, other in pairwise(("", *words, "")))
    lemmas = [lemma(word) for word in words]
    yield from (f"l{word}" for word in lemmas)
    yield from (f"l{one} {other}" for one, other in pairwise(("", *lemmas, "")))
    for word in words:
        framed = f" {word} "
        for size in PIECES:
            yield from (f"c{framed[i : i + size]}" for i in range(len(framed) - size + 1))


def _centre(names: Sequence[str], vectors: Vectors) -> NDArray[np.float32]:
    """The mean of the vectors of all words that are features."""
    words = (name[1:] for name in names if name[0] == "w" and " " not in name)
    known = [vector for word in words if (vector := vectors.vector(word)) is not None]
    return np.mean(known, axis=0).astype(np.float32) if known else np.zeros(vectors.size, np.float32)
