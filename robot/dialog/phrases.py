"""Which answer was said: matching of phrases to what the recogniser heard (SPEC R6.4).

Phrases and speech are compared as sequences of words: without regard to case, ё or е, punctuation and hyphens;
number words up to ten are the same as their digits. An answer matches where one of its phrases stands in the
speech as whole words in a row; whatever stands around it (fillers, politeness) does no harm, except a negation:

* A phrase is not said where it is negated from outside. For a consenting answer a negation reaches over the
  three words after it, fillers not counted: "я не очень хочу" is not "хочу". For a refusing answer (one of its
  phrases holds a negation, "нет", "no" or a farewell) only the word before counts: "не надо, до свидания" is
  "до свидания", while "не против" is not "против".
* A phrase followed at once by "не очень", "not really" and their like is negated too, and so is the particle
  "да" in "да не знаю".
* An idiom says something else than its words: "почему бы и нет", "не против", "why not" are consents that negate
  nothing, "да, слушаю" is how a telephone is answered. No phrase that covers only a part of one was said.

Of all phrases said the one with most words wins; if two answers have one of that length, it is a tie and no match.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final

from core.errors import BadInput
from robot.dialog.flow import Answer
from robot.dialog.lexicon import DIGITS, FILLERS, IDIOMS, NEGATIONS, REFUSALS, SOFTENERS, Words

MAX_FIELD: Final = 250
REACH: Final = 3
"""How many words a negation reaches over."""


@dataclass(frozen=True, slots=True)
class Match:
    """The answer that was said, by which of its phrases, in which of the readings."""

    answer: Answer
    phrase: str
    reading: str


class _Unclear:
    """The reading names an answer, but negated or together with another one: no further reading may decide."""


def match(answers: Sequence[Answer], readings: Iterable[str]) -> Match | None:
    """The one answer that the first telling reading names; None if none does, or if it is a tie or negated.

    A reading that holds no phrase at all gives way to the next one; one that negates a phrase or ties does not, so
    that a doubtful second reading never turns "не хочу" into "хочу".
    """
    for reading in readings:
        found = _match_reading(answers, reading)
        if isinstance(found, Match):
            return found
        if found is not None:
            return None
    return None


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


@lru_cache(maxsize=8192)
def words_of(phrase: str) -> Words:
    """The phrase as the words that are compared."""
    return _words(phrase)


def _words(text: str) -> Words:
    plain = unicodedata.normalize("NFC", text).casefold().replace("ё", "е")
    plain = plain.replace("'", "").replace("’", "").replace("`", "")
    spaced = "".join(sign if sign.isalnum() else " " for sign in plain)
    return tuple(DIGITS.get(word, word) for word in spaced.split())


def _match_reading(answers: Sequence[Answer], reading: str) -> Match | type[_Unclear] | None:
    said = _Speech(_words(reading))
    best: list[tuple[Answer, str]] = []
    longest, negated = 0, False
    for answer in answers:
        reach = 1 if is_refusal(answer.phrases) else REACH + 1
        for phrase in answer.phrases:
            words = words_of(phrase)
            if len(words) < longest or not words:
                continue
            places = said.places(words)
            if not places:
                continue
            if all(said.is_negated(place, len(words), reach) for place in places):
                negated = True
                continue
            if len(words) > longest:
                longest, best = len(words), []
            best.append((answer, phrase))
    if not best:
        return _Unclear if negated else None
    answer, phrase = best[0]
    return Match(answer, phrase, reading) if all(other.id == answer.id for other, _ in best) else _Unclear


@lru_cache(maxsize=4096)
def is_refusal(phrases: tuple[str, ...]) -> bool:
    """Whether these are phrases of a refusing answer: one of them holds a negation, a no or a farewell."""
    return any(not REFUSALS.isdisjoint(words_of(phrase)) for phrase in phrases)


class _Speech:
    """One reading as words, with the idioms found in it."""

    __slots__ = ("_idioms", "words")

    def __init__(self, words: Words) -> None:
        self.words = words
        self._idioms = [(i, i + len(idiom)) for idiom in IDIOMS for i in _find(words, idiom)]

    def places(self, phrase: Words) -> list[int]:
        """Where the phrase begins, whole words in a row, not within an idiom that it covers only in part."""
        return [i for i in _find(self.words, phrase) if not self._is_part(i, i + len(phrase))]

    def is_negated(self, start: int, length: int, reach: int) -> bool:
        """Whether a negation stands at most `reach` words before (fillers not counted), or a softener right after."""
        before = (i for i in range(start - 1, -1, -1) if self.words[i] not in FILLERS)
        if any(self.words[i] in NEGATIONS and not self._is_part(i, i + 1) for i in islice(before, reach)):
            return True
        end = start + length
        after = tuple(islice((i for i in range(end, len(self.words)) if self.words[i] not in FILLERS), 2))
        if tuple(self.words[i] for i in after) in SOFTENERS:
            return True
        if self.words[start:end] != ("да",) or not after or self._is_part(after[0], after[0] + 1):
            return False
        return self.words[after[0]] == "не"

    def _is_part(self, start: int, end: int) -> bool:
        return any(a <= start and end <= b and end - start < b - a for a, b in self._idioms)


def _find(words: Words, phrase: Words) -> list[int]:
    if phrase[0] not in words:
        return []
    size = len(phrase)
    return [i for i in range(len(words) - size + 1) if words[i] == phrase[0] and words[i : i + size] == phrase]
