"""Which answer was said: matching of phrases to what the recogniser heard (SPEC R6.4).

Phrases and speech are compared as sequences of words: without regard to case, ё or е, punctuation and hyphens;
number words up to ten are the same as their digits. An answer matches where one of its phrases stands in the
speech as whole words in a row, on request in other forms of these words (`word_forms`), or with a word in it that the
recogniser misspelt (`near`); whatever stands around it (fillers, politeness) does no harm, except a negation
(`negation`). A phrase that was said twice, once negated and once not, is not said; no phrase that covers only a part
of an idiom is.

Of all phrases said the one with most words wins, of these one that was said as it is written; if two answers have
one alike, it is a tie and no match.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from core.errors import BadInput
from robot.dialog.expected import Expected, Likeness, Place, expected
from robot.dialog.flow import Answer
from robot.dialog.lexicon import Words
from robot.dialog.negation import Attitude, Denied, Speech
from robot.dialog.words import cut, words_of

__all__ = [
    "MAX_FIELD",
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
    said = Speech(phrases.heard(cut(reading)))
    found = [
        (place, _denied(said, place, phrases.attitudes[place.answer]))
        for place in phrases.places(said.words)
        if not said.is_part(place.start, place.end)
    ]
    negated = {(place.answer, place.phrase) for place, denied in found if denied is Denied.NEGATED}
    stands = [(place, denied) for place, denied in found if (place.answer, place.phrase) not in negated]
    if not stands:
        return Unclear(negated=frozenset(answers[answer].id for answer, _ in negated)) if negated else None
    rank = max(_rank(place) for place, _ in stands)
    best = [(place, denied) for place, denied in stands if _rank(place) == rank]
    named = {answers[place.answer].id for place, _ in best}
    if len(named) > 1:
        return Unclear(tied=frozenset(named))
    if any(denied is not None for _, denied in best):
        return Unclear(negated=frozenset(named))
    first = min(
        (place for place, _ in best), key=lambda one: (one.answer, answers[one.answer].phrases.index(one.phrase))
    )
    return Match(answers[first.answer], first.phrase, reading, first.likeness)


def _denied(said: Speech, place: Place, attitude: Attitude) -> Denied | None:
    return said.denied(place.start, place.end, attitude, misspelt=place.likeness is Likeness.MISSPELT)


def _rank(place: Place) -> tuple[int, Likeness]:
    return place.end - place.start, place.likeness
