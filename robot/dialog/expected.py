"""The expected phrases of a set of answers, prepared for being looked for in what was heard.

Each heard word stands for itself, with `forms` for other forms of an expected word, and maybe for an expected word
that it misspells (`near`). A phrase is found where each of its words is stood for by the heard words in a row; at
most half of its words, rounded up, may be misspelt. What was written as one is taken apart: "нехочу" is "не хочу", and
"досвидания" too where that phrase is expected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntEnum
from functools import lru_cache
from typing import Final, NamedTuple

from robot.dialog.lexicon import DIGITS, GLUED, REFUSALS, Words
from robot.dialog.near import LONGER, SHORTEST, beginning, sound, stands_for
from robot.dialog.negation import attitude_of
from robot.dialog.word_forms import CONDITIONAL, lemmas
from robot.dialog.words import words_of

Phrases = tuple[tuple[str, ...], ...]
"""The phrases of each answer."""
_NEGATION: Final = ("не", "ни")
_KEPT_WORDS: Final = 4096
"""For so many heard words a set of answers remembers what they stand for."""


class Likeness(IntEnum):
    """How the heard words are like those of the phrase, at the least like of them."""

    MISSPELT = 0
    FORM = 1
    EXACT = 2


class Place(NamedTuple):
    """Where a phrase of an answer was found: the heard words from `start` up to `end`."""

    answer: int
    phrase: str
    start: int
    end: int
    likeness: Likeness


class _Wording(NamedTuple):
    answer: int
    phrase: str
    words: Words


class Expected:
    """The phrases of a set of answers by the words they begin with, and what heard words stand for."""

    __slots__ = ("_by_first", "_forms", "_joined", "_known", "_lemmas", "_misspellable", "_vocabulary", "attitudes")

    def __init__(self, phrases: Phrases, *, forms: bool) -> None:
        self._forms = forms
        self.attitudes = tuple(attitude_of(own) for own in phrases)
        self._by_first: dict[str, list[_Wording]] = {}
        self._joined: dict[tuple[str, int], dict[str, Words]] = {}
        for answer, own in enumerate(phrases):
            for phrase in own:
                self._add(_Wording(answer, phrase, self._bare(words_of(phrase))))
        self._vocabulary = frozenset(
            word for wordings in self._by_first.values() for wording in wordings for word in wording.words
        )
        self._lemmas = {word: lemmas(word) for word in self._vocabulary} if forms else {}
        self._misspellable: dict[str, list[str]] = {}
        for word in self._vocabulary:
            if len(word) >= SHORTEST and word not in REFUSALS:
                self._misspellable.setdefault(beginning(word), []).append(word)
        self._known: dict[str, Mapping[str, Likeness]] = {}

    def _add(self, wording: _Wording) -> None:
        if not wording.words:
            return
        self._by_first.setdefault(wording.words[0], []).append(wording)
        if len(wording.words) > 1:
            joined = "".join(wording.words)
            self._joined.setdefault((beginning(joined), len(joined)), {}).setdefault(sound(joined), wording.words)

    def _bare(self, words: Words) -> Words:
        """Without the particle of the conditional, where the form of the verb does not matter."""
        return tuple(word for word in words if word not in CONDITIONAL) if self._forms else words

    def heard(self, words: Words) -> Words:
        """The heard words, those taken apart that were written as one."""
        if self._forms:
            words = self._bare(words)
        if all(word in self._vocabulary or (len(word) < SHORTEST and word not in GLUED) for word in words):
            return words
        return tuple(part for word in words for part in self._apart(word))

    def _apart(self, word: str) -> Words:
        if word in self._vocabulary or len(word) < SHORTEST - 1:
            return (word,)
        if word in GLUED:
            return GLUED[word]
        if word[:2] in _NEGATION and (rest := DIGITS.get(word[2:], word[2:])) and self.stood_for(rest):
            return (word[:2], rest)
        if len(word) > SHORTEST:
            return self._joined_as(word)
        return (word,)

    def _joined_as(self, word: str) -> Words:
        """The expected phrase that the heard word is without its blanks; else the word."""
        sounds = self._joined.get((beginning(word), len(word)))
        return (word,) if sounds is None else sounds.get(sound(word), (word,))

    def stood_for(self, word: str) -> Mapping[str, Likeness]:
        """The expected words that the heard one stands for, and how like it is."""
        found = self._known.get(word)
        if found is None:
            found = self._stood_for(word)
            if len(self._known) < _KEPT_WORDS:
                self._known[word] = found
        return found

    def _stood_for(self, word: str) -> Mapping[str, Likeness]:
        found: dict[str, Likeness] = {}
        if len(word) >= SHORTEST and word not in self._vocabulary:
            found = {
                wanted: Likeness.MISSPELT
                for wanted in self._misspellable.get(beginning(word), ())
                if abs(len(wanted) - len(word)) <= LONGER and stands_for(word, wanted)
            }
        if self._forms and word not in REFUSALS:
            own = lemmas(word)
            found |= {
                wanted: Likeness.FORM
                for wanted, theirs in self._lemmas.items()
                if not own.isdisjoint(theirs) and wanted not in REFUSALS
            }
        if word in self._vocabulary:
            found[word] = Likeness.EXACT
        return found

    def places(self, words: Words) -> Iterator[Place]:
        """Where phrases stand in the heard words, whole words in a row."""
        stood_for = [self.stood_for(word) for word in words]
        for start, firsts in enumerate(stood_for):
            for first in firsts:
                for wording in self._by_first.get(first, ()):
                    end = start + len(wording.words)
                    if end > len(words):
                        continue
                    likeness = _likeness(wording.words, stood_for[start:end])
                    if likeness is not None:
                        yield Place(wording.answer, wording.phrase, start, end, likeness)


def _likeness(phrase: Words, stood_for: list[Mapping[str, Likeness]]) -> Likeness | None:
    """How like the phrase the heard words are; None if it was not said."""
    least, misspelt = Likeness.EXACT, 0
    for word, possible in zip(phrase, stood_for, strict=True):
        likeness = possible.get(word)
        if likeness is None:
            return None
        misspelt += likeness is Likeness.MISSPELT
        least = min(least, likeness)
    return least if misspelt <= (len(phrase) + 1) // 2 else None


@lru_cache(maxsize=1024)
def expected(phrases: Phrases, *, forms: bool) -> Expected:
    """The phrases prepared, once for each set of answers."""
    return Expected(phrases, forms=forms)
