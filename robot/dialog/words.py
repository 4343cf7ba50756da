"""How phrases and speech are cut into the words that are compared."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from robot.dialog.lexicon import DIGITS, Words


def cut(text: str) -> Words:
    """The text as words: small letters, е for ё, no punctuation or hyphens, number words up to ten as digits."""
    plain = unicodedata.normalize("NFC", text).casefold().replace("ё", "е")
    plain = plain.replace("'", "").replace("’", "").replace("`", "")
    spaced = "".join(sign if sign.isalnum() else " " for sign in plain)
    return tuple(DIGITS.get(word, word) for word in spaced.split())


@lru_cache(maxsize=8192)
def words_of(phrase: str) -> Words:
    """The phrase as the words that are compared."""
    return cut(phrase)
