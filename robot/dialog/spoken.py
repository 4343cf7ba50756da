"""How a person would say the numbers, sums, dates, times and phones in a text (SPEC R6.5).

Abbreviations are written out first. Then each language has a list of rules, a pattern and what it is said as; they
are applied in their order, the special ones (phones, dates, sums) before the plain number. What a rule says has no
figures, or such as the rules after it are meant to read. Figures that touch letters (A4, shop24.ru) or that no rule
understands are left to the voice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from robot.dialog import spoken_en, spoken_ru, written_en, written_ru
from robot.dialog.flow import Language

_RULES: Final[dict[Language, Sequence[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]]]] = {
    Language.RU: spoken_ru.RULES,
    Language.EN: spoken_en.RULES,
}
_WRITE_OUT: Final = {Language.RU: written_ru.written_out, Language.EN: written_en.written_out}
_FIGURE = re.compile(r"[0-9№]|[IVX] (?:век|квартал|этап)")


@lru_cache(maxsize=4096)
def spoken(text: str, language: Language) -> str:
    """The text with its figures and abbreviations in words; a text without any comes back as it is."""
    text = _WRITE_OUT[language](text)
    if not _FIGURE.search(text):
        return text
    for pattern, say in _RULES[language]:
        text = pattern.sub(say, text)
    return text
