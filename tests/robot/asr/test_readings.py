"""What is believed of a recogniser's readings: above all that a refusal never becomes a consent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot.asr.readings import DOUBT, EVEN, Reading, conclude, is_patchwork, weigh
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


@pytest.mark.parametrize("text", ["меня за удобно интересно", "да так кто повторите", "перезвоните да согласен"])
def test_a_patchwork_of_sounds_is_no_answer(text: str) -> None:
    assert is_patchwork(words_of(text), EXPECTED)
    assert concluded((text, -70.0)) == ""
    assert concluded((text, -70.0), hears_all=True) == text


@pytest.mark.parametrize("text", ["да", "ну да хочу", "да да хочу", "нет у меня уже есть"])
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
