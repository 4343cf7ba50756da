"""Russian numerals, and what the words around a number ask of them: case and gender."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Final

from num2words import num2words

from robot.dialog.nouns_ru import Noun

_CASE_AFTER: Final = {
    word: case
    for case, words in {
        "g": "до от около более менее больше меньше из без для свыше порядка после кроме нет течение позднее позже "
        "у раньше ранее размере пределах протяжении возрасте старше младше против вместо среди",
        "d": "к ко благодаря согласно",
        "a": "в во на за через про",
        "i": "перед между над",
        "p": "о об",
    }.items()
    for word in words.split()
}
_SINCE: Final = re.compile(r"[ \u00a0]*(?:(?:час(?:ов|а)[ \u00a0]*)?(?:до|по)|утра|вечера|дня|ночи)(?!\w)")
"""What shows that the "с" before a number means since, and not with."""
_CASE_OF_ENDING: Final = (("ами", "i"), ("ями", "i"), ("ам", "d"), ("ям", "d"), ("ах", "p"), ("ях", "p"))
_CASE_OF_ROUBLE: Final = {"рублю": "d", "рублём": "i", "рублем": "i", "рубле": "p"}
_SHORTEST_DECLINED: Final = 5
_UNCHANGED: Final = frozenset({"евро", "кофе", "промилле"})
_FEMININE_AFTER_ONE: Final = {
    "n": ("а", "я", "у", "ю"),
    "a": ("у", "ю"),
    "g": ("ы", "и", "ой", "ей"),
    "d": ("е", "и", "ой", "ей"),
    "p": ("ой", "ей"),
    "i": ("ой", "ей", "ью"),
}
_HALF: Final = Decimal("1.5")
_JOINED: Final = {"одного": "одно", "девяноста": "девяносто", "ста": "сто"}


@lru_cache(maxsize=8192)
def cardinal(number: int, *, case: str = "n", gender: str = "m") -> str:
    """The number in words: двадцать один, двух, пятью."""
    return str(num2words(number, lang="ru", case=case, gender=gender, animate=False))


@lru_cache(maxsize=8192)
def ordinal(number: int, *, case: str, gender: str = "m") -> str:
    """The number in order in words: двадцать первое."""
    return str(num2words(number, lang="ru", to="ordinal", case=case, gender=gender, animate=False))


def ordinals(number: int, ending: str) -> str:
    """The plural of a round ordinal, which `ending` (е, х, м, ми) shows: девяностые, девяностых."""
    return f"{ordinal(number, case='n')[:-2]}ы{ending}"


def joined(number: int) -> str:
    """The number as the first part of a word: двух-, двадцатипяти-."""
    return "".join(_JOINED.get(word, word) for word in cardinal(number, case="g").split())


def fraction(amount: Decimal) -> str:
    """A decimal fraction in words: две целых пять десятых."""
    return str(num2words(f"{amount.normalize():f}", lang="ru"))


def counted(amount: Decimal, noun: Noun, case: str) -> str:
    """An amount of things: двадцати одного рубля, полторы минуты, ноль целых пять десятых процента."""
    if amount == amount.to_integral_value():
        return f"{cardinal(int(amount), case=case, gender=noun.gender)} {noun.after(int(amount), case)}"
    return f"{fraction(amount)} {noun.after_part()}"


def half_and_one(amount: Decimal, noun: str, case: str) -> str | None:
    """Полтора, полторы, полутора, where the amount is that and the noun shows its gender; None elsewhere."""
    if amount != _HALF:
        return None
    if case not in ("n", "a"):
        return "полутора" if noun else None
    return "полтора" if noun.endswith(("а", "я")) else "полторы" if noun.endswith(("ы", "и")) else None


def word_before(found: re.Match[str]) -> str:
    """The word right before the match, in small letters; empty if there is none."""
    word = re.search(r"(\w+)\s+$", found.string[: found.start()])
    return word[1].casefold() if word else ""


def case_of(found: re.Match[str], noun: str = "") -> str:
    """The case that the preposition before the match, or the ending of the noun after the number, asks for."""
    if noun in _CASE_OF_ROUBLE:
        return _CASE_OF_ROUBLE[noun]
    if len(noun) >= _SHORTEST_DECLINED:
        for ending, case in _CASE_OF_ENDING:
            if noun.casefold().endswith(ending):
                return case
    word = word_before(found)
    if word in ("с", "со"):
        return "g" if _SINCE.match(found.string, found.end()) else "n"
    return _CASE_AFTER.get(word, "n")


def gender_of(number: int, noun: str, case: str) -> str:
    """The gender of the noun after the number, by its ending: it matters after one, and after two in some cases."""
    if number % 100 in (11, 12) or noun in _UNCHANGED:
        return "m"
    if number % 10 == 1:
        if noun.endswith(_FEMININE_AFTER_ONE[case]):
            return "f"
        return "n" if case in ("n", "a") and noun.endswith(("о", "е")) else "m"
    return "f" if number % 10 == 2 and case in ("n", "a") and noun.endswith(("ы", "и", "ые", "ие")) else "m"
