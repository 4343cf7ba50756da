"""SPEC R6.4: no input makes a negated phrase match its positive, on whichever side the negation stands."""

from __future__ import annotations

from functools import cache
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot.dialog import library
from robot.dialog.flow import Answer, Language, StepId
from robot.dialog.lexicon import (
    BEFORE_VERBS,
    FILLERS,
    IDIOMS,
    INTENSIFIERS,
    NEGATIONS,
    NEVER_NEGATED,
    NOES,
    OFTEN_NEGATED,
    REFUSALS,
)
from robot.dialog.negation import REACH, Attitude, attitude_of, may_be_ne
from robot.dialog.phrases import Match, Unclear, judge
from robot.dialog.word_forms import is_predicate
from robot.dialog.words import words_of

YES = "да, хочу, давайте, хорошо, интересно, нужны, согласен, удобно, соедините, конечно, буду, завтра"
EN = "yes, sure, i will, ok, i want, i can, i do, connect me, please do, i agree, interested, interest, go ahead"


def answers(**fields: str) -> tuple[Answer, ...]:
    return tuple(
        Answer(id=name, label=name, then=StepId("z"), phrases=tuple(phrase.strip() for phrase in field.split(",")))
        for name, field in fields.items()
    )


def said(reading: str, **fields: str) -> str | None:
    found = judge(answers(**fields), (reading,))
    return found.answer.id if isinstance(found, Match) else None


@pytest.mark.parametrize(
    "reading",
    [
        *("му нужны", "ме нужны", "мя хочу", "на хочу", "но хочу", "нем хочу", "вне хочу", "неп хочу"),
        *("хочу нет", "да нет", "да нет наверное", "конечно же нет", "нет хочу", "нету хочу", "неа хочу"),
        *("да я не хочу", "да мне не нужно", "хорошо не надо", "хорошо не звоните", "давайте не будем", "хочу вряд ли"),
        *(
            "хочу но не сейчас",
            "конечно не хочу",
            "соедините не надо",
            "да ни за что",
            "да какой там",
            "интересно ничуть",
        ),
        *("удобно нет", "буду не скоро", "да вряд ли", "не хочу сказал же хочу", "да да да я вас не слышу"),
    ],
)
def test_R6_4_a_negation_on_either_side_or_a_misheard_one_is_no_consent(reading: str) -> None:
    assert said(reading, yes=YES) is None


@pytest.mark.parametrize(
    "reading",
    [
        *(
            "i will not",
            "i won't",
            "i can not",
            "i cannot",
            "i can never",
            "i want nothing",
            "i want no more",
            "i do not",
        ),
        *("i don't", "i do never", "no interest", "no i want", "no yes", "i am no longer interested"),
        *("i shan't i will", "i haven't agreed i agree", "sure not", "ok no", "ok not", "yes no", "please do not"),
        *("go ahead not", "no way i want", "no way i will", "nobody i agree", "without interest interested"),
        *("not at all interested", "never interested", "hardly interested", "i don't think i will", "knot interested"),
        *("i refuse i agree", "please don't call me go ahead", "i mustn't agree i agree"),
    ],
)
def test_R6_4_english_negations_stand_before_and_after(reading: str) -> None:
    assert said(reading, yes=EN) is None


@pytest.mark.parametrize(
    ("reading", "phrases"),
    [
        *(("да я не против", "да"), ("да почему бы и нет", "да"), ("нет проблем давайте", "давайте")),
        *(("да не волнуйтесь я буду", "да, буду"), ("да я не забыл", "да"), ("да если не трудно", "да")),
        *(
            ("yes no problem", "yes"),
            ("sure why not", "sure"),
            ("yes i do not mind", "yes"),
            ("i will not a problem", "i will"),
        ),
        *(
            ("мне нужны", "нужны"),
            ("они нужны", "нужны"),
            ("ну да хочу", "хочу"),
            ("ой хочу", "хочу"),
            ("все хочу", "хочу"),
        ),
        *(("ах да", "да"), ("так да", "да"), ("на завтра", "завтра"), ("к завтра", "завтра")),
    ],
)
def test_R6_4_what_negates_nothing_stays_a_consent(reading: str, phrases: str) -> None:
    assert said(reading, yes=phrases) == "yes"


@pytest.mark.parametrize(
    ("reading", "phrases"),
    [
        ("перезвоните я не могу говорить", "перезвоните, позже"),
        ("нет перезвоните завтра", "перезвоните, позже"),
        ("дорого мне это не надо", "дорого, нет денег"),
        ("нет завтра", "завтра, на завтра"),
    ],
)
def test_R6_4_what_is_no_consent_is_not_negated_by_what_follows_it(reading: str, phrases: str) -> None:
    assert said(reading, it=phrases) == "it"


@pytest.mark.parametrize(
    ("phrases", "attitude"),
    [
        (("да", "хочу"), Attitude.AFFIRMING),
        (("i will",), Attitude.AFFIRMING),
        (("да", "не против"), Attitude.AFFIRMING),
        (("why not", "yes"), Attitude.AFFIRMING),
        (("нет", "не хочу"), Attitude.REFUSING),
        (("не интересно", "интересно"), Attitude.REFUSING),
        (("неинтересно",), Attitude.REFUSING),
        (("до свидания",), Attitude.REFUSING),
        (("завтра",), Attitude.NEUTRAL),
        (("мне",), Attitude.NEUTRAL),
        ((), Attitude.NEUTRAL),
    ],
)
def test_an_answers_attitude_is_told_by_its_phrases(phrases: tuple[str, ...], attitude: Attitude) -> None:
    assert attitude_of(phrases) is attitude


def test_R6_4_a_refusing_answer_is_negated_by_the_word_before_and_what_makes_it_strong() -> None:
    assert said("не надо до свидания", no="нет, до свидания") == "no"
    assert said("я не очень занят", no="нет, занят") is None
    assert said("не против", no="нет, против") is None


def test_R6_4_a_no_beside_a_consent_is_a_tie_where_no_is_an_answer() -> None:
    both = answers(yes="да, хочу", no="нет")
    assert judge(both, ("да нет",)) == Unclear(tied=frozenset({"yes", "no"}))
    assert judge(answers(yes="да"), ("да нет",)) == Unclear(negated=frozenset({"yes"}))
    assert said("хочу нет не надо", yes="хочу", no="нет, не надо") == "no"


LETTERS = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"


@cache
def predicates() -> tuple[str, ...]:
    """The words of the ready intents that a "не" may stand before, and those that are often negated."""
    known = {word for name in library.names() for text in library.intent(name, Language.RU) for word in words_of(text)}
    negating = ("не", "ни", "без", "бес")
    return tuple(
        sorted(
            word
            for word in known | OFTEN_NEGATED
            if is_predicate(word) and not word.startswith(negating) and word not in REFUSALS | NEVER_NEGATED | FILLERS
        )
    )


def misheard() -> tuple[str, ...]:
    """All that "не" may be misheard as by one wrong letter, and all words of two letters."""
    one = {f"{a}е" for a in LETTERS} | {f"н{a}" for a in LETTERS}
    more = {f"{a}не" for a in LETTERS} | {f"н{a}е" for a in LETTERS} | {f"не{a}" for a in LETTERS}
    two = {a + b for a, b in product(LETTERS, LETTERS)}
    likely = {word.replace("ё", "е") for word in BEFORE_VERBS | FILLERS}
    return tuple(sorted(word for word in one | more | two if word.replace("ё", "е") not in likely))


def test_R6_4_no_mishearing_of_a_negation_before_a_word_of_the_library_is_a_consent() -> None:
    """Every short mishearing before some words, and every word behind some mishearings."""
    for word in ("хочу", "нужны", "интересно"):
        leaks = [ne for ne in misheard() if said(f"{ne} {word}", yes=f"да, {word}") is not None]
        assert leaks == []
    for ne in ("му", "ме", "на", "нем", "ня", "нии"):
        leaks = [word for word in predicates() if said(f"{ne} {word}", yes=f"да, {word}") is not None]
        assert leaks == []
    assert len(predicates()) > 100


@given(
    ne=st.sampled_from(["{}{}не", "{}н{}е", "{}не{}", "н{}е{}", "не{}{}", "н{}{}е"]).flatmap(
        lambda frame: st.tuples(st.sampled_from(LETTERS), st.sampled_from(LETTERS)).map(lambda two: frame.format(*two))
    ),
    word=st.sampled_from(["хочу", "нужны", "согласен"]),
)
def test_R6_4_a_longer_mishearing_is_a_negation_where_it_is_no_word(ne: str, word: str) -> None:
    if may_be_ne(words_of(ne)[0], word):
        assert said(f"{ne} {word}", yes=f"да, {word}") is None


WORDS = {
    Language.RU: (
        "да хочу интересно завтра соедините я мне вас потом уже говорить цену конечно ладно в на очень ну э не ни нет "
        "неа никогда вряд ли очень против почему бы и му не-против нехочу"
    ),
    Language.EN: (
        "yes sure i will want can do interested me call you tomorrow the really so well um not never no dont wont "
        "cannot hardly why mind problem please"
    ),
}
PHRASES = {
    Language.RU: ("да", "хочу", "интересно", "завтра", "соедините", "да хочу"),
    Language.EN: ("yes", "sure", "i will", "i can", "interested", "please do"),
}


def plain_places(words: tuple[str, ...], phrase: tuple[str, ...]) -> list[int]:
    """Where the phrase stands with no negation within reach on either side, told in the simplest way."""
    idioms = [(i, i + len(idiom)) for idiom in IDIOMS for i in range(len(words)) if words[i : i + len(idiom)] == idiom]

    def negates(i: int) -> bool:
        inside = any(a <= i < b for a, b in idioms)
        return not inside and (words[i] in NEGATIONS or (words[i][:2] == "не" and words[i][2:] in OFTEN_NEGATED))

    def near(places: list[int]) -> list[int]:
        return [i for i in places if words[i] not in FILLERS][: REACH + 1]

    return [
        start
        for start in range(len(words) - len(phrase) + 1)
        if words[start : start + len(phrase)] == phrase
        and not any(map(negates, near(list(range(start - 1, -1, -1)))))
        and not any(map(negates, near(list(range(start + len(phrase), len(words))))))
        and words[max(start - 1, 0) : start] not in [(no,) for no in NOES]
    ]


@given(data=st.data(), language=st.sampled_from(list(Language)), forms=st.booleans())
def test_R6_4_no_input_makes_a_negated_phrase_match_its_positive(
    data: st.DataObject, language: Language, forms: bool
) -> None:
    spoken = data.draw(st.lists(st.sampled_from(WORDS[language].split()), max_size=9))
    reading = " ".join(spoken).replace("-", " ")
    yes = ", ".join(PHRASES[language])
    found = judge(answers(yes=yes), (reading,), forms=forms)
    if isinstance(found, Match) and not (forms and words_of(found.phrase) not in _runs(words_of(reading))):
        apart = tuple(part for word in words_of(reading) for part in (("не", "хочу") if word == "нехочу" else (word,)))
        assert plain_places(apart, words_of(found.phrase)), (reading, found.phrase)


def _runs(words: tuple[str, ...]) -> set[tuple[str, ...]]:
    return {words[i:j] for i in range(len(words)) for j in range(i + 1, len(words) + 1)}


@given(
    phrase=st.sampled_from(PHRASES[Language.RU]),
    negation=st.sampled_from(["не", "ни", "нет", "никогда", "нисколько"]),
    between=st.lists(st.sampled_from(["я", "вам", "сейчас", "ну", "э", *sorted(INTENSIFIERS)]), max_size=2),
    tail=st.lists(st.sampled_from(["пожалуйста", "спасибо", "вот", "говорю"]), max_size=3),
)
def test_R6_4_a_consent_before_a_negation_is_none(
    phrase: str, negation: str, between: list[str], tail: list[str]
) -> None:
    assert said(" ".join([phrase, *between, negation, *tail]), yes="да, хочу, интересно, завтра, соедините") is None
