"""Which answer was said: matching of phrases to what the recogniser heard (SPEC R6.4).

Phrases and speech are compared as sequences of words: without regard to case, ё or е, punctuation and hyphens;
number words up to ten are the same as their digits. An answer matches where one of its phrases stands in the
speech as whole words in a row, on request in other forms of these words (`word_forms`), or with a word in it that the
recogniser misspelt (`near`); whatever stands around it (fillers, politeness) does no harm, except a negation:

* A phrase is not said where it is negated from outside. For a consenting answer a negation reaches over the
  three words after it, fillers not counted: "я не очень хочу" is not "хочу". For a refusing answer (one of its
  phrases holds a negation, "нет", "no" or a farewell) only the word before counts: "не надо, до свидания" is
  "до свидания", while "не против" is not "против". Before a misspelt word whatever may be a negation is one.
* A phrase followed at once by "не очень", "not really" and their like is negated too, and so is the particle
  "да" in "да не знаю".
* An idiom says something else than its words: "почему бы и нет", "не против", "why not" are consents that negate
  nothing, "да, слушаю" is how a telephone is answered. No phrase that covers only a part of one was said.

Of all phrases said the one with most words wins, of these one that was said as it is written; if two answers have
one alike, it is a tie and no match.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from core.errors import BadInput
from robot.dialog.expected import Expected, Likeness, Place, expected, is_glued_negation
from robot.dialog.flow import Answer
from robot.dialog.lexicon import FILLERS, IDIOMS, LIKE_NEGATIONS, NEGATIONS, SOFTENERS, Words
from robot.dialog.word_forms import is_known
from robot.dialog.words import cut, words_of

__all__ = [
    "MAX_FIELD",
    "REACH",
    "Likeness",
    "Match",
    "Unclear",
    "check_phrases",
    "judge",
    "match",
    "overlap",
    "words_of",
]

MAX_FIELD: Final = 250
REACH: Final = 3
"""How many words a negation reaches over."""
LONGEST_MUMBLE: Final = 5


@dataclass(frozen=True, slots=True)
class Match:
    """The answer that was said, by which of its phrases, in which of the readings, and how like the phrase it was."""

    answer: Answer
    phrase: str
    reading: str
    likeness: Likeness = Likeness.EXACT


@dataclass(frozen=True, slots=True)
class Unclear:
    """Answers were named, but `negated` (their ids), or several at once (`tied`): no guess may decide instead."""

    negated: frozenset[str] = frozenset()
    tied: frozenset[str] = frozenset()


def match(answers: Sequence[Answer], readings: Iterable[str], *, forms: bool = False) -> Match | None:
    """The one answer that the first telling reading names; None if none does, or if it is a tie or negated."""
    found = judge(answers, readings, forms=forms)
    return found if isinstance(found, Match) else None


def judge(answers: Sequence[Answer], readings: Iterable[str], *, forms: bool = False) -> Match | Unclear | None:
    """The one answer that the first telling reading names, why it is unclear, or None where nothing is named.

    A reading that holds no phrase at all gives way to the next one; one that negates a phrase or ties does not, so
    that a doubtful second reading never turns "не хочу" into "хочу". A misspelt phrase counts if no further reading
    says otherwise. With `forms` other forms of a phrase's words count too.
    """
    phrases = expected(tuple(answer.phrases for answer in answers), forms=forms)
    misspelt: Match | None = None
    for reading in readings:
        found = _judge_reading(answers, phrases, reading)
        if isinstance(found, Unclear):
            return found
        if found is None:
            continue
        if misspelt is not None and misspelt.answer.id != found.answer.id:
            return Unclear(tied=frozenset({misspelt.answer.id, found.answer.id}))
        if found.likeness is not Likeness.MISSPELT:
            return found
        misspelt = misspelt or found
    return misspelt


def check_phrases(written: str, *, field: str) -> tuple[str, ...]:
    """The phrases of one field, as written; `BadInput` says what about them is not allowed."""
    if len(written) > MAX_FIELD:
        message = f"The phrases have {len(written)} characters; at most {MAX_FIELD} are allowed."
        raise BadInput("phrases_too_long", message, field=field)
    plain = unicodedata.normalize("NFC", written).replace("\u00a0", " ")
    for sign in plain:
        if not (sign.isalpha() or sign.isdecimal() or sign in " ,-"):
            message = f"Phrases cannot hold {sign!r}: only letters, digits, spaces and hyphens."
            raise BadInput("bad_phrase", message, field=field, hint="Separate phrases by commas.")
    phrases: dict[Words, str] = {}
    for phrase in filter(str.strip, plain.split(",")):
        phrases.setdefault(words_of(phrase), " ".join(phrase.split()))
    if () in phrases:
        raise BadInput("bad_phrase", f"{phrases[()]!r} is no phrase: it has no word.", field=field)
    if not phrases:
        raise BadInput("no_phrases", "There is no phrase here.", field=field, hint="Leave the field out instead.")
    return tuple(phrases.values())


def overlap(phrases: Iterable[str], others: Iterable[str]) -> str | None:
    """A phrase of the first that one of the others is too, as the matching compares them; None if there is none."""
    taken = {words_of(phrase) for phrase in others}
    return next((phrase for phrase in phrases if words_of(phrase) in taken), None)


def _judge_reading(answers: Sequence[Answer], phrases: Expected, reading: str) -> Match | Unclear | None:
    said = _Speech(phrases.heard(cut(reading)))
    best: list[Place] = []
    rank, negated = (0, Likeness.MISSPELT), set[str]()
    for place in phrases.places(said.words):
        if said.is_part(place.start, place.end):
            continue
        if said.is_negated(place, 1 if phrases.refusing[place.answer] else REACH + 1):
            negated.add(answers[place.answer].id)
            continue
        own = (place.end - place.start, place.likeness)
        if own > rank:
            rank, best = own, []
        if own == rank:
            best.append(place)
    if not best:
        return Unclear(negated=frozenset(negated)) if negated else None
    named = {answers[place.answer].id for place in best}
    if len(named) > 1:
        return Unclear(tied=frozenset(named))
    first = min(best, key=lambda place: (place.answer, answers[place.answer].phrases.index(place.phrase)))
    return Match(answers[first.answer], first.phrase, reading, first.likeness)


class _Speech:
    """One reading as words, with the idioms found in it."""

    __slots__ = ("_idioms", "words")

    def __init__(self, words: Words) -> None:
        self.words = words
        self._idioms = tuple(_idioms(words))

    def is_part(self, start: int, end: int) -> bool:
        """Whether these words are only a part of an idiom."""
        return any(a <= start and end <= b and end - start < b - a for a, b in self._idioms)

    def is_negated(self, place: Place, reach: int) -> bool:
        """Whether a negation stands at most `reach` words before (fillers not counted), or a softener right after."""
        start, end = place.start, place.end
        before = islice((i for i in range(start - 1, -1, -1) if self.words[i] not in FILLERS), reach)
        doubtful = place.likeness is Likeness.MISSPELT
        if any(_negates(self.words[i], doubtful=doubtful) and not self.is_part(i, i + 1) for i in before):
            return True
        after = tuple(islice((i for i in range(end, len(self.words)) if self.words[i] not in FILLERS), 2))
        if tuple(self.words[i] for i in after) in SOFTENERS:
            return True
        if self.words[start:end] != ("да",) or not after or self.is_part(after[0], after[0] + 1):
            return False
        return self.words[after[0]] == "не" or is_glued_negation(self.words[after[0]])


def _negates(word: str, *, doubtful: bool) -> bool:
    if word in NEGATIONS or is_glued_negation(word) or _trails_into_negation(word):
        return True
    return doubtful and (word in LIKE_NEGATIONS or word[:2] in ("не", "ни"))


def _trails_into_negation(word: str) -> bool:
    """Whether it is no word of the language and ends in a negation, as a mumbled one is heard ("нуне")."""
    return 3 <= len(word) <= LONGEST_MUMBLE and word[-2:] in ("не", "ни") and not is_known(word)


def _idioms(words: Words) -> Iterable[tuple[int, int]]:
    for start, word in enumerate(words):
        for idiom in _IDIOMS_BY_FIRST.get(word, ()):
            if words[start : start + len(idiom)] == idiom:
                yield start, start + len(idiom)


_IDIOMS_BY_FIRST: Final = {
    first: tuple(idiom for idiom in IDIOMS if idiom[0] == first) for first in {idiom[0] for idiom in IDIOMS}
}
