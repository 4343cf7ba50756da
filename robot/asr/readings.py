"""What to make of a recogniser's readings of one turn: the text, how sure it is, and what is too doubtful to be used.

Theory. A recogniser that only knows the expected phrases hears every sound as some of them, and a short unstressed
"не" is the first thing to drown in noise. A refusal heard as consent is the worst error, asking again the cheapest, so:

* confidence is the mean, over the words of the best reading, of the share of probability that has the word too;
* where another reading says the same with a negation, and is nearly as likely, the text is given up (`DOUBT`); the
  other way round a negation is believed unless the two are as good as equal (`EVEN`);
* a longer text in which the expected phrases are the smaller part is a patchwork of sounds that no phrase fits, and
  is given up too, unless it refuses.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from robot.dialog.lexicon import FILLERS, NEGATIONS, REFUSALS, Words
from robot.dialog.phrases import words_of
from robot.ports import Recognised

LEAST_CONFIDENCE: Final = 0.5
"""Below this confidence a text is dropped: with the shipped model every right answer was above 0.6."""
DOUBT: Final = 3.5
EVEN: Final = 0.3
"""Differences of log-likelihood. In noise and in the telephone band the shipped model lost a "не" with up to 3.3."""
LEAST_COVER: Final = 0.6
PATCHWORK_WORDS: Final = 3
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


def weigh(readings: Sequence[Reading]) -> Weighed:
    """Takes the readings of one stretch, best first; no reading is silence."""
    if not readings or not readings[0].text:
        return Weighed("", 0.0)
    best = readings[0]
    weights = [math.exp(reading.score - best.score) for reading in readings]
    total = sum(weights)
    words = best.text.split()
    sure = sum(w * _shared(words, r.text.split()) for w, r in zip(weights, readings, strict=True))
    others = (r.text for w, r in zip(weights[1:], readings[1:], strict=True) if r.text and w / total >= LIKELY)
    doubtful = any(_negation_hangs(best, other) for other in readings[1:])
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
    """Whether the expected phrases are too small a part of a text that refuses nothing."""
    words = tuple(word for word in words if word not in FILLERS)
    if len(words) < PATCHWORK_WORDS or not REFUSALS.isdisjoint(words):
        return False
    return _covered(words, expected) < LEAST_COVER * len(words)


def _covered(words: Words, expected: frozenset[Words]) -> int:
    """How many of the words belong to an expected phrase, the longest phrase at each place taken first."""
    at = covered = 0
    while at < len(words):
        here = max((len(p) for p in expected if words[at : at + len(p)] == p), default=0)
        covered += here
        at += here or 1
    return covered


def _shared(words: Sequence[str], other: Sequence[str]) -> float:
    blocks = SequenceMatcher(None, words, other, autojunk=False).get_matching_blocks()
    return float(sum(block.size for block in blocks))


def _negation_hangs(best: Reading, other: Reading) -> bool:
    """Whether the readings differ by a negation alone and are too near to each other to tell."""
    ours, theirs = words_of(best.text), words_of(other.text)
    negated, plain = not NEGATIONS.isdisjoint(ours), not NEGATIONS.isdisjoint(theirs)
    if negated == plain or _affirmed(ours) != _affirmed(theirs):
        return False
    return best.score - other.score < (EVEN if negated else DOUBT)


def _affirmed(words: Words) -> Words:
    return tuple(word for word in words if word not in NEGATIONS)
