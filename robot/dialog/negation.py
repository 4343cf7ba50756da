"""Whether a phrase that stands in the speech was negated there (SPEC R6.4).

How far a negation counts depends on what the answer is to the caller:

* an *affirming* answer (one of its phrases is made of words of consent: "да", "хочу", "i will") is negated by any
  negation over `REACH` words on either side of the phrase, fillers not counted: "я не очень хочу", "да я не хочу",
  "хочу, но не сейчас", "i will not"; by a no as far behind it or right before: "да нет", "no interest"; and by a short
  word right before it that is no likely neighbour and may be a misheard "не": "му нужны";
* a *refusing* answer (one of its phrases holds a negation, "нет", "no" or a farewell, idioms not counted) by the word
  right before alone: "не надо, до свидания" is "до свидания", while "не против" is not "против";
* any other by a negation over `REACH` words before, or by what may be a misheard "не" right before.

Before a misspelt word whatever may be a negation is one. "не очень", "not really" and their like negate what stands
before them. An idiom says something else than its words: "почему бы и нет", "не против", "why not" are consents that
negate nothing, "да, слушаю" is how a telephone is answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from functools import lru_cache
from itertools import islice
from typing import Final

from rapidfuzz.distance import OSA

from robot.dialog.lexicon import (
    AFFIRMING,
    BEFORE_NOUNS,
    BEFORE_VERBS,
    FILLERS,
    IDIOMS,
    INTENSIFIERS,
    LIKE_NEGATIONS,
    NEGATING,
    NEGATIONS,
    NEVER_NEGATED,
    NOES,
    OFTEN_NEGATED,
    ONLY_WITH_OTHERS,
    REFUSALS,
    SOFTENERS,
    Words,
)
from robot.dialog.word_forms import is_known, is_predicate
from robot.dialog.words import words_of

REACH: Final = 3
"""How many words may stand between a negation and what it negates."""
LONGEST_MUMBLE: Final = 5
_LIKE_LONGEST: Final = 4
_NE: Final = ("не", "ни")


class Denied(Enum):
    """How a phrase was denied where it stands: by a negation, or by a no beside it, which may be another answer."""

    NEGATED = "negated"
    BESIDE_NO = "beside no"


class Attitude(Enum):
    """What an answer is to the caller, told by its phrases."""

    AFFIRMING = "affirming"
    REFUSING = "refusing"
    NEUTRAL = "neutral"


def attitude_of(phrases: tuple[str, ...]) -> Attitude:
    """The attitude of an answer with these phrases."""
    wordings = [words_of(phrase) for phrase in phrases]
    if any(_refuses(words) for words in wordings):
        return Attitude.REFUSING
    return Attitude.AFFIRMING if any(_affirms(words) for words in wordings) else Attitude.NEUTRAL


def _refuses(words: Words) -> bool:
    idioms = tuple(_found(words, _IDIOMS))
    return any(
        (word in REFUSALS or is_glued_negation(word)) and not any(a <= i < b for a, b in idioms)
        for i, word in enumerate(words)
    )


def _affirms(words: Words) -> bool:
    return AFFIRMING.issuperset(words) and not ONLY_WITH_OTHERS.issuperset(words)


def is_glued_negation(word: str) -> bool:
    """Whether the word is a refusal with its negation written as one: "нехочу", "неинтересно"."""
    return word[:2] == "не" and word[2:] in OFTEN_NEGATED


class Speech:
    """One reading as words, with the idioms and the negations of several words that were found in it."""

    __slots__ = ("_idioms", "_negating", "words")

    def __init__(self, words: Words) -> None:
        self.words = words
        self._idioms = tuple(_found(words, _IDIOMS))
        self._negating = frozenset(start for start, _ in _found(words, _NEGATING))

    def is_part(self, start: int, end: int) -> bool:
        """Whether these words are only a part of an idiom."""
        return any(a <= start and end <= b and end - start < b - a for a, b in self._idioms)

    def denied(self, start: int, end: int, attitude: Attitude, *, misspelt: bool) -> Denied | None:
        """How the phrase from `start` up to `end` was denied, None if it was not; `misspelt`: a word of it was."""
        if self._softened(end) or self._negated_before(start, attitude, misspelt=misspelt):
            return Denied.NEGATED
        if attitude is not Attitude.AFFIRMING:
            return None
        after = list(islice(self._after(end), REACH + 1))
        if any(self._negates(i, misspelt=False) for i in after):
            return Denied.NEGATED
        beside = [*after, *islice(self._before(start), 1)]
        said_no = any(self.words[i] in NOES and not self.is_part(i, i + 1) for i in beside)
        return Denied.BESIDE_NO if said_no else None

    def _negated_before(self, start: int, attitude: Attitude, *, misspelt: bool) -> bool:
        """A negation before the phrase, or what may be one."""
        near = list(islice(self._before(start), REACH + 1))
        if attitude is Attitude.REFUSING:
            near = list(islice((i for i in near if self.words[i] not in INTENSIFIERS), 1))
        if any(self._negates(i, misspelt=misspelt) for i in near):
            return True
        if attitude is Attitude.REFUSING or not near:
            return False
        return may_be_ne(self.words[near[0]], self.words[start]) and not self.is_part(near[0], near[0] + 1)

    def _softened(self, end: int) -> bool:
        return tuple(self.words[i] for i in islice(self._after(end), 2)) in SOFTENERS

    def _negates(self, i: int, *, misspelt: bool) -> bool:
        word = self.words[i]
        if self.is_part(i, i + 1):
            return False
        if word in NEGATIONS or i in self._negating or is_glued_negation(word) or _trails_into_negation(word):
            return True
        return misspelt and (word in LIKE_NEGATIONS or word[:2] in _NE)

    def _before(self, start: int) -> Iterator[int]:
        return (i for i in range(start - 1, -1, -1) if self.words[i] not in FILLERS)

    def _after(self, end: int) -> Iterator[int]:
        return (i for i in range(end, len(self.words)) if self.words[i] not in FILLERS)


@lru_cache(maxsize=8192)
def may_be_ne(word: str, following: str) -> bool:
    """Whether a word may be a misheard negation of the one that follows it.

    Likely neighbours are none: pronouns and particles before a verb, prepositions before a noun. Of three letters and
    more only what is very like "не", or no word at all.
    """
    if following in NEVER_NEGATED or following[:1].isdigit():
        return False
    if word.isascii() or following.isascii():
        return word in LIKE_NEGATIONS and word.isascii() and following.isascii()
    likely = BEFORE_VERBS if is_predicate(following) else BEFORE_NOUNS
    if not 2 <= len(word) <= _LIKE_LONGEST or not word.isalpha() or word in likely or word in NOES:
        return False
    edits = min(OSA.distance(word, ne, score_cutoff=2) for ne in _NE)
    if len(word) == len(_NE[0]):
        return True
    return edits <= 1 or (edits <= 2 and not is_known(word))


def _trails_into_negation(word: str) -> bool:
    """Whether it is no word of the language and ends in a negation, as a mumbled one is heard ("нуне")."""
    return 3 <= len(word) <= LONGEST_MUMBLE and word[-2:] in _NE and not is_known(word)


def _by_first(wordings: Iterable[Words]) -> dict[str, tuple[Words, ...]]:
    found: dict[str, tuple[Words, ...]] = {}
    for words in wordings:
        found[words[0]] = (*found.get(words[0], ()), words)
    return found


def _found(words: Words, wordings: dict[str, tuple[Words, ...]]) -> Iterator[tuple[int, int]]:
    """Where these wordings stand."""
    for start, word in enumerate(words):
        for wording in wordings.get(word, ()):
            if words[start : start + len(wording)] == wording:
                yield start, start + len(wording)


_IDIOMS: Final = _by_first(IDIOMS)
_NEGATING: Final = _by_first(NEGATING)
