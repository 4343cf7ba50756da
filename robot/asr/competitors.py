"""What callers say besides the expected answers.

A grammar that holds the expected phrases alone hears every sound as one of them, above all with a model that has
no word for the unknown. These phrases compete with them: what fits one of these better is no answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from robot.dialog.flow import Language
from robot.dialog.lexicon import DIGITS, REFUSALS
from robot.dialog.phrases import words_of

COMPETITORS: Final[Mapping[Language, tuple[str, ...]]] = MappingProxyType(
    {
        Language.RU: (
            "алло", "говорите", "слушаю", "слушаю вас", "что", "кто это", "кто", "кто вы", "повторите", "подождите",
            "минуту", "угу", "ага", "так", "да", "нет", "не", "да конечно", "конечно", "у меня", "уже", "есть", "это",
            "я", "за рулём", "мне", "как", "не понял", "не слышу", "не знаю", "ноль", "один", "два", "три", "четыре",
            "пять", "шесть", "семь", "восемь", "девять", "десять", "здравствуйте", "спасибо", "нет спасибо", "хорошо",
            "вы робот", "откуда", "перезвоните", "позже", "не сейчас", "некогда", "до свидания",
            "не надо", "не нужно", "не хочу", "не интересно", "не звоните", "дорого", "оператор", "сейчас", "секунду",
        ),
        Language.EN: (
            "hello", "speaking", "what", "who is this", "who", "pardon", "sorry", "wait", "hold on", "uh huh", "mhm",
            "yeah", "yes", "no", "not", "i", "it", "is", "okay", "right", "zero", "one", "two", "three", "four", "five",
            "six", "seven", "eight", "nine", "ten", "thank you", "are you a robot", "call me later",
        ),
    }
)  # fmt: skip

NEGATION: Final[Mapping[Language, str]] = MappingProxyType({Language.RU: "не", Language.EN: "not"})
MOST_NEGATED_WORDS: Final = 1
_BARE: Final = (
    "да ага угу хорошо давайте давай конечно ладно кто что как алло я мне меня у вы вас мой на за до через это уже "
    "спасибо здравствуйте yes yeah ok okay sure i my me you the a this that thank hello"
)
NEVER_NEGATED: Final = frozenset((*_BARE.split(), *DIGITS, *DIGITS.values()))
"""What nobody negates by a word before it: "не да", "не пять"."""


def negations_of(phrases: Sequence[str], language: Language) -> Iterator[str]:
    """Each short consenting phrase with a negation before it: where only "хочу" is expected, "не хочу" competes."""
    for phrase in phrases:
        words = words_of(phrase)
        if 0 < len(words) <= MOST_NEGATED_WORDS and REFUSALS.isdisjoint(words) and words[0] not in NEVER_NEGATED:
            yield f"{NEGATION[language]} {phrase}"
