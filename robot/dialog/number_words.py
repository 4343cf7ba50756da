"""The numbers that Russian and English words hold: said in words or figures, counted, in order, as years and phones.

What asks for patience is no number: "один момент", "just one second". An ordinal is one where it ends a number ("тысяча
девятьсот восьмидесятый"), stands before a year or a floor, or is all that was said; "первый раз слышу" holds none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache, lru_cache
from typing import Final

from num2words import num2words

from robot.dialog.lexicon import FILLERS, NEGATIONS
from robot.dialog.numerals_ru import ordinal

PHONE_FIGURES: Final = range(7, 16)

_UNITS: Final = (
    "ноль нуль zero|один одна одно одного one|два две двух two|три трех three|четыре четырех four|пять пяти five|"
    "шесть шести six|семь семи seven|восемь восьми eight|девять девяти nine|десять десяти десятка десятку ten|"
    "одиннадцать eleven|двенадцать twelve|тринадцать thirteen|четырнадцать fourteen|пятнадцать fifteen|"
    "шестнадцать sixteen|семнадцать seventeen|восемнадцать eighteen|девятнадцать nineteen"
)
_TENS: Final = (
    "двадцать twenty|тридцать thirty|сорок forty|пятьдесят fifty|шестьдесят sixty|семьдесят seventy|"
    "восемьдесят eighty|девяносто ninety"
)
_HUNDREDS: Final = "сто|двести|триста|четыреста|пятьсот|шестьсот|семьсот|восемьсот|девятьсот"


def _table(rows: str, first: int, step: int) -> dict[str, int]:
    return {word: first + n * step for n, row in enumerate(rows.split("|")) for word in row.split()}


_SMALL: Final = _table(_UNITS, 0, 1) | _table(_TENS, 20, 10) | _table(_HUNDREDS, 100, 100)
_SCALE: Final = {
    **dict.fromkeys(("тысяча", "тысячи", "тысяч", "тысячу", "thousand"), 1_000),
    **dict.fromkeys(("миллион", "миллиона", "миллионов", "million", "millions"), 1_000_000),
}
_HUNDRED: Final = "hundred"
_CENTURIES: Final = {"eighteen": 18, "nineteen": 19, "twenty": 20}
_YEAR: Final = "год"
_ABOUT_YEARS: Final = frozenset(
    {
        *("в", "во", "на", "с", "из", "года", "году", "год", "я", "мы", "родился", "родилась", "рождения"),
        *("in", "on", "the", "of", "i", "was", "born"),
    }
)
"""What may stand beside a lone ordinal."""
_PLACES: Final = ("этаж", "подъезд", "числ")
_PATIENCE: Final = re.compile(
    r"\b(?:(?:один|1) (?:момент\w*|миг)|(?:одну|1) (?:минут(?:у|ку|очку)|секунд(?:у|очку)|сек\w*)"
    r"|(?:just )?(?:one|1) (?:moment|minute|second|sec)|(?:один|1) вопрос\w*|(?:one|1) question)\b"
)
"""What is said to win time."""
_HALF: Final = ("с половиной", "and a half")
_OUT_OF: Final = frozenset({"из", "out"})
_WORD: Final = re.compile(r"\d+(?:[.,]\d+)?|[^\W\d_]+")


def number_in(text: str) -> Decimal | None:
    """The one number that the words hold, in figures or words; None if there is none, several, or a negated one.

    "девять из десяти", "nine out of ten" are nine.
    """
    words = _counting_words(text)
    if any(word in NEGATIONS for word in words):
        return None
    if (year := _english_year(words)) is not None:
        return year
    before = next((i for i, word in enumerate(words) if word in _OUT_OF), len(words))
    groups = _groups(words[:before]) or _groups(words)
    if len(set(groups)) != 1:
        return None
    return groups[0] + Decimal("0.5") if any(half in " ".join(words) for half in _HALF) else groups[0]


def years_in(text: str) -> tuple[Decimal, ...]:
    """The years that a number below a hundred may stand for, the later first: "восемьдесят пятого года" is 1985."""
    said = _words(text)
    number = number_in(text)
    short = number is not None and 0 <= number < 100 and number == number.to_integral_value()
    named = any(word in _order() or word.startswith(_YEAR) for word in said)
    return (Decimal(2000) + number, Decimal(1900) + number) if number is not None and short and named else ()


def phone_in(text: str) -> str | None:
    """The figures of a phone, said one by one, in groups or written, with the plus where one was said; else None."""
    words = _words(text)
    figures = "".join(f"{number:f}" if figure is None else figure for number, figure in _spoken_figures(words))
    if len(figures) not in PHONE_FIGURES:
        return None
    plus = "+" if "+" in text or (words and words[0] in ("плюс", "plus")) else ""
    return plus + figures


@lru_cache(maxsize=1024)
def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.casefold().replace("ё", "е")))


@lru_cache(maxsize=1024)
def _counting_words(text: str) -> tuple[str, ...]:
    """The words without what asks for patience, ordinals that are numbers turned into these."""
    words = _words(_PATIENCE.sub(" ", text.casefold().replace("ё", "е")))
    return tuple(_counted(words))


def _counted(words: Sequence[str]) -> Iterator[str]:
    told = [word for word in words if word not in FILLERS | _ABOUT_YEARS]
    for i, word in enumerate(words):
        number = _order().get(word)
        if number is None:
            yield word
            continue
        after = words[i + 1] if i + 1 < len(words) else ""
        before = words[i - 1] if i else ""
        counted = before in _SMALL or before in _SCALE or before in (_HUNDRED, "and")
        if counted or after.startswith((_YEAR, *_PLACES)) or told == [word]:
            yield from number
        else:
            yield word


@cache
def _order() -> Mapping[str, tuple[str, ...]]:
    """Ordinals in all their forms, by the words of their number."""
    small = {number: word for word, number in _SMALL.items()}
    found: dict[str, tuple[str, ...]] = {}
    for number in (*range(1, 20), *range(20, 100, 10), *range(100, 1000, 100)):
        for case in "ngdaip":
            for gender in "mfn":
                found[ordinal(number, case=case, gender=gender).replace("ё", "е")] = (small[number],)
        if number < 100:
            found[str(num2words(number, lang="en", to="ordinal"))] = (small[number],)
    found |= {"hundredth": (_HUNDRED,), "thousandth": ("thousand",)}
    for case in "ngdaip":
        for gender in "mfn":
            found[ordinal(2000, case=case, gender=gender)] = ("две", "тысячи")
            found[ordinal(1000, case=case, gender=gender)] = ("тысяча",)
    return found


def _english_year(words: Sequence[str]) -> Decimal | None:
    """A year in two halves, and nothing else: "nineteen eighty five", "twenty oh five"."""
    told = [word for word in words if word not in FILLERS and word not in ("in", "the", "year", "it", "was", "is")]
    if len(told) < 2 or told[0] not in _CENTURIES:
        return None
    rest = [word for word in told[1:] if word not in ("oh", "o")]
    if told[1:2] == [_HUNDRED]:
        rest = told[2:]
    elif any(word not in _SMALL for word in rest):
        return None
    groups = _groups(rest)
    if len(groups) > 1 or (groups and not 0 <= groups[0] < 100) or (told[0] == "twenty" and len(rest) < 1):
        return None
    years = groups[0] if groups else Decimal(0)
    single = years < 10 and len(rest) == len(told) - 1
    return None if single else Decimal(_CENTURIES[told[0]] * 100) + years


def _spoken_figures(words: Sequence[str]) -> list[tuple[Decimal, str | None]]:
    """The groups in which figures were said; written ones keep their noughts."""
    found: list[tuple[Decimal, str | None]] = []
    spoken: list[str] = []
    for word in (*words, ""):
        if word in _SMALL or word in _SCALE or word == _HUNDRED:
            spoken.append(word)
            continue
        found += [(number, None) for number in _groups(spoken)]
        spoken = []
        if word.isdecimal():
            found.append((Decimal(word), word))
    return found


def _groups(words: Sequence[str]) -> list[Decimal]:
    """The numbers that stand in the words, each as long as its words go on downwards: 900, 912, 34, 2500."""
    counting = _Counting()
    for word in words:
        if word in _SMALL:
            counting.add(_SMALL[word])
        elif word[0].isdecimal():
            counting.over()
            counting.add(Decimal(word.replace(",", ".")), size=1)
        elif word in _SCALE:
            counting.scale(_SCALE[word])
        elif word == _HUNDRED and counting.begun:
            counting.below, counting.lowest = max(counting.below, Decimal(1)) * 100, 100
        elif word != "and":
            counting.over()
    counting.over()
    return counting.numbers


class _Counting:
    """A number that is being put together, and those that are complete."""

    __slots__ = ("begun", "below", "lowest", "numbers", "total")

    def __init__(self) -> None:
        self.numbers: list[Decimal] = []
        self.total = self.below = Decimal(0)
        self.lowest, self.begun = 0, False

    def add(self, value: Decimal | int, *, size: int | None = None) -> None:
        """Takes a word below a thousand; one that does not go on downwards begins the next number."""
        size = size or (100 if value >= 100 else 10 if value >= 20 else 1)
        if self.begun and (size >= self.lowest or value == 0):
            self.over()
        self.below, self.lowest, self.begun = self.below + value, size, True

    def scale(self, scale: int) -> None:
        """Takes a thousand or a million, counted by what was said before."""
        self.total += (self.below or Decimal(1)) * scale
        self.below, self.lowest, self.begun = Decimal(0), 1_000, True

    def over(self) -> None:
        """Another word: the number is complete."""
        if self.begun:
            self.numbers.append(self.total + self.below)
        self.total = self.below = Decimal(0)
        self.lowest, self.begun = 0, False
