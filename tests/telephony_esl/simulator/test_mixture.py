from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from telephony_esl.simulator import Cast, Failure, Person, Refusal, Voicemail
from telephony_esl.simulator.answering import kind
from telephony_esl.simulator.mixture import mixed_behaviour

NUMBERS = [f"+7900{number:07}" for number in range(10_000)]


def test_the_mixture_is_as_documented() -> None:
    found = Counter(kind(mixed_behaviour(number, Random(number + "x"))) for number in NUMBERS)
    share = {name: count / len(NUMBERS) for name, count in found.items()}
    expected = {
        Failure.NONEXISTENT: 0.05,
        Failure.UNREACHABLE: 0.05,
        "voicemail": 0.08,
        Failure.BUSY: 0.082,
        Failure.NO_ANSWER: 0.115,
        Failure.REJECTS: 0.049,
        Failure.CONGESTION: 0.016,
        "person": 0.558,
    }
    assert share.keys() == expected.keys()
    for name, wanted in expected.items():
        assert abs(share[name] - wanted) < 0.015, name


@given(st.sampled_from(NUMBERS), st.integers(), st.integers())
def test_what_a_number_is_does_not_change_from_call_to_call(number: str, one: int, other: int) -> None:
    first, second = (mixed_behaviour(number, Random(seed)) for seed in (one, other))
    lasting = (Voicemail,)
    assert isinstance(first, lasting) == isinstance(second, lasting)
    for failure in (Failure.NONEXISTENT, Failure.UNREACHABLE):
        here, there = (isinstance(each, Refusal) and each.failure is failure for each in (first, second))
        assert here == there


@given(st.sampled_from(NUMBERS), st.integers())
def test_the_same_seed_gives_the_same_behaviour(number: str, seed: int) -> None:
    assert Cast().behaviour(number, Random(seed)) == Cast().behaviour(number, Random(seed))


def test_everything_that_people_say_is_in_the_collection() -> None:
    for number in NUMBERS[:2000]:
        behaviour = mixed_behaviour(number, Random(number))
        if isinstance(behaviour, Person):
            cast = Cast({number: (behaviour,)})
            assert Cast.parse(cast.dump()) == cast
