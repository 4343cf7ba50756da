"""A designer's phrase as a recogniser must spell it: small letters, no punctuation, numbers in words."""

from __future__ import annotations

import re
from typing import Final

from num2words import num2words

from robot.dialog.flow import Language

_WORD: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def spelt(phrase: str, language: Language) -> tuple[str, ...]:
    """The words of `phrase` in the order in which they are said."""
    words: list[str] = []
    for word in _WORD.findall(phrase.lower()):
        if word.isdecimal() and len(word) <= 9:
            words += str(num2words(int(word), lang=language.value)).lower().replace("-", " ").split()
        else:
            words.append(word)
    return tuple(words)
