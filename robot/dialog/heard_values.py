"""What a `Listen` makes of a caller's words: a number, a phone, yes or no, an instant, or the words themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Final, assert_never

from robot.dialog.events import Heard
from robot.dialog.flow import Answer, Listen, ListenFor, StepId
from robot.dialog.lexicon import NEGATIONS
from robot.dialog.passing import instant
from robot.dialog.phrases import match

YES: Final = "yes"
NO: Final = "no"
MAX_FIGURES: Final = 20
PHONE_FIGURES: Final = range(7, 16)

_YES_NO: Final = tuple(
    Answer(id=name, then=StepId(""), phrases=tuple(phrase.strip() for phrase in phrases.split(",")))
    for name, phrases in (
        (
            YES,
            "да, ага, угу, конечно, хорошо, верно, правильно, согласен, согласна, давайте, ладно, точно, разумеется, "
            "yes, yeah, yep, sure, of course, right, correct, okay, ok",
        ),
        (
            NO,
            "нет, неа, не надо, не нужно, не хочу, не согласен, не согласна, неверно, неправильно, не верно, "
            "не правильно, no, nope, not really, dont want, do not want",
        ),
    )
)
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
_HALF: Final = ("с половиной", "and a half")
_OUT_OF: Final = frozenset({"из", "out"})
_WORD: Final = re.compile(r"\d+(?:[.,]\d+)?|[^\W\d_]+")


def value_in(step: Listen, event: Heard) -> str | None:
    """What of the words the step keeps; None where they are not of its kind, or out of its bounds."""
    text = event.text.strip()
    if not text:
        return None
    match step.kind:
        case ListenFor.TEXT:
            return text
        case ListenFor.DATE_TIME:
            at = instant(event.value)
            return at.isoformat() if at is not None else None
        case ListenFor.YES_NO:
            found = match(_YES_NO, (text, *event.alternatives))
            return found.answer.id if found is not None else None
        case ListenFor.NUMBER:
            return within(step, number_in(text))
        case ListenFor.PHONE:
            return phone_in(text)
        case _:
            assert_never(step.kind)


def typed_value(step: Listen, typed: str) -> str | None:
    """What of the keys the step keeps; None where they are no number or phone."""
    figures = typed.rstrip("#").replace("*", "." if step.kind is ListenFor.NUMBER else "")
    if step.kind is ListenFor.PHONE:
        return phone_in(figures)
    number = Decimal(figures) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", figures) else None
    return within(step, number)


def within(step: Listen, number: Decimal | None) -> str | None:
    """The number as it is kept, if it lies within the step's bounds."""
    if number is None or not (step.least is None or number >= Decimal(str(step.least))):
        return None
    if not (step.most is None or number <= Decimal(str(step.most))):
        return None
    return f"{number.normalize():f}"


def number_in(text: str) -> Decimal | None:
    """The one number that the words hold, in figures or words; None if there is none, several, or a negated one.

    "девять из десяти", "nine out of ten" are nine.
    """
    words = _words(text)
    if any(word in NEGATIONS for word in words):
        return None
    before = next((i for i, word in enumerate(words) if word in _OUT_OF), len(words))
    groups = _groups(words[:before]) or _groups(words)
    if len(set(groups)) != 1:
        return None
    return groups[0] + Decimal("0.5") if any(half in " ".join(words) for half in _HALF) else groups[0]


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
