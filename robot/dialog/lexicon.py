"""The words that change what a phrase means, in Russian and English, written as the matching compares them.

That is: lower case, е for ё, no apostrophes, each word for itself.
"""

from __future__ import annotations

from typing import Final

Words = tuple[str, ...]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _idioms(*texts: str) -> frozenset[Words]:
    return frozenset(tuple(text.split()) for text in texts)


NEGATIONS: Final = _words(
    "не ни никогда нисколько ничуть вряд нельзя "
    "not never dont doesnt didnt wont wouldnt cant cannot couldnt isnt arent aint wasnt shouldnt neither nor hardly"
)
"""Words that negate what follows them."""

LIKE_NEGATIONS: Final = NEGATIONS | _words("нэ ня нее ние неа нет don doan dont dunno dond")
"""What a negation may look like where a recogniser misspelt it: after it nothing misspelt is believed."""

NEGATING_PREFIXES: Final = ("недо", "не", "ни", "без", "бес", "анти", "non", "dis", "un", "im", "in", "ir")
"""Beginnings that may turn a word into its opposite."""

GLUED: Final = {
    f"{word}не": (word, "не") for word in _words("я ты он она мы вы это мне мной нам вам уже пока еще и а но что если")
}
"""A word and the negation after it that were written as one."""

OFTEN_NEGATED: Final = _words(
    "хочу хотим буду будем надо нужно нужен нужна интересно интересует актуально удобно могу можем согласен согласна "
    "звоните звони готов готова подходит устраивает"
)
"""Words before which a "не" is often written without a space."""

REFUSALS: Final = NEGATIONS | _words("нет нету неа свидания no nope bye goodbye")
"""Words by which an answer is known for a refusing one."""

FILLERS: Final = _words("ну э эм эмм м мм ммм а ам вот ага uh um er erm hm hmm mm well")
"""Words that say nothing."""

SOFTENERS: Final = _idioms(
    *("не очень", "не особо", "не особенно", "не сильно", "не слишком", "не совсем"),
    *("not really", "not much", "not so", "not very"),
)
"""What negates the word before it: "интересно не очень"."""

IDIOMS: Final = _idioms(
    *("почему бы и нет", "почему бы нет", "почему нет"),
    *("не против", "не возражаю", "не вопрос", "не откажусь", "без вопросов"),
    *("why not", "dont mind", "wouldnt mind", "not against", "no problem", "no objection", "no objections"),
    *("да слушаю", "да алло", "да говорите", "yes hello", "yes speaking"),
)
"""What says something else than its words: consent in the form of a negation, and greetings in that of a consent."""

DIGITS: Final = {
    word: str(number)
    for number, words in enumerate(
        (
            *("ноль нуль zero", "один одна одно one", "два две two", "три three", "четыре four", "пять five"),
            *("шесть six", "семь seven", "восемь eight", "девять nine", "десять ten"),
        )
    )
    for word in words.split()
}
"""Number words as digits."""
