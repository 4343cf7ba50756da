"""What is believed of a recogniser's readings: above all that a refusal never becomes a consent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot.asr.readings import DOUBT, EVEN, PIECED, Reading, conclude, is_patchwork, weigh
from robot.dialog.phrases import words_of

EXPECTED = frozenset({words_of(phrase) for phrase in ("да", "хочу", "интересно", "нет", "не хочу")})


def concluded(*readings: tuple[str, float], hears_all: bool = False) -> str:
    weighed = weigh([Reading(text, score) for text, score in readings])
    return conclude([weighed], EXPECTED, hears_all=hears_all).text


@pytest.mark.parametrize(
    ("readings", "text"),
    [
        ([("хочу", -70.0)], "хочу"),
        ([("хочу", -70.0), ("не хочу", -70.0 - DOUBT - 0.1)], "хочу"),
        ([("хочу", -70.0), ("не хочу", -70.0 - DOUBT + 0.1)], ""),
        ([("не хочу", -70.0), ("хочу", -70.0 - EVEN - 0.1)], "не хочу"),
        ([("не хочу", -70.0), ("хочу", -70.0 - EVEN + 0.1)], ""),
        ([("интересно", -70.0), ("да интересно", -70.5)], "интересно"),
        ([("", -70.0), ("да", -70.1)], ""),
        ([], ""),
    ],
)
def test_a_consent_is_believed_only_where_its_negation_is_far(readings: list[tuple[str, float]], text: str) -> None:
    assert concluded(*readings) == text


def test_a_text_among_many_equals_is_dropped_with_the_confidence_it_had() -> None:
    readings = [Reading(text, -70.0) for text in ("да", "ноль", "уже")]
    said = conclude([weigh(readings)], EXPECTED, hears_all=False)
    assert said.text == ""
    assert said.confidence == pytest.approx(1 / 3)


PHRASES = ("мне надо подумать", "мне не до этого", "у меня нет времени", "пришлите на почту", "не надо", "не", "шесть")
LINES = EXPECTED | {words_of(phrase) for phrase in PHRASES}


@pytest.mark.parametrize(
    ("readings", "text"),
    [
        ([("не надо подумать", -70.0), ("мне надо подумать", -72.5)], "мне надо подумать"),
        ([("не не до этого", -70.0), ("не до этого", -70.2), ("мне не до этого", -73.6)], "мне не до этого"),
        ([("меня нет времени", -70.0), ("у меня нет времени", -73.0)], "у меня нет времени"),
        ([("надо", -70.0), ("не надо", -70.3)], "не надо"),
        ([("на почту", -70.0)], "пришлите на почту"),
        ([("шесть на почту", -70.0), ("уже на почту", -71.0)], "пришлите на почту"),
    ],
)
def test_what_is_pieced_together_means_the_phrase_beside_it(readings: list[tuple[str, float]], text: str) -> None:
    assert weigh([Reading(said, score) for said, score in readings], LINES).text == text


@pytest.mark.parametrize(
    "readings",
    [
        [("не надо подумать", -70.0), ("мне надо подумать", -70.0 - PIECED - 0.1)],
        [("не хочу подумать", -70.0), ("хочу", -70.1)],
        [("не на почту", -70.0)],
        [("почту", -70.0)],
        [("не хочу", -70.0), ("хочу", -70.1)],
        [("шесть", -70.0), ("да шесть", -70.1)],
    ],
)
def test_no_phrase_is_put_in_the_place_of_what_it_may_not_be(readings: list[tuple[str, float]]) -> None:
    assert weigh([Reading(said, score) for said, score in readings], LINES).text == readings[0][0]


@pytest.mark.parametrize("unsaid", ["не шесть", "шесть не", "не да"])
def test_a_negation_that_nobody_says_raises_no_doubt(unsaid: str) -> None:
    plain = " ".join(word for word in unsaid.split() if word != "не")
    assert not weigh([Reading(plain, -70.0), Reading(unsaid, -70.1)], LINES).doubtful
    assert weigh([Reading("хочу", -70.0), Reading("не хочу", -70.1)], LINES).doubtful


WORDS = st.lists(
    st.sampled_from(["не", "мне", "надо", "подумать", "хочу", "до", "этого", "на", "почту"]), min_size=1, max_size=5
)


@given(readings=st.lists(st.tuples(WORDS.map(" ".join), st.floats(-75, -70)), min_size=1, max_size=8))
def test_whatever_phrase_is_meant_no_negation_falls_away(readings: list[tuple[str, float]]) -> None:
    ordered = sorted(readings, key=lambda one: -one[1])
    best, meant = ordered[0][0].split(), weigh([Reading(*one) for one in ordered], LINES).text.split()
    if meant.count("не") < best.count("не"):
        assert len(meant) >= len(best)


@pytest.mark.parametrize(
    "text",
    [
        "меня за удобно интересно",
        "да так кто повторите",
        "перезвоните да согласен",
        "алло хочу",
        "оператор один хочу четыре говорите не звоните девять",
    ],
)
def test_a_patchwork_of_sounds_is_no_answer(text: str) -> None:
    assert is_patchwork(words_of(text), EXPECTED)
    assert concluded((text, -70.0)) == ""
    assert concluded((text, -70.0), hears_all=True) == text


@pytest.mark.parametrize(
    "text", ["да", "ну да хочу", "да спасибо", "да да хочу", "нет у меня уже есть", "меня не надо не звоните"]
)
def test_answers_and_refusals_are_no_patchwork(text: str) -> None:
    assert not is_patchwork(words_of(text), EXPECTED)


def test_free_speech_keeps_its_likely_other_readings() -> None:
    said = conclude(
        [weigh([Reading("не интересна", -70.0), Reading("не интересно", -70.5)])], frozenset(), hears_all=True
    )
    assert (said.text, said.alternatives) == ("не интересна", ("не интересно",))


READINGS = st.lists(
    st.tuples(st.sampled_from(["да", "хочу", "не хочу", "нет", "не", ""]), st.floats(-90, -60)), min_size=1, max_size=6
).map(lambda found: sorted(found, key=lambda one: -one[1]))


@given(readings=READINGS)
def test_confidence_is_a_share_and_a_near_negation_is_never_dropped(readings: list[tuple[str, float]]) -> None:
    said = conclude([weigh([Reading(text, score) for text, score in readings])], EXPECTED, hears_all=False)
    assert 0 <= said.confidence <= 1 + 1e-9
    if said.text == "хочу":
        assert all(readings[0][1] - score >= DOUBT for text, score in readings if text == "не хочу")
