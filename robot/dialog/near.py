"""Whether a word that was heard may stand for an expected one that the recogniser misspelt.

Two words are compared by how they sound: unstressed о and а, е, и and я are alike, consonants are voiced or not as
their neighbours and the end of the word make them, ь and double letters do not count, "тся" is "ца", "его" is "ево".
A word stands for another

* of the same sound, from `SHORTEST` letters on ("хачу", "севодня");
* or of a sound that differs by as many sounds as `allowed_edits` says for its length (Damerau-Levenshtein), if both
  begin alike: "подтвирждайу" is "подтверждаю".

A Russian word of `TELLING` letters or more was heard as itself, not as another one: "перевести" is not "перенести",
"работе" not "роботы"; only a form that sounds the same ("понравилась") stands for it. Short words are compared as they
are written. Nothing stands for a negation or a refusal, these stand for nothing, and a word never gains or loses a
negating beginning: "неверно" is not "верно", "disagree" not "agree".

How much is forgiven was chosen on the 1,500 Russian words of the ready intents: of 2.2 million pairs 8 of different
words stand for each other, while three of four long words with one wrong sound are known again.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from rapidfuzz.distance import OSA

from robot.dialog.lexicon import FILLERS, NEGATING_PREFIXES, REFUSALS
from robot.dialog.word_forms import is_known, lemmas

SHORTEST: Final = 4
"""Words with fewer letters are never misspelt."""
TELLING: Final = 5
"""A word of the dictionary with so many letters is no misspelling of another word."""
SAME_BEGINNING: Final = 3
"""So many sounds at the beginning must be alike: there stand the prefixes that turn a word into its opposite."""

_SPELLING: Final = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"^сегод", "севод"),
        (r"(его|ого)$", "ива"),
        (r"тьс|тс|дс", "ц"),
        (r"стн", "сн"),
        (r"здн", "зн"),
        (r"вств", "ств"),
        (r"[сзж]ч", "щ"),
        (r"^чт", "шт"),
        (r"[ьъ]", ""),
    )
)
_VOWELS: Final = str.maketrans("оеёэяйыю", "аииииииу")
_VOICED: Final = dict(zip("бвгджз", "пфктшс", strict=True))
_VOICELESS: Final = {hard: soft for soft, hard in _VOICED.items()}
_MAKES_VOICED: Final = frozenset("бгджз")
_MAKES_VOICELESS: Final = frozenset("пфктшсхцчщ")
LONGER: Final = 3
"""By so many letters at most words differ in length that stand for each other."""
_ENGLISH: Final = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"ph", "f"),
        (r"^kn", "n"),
        (r"^wr", "r"),
        (r"ck|q", "k"),
        (r"c(?=[eiy])", "s"),
        (r"c(?!h)", "k"),
        (r"z", "s"),
        (r"gh", ""),
        (r"(?<=\w\w)e$", ""),
        (r"y", "i"),
    )
)
_FAMILIES: Final = str.maketrans(
    {
        letter: letters[0]
        for letters in ("оа", "иеэяйы", "ую", "бп", "вф", "гк", "дтц", "сзшжщч", "pf", "kncqsz", "wr", "yi")
        for letter in letters
    }
)
"""Letters that may be the first one of the same sound."""
_DOUBLE: Final = re.compile(r"(.)\1+")


def allowed_edits(sounds: int, *, english: bool = False) -> int:
    """How many sounds of a word with so many may be wrong; fewer in English, where no dictionary tells words apart."""
    one, two = (8, 12) if english else (6, 10)
    return 0 if sounds < one else 1 if sounds < two else 2


@lru_cache(maxsize=16384)
def sound(word: str) -> str:
    """How a word in small letters sounds, roughly; words that are told apart only by spelling come out alike."""
    if word.isascii():
        for pattern, heard in _ENGLISH:
            word = pattern.sub(heard, word)
        return _DOUBLE.sub(r"\1", word)
    for pattern, heard in _SPELLING:
        word = pattern.sub(heard, word)
    return _DOUBLE.sub(r"\1", _assimilated(_DOUBLE.sub(r"\1", word.translate(_VOWELS))))


def _assimilated(word: str) -> str:
    """Each consonant voiced or not as the one after it, or the end of the word, makes it."""
    sounds: list[str] = []
    after = "п"
    for letter in reversed(word):
        if letter in _VOICED and after in _MAKES_VOICELESS:
            letter = _VOICED[letter]
        elif letter in _VOICELESS and after in _MAKES_VOICED:
            letter = _VOICELESS[letter]
        sounds.append(letter)
        after = letter
    return "".join(reversed(sounds))


def beginning(word: str) -> str:
    """What words that stand for each other have in common at once: the family of their first letter."""
    return word[:1].translate(_FAMILIES)


@lru_cache(maxsize=32768)
def stands_for(heard: str, wanted: str) -> bool:
    """Whether the heard word, which is not the wanted one, may be that one misspelt."""
    if min(len(heard), len(wanted)) < SHORTEST or abs(len(heard) - len(wanted)) > LONGER:
        return False
    if beginning(heard) != beginning(wanted) or heard.isascii() != wanted.isascii():
        return False
    if heard in FILLERS or heard in REFUSALS or wanted in REFUSALS or _prefix(heard) != _prefix(wanted):
        return False
    if any(letter.isdigit() for letter in heard + wanted):
        return False
    one, other = sound(heard), sound(wanted)
    itself = len(heard) >= TELLING and is_known(heard)
    if one == other:
        return not itself or not lemmas(heard).isdisjoint(lemmas(wanted))
    most = allowed_edits(min(len(one), len(other)), english=heard.isascii())
    if itself or not most or one[:SAME_BEGINNING] != other[:SAME_BEGINNING]:
        return False
    return OSA.distance(one, other, score_cutoff=most) <= most


def _prefix(word: str) -> str:
    return next((prefix for prefix in NEGATING_PREFIXES if word.startswith(prefix)), "")
