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
    "not never dont doesnt didnt wont wouldnt cant cannot couldnt isnt arent aint wasnt werent shouldnt shant mustnt "
    "neednt mightnt havent hasnt hadnt neither nor hardly scarcely nothing none nobody without refuse"
)
"""Words that negate what follows them."""

NOES: Final = _words("нет нету неа no nope nah naw")
"""What says no by itself: "no interest", "хочу нет"."""

NEGATING: Final = _idioms(
    *("ни за что", "ни в коем случае", "ни под каким предлогом", "какой там", "какое там", "куда там", "как бы не так"),
    *("no way", "no longer", "no more", "no chance", "no thanks", "no thank you", "not any more", "rather not"),
)
"""Several words that negate what stands near them."""

LIKE_NEGATIONS: Final = NEGATIONS | _words("нэ ня нее ние неа нет don doan dont dunno dond nat knot nought naught")
"""What a negation may look like where a recogniser misspelt it: after it nothing misspelt is believed."""

BEFORE_VERBS: Final = _words(
    "я ты он мы вы мне она они оно нам вам нас вас им их ей ее его ему мой моя наш сам да и же уж то так там тут как "
    "кто что где все это еще уже бы раз вот ну ой ах ох эх ух хм мда ага угу тоже ли"
)
"""Words of up to three letters that stand before a verb; any other may be a "не" that was misheard."""

BEFORE_NOUNS: Final = BEFORE_VERBS | _words("на по за до от из со ко об во для без под над при про в к с у о")
"""The same before other words, prepositions among them."""

NEVER_NEGATED: Final = _words("да ага угу давайте давай конечно ладно алло yes yeah ok okay sure hello")
"""What nobody negates by a word before it: "не да"."""

AFFIRMING: Final = _words(
    "да ага угу конечно хорошо ладно давай давайте хочу хотим хотел хотела бы буду будем надо нужно нужен нужна нужны "
    "интересно интересует актуально удобно могу можем можно согласен согласна согласны готов готова готовы подходит "
    "устраивает верно правильно точно разумеется подтверждаю окей ок договорились обязательно естественно безусловно "
    "смогу сможем приеду приду оплачу заплачу понравилось соедините соединяйте "
    "я мы мне нам это все очень так "
    "yes yeah yep yup sure ok okay right fine correct want will would can could do am agree interested interest need "
    "like please absolutely definitely certainly of course exactly ready confirm glad happy go ahead "
    "i we it id ill im me us so very"
)
"""Words of which consents are made; an answer with a phrase of these alone is an affirming one."""

BARE_CONSENTS: Final = _words(
    "да ага угу хорошо ладно конечно ок окей ну можно давайте давай yes yeah yep yup ok okay sure right fine"
)
"""Words that open a sentence as often as they answer: "да, но дорого"."""

ONLY_WITH_OTHERS: Final = _words("бы я мы мне нам это все очень так of i we it id ill im me us so very go")
"""Those of them that affirm nothing by themselves."""

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

INTENSIFIERS: Final = _words(
    "очень особо особенно сильно слишком совсем так очень то really very too so that much quite exactly"
)
"""Words between a negation and what it negates that change nothing."""

FILLERS: Final = _words("ну э эм эмм м мм ммм а ам вот ага uh um er erm hm hmm mm well")
"""Words that say nothing."""

SOFTENERS: Final = _idioms(
    *("не очень", "не особо", "не особенно", "не сильно", "не слишком", "не совсем"),
    *("not really", "not much", "not so", "not very"),
)
"""What negates the word before it: "интересно не очень"."""

IDIOMS: Final = _idioms(
    *("почему бы и нет", "почему бы нет", "почему нет"),
    *("не против", "не возражаю", "не возражаем", "не вопрос", "не откажусь", "не откажемся", "без вопросов"),
    *("не проблема", "нет проблем", "без проблем", "нет вопросов", "нет возражений", "не помешает", "не терпится"),
    *("проблем нет", "вопросов нет", "возражений нет", "никаких проблем", "никаких вопросов", "никаких возражений"),
    *("если не трудно", "если не сложно", "если вам не трудно", "если вас не затруднит"),
    *("не сомневаюсь", "не сомневайтесь", "не волнуйтесь", "не переживайте", "не беспокойтесь"),
    *("не забыл", "не забыла", "не забыли", "не забуду", "не забудем", "не опоздаю", "не опоздаем"),
    *("why not", "dont mind", "do not mind", "wouldnt mind", "would not mind", "not against", "not a problem"),
    *("no problem", "no objection", "no objections", "no worries", "no doubt", "dont worry", "do not worry"),
    *("wont forget", "will not forget", "havent forgotten", "have not forgotten", "cant wait", "can not wait"),
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
