"""Which forms belong to one word: "хотел" and "хочу", "wanted" and "want".

Russian words are looked up in a dictionary (pymorphy3), which is loaded when it is first asked or by `warm`: about
0.3 s and 30 MB. English words lose their endings by a small rule: -s, -ed, -ing, and a table of irregular verbs.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pymorphy3 import MorphAnalyzer  # type: ignore[import-untyped]

LEAST_SCORE: Final = 0.15
"""Readings of a word form that are rarer than this among all its uses are left out."""
CONDITIONAL: Final = frozenset({"бы", "б"})
"""Particles that belong to the form of a verb: "хотел бы" is a form of "хотеть"."""

_IRREGULAR: Final = {
    form: verb
    for verb, forms in (
        *(("be", "am is are was were been being"), ("have", "has had having"), ("do", "does did done doing")),
        *(("go", "goes went gone going"), ("say", "says said"), ("buy", "bought"), ("call", "called"), ("get", "got")),
        *(("give", "gave given giving"), ("take", "took taken taking"), ("think", "thought"), ("know", "knew known")),
        *(("come", "came coming"), ("pay", "paid"), ("send", "sent"), ("speak", "spoke spoken"), ("tell", "told")),
        *(("understand", "understood"), ("hear", "heard"), ("see", "saw seen"), ("make", "made making")),
        *(("leave", "left leaving"), ("meet", "met"), ("sell", "sold"), ("need", "needed"), ("agree", "agreed")),
    )
    for form in forms.split()
}
_KEPT: Final = frozenset(
    [
        "this",
        "his",
        "its",
        "us",
        "yes",
        "bus",
        "plus",
        "was",
        "as",
        "is",
        "always",
        "during",
        "thing",
        "anything",
        "something",
        "nothing",
    ]
)
_PREDICATES: Final = frozenset({"VERB", "INFN", "ADJS", "PRTS", "PRED"})
_SHORTEST: Final = 4
_VOWELS: Final = frozenset("aeiouy")


def warm() -> None:
    """Loads the dictionary now, so that no call waits for it."""
    _dictionary()


@lru_cache(maxsize=16384)
def lemmas(word: str) -> frozenset[str]:
    """The words that this one may be a form of, in small letters with е for ё; at least itself."""
    if _is_russian(word):
        parses = _dictionary().parse(word)
        return frozenset(_plain(parse.normal_form) for parse in parses if parse.score >= LEAST_SCORE) | {word}
    return frozenset({word, _stem(word)}) if word.isascii() else frozenset({word})


@lru_cache(maxsize=16384)
def lemma(word: str) -> str:
    """The one word that this one is most likely a form of."""
    if _is_russian(word):
        return _plain(_dictionary().parse(word)[0].normal_form)
    return _stem(word) if word.isascii() else word


@lru_cache(maxsize=16384)
def is_known(word: str) -> bool:
    """Whether the Russian dictionary has this very form."""
    return _is_russian(word) and _dictionary().word_is_known(word)


@lru_cache(maxsize=16384)
def is_predicate(word: str) -> bool:
    """Whether the Russian word may be a verb or a short adjective: what a "не" stands before."""
    return _is_russian(word) and any(parse.tag.POS in _PREDICATES for parse in _dictionary().parse(word))


@cache
def _dictionary() -> MorphAnalyzer:
    from pymorphy3 import MorphAnalyzer

    return MorphAnalyzer(lang="ru")


def _is_russian(word: str) -> bool:
    return "а" <= word[:1] <= "я"


def _plain(word: str) -> str:
    return word.casefold().replace("ё", "е")


def _stem(word: str) -> str:
    """The English word without the ending of its form; words of one stem are taken for forms of one word."""
    word = _IRREGULAR.get(word, word)
    if word in _KEPT or len(word) < _SHORTEST:
        return word
    for ending in ("ing", "ed"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _SHORTEST - 1 and not _VOWELS.isdisjoint(stem):
            return _without_double(stem)
    if word.endswith("ies"):
        return word[:-3] + "i"
    if word.endswith(("ses", "xes", "zes", "ches", "shes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return _without_double(word)


def _without_double(stem: str) -> str:
    """ "planned" and "plan", "closed" and "close", "tried" and "try" come to the same stem."""
    if stem[-1] == stem[-2] and stem[-1] not in "lsz":
        stem = stem[:-1]
    if stem.endswith("e") and len(stem) >= _SHORTEST:
        stem = stem[:-1]
    return stem[:-1] + "i" if stem.endswith("y") else stem
