"""What a recogniser makes of mumbled words: words lost, beginnings and ends swallowed, sounds taken for others."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Final

VARIANTS: Final = 3
"""In so many ways a sentence is mumbled in one rehearsal."""
_LIKE: Final[Mapping[str, str]] = {
    **{"а": "о", "о": "а", "е": "и", "и": "е", "б": "п", "п": "б", "в": "ф", "г": "к", "к": "г", "д": "т", "т": "д"},
    **{"ж": "ш", "ш": "с", "з": "с", "с": "з", "м": "н", "н": "м", "ы": "и", "щ": "ш", "ц": "с", "ю": "у", "я": "е"},
    **{"a": "e", "e": "i", "i": "e", "o": "u", "u": "o", "b": "p", "p": "b", "d": "t", "t": "d", "g": "k", "k": "g"},
    **{"m": "n", "n": "m", "s": "z", "z": "s", "v": "f", "f": "v", "c": "k", "y": "i"},
}
_NOISES: Final = {True: ("э", "мм", "ну", "это"), False: ("uh", "um", "well", "it")}
"""By whether the words are Russian."""
_SHORTEST: Final = 4


def mishear(text: str, rng: Random) -> str:
    """The words as a recogniser may take them when they are mumbled; maybe nothing at all."""
    if rng.random() < 0.06:
        return ""
    words = [heard for word in text.split() if (heard := _word(word, rng))]
    if len(words) > 2 and rng.random() < 0.25:
        del words[0 if rng.random() < 0.5 else -1]
    if len(words) > 1 and rng.random() < 0.12:
        at = rng.randrange(len(words) - 1)
        words[at : at + 2] = [words[at] + words[at + 1]]
    if rng.random() < 0.15:
        words.insert(rng.randrange(len(words) + 1), rng.choice(_NOISES[text > "z"]))
    return " ".join(words)


def _word(word: str, rng: Random) -> str:
    chance = rng.random()
    if chance < 0.08:
        return ""
    if chance < 0.3:
        return _one_sound(word, rng)
    if chance < 0.38 and len(word) > _SHORTEST:
        return word[:-1] if rng.random() < 0.7 else word[1:]
    return word


def _one_sound(word: str, rng: Random) -> str:
    places = [at for at, sign in enumerate(word) if sign in _LIKE]
    if not places:
        return word
    at = rng.choice(places)
    return word[:at] + _LIKE[word[at]] + word[at + 1 :]
