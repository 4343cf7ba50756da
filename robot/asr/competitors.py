"""What callers say besides the expected answers.

A grammar that holds the expected phrases alone hears every sound as one of them, above all with a model that has
no word for the unknown. These phrases compete with them: what fits one of these better is no answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from robot.dialog.flow import Language

COMPETITORS: Final[Mapping[Language, tuple[str, ...]]] = MappingProxyType(
    {
        Language.RU: (
            "алло", "говорите", "слушаю", "слушаю вас", "что", "кто это", "кто", "кто вы", "повторите", "подождите",
            "минуту", "угу", "ага", "так", "да", "нет", "не", "да конечно", "конечно", "у меня", "уже", "есть", "это",
            "я", "за рулём", "мне", "как", "не понял", "не слышу", "не знаю", "ноль", "один", "два", "три", "четыре",
            "пять", "шесть", "семь", "восемь", "девять", "десять", "здравствуйте", "спасибо", "нет спасибо", "хорошо",
            "вы робот", "откуда", "перезвоните", "позже", "не сейчас", "некогда", "до свидания",
            "не надо", "не нужно", "не хочу", "не интересно", "не звоните", "дорого", "оператор",
        ),
        Language.EN: (
            "hello", "speaking", "what", "who is this", "who", "pardon", "sorry", "wait", "hold on", "uh huh", "mhm",
            "yeah", "yes", "no", "not", "i", "it", "is", "okay", "right", "zero", "one", "two", "three", "four", "five",
            "six", "seven", "eight", "nine", "ten", "thank you", "are you a robot", "call me later",
        ),
    }
)  # fmt: skip
