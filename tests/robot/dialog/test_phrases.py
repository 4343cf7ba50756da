"""SPEC R6.4: which answer was said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from robot.dialog.flow import Answer, StepId
from robot.dialog.lexicon import FILLERS, NEGATIONS
from robot.dialog.near import stands_for
from robot.dialog.phrases import Likeness, Match, Unclear, check_phrases, judge, match, overlap, words_of

NO = "нет, не хочу, не нужно, до свидания"
YES = "да, хочу"


def answers(**fields: str) -> list[Answer]:
    return [
        Answer(id=name, label=name, then=StepId("end"), phrases=check_phrases(field, field=name))
        for name, field in fields.items()
    ]


def said(reading: str, *more: str, **fields: str) -> str | None:
    found = match(answers(**(fields or {"yes": YES, "no": NO})), (reading, *more))
    return found.answer.id if found else None


@pytest.mark.parametrize("phrase", ["нет", "не хочу", "не нужно", "до свидания"])
def test_R6_4_each_phrase_of_the_field_is_the_answer(phrase: str) -> None:
    assert said(phrase, no=NO) == "no"


@pytest.mark.parametrize("reading", ["мне хочу", "они хочу", "вне очереди хочу", "на луне хочу"])
def test_R6_4_a_word_that_only_ends_like_a_negation_negates_nothing(reading: str) -> None:
    assert said(reading, yes="хочу") == "yes"


@pytest.mark.parametrize("words", ["хочу", "нужно", "свидания", "до", "нужно хочу", "нету", "интернет"])
def test_R6_4_a_part_of_a_phrase_is_not_the_answer(words: str) -> None:
    assert said(words, no=NO) is None


@pytest.mark.parametrize(
    "reading",
    [
        "не хочу",
        "я не очень хочу",
        "не очень-то и хочу",
        "нет не хочу",
        "да не хочу",
        "ну не э-э хочу",
        "никогда не хочу",
        "хочу не очень",
        "вряд ли хочу",
        "да не знаю",
        "да ну не знаю я",
        "нуне хочу",
        "нуни хочу",
    ],
)
def test_R6_4_a_negated_consent_is_no_consent(reading: str) -> None:
    assert said(reading, yes=YES) is None
    assert said(reading) in (None, "no")


@pytest.mark.parametrize(
    "reading", ["i don't want", "i do not really want", "i never want", "want not really", "I don’t think i want"]
)
def test_R6_4_negation_counts_in_english(reading: str) -> None:
    assert said(reading, yes="yes, want") is None


@pytest.mark.parametrize(
    ("reading", "answer"),
    [
        ("ДА!", "yes"),
        ("да, хочу", "yes"),
        ("ну, да", "yes"),
        ("э-э да наверное", "yes"),
        ("да конечно хочу", "yes"),
        ("нет, не хочу", "no"),
        ("нет спасибо", "no"),
        ("мне это не нужно", "no"),
        ("не надо до свидания", "no"),
        ("не звоните больше до свидания", "no"),
        ("До  Свидания.", "no"),
        ("нет да", None),
        ("да нет", None),
        ("", None),
        ("алло", None),
        ("не до свидания", None),
    ],
)
def test_R6_4_what_people_say(reading: str, answer: str | None) -> None:
    assert said(reading) == answer


def test_R6_4_a_negation_reaches_no_further_than_three_words() -> None:
    assert said("не надо три слова хочу", yes=YES) is None
    assert said("не надо три слова ну э хочу", yes=YES) is None, "fillers are no words"
    assert said("не надо три слова дальше хочу", yes=YES) == "yes"


def test_R6_4_the_longest_match_wins() -> None:
    assert said("да хочу узнать цену", yes="да, хочу", price="хочу узнать цену") == "price"
    assert said("не хочу да") == "no"


def test_R6_4_a_tie_between_answers_is_no_match() -> None:
    assert said("хочу узнать больше", one="хочу узнать", two="узнать больше") is None
    assert said("да нет", "да") is None, "a further reading does not break the tie"


def test_R6_4_two_phrases_of_one_answer_are_no_tie() -> None:
    assert said("да хочу", yes="да, хочу") == "yes"


@pytest.mark.parametrize("reading", ["почему бы и нет", "не против", "why not"])
def test_R6_4_a_consent_in_the_form_of_a_negation_refuses_nothing(reading: str) -> None:
    assert said(reading, no="нет, против, not") is None
    assert said(f"{reading} хочу", yes=YES, no="нет, против, not") == "yes"
    assert said(reading, yes="почему бы и нет, не против, why not", no="нет, против") == "yes"


@pytest.mark.parametrize(("reading", "field"), [("да, слушаю", "да"), ("да, говорите", "да"), ("yes, speaking", "yes")])
def test_R6_4_how_a_telephone_is_answered_is_no_consent(reading: str, field: str) -> None:
    assert said(reading, yes=field) is None
    assert said(f"{reading}. {field}", yes=field) == "yes"
    assert said(reading, yes=reading.replace(",", "")) == "yes", "unless it is the phrase"


def test_R6_4_ё_is_е_and_hyphens_are_spaces_and_numbers_are_digits() -> None:
    assert said("её", one="ее") == "one"
    assert said("чуть чуть", one="чуть-чуть") == "one"
    assert said("пять", one="5") == "one"
    assert said("two", one="2") == "one"
    assert said("и\u0306од", one="йод") == "one", "a letter of two code points is that letter"


def test_R6_4_further_readings_count_where_the_first_says_nothing() -> None:
    assert said("то", "да") == "yes"
    assert said("не хочу", "хочу", yes=YES) is None, "a doubtful reading does not lift a negation"


def test_R6_4_fillers_do_not_join_a_phrase() -> None:
    assert said("до э-э свидания", no=NO) is None
    assert said("э-э ну до свидания ага", no=NO) == "no"


def test_R6_4_the_match_says_by_what() -> None:
    found = match(answers(yes=YES), ("то", "ну да"))
    assert found is not None
    assert (found.phrase, found.reading) == ("да", "ну да")


WORD = st.text(alphabet="абвгдежзиклмнопрстуфхцчшщыэюяё", min_size=2, max_size=7).filter(
    lambda word: word.replace("ё", "е") not in NEGATIONS | FILLERS
)
PHRASE = st.lists(WORD, min_size=1, max_size=3).map(" ".join)


@given(phrase=PHRASE, filler=st.lists(st.sampled_from(sorted(FILLERS)), max_size=3))
def test_R6_4_fillers_around_do_no_harm(phrase: str, filler: list[str]) -> None:
    around = " ".join(filler)
    assert said(f"{around} {phrase}, {around}".upper(), it=phrase) == "it"


@given(
    phrase=PHRASE.filter(lambda phrase: not {"нет", "неа", "нету", "свидания"} & set(phrase.split())),
    negation=st.sampled_from(sorted(NEGATIONS)),
    between=st.lists(WORD, max_size=3),
)
def test_R6_4_a_negation_within_three_words_before_negates(phrase: str, negation: str, between: list[str]) -> None:
    reading = " ".join([negation, *between, phrase])
    places = [
        i for i in range(len(words_of(reading))) if words_of(reading)[i:][: len(words_of(phrase))] == words_of(phrase)
    ]
    if places == [len(between) + 1]:
        assert said(reading, it=phrase) in (None, "it" if words_of(reading)[:2] == ("не", "против") else None)


@given(words=st.lists(WORD, min_size=1, max_size=6), phrase=PHRASE)
def test_R6_4_only_whole_words_match(words: list[str], phrase: str) -> None:
    spoken, wanted = words_of(" ".join(words)), words_of(phrase)
    stands = any(
        all(one == other or stands_for(one, other) for one, other in zip(spoken[i:], wanted, strict=False))
        for i in range(len(spoken) - len(wanted) + 1)
    )
    assert (said(" ".join(words), it=phrase) == "it") <= (stands or "".join(wanted) in spoken)


@given(readings=st.lists(st.text(max_size=60), max_size=4), fields=st.lists(PHRASE, max_size=4))
def test_R6_4_matching_takes_any_text(readings: list[str], fields: list[str]) -> None:
    match(answers(**{f"a{i}": field for i, field in enumerate(fields)}), readings)


@given(
    order=st.permutations(["да", "хочу", "нет", "не хочу", "позже", "может быть позже"]),
    reading=st.text("данет хочупз", max_size=20),
)
def test_R6_4_the_order_of_answers_does_not_matter(order: list[str], reading: str) -> None:
    ordered = said(reading, **{phrase: phrase for phrase in sorted(order)})
    assert said(reading, **{phrase: phrase for phrase in order}) == ordered


def test_R6_4_a_field_of_phrases_is_cut_at_commas() -> None:
    assert check_phrases(" да ,  конечно  хочу,да,, Чуть-чуть", field="f") == ("да", "конечно хочу", "Чуть-чуть")


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("а" * 251, "phrases_too_long"),
        ("да; нет", "bad_phrase"),
        ("да.", "bad_phrase"),
        ("don't", "bad_phrase"),
        ("да\nнет", "bad_phrase"),
        ("да, -", "bad_phrase"),
        (" , ", "no_phrases"),
    ],
)
def test_R6_4_a_field_that_cannot_be_used_says_why(written: str, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_phrases(written, field="answers.0.phrases")
    assert (refused.value.code, refused.value.field) == (code, "answers.0.phrases")


def test_R6_4_250_characters_are_allowed() -> None:
    assert check_phrases("я" * 250, field="f") == ("я" * 250,)


def test_overlapping_phrases_are_found_as_the_matching_compares_them() -> None:
    assert overlap(["ещё раз", "да"], ["Еще-раз"]) == "ещё раз"
    assert overlap(["да"], ["да хочу"]) is None


def formed(reading: str, *more: str, **fields: str) -> str | None:
    found = match(answers(**fields), (reading, *more), forms=True)
    return found.answer.id if found else None


@pytest.mark.parametrize(
    ("reading", "field"),
    [
        ("я бы хотел", "хочу"),
        ("хотел бы", "хочу"),
        ("мы хотим", "хочу"),
        ("хочу", "хотел бы"),
        ("я согласна", "согласен"),
        ("подключите мне", "подключить"),
        ("с менеджером", "менеджер"),
        ("i wanted", "want"),
        ("two tickets", "ticket"),
        ("i am stopping", "stop"),
    ],
)
def test_R6_4_word_forms_match_on_request(reading: str, field: str) -> None:
    assert formed(reading, it=field) == "it"
    assert said(reading, it=field) is None, "and only then"


@pytest.mark.parametrize("reading", ["я бы не хотел", "не хотелось бы, не хотим", "мы не хотим", "нет, не хотели бы"])
def test_R6_4_another_form_is_negated_like_the_phrase(reading: str) -> None:
    assert formed(reading, it="хочу") is None
    assert formed(reading, yes="да, хочу", no="нет, не хочу") in (None, "no")


def test_R6_4_what_was_said_as_written_beats_another_form_of_it() -> None:
    assert formed("хочу", one="хочу", two="хотел") == "one"
    assert formed("хотела", one="хочу", two="хотел") is None, "two answers have a form of it: a tie"
    assert formed("да хотел бы узнать", yes="да", more="хочу узнать") == "more", "but the longest comes first"


@pytest.mark.parametrize(
    ("reading", "field"),
    [
        ("хачу", "хочу"),
        ("падтверждаю", "подтверждаю"),
        ("саединити с апиратором", "соедините с оператором"),
        ("досвидания", "до свидания"),
        ("дасвидания", "до свидания"),
        ("нехочу", "не хочу"),
        ("ненада", "не надо"),
        ("не интерисно", "не интересно"),
        ("apointment", "appointment"),
        ("confirmed appoyntment", "confirmed appointment"),
    ],
)
def test_R6_4_small_errors_of_the_recogniser_are_forgiven(reading: str, field: str) -> None:
    assert said(reading, it=field) == "it"


@pytest.mark.parametrize(
    ("reading", "field"),
    [
        ("не хачу", "хочу"),
        ("нехачу", "хочу"),
        ("нехочу", "хочу"),
        ("яне хочу", "хочу"),
        ("я не очень хачу", "хочу"),
        ("нэ хачу", "хочу"),
        ("ни хачу", "хочу"),
        ("неверно", "верно"),
        ("несогласен", "согласен"),
        ("ненадо", "надо"),
        ("неинтересно", "интересно"),
        ("невирно", "верно"),
        ("disagree", "agree"),
        ("uninterested", "interested"),
        ("dont confirmd", "confirmed"),
        ("отключить", "подключить"),
        ("перевести", "перенести"),
        ("откажу", "закажу"),
        ("выключить", "включить"),
        ("ту", "то"),
        ("дам", "да"),
        ("нед", "нет"),
        ("на", "не"),
    ],
)
def test_R6_4_no_error_is_forgiven_that_might_turn_the_meaning(reading: str, field: str) -> None:
    assert said(reading, it=field) is None


def test_R6_4_a_negation_written_as_one_word_negates() -> None:
    assert said("нехочу", yes=YES, no=NO) == "no"
    assert said("ненадо хочу", yes=YES) is None
    assert said("да незнаю", yes=YES) in (None, "yes")
    assert said("неинтересно", yes="интересно", no="неинтересно") == "no"


def test_R6_4_a_longer_phrase_with_an_error_beats_a_part_of_it() -> None:
    assert said("хочу отказатся", yes="хочу", no="хочу отказаться") == "no"


def test_R6_4_readings_that_disagree_about_a_misspelt_phrase_are_no_match() -> None:
    assert said("сагласен", "согласен", yes="согласен", no="нет") == "yes"
    assert said("сагласен", "нет", yes="согласен", no="нет") is None
    assert said("сагласен", "не согласен", yes="согласен", no="нет") is None


def test_R6_4_the_judgement_tells_unclear_from_nothing() -> None:
    both = answers(yes=YES, no="нет")
    assert judge(both, ("алло",)) is None
    assert judge(both, ("не хочу",)) == Unclear(negated=frozenset({"yes"}))
    assert judge(both, ("да нет",)) == Unclear(tied=frozenset({"yes", "no"}))
    found = judge(both, ("хачу",))
    assert isinstance(found, Match)
    assert found.likeness is Likeness.MISSPELT


CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
COMMON = (
    "хочу надо нужно интересно согласен согласна подтверждаю удобно верно оператор подключить перенести запись "
    "соединить понравилось обязательно приеду закажу позвоните разговаривать доставка"
)
REAL = st.sampled_from(COMMON.split())


@st.composite
def damaged(draw: st.DrawFn, word: str) -> str:
    """The word with up to three letters changed, left out, put in or swapped."""
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, max(0, len(word) - 1)))
        letter = draw(st.sampled_from(CYRILLIC))
        word = draw(
            st.sampled_from(
                [
                    word[:at] + letter + word[at + 1 :],
                    word[:at] + word[at + 1 :],
                    word[:at] + letter + word[at:],
                    word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :],
                ]
            )
        )
    return word


@given(data=st.data(), phrase=st.lists(REAL | WORD, min_size=1, max_size=3), forms=st.booleans())
def test_R6_4_no_noise_makes_a_negated_phrase_match(data: st.DataObject, phrase: list[str], forms: bool) -> None:
    """«не X» is never X: neither misspelt, nor with the negation glued to X or to the word before."""
    assume = " ".join(phrase)
    if {"нет", "неа", "нету", "свидания"} & set(words_of(assume)) or any(word[:2] in ("не", "ни") for word in phrase):
        return
    noisy = [data.draw(damaged(word)) for word in phrase]
    between = data.draw(st.lists(st.sampled_from(["очень", "то", "бы", "э", "ну"]), max_size=2))
    before = data.draw(st.sampled_from(["", "я", "мне", "да я", "ну"]))
    said_so = {
        "apart": " ".join([before, "не", *between, *noisy]),
        "glued": " ".join([before, "не" + noisy[0], *noisy[1:]]),
        "glued to the word before": " ".join(["яне", *between, *noisy]),
    }
    for how, reading in said_so.items():
        if words_of(reading)[-len(noisy) - 1 :][:2] == ("не", "против"):
            continue
        found = match(answers(it=assume), (reading,), forms=forms)
        assert found is None, f"{how}: {reading!r} is not {assume!r}"


@given(data=st.data(), phrase=st.lists(REAL, min_size=1, max_size=2).map(" ".join), forms=st.booleans())
def test_R6_4_a_negation_in_any_reading_is_kept(data: st.DataObject, phrase: str, forms: bool) -> None:
    noisy = " ".join(data.draw(damaged(word)) for word in phrase.split())
    readings = data.draw(st.permutations([f"не {phrase}", f"не {noisy}", noisy]))
    first = readings.index(f"не {phrase}")
    found = match(answers(it=phrase), readings[first:], forms=forms)
    assert found is None
