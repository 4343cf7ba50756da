"""What to make of a recogniser's readings of one turn: the text, how sure it is, and what is too doubtful to be used.

Theory. A recogniser that only knows the expected phrases hears every sound as some of them, and a short unstressed
"не" is the first thing to drown in noise. A refusal heard as consent is the worst error, asking again the cheapest, so:

* confidence is the mean, over the words of the best reading, of the share of probability that has the word too;
* where another reading says the same with a negation, and is nearly as likely, the text is given up (`DOUBT`); the
  other way round a negation is believed unless the two are as good as equal (`EVEN`);
  A negation that nobody says there ("не шесть", "давайте не") raises no doubt;
* a grammar joins pieces of its phrases ("не надо" and "мне надо подумать" give "не надо подумать"). Where the best
  reading is no row of whole phrases and one that is nearly as likely (`PIECED`) is, that one is meant, and so is the
  one phrase of which only the beginning is missing. It may read a "не" as another word ("мне"), never as nothing;
* a text in which the expected phrases are the smaller part is a patchwork of sounds that no phrase fits, and is given
  up too, unless it refuses and does nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Final

from robot.asr.competitors import NEVER_NEGATED
from robot.dialog.lexicon import FILLERS, NEGATIONS, REFUSALS, Words
from robot.dialog.phrases import words_of
from robot.ports import Recognised

LEAST_CONFIDENCE: Final = 0.6
"""Below this confidence a text is dropped: half of what the shipped model misheard in noise lies there."""
DOUBT: Final = 3.5
EVEN: Final = 0.3
"""Differences of log-likelihood. In noise and in the telephone band the shipped model lost a "не" with up to 3.3."""
PIECED: Final = 4.0
"""By so much a reading in whole phrases may be less likely than one in pieces of them."""
LEAST_TAIL: Final = 0.6
LEAST_COVER: Final = 0.6
PATCHWORK_WORDS: Final = 2
COURTESIES: Final = frozenset({"спасибо", "пожалуйста", "thank", "thanks", "you", "please"})
"""What stands beside an answer and takes nothing from it."""
LIKELY: Final = 0.1
MOST_ALTERNATIVES: Final = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a stretch of audio; `score` is a log-likelihood, comparable within the stretch."""

    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Weighed:
    """The best reading of a stretch, how sure its words are, whether a "не" may be missing, and what else it may be."""

    text: str
    confidence: float
    doubtful: bool = False
    others: tuple[str, ...] = ()


def weigh(readings: Sequence[Reading], lines: frozenset[Words] = frozenset()) -> Weighed:
    """Takes the readings of one stretch, best first; no reading is silence.

    `lines` are the phrases of the grammar, which callers say as wholes (none: any speech).
    """
    if not readings or not readings[0].text:
        return Weighed("", 0.0)
    best = _in_whole_phrases(readings, lines) if lines else readings[0]
    top = readings[0].score
    weights = [math.exp(reading.score - top) for reading in readings]
    total = sum(weights)
    words = best.text.split()
    sure = sum(w * _shared(words, r.text.split()) for w, r in zip(weights, readings, strict=True))
    rest = [(w, r) for w, r in zip(weights, readings, strict=True) if r is not best]
    others = (r.text for w, r in rest if r.text and w / total >= LIKELY)
    doubtful = any(_negation_hangs(best, other) for _, other in rest)
    return Weighed(best.text, sure / total / len(words), doubtful, tuple(others)[:MOST_ALTERNATIVES])


def conclude(stretches: Sequence[Weighed], expected: frozenset[Words], *, hears_all: bool) -> Recognised:
    """The text of a whole turn out of its stretches; empty, with the confidence it had, where it is too doubtful.

    `expected` are the words of the phrases that were listened for (none: any speech). Where the recogniser marks words
    that it does not know (`hears_all`) a patchwork cannot arise.
    """
    spoken = [stretch for stretch in stretches if stretch.text]
    if not spoken:
        return Recognised("", 0.0)
    count = [len(stretch.text.split()) for stretch in spoken]
    sure = sum(s.confidence * n for s, n in zip(spoken, count, strict=True)) / sum(count)
    text = " ".join(stretch.text for stretch in spoken)
    if sure < LEAST_CONFIDENCE or (expected and any(stretch.doubtful for stretch in spoken)):
        return Recognised("", sure)
    if expected and not hears_all and is_patchwork(words_of(text), expected):
        return Recognised("", sure)
    others = spoken[0].others if len(spoken) == 1 and not expected else ()
    return Recognised(text, sure, others)


def is_patchwork(words: Words, expected: frozenset[Words]) -> bool:
    """Whether the expected phrases are too small a part of a text, which is more than a refusal."""
    words = tuple(word for word in words if word not in FILLERS and word not in COURTESIES)
    if len(words) < PATCHWORK_WORDS:
        return False
    found = list(_phrases_in(words, expected))
    if not REFUSALS.isdisjoint(words) and all(not REFUSALS.isdisjoint(phrase) for phrase in found):
        return False
    return sum(map(len, found)) < LEAST_COVER * len(words)


def _in_whole_phrases(readings: Sequence[Reading], lines: frozenset[Words]) -> Reading:
    """The best reading, or where that is pieced together the nearest one that is not."""
    best = readings[0]
    words = words_of(best.text)
    if _is_made_of(words, lines):
        return best
    for other in readings[1:]:
        theirs = words_of(other.text)
        near = best.score - other.score < PIECED
        if near and theirs and _is_made_of(theirs, lines) and _keeps_negations(words, theirs):
            return other
    whole = [line for line in lines if _is_tail(words, line)]
    return Reading(" ".join(whole[0]), best.score) if len(whole) == 1 else best


def _keeps_negations(words: Words, other: Words) -> bool:
    """Whether no negation of `words` is missing in `other`: there are as many, or another word stands in its place."""
    return _negations(other) >= _negations(words) or len(other) >= len(words)


def _is_tail(words: Words, line: Words) -> bool:
    """Whether `words` are the end of the phrase, after at most one word that is no negation, and most of it."""
    for skipped in (0, 1):
        tail = words[skipped:]
        if len(tail) < 2 or len(tail) >= len(line) or line[-len(tail) :] != tail:
            continue
        head = (*words[:skipped], *line[: -len(tail)])
        return len(tail) >= LEAST_TAIL * len(line) and NEGATIONS.isdisjoint(head)
    return False


def _negations(words: Words) -> int:
    return sum(word in NEGATIONS for word in words)


def _is_made_of(words: Words, lines: frozenset[Words]) -> bool:
    return sum(map(len, _phrases_in(words, lines))) == len(words)


def _phrases_in(words: Words, phrases: frozenset[Words]) -> Iterator[Words]:
    """The phrases that the words are made of as far as they are, the longest at each place taken first."""
    at = 0
    while at < len(words):
        here = max((phrase for phrase in phrases if words[at : at + len(phrase)] == phrase), key=len, default=())
        if here:
            yield here
        at += len(here) or 1


def _shared(words: Sequence[str], other: Sequence[str]) -> float:
    blocks = SequenceMatcher(None, words, other, autojunk=False).get_matching_blocks()
    return float(sum(block.size for block in blocks))


def _negation_hangs(best: Reading, other: Reading) -> bool:
    """Whether the readings differ by a negation alone and are too near to each other to tell."""
    ours, theirs = words_of(best.text), words_of(other.text)
    negated, plain = not NEGATIONS.isdisjoint(ours), not NEGATIONS.isdisjoint(theirs)
    if negated == plain or _affirmed(ours) != _affirmed(theirs):
        return False
    if negated:
        return best.score - other.score < EVEN
    return best.score - other.score < DOUBT and _negates_something(theirs)


def _negates_something(words: Words) -> bool:
    """Whether a negation stands before a word that people negate."""
    return any(
        word in NEGATIONS and after not in NEVER_NEGATED and after not in NEGATIONS for word, after in pairwise(words)
    )


def _affirmed(words: Words) -> Words:
    return tuple(word for word in words if word not in NEGATIONS)
